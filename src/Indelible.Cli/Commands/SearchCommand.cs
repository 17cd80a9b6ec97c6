using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Indelible.Cli.Tables;
using Indelible.Client;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible search</c>: finds entries.</summary>
internal static class SearchCommand
{
    private const int PageSize = 1_000;
    private const int DefaultLimit = 50;

    public static Command Make()
    {
        var query = new QueryOptions(hasWords: true);
        Option<string> log = CommandOptions.Log();
        var limit = new Option<long?>("--limit") { Description = $"How many results at most; default {DefaultLimit}" };
        var all = new Option<bool>("--all") { Description = "All results, page after page" };
        var order = new Option<string>("--order") { Description = "desc: newest first; asc; or time: by the events' own time", DefaultValueFactory = _ => "desc" };
        order.AcceptOnlyFromAmong("desc", "asc", "time");
        var asOf = new Option<long?>("--as-of") { Description = "Search the first so many entries: an earlier answer names its size" };
        var explain = new Option<bool>("--explain") { Description = "Show how the query was understood" };
        Option<string?> columns = CommandOptions.Columns();
        Option<bool> wide = CommandOptions.Wide();
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        var command = new Command("search", "Find entries (needs a reader's key)") { log, limit, all, order, asOf, explain, columns, wide, url, key, json };
        query.AddTo(command);
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, api =>
        {
            if (parsed.GetValue(limit) is < 1 || (parsed.GetValue(limit) is not null && parsed.GetValue(all)))
            {
                return Task.FromResult(CommandOptions.Fail("--limit: at least 1, and not with --all."));
            }

            if (!CommandOptions.TryReadColumns(parsed.GetValue(columns), out IReadOnlyList<EntryColumn> chosen, out string? fault))
            {
                return Task.FromResult(CommandOptions.Fail("--columns: " + fault));
            }

            string text = query.TextOf(parsed);
            string options = $"order={parsed.GetValue(order)}{(parsed.GetValue(explain) ? "&explain=true" : "")}{query.TimesOf(parsed)}{QueryOptions.Parameter("as_of", parsed.GetValue(asOf)?.ToString(CultureInfo.InvariantCulture))}";
            long most = parsed.GetValue(all) ? long.MaxValue : parsed.GetValue(limit) ?? DefaultLimit;
            EntryTable? table = parsed.GetValue(json) ? null : new EntryTable(chosen, parsed.GetValue(wide));
            return QueryOptions.ExplainAsync(text, () => RunAsync(api, parsed.GetValue(log)!, text, options, most, table, cancel));
        }));
        return command;
    }

    private static async Task<int> RunAsync(ApiClient api, string log, string query, string options, long most, EntryTable? table, CancellationToken cancellationToken)
    {
        string? cursor = null;
        string asked = query;
        long shown = 0;
        while (true)
        {
            string path = $"api/logs/{Uri.EscapeDataString(log)}/events?q={Uri.EscapeDataString(query)}&{options}&limit={Math.Min(PageSize, most - shown)}{QueryOptions.Parameter("cursor", cursor)}";
            using JsonDocument page = await api.GetAsync(path, cancellationToken);
            JsonElement answer = page.RootElement;
            if (cursor is null && shown == 0 && answer.TryGetProperty("explain", out JsonElement explained) && table is not null)
            {
                Console.WriteLine(Terminal.CleanLines(explained.GetString()!));
            }

            JsonElement[] items = [.. answer.GetProperty("items").EnumerateArray()];
            table?.Write(items.Select(item => new ShownEntry(item)));
            foreach (JsonElement item in table is null ? items : [])
            {
                Console.WriteLine(Terminal.CleanJson(item.GetRawText()));
            }

            // A cursor goes with the query as the server understood it, its relative times made absolute.
            shown += items.Length;
            query = answer.GetProperty("query").GetString()!;
            cursor = answer.GetProperty("next").GetString();
            if (cursor is null || shown >= most)
            {
                Conclude(answer, asked, shown, cursor is not null, table is null);
                return ExitCode.Done;
            }
        }
    }

    private static void Conclude(JsonElement answer, string asked, long shown, bool hasMore, bool asJson)
    {
        // What qualifies an answer is said in either form: on standard error, where it disturbs nobody who reads the results.
        foreach (JsonElement notice in answer.GetProperty("notices").EnumerateArray())
        {
            Console.Error.WriteLine(Terminal.Clean("Note: " + notice.GetString()));
        }

        if (!asJson)
        {
            QueryOptions.TellTimes(asked, answer.GetProperty("query").GetString()!);
            Console.Error.WriteLine(Terminal.Clean($"{shown} of {CommandOptions.TotalOf(answer)}, as of size {answer.GetProperty("as_of")}{(hasMore ? "; --limit for more, or --all" : "")}."));
        }
    }
}
