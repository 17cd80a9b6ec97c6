using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible entity</c>: what a log knows of one actor, target, session, address or the like.</summary>
internal static class EntityCommand
{
    private const int BarWidth = 40;

    public static Command Make()
    {
        var kind = new Argument<string>("kind") { Description = "actor, target, session, trace, ip, service, subject, or any other short name of the query language" };
        var id = new Argument<string>("id") { Description = "Which one: the whole value; of ip also a network" };
        Option<string> log = CommandOptions.Log();
        var top = new Option<int>("--top") { Description = "How many of the most frequent values of each field", DefaultValueFactory = _ => 10 };
        var asOf = new Option<long?>("--as-of") { Description = "The log as it was at this size" };
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        var command = new Command("entity", "Show what a log knows of an actor, a target, an address …: first and last seen, what it did, failures, days (needs a reader's key)") { kind, id, log, top, asOf, url, key, json };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            // As a parameter: an id such as .. is no part of a path.
            string path = $"api/logs/{Uri.EscapeDataString(parsed.GetValue(log)!)}/entities/{Uri.EscapeDataString(parsed.GetValue(kind)!)}?id={Uri.EscapeDataString(parsed.GetValue(id)!)}&top={parsed.GetValue(top)}"
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
        Console.WriteLine(Terminal.Clean($"{answer.GetProperty("kind").GetString()} {answer.GetProperty("id").GetString()}: {Totals.Of(answer.GetProperty("total"))}"));
        WriteSeen("first", answer.GetProperty("first"));
        WriteSeen("last", answer.GetProperty("last"));
        WriteShare("failures", answer.GetProperty("failures"));
        WriteShare("denials", answer.GetProperty("denials"));
        foreach (string side in (string[])["actions", "actors", "targets", "services", "addresses"])
        {
            if (answer.TryGetProperty(side, out JsonElement values))
            {
                WriteValues(side, values);
            }
        }

        WriteDays(answer.GetProperty("by_day"));
        Totals.WriteRest(answer);
    }

    private static void WriteSeen(string name, JsonElement seen)
    {
        if (seen.ValueKind == JsonValueKind.Object)
        {
            Console.WriteLine(Terminal.Clean($"  {name,-10} {seen.GetProperty("time").GetString()}  index {seen.GetProperty("index")}"));
        }
    }

    private static void WriteShare(string name, JsonElement share)
    {
        if (share.GetProperty("share").ValueKind == JsonValueKind.Number)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name,-10} {share.GetProperty("count").GetInt64()} ({share.GetProperty("share").GetDouble() * 100:0.##} %)"));
        }
    }

    private static void WriteValues(string name, JsonElement values)
    {
        if (values.ValueKind != JsonValueKind.Object)
        {
            Console.WriteLine($"  {name,-10} not shown");
            return;
        }

        string heading = name;
        foreach (JsonElement value in values.GetProperty("values").EnumerateArray())
        {
            Console.WriteLine(Terminal.Clean($"  {heading,-10} {value.GetProperty("count"),8}  {value.GetProperty("value").GetString()}"));
            heading = "";
        }

        if (values.GetProperty("other_values").GetInt64() is > 0 and long others)
        {
            Console.WriteLine($"  {"",-10} {others,8}  others");
        }
    }

    private static void WriteDays(JsonElement byDay)
    {
        (string Day, long Count)[] days = [.. byDay.GetProperty("days").EnumerateArray().Select(day => (day.GetProperty("day").GetString()!, day.GetProperty("count").GetInt64()))];
        long most = days.Select(day => day.Count).DefaultIfEmpty(1).Max();
        string heading = "by day";
        foreach ((string day, long count) in days)
        {
            Console.WriteLine(Terminal.Clean($"  {heading,-10} {count,8}  {day} {new string('#', (int)Math.Ceiling((double)count * BarWidth / most))}"));
            heading = "";
        }
    }
}
