using System.CommandLine;
using System.Text.Json;
using Indelible.Cli.Tables;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible context</c>: what happened before and after an entry, by the same actor, in the same session and trace, and to the same targets.</summary>
internal static class ContextCommand
{
    public static Command Make()
    {
        var index = new Argument<long>("index") { Description = "The entry's leaf index" };
        Option<string> log = CommandOptions.Log();
        var limit = new Option<int>("--limit") { Description = "How many entries before and after, in each group; at most 20", DefaultValueFactory = _ => 5 };
        var window = new Option<string?>("--window") { Description = "Only so long before and after the entry: 90s, 10m, 2h, 7d, 1w" };
        var asOf = new Option<long?>("--as-of") { Description = "The log as it was at this size" };
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        var command = new Command("context", "Show what happened before and after an entry: same actor, session, trace, targets (needs a reader's key)") { index, log, limit, window, asOf, url, key, json };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            string path = $"api/logs/{Uri.EscapeDataString(parsed.GetValue(log)!)}/events/{parsed.GetValue(index)}/context?limit={parsed.GetValue(limit)}"
                + (parsed.GetValue(window) is { } width ? "&window=" + Uri.EscapeDataString(width) : "")
                + (parsed.GetValue(asOf) is { } size ? $"&as_of={size}" : "");
            using JsonDocument answer = await api.GetAsync(path, cancel);
            if (parsed.GetValue(json))
            {
                Console.WriteLine(Terminal.CleanJson(answer.RootElement.GetRawText()));
            }
            else
            {
                Write(answer.RootElement);
            }

            return ExitCode.Done;
        }));
        return command;
    }

    private static void Write(JsonElement answer)
    {
        JsonElement item = answer.GetProperty("item");
        string index = item.GetProperty("index").ToString();
        var table = new EntryTable(EntryColumn.Default, isWide: false);
        table.Write([new ShownEntry(item)], index);
        foreach (JsonElement group in answer.GetProperty("groups").EnumerateArray())
        {
            string type = group.TryGetProperty("type", out JsonElement of) ? of.GetString() + " " : "";
            Console.WriteLine();
            Console.WriteLine(Terminal.Clean($"{group.GetProperty("kind").GetString()} {type}{group.GetProperty("id").GetString()}: {Totals.Of(group.GetProperty("total"))}"));
            table.Write(group.GetProperty("before").EnumerateArray().Append(item).Concat(group.GetProperty("after").EnumerateArray()).Select(one => new ShownEntry(one)), index);
        }

        foreach (JsonElement link in answer.GetProperty("links").EnumerateArray())
        {
            Console.WriteLine();
            Console.WriteLine(Terminal.Clean($"{link.GetProperty("kind").GetString()!.Replace('_', ' ')} (id {link.GetProperty("id").GetString()}): {Totals.Of(link.GetProperty("total"))}"));
            table.Write(link.GetProperty("items").EnumerateArray().Select(one => new ShownEntry(one)), index);
        }

        Totals.WriteRest(answer);
    }
}
