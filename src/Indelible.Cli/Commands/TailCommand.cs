using System.CommandLine;
using System.Text.Json;
using Indelible.Cli.Tables;
using Indelible.Client;
using Indelible.Search;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible tail</c>: shows entries as they arrive, and goes on behind the last one when the connection is lost.</summary>
internal static class TailCommand
{
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(30);

    public static Command Make()
    {
        var query = new QueryOptions(hasWords: true);
        Option<string> log = CommandOptions.Log();
        var after = new Option<long?>("--after") { Description = "Begin behind this index; default: with what comes next" };
        Option<string?> columns = CommandOptions.Columns();
        Option<bool> wide = CommandOptions.Wide();
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        var command = new Command("tail", "Show entries as they arrive (needs a reader's key)") { log, after, columns, wide, url, key, json };
        query.AddTo(command, hasTimes: false);
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, api =>
        {
            if (!CommandOptions.TryReadColumns(parsed.GetValue(columns), out IReadOnlyList<EntryColumn> chosen, out string? fault))
            {
                return Task.FromResult(CommandOptions.Fail("--columns: " + fault));
            }

            string text = query.TextOf(parsed);
            EntryTable? table = parsed.GetValue(json) ? null : new EntryTable(chosen, parsed.GetValue(wide));
            return QueryOptions.ExplainAsync(text, () => RunAsync(api, parsed.GetValue(log)!, text, parsed.GetValue(after), table, cancel));
        }));
        return command;
    }

    private static async Task<int> RunAsync(ApiClient api, string log, string query, long? after, EntryTable? table, CancellationToken cancellationToken)
    {
        // Relative times are made absolute once, so that a second connection shows what the first would have.
        string absolute = Query.TryParse(query, TimeProvider.System.GetUtcNow(), out Query? read, out _) ? read.ToString() : query;
        QueryOptions.TellTimes(query, absolute);
        bool wasConnected = false;
        TimeSpan pause = TimeSpan.FromSeconds(1);
        while (true)
        {
            string lost = "the server ended the stream";
            try
            {
                await foreach (TailEvent told in api.TailAsync(log, absolute, after, cancellationToken))
                {
                    wasConnected = true;
                    pause = TimeSpan.FromSeconds(1);
                    if (told.Name == "end")
                    {
                        Console.Error.WriteLine(Terminal.Clean($"The server ended the stream: {told.Data}."));
                        return ExitCode.CouldNotTell;
                    }

                    Show(told, table);
                    after = told is { Name: "begins", Id: { } first } ? after ?? (first > 0 ? first - 1 : null) : told.Id ?? after;
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return ExitCode.Done;
            }
            catch (ApiException e) when (wasConnected && e.Status is 0 or 429 or >= 500)
            {
                lost = e.Message;
            }

            try
            {
                Console.Error.WriteLine(Terminal.Clean($"Lost: {lost.Split('\n')[0]}. Trying again in {pause.TotalSeconds:0} s, {(after is null ? "with what comes next" : $"behind index {after}")}."));
                await Task.Delay(pause, TimeProvider.System, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return ExitCode.Done;
            }

            pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause;
        }
    }

    private static void Show(TailEvent told, EntryTable? table)
    {
        if (told.Name == "skipped")
        {
            Console.Error.WriteLine(Terminal.Clean($"Skipped: {told.Data}"));
        }
        else if (told.Name == "entry" && table is not null)
        {
            using JsonDocument item = JsonDocument.Parse(told.Data);
            table.WriteNext(new ShownEntry(item.RootElement));
        }
        else if (told.Name == "entry")
        {
            Console.WriteLine(Terminal.CleanJson(told.Data));
        }
    }
}
