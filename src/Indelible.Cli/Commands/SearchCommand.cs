using System.CommandLine;
using System.Text.Json;
using Indelible.Client;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible search</c>: finds entries.</summary>
internal static class SearchCommand
{
    public static Command Make()
    {
        var query = new Argument<string[]>("query") { Description = "What to look for, such as: actor:u-8472 outcome:failure time:last7d (docs/query-language.md)", Arity = ArgumentArity.ZeroOrMore };
        query.Validators.Add(CommandOptions.RefuseUnknownOptions);
        Option<string> log = CommandOptions.Log();
        var limit = new Option<int>("--limit") { Description = "How many results at most", DefaultValueFactory = _ => 50 };
        var order = new Option<string>("--order") { Description = "desc: newest first; asc; or time: by the events' own time", DefaultValueFactory = _ => "desc" };
        order.AcceptOnlyFromAmong("desc", "asc", "time");
        var explain = new Option<bool>("--explain") { Description = "Show how the query was understood" };
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        var command = new Command("search", "Find entries (needs a reader's key)") { query, log, limit, order, explain, url, key, json };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, api => RunAsync(
            api,
            parsed.GetValue(log)!,
            string.Join(' ', parsed.GetValue(query)!),
            $"order={parsed.GetValue(order)}{(parsed.GetValue(explain) ? "&explain=true" : "")}",
            parsed.GetValue(limit),
            parsed.GetValue(json),
            cancel)));
        return command;
    }

    private static async Task<int> RunAsync(ApiClient api, string log, string query, string options, int limit, bool asJson, CancellationToken cancellationToken)
    {
        const int PageSize = 1_000;
        if (limit < 1)
        {
            return CommandOptions.Fail("--limit: at least 1.");
        }

        string? cursor = null;
        int shown = 0;
        while (true)
        {
            string path = $"api/logs/{Uri.EscapeDataString(log)}/events?q={Uri.EscapeDataString(query)}&{options}&limit={Math.Min(PageSize, limit - shown)}{(cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor))}";
            using JsonDocument page = await api.GetAsync(path, cancellationToken);
            JsonElement answer = page.RootElement;
            if (shown == 0 && cursor is null && answer.TryGetProperty("explain", out JsonElement explained) && !asJson)
            {
                Console.WriteLine(Terminal.CleanLines(explained.GetString()!));
            }

            foreach (JsonElement item in answer.GetProperty("items").EnumerateArray())
            {
                Console.WriteLine(asJson ? Terminal.CleanJson(item.GetRawText()) : EntryLine.Of(item));
                shown++;
            }

            // A cursor goes with the query as the server understood it, its relative times made absolute.
            query = answer.GetProperty("query").GetString()!;
            cursor = answer.GetProperty("next").GetString();
            if (cursor is null || shown >= limit)
            {
                WriteSummary(answer, shown, cursor, asJson);
                return ExitCode.Done;
            }
        }
    }

    private static void WriteSummary(JsonElement answer, int shown, string? cursor, bool asJson)
    {
        JsonElement total = answer.GetProperty("total");
        string of = total.GetProperty("exact").GetBoolean() ? $"{total.GetProperty("value")}" : $"at least {total.GetProperty("value")}";

        // What qualifies an answer is said in either form: on standard error, where it disturbs nobody who reads the results.
        foreach (JsonElement notice in answer.GetProperty("notices").EnumerateArray())
        {
            Console.Error.WriteLine(Terminal.Clean("Note: " + notice.GetString()));
        }

        if (!asJson)
        {
            Console.Error.WriteLine(Terminal.Clean($"{shown} of {of}, as of size {answer.GetProperty("as_of")}{(cursor is null ? "" : "; raise --limit for more")}."));
        }
    }
}
