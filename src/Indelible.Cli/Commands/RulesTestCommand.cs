using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Indelible.Detection;
using Indelible.Server.Detection;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible rules test</c>: what a rule would have found in a log of a server, before anybody switches it on.</summary>
internal static class RulesTestCommand
{
    private const int MostDays = 60;

    public static Command Make()
    {
        var rule = new Argument<string>("rule") { Description = "A file of rules; or a rule that comes with the product, by its id or the name of its file (mass-read)" };
        var mappings = new Option<string[]>("--mapping") { Description = "A mapping of a log source, before those that the server has", AllowMultipleArgumentsPerToken = true };
        Option<string> log = CommandOptions.Log();
        var from = new Option<string?>("--from") { Description = "Events that happened at this time or later: 2026-11-23T06:14:25Z" };
        var to = new Option<string?>("--to") { Description = "Events that happened before this time" };
        var limit = new Option<int?>("--limit") { Description = "How many findings are shown, at most 1,000; default 100. All are counted" };
        var asOf = new Option<long?>("--as-of") { Description = "Of the first so many entries: an earlier answer names its size" };
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        var command = new Command("test", "Show what a rule would have found in a log (needs a reader's key)") { rule, mappings, log, from, to, limit, asOf, url, key, json };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            if (!TryRead(parsed.GetValue(rule)!, out RuleFile file))
            {
                return CommandOptions.Fail($"There is no file {parsed.GetValue(rule)}, and no rule of that id or name comes with the product.");
            }

            // What is wrong with its form is told with the name of the file, and without asking anybody.
            RuleLibrary library = RuleLibrary.Load([file]);
            if (library.Faults.Count > 0)
            {
                return CommandOptions.Fail("The rule cannot be used:", library.Faults.Select(fault => fault.ToString()));
            }

            var body = new JsonObject { ["rule"] = file.Text, ["mappings"] = new JsonArray([.. (parsed.GetValue(mappings) ?? []).SelectMany(RuleFolder.Read).Select(mapping => (JsonNode)mapping.Text)]) };
            Set(body, "from", parsed.GetValue(from));
            Set(body, "to", parsed.GetValue(to));
            Set(body, "limit", parsed.GetValue(limit));
            Set(body, "as_of", parsed.GetValue(asOf));
            using JsonDocument answer = await api.PostAsync($"api/logs/{Uri.EscapeDataString(parsed.GetValue(log)!)}/backtest", JsonSerializer.SerializeToUtf8Bytes(body), cancel);
            if (parsed.GetValue(json))
            {
                Console.WriteLine(Terminal.CleanJson(answer.RootElement.GetRawText()));
            }
            else
            {
                Show(answer.RootElement);
            }

            return ExitCode.Done;
        }));
        return command;
    }

    private static void Set(JsonObject body, string name, JsonNode? value)
    {
        if (value is not null)
        {
            body[name] = value;
        }
    }

    private static bool TryRead(string name, out RuleFile file)
    {
        file = null!;
        if (File.Exists(name))
        {
            file = RuleFolder.Read(name).Single();
            return true;
        }

        RuleFile? shipped = ShippedRules.Files.FirstOrDefault(rules => Path.GetFileName(rules.Path) == name || Path.GetFileNameWithoutExtension(rules.Path) == name)
            ?? ShippedRules.Files.FirstOrDefault(rules => HasId(RuleLibrary.Load([rules]), name));
        file = shipped!;
        return shipped is not null;
    }

    private static bool HasId(RuleLibrary library, string id) =>
        library.Rules.Select(rule => rule.Head).Concat(library.Correlations.Select(correlation => correlation.Head)).Any(head => head.Id == id || head.Name == id);

    private static void Show(JsonElement answer)
    {
        foreach (JsonElement finding in answer.GetProperty("findings").EnumerateArray())
        {
            ShowFinding(finding);
        }

        ShowDays(answer.GetProperty("days"));
        string matched = $"{Grouped(answer, "matched")} of {Grouped(answer, "in_range")} events matched; {Grouped(answer, "selected")} were selected by the index and {Grouped(answer, "read")} entries read";
        double seconds = answer.GetProperty("elapsed_ms").GetInt64() / 1000.0;
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Grouped(answer, "total")} {(answer.GetProperty("total").GetInt64() == 1 ? "finding" : "findings")}: {matched} in {seconds:0.00} s, as of size {answer.GetProperty("as_of")}."));
        foreach (JsonElement notice in answer.GetProperty("notices").EnumerateArray())
        {
            Console.Error.WriteLine(Terminal.Clean("Note: " + notice.GetString()));
        }
    }

    private static void ShowFinding(JsonElement finding)
    {
        string level = finding.GetProperty("level").GetString()!;
        string group = string.Join(' ', finding.GetProperty("group").EnumerateArray().Select(part => $"{part.GetProperty("field").GetString()}={part.GetProperty("value").GetString()}"));
        JsonElement events = finding.GetProperty("events");
        string named = events.GetArrayLength() == 1
            ? $"event {events[0]}"
            : string.Create(CultureInfo.InvariantCulture, $"{finding.GetProperty("count").GetDouble():0.##} in events {events[0]} to {events[events.GetArrayLength() - 1]}");
        Painter.WriteLine(
            (Ink.Faint, finding.GetProperty("to").GetString()! + "  "),
            (level is "critical" or "high" ? Ink.Red : level == "medium" ? Ink.Yellow : Ink.Plain, Terminal.Column(level, 15)),
            (Ink.Strong, finding.GetProperty("title").GetString()!),
            (Ink.Cyan, group.Length > 0 ? "  " + group : ""),
            (Ink.Faint, $"  ({named})"));
    }

    private static void ShowDays(JsonElement days)
    {
        if (days.GetArrayLength() < 2)
        {
            return;
        }

        JsonElement[] shown = [.. days.EnumerateArray().TakeLast(MostDays)];
        long most = shown.Max(day => day.GetProperty("findings").GetInt64());
        Console.WriteLine();
        foreach (JsonElement day in shown)
        {
            long count = day.GetProperty("findings").GetInt64();
            Painter.WriteLine(
                (Ink.Faint, day.GetProperty("day").GetString()!),
                (Ink.Plain, "  " + QueryOptions.Grouped(count).PadLeft(QueryOptions.Grouped(most).Length) + "  "),
                (Ink.Cyan, new string('█', (int)Math.Ceiling(count * 40.0 / most))));
        }

        if (shown.Length < days.GetArrayLength())
        {
            Console.Error.WriteLine($"Note: the last {MostDays} of {days.GetArrayLength()} days with findings are shown; --json has all of them.");
        }
    }

    private static string Grouped(JsonElement answer, string name) => QueryOptions.Grouped(answer.GetProperty(name).GetInt64());
}
