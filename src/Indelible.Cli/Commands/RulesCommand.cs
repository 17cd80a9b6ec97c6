using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Indelible.Detection;
using Indelible.Events;
using Indelible.Server;
using Indelible.Server.Detection;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible rules</c>: checks Sigma rules and shows what they find in events of a file, without a server, or in a log of one; lists those that a server asks, and has it read them again.</summary>
internal static class RulesCommand
{
    public static Command Make() => new("rules", "Check Sigma rules, see what they find in a file of events or in a log, and which a server asks") { MakeCheck(), MakeMatch(), RulesTestCommand.Make(), MakeList(), MakeReload() };

    private static Argument<string[]> Paths() => new("path") { Description = "Files of rules, or folders with them (*.yml); default: those that come with the product", Arity = ArgumentArity.ZeroOrMore };

    private static Option<string[]> MappingFiles() => new("--mapping") { Description = "A mapping of a log source, before those that come with the product", AllowMultipleArgumentsPerToken = true };

    private static Command MakeCheck()
    {
        Argument<string[]> paths = Paths();
        Option<string[]> mappings = MappingFiles();
        Option<bool> json = CommandOptions.Json();
        var command = new Command("check", "Load rules and run the tests that stand with them; names what is wrong by file, line and column") { paths, mappings, json };
        command.SetAction(parsed => WithRules(parsed.GetValue(paths)!, parsed.GetValue(mappings) ?? [], set => Check(set.Library, set.Rules, parsed.GetValue(json))));
        return command;
    }

    private static Command MakeMatch()
    {
        Argument<string[]> paths = Paths();
        Option<string[]> mappings = MappingFiles();
        var events = new Option<string>("--events") { Description = "Events, one a line: as they are appended, or as `indelible export` writes them; - for standard input", Required = true };
        Option<bool> json = CommandOptions.Json();
        var command = new Command("match", "Show what rules find in a file of events; sealed values match nothing") { paths, mappings, events, json };
        command.SetAction(parsed => WithRules(parsed.GetValue(paths)!, parsed.GetValue(mappings) ?? [], set => Match(set.Library, set.Rules, parsed.GetValue(events)!, parsed.GetValue(json))));
        return command;
    }

    private static Command MakeList()
    {
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        var command = new Command("list", "The rules that a server asks of entries as they arrive, and the alerts of each (needs an administrator's or auditor's key, or one that reads _alerts)") { url, key, json };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            using JsonDocument answer = await api.GetAsync("api/rules", cancel);
            return Show(answer.RootElement, parsed.GetValue(json));
        }));
        return command;
    }

    private static Command MakeReload()
    {
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        var command = new Command("reload", "Have a server read its rules again, and say which changed (needs an administrator's key)") { url, key, json };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            using JsonDocument answer = await api.PostAsync("api/rules/reload", "{}"u8.ToArray(), cancel);
            return Show(answer.RootElement, parsed.GetValue(json));
        }));
        return command;
    }

    private static int Show(JsonElement list, bool asJson)
    {
        if (asJson)
        {
            Console.WriteLine(list.GetRawText());
            return ExitCode.Done;
        }

        JsonElement[] rules = [.. list.GetProperty("rules").EnumerateArray()];
        if (list.TryGetProperty("change", out JsonElement change))
        {
            foreach (JsonProperty kind in change.EnumerateObject())
            {
                foreach (JsonElement id in kind.Value.EnumerateArray())
                {
                    Console.WriteLine(Terminal.Clean($"{kind.Name,-8} {id.GetString()}"));
                }
            }
        }
        else
        {
            int width = rules.Select(rule => rule.GetProperty("kind").GetString()!.Length).DefaultIfEmpty().Max();
            foreach (JsonElement rule in rules.OrderByDescending(rule => Enum.Parse<RuleLevel>(rule.GetProperty("level").GetString()!, ignoreCase: true)).ThenBy(rule => rule.GetProperty("title").GetString(), StringComparer.Ordinal))
            {
                string alerts = rule.TryGetProperty("alerts", out JsonElement number) && number.GetInt32() > 0
                    ? $"  {Counted(number.GetInt32(), "alert")}, {rule.GetProperty("open").GetInt32()} open"
                    : "";
                Console.WriteLine(Terminal.Clean($"{rule.GetProperty("level").GetString(),-13} {rule.GetProperty("kind").GetString()!.PadRight(width)}  {rule.GetProperty("title").GetString()}{alerts}"));
            }
        }

        JsonElement[] refused = [.. list.GetProperty("refused").EnumerateArray()];
        foreach (JsonElement fault in refused)
        {
            Console.WriteLine(Terminal.Clean($"refused: {fault.GetProperty("file").GetString()}:{fault.GetProperty("line")}:{fault.GetProperty("column")}: {fault.GetProperty("reason").GetString()}"));
        }

        int events = rules.Count(rule => rule.GetProperty("kind").GetString() == "event");
        Console.WriteLine(Terminal.Clean($"{Counted(events, "rule")}, {Counted(rules.Length - events, "correlation")} since {list.GetProperty("since").GetString()}, {Counted(refused.Length, "document")} refused; "
            + $"{Counted((int)Math.Min(int.MaxValue, list.GetProperty("lag").GetInt64()), "entry", "entries")} behind; SHA-256 {list.GetProperty("sha256").GetString()}"));
        return ExitCode.Done;
    }

    private static int WithRules(string[] paths, string[] mappingPaths, Func<RuleSet, int> run)
    {
        try
        {
            var set = RuleSet.Load(paths.Length == 0 ? [ServerOptions.ShippedRulesName] : paths, mappingPaths);
            return (set.Files, set.BesideFaults) switch
            {
                (0, _) => CommandOptions.Fail($"There is no file *.yml below {string.Join(", ", paths)}."),
                (_, []) => run(set),
                _ => CommandOptions.Fail("A mapping, or a file of placeholders, cannot be used:", [.. set.BesideFaults.Select(fault => fault.ToString())]),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return CommandOptions.Fail(e.Message);
        }
    }

    private static int Check(RuleLibrary library, CompiledRules rules, bool asJson)
    {
        RuleFault[] faults = [.. library.Faults, .. rules.Faults];
        IReadOnlyList<RuleTestFailure> failures = RuleTester.Run(library, rules);
        int tests = rules.Rules.Sum(rule => rule.Tests.Count) + library.Correlations.Sum(correlation => correlation.Tests.Count);
        if (asJson)
        {
            WriteJson(json =>
            {
                json.WriteNumber("rules", rules.Rules.Count);
                json.WriteNumber("correlations", library.Correlations.Count);
                json.WriteNumber("filters", library.Filters.Count);
                json.WriteNumber("tests", tests);
                json.WriteStartArray("faults");
                foreach (RuleFault fault in faults)
                {
                    json.WriteStartObject();
                    json.WriteString("file", fault.File);
                    json.WriteNumber("line", fault.Line);
                    json.WriteNumber("column", fault.Column);
                    json.WriteString("reason", fault.Reason);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteStartArray("failures");
                foreach (RuleTestFailure failure in failures)
                {
                    json.WriteStartObject();
                    json.WriteString("file", failure.Rule.File);
                    json.WriteNumber("line", failure.Test.Line);
                    json.WriteString("rule", failure.Rule.Title);
                    json.WriteString("test", failure.Test.Name);
                    json.WriteString("reason", failure.Reason);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            });
        }
        else
        {
            foreach (string line in faults.Select(fault => fault.ToString()).Concat(failures.Select(failure => failure.ToString())))
            {
                Console.WriteLine(Terminal.Clean(line));
            }

            Console.WriteLine($"{Counted(rules.Rules.Count, "rule")}, {Counted(library.Correlations.Count, "correlation")}, {Counted(library.Filters.Count, "filter")}; {tests - failures.Count} of {tests} tests hold"
                + (faults.Length == 0 ? "." : $"; {Counted(faults.Length, "document")} refused."));
        }

        return faults.Length == 0 && failures.Count == 0 ? ExitCode.Done : ExitCode.NotValid;
    }

    private static string Counted(int count, string what, string? many = null) => string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? what : many ?? what + "s")}");

    private static int Match(RuleLibrary library, CompiledRules rules, string path, bool asJson)
    {
        foreach (RuleFault fault in library.Faults.Concat(rules.Faults))
        {
            Console.Error.WriteLine(Terminal.Clean("refused: " + fault));
        }

        using TextReader reader = path == "-" ? Console.In : new StreamReader(path);
        var matcher = new RuleMatcher(rules);
        var correlator = new Correlator(rules);
        var matched = new List<int>();
        var findings = new List<Finding>();
        DateTimeOffset last = DateTimeOffset.MinValue;
        long number = 0;
        long found = 0;
        while (reader.ReadLine() is { } line)
        {
            if (line.Length == 0)
            {
                continue;
            }

            (long index, byte[] entry, DateTimeOffset time, DateTimeOffset received) = EventOf(line, number++);
            matched.Clear();
            findings.Clear();
            matcher.Match(entry, matched);
            correlator.Follow(matcher, index, time, received, matched, findings);
            found += Write(findings, asJson);
            last = time > last ? time : last;
        }

        findings.Clear();
        if (number > 0)
        {
            correlator.Pass(last.AddDays(2 * DetectionLimits.TimespanDays), findings);
        }

        found += Write(findings, asJson);
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Counted(rules.Rules.Count + rules.CorrelationCount, "rule")} found {found} in {number} events."));
        return library.Faults.Count + rules.Faults.Count == 0 ? ExitCode.Done : ExitCode.NotValid;
    }

    /// <summary>An event of a line: as it is appended, as it is logged, or as an export has it.</summary>
    private static (long Index, byte[] Entry, DateTimeOffset Time, DateTimeOffset Received) EventOf(string line, long number)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            JsonElement entry = document.RootElement;
            long index = number;
            if (entry.TryGetProperty("entry", out JsonElement exported) && entry.TryGetProperty("index", out JsonElement at) && exported.ValueKind == JsonValueKind.Object)
            {
                (entry, index) = (exported, at.GetInt64());
            }

            DateTimeOffset time = entry.TryGetProperty("time", out JsonElement told) && told.TryGetDateTimeOffset(out DateTimeOffset read) ? read : throw new InvalidDataException("has no time");
            DateTimeOffset received = entry.TryGetProperty("received_at", out JsonElement taken) && taken.TryGetDateTimeOffset(out DateTimeOffset at2) ? at2 : time;
            return (index, Encoding.UTF8.GetBytes(entry.GetRawText()), time, received);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or InvalidDataException)
        {
            throw new IOException($"--events: event {number + 1} {(e is InvalidDataException ? e.Message : "is no event: " + e.Message)}.", e);
        }
    }

    private static int Write(List<Finding> findings, bool asJson)
    {
        foreach (Finding finding in findings)
        {
            if (asJson)
            {
                WriteJson(json =>
                {
                    json.WriteString("rule", finding.Rule.Key);
                    json.WriteString("title", finding.Rule.Title);
                    json.WriteString("level", finding.Rule.Level.ToString().ToLowerInvariant());
                    json.WriteString("from", Instant.Format(finding.From));
                    json.WriteString("to", Instant.Format(finding.To));
                    json.WriteNumber("count", finding.Count);
                    json.WriteStartObject("group");
                    foreach ((string field, string value) in finding.Group)
                    {
                        json.WriteString(field, value);
                    }

                    json.WriteEndObject();
                    json.WriteStartArray("events");
                    foreach (long index in finding.Events)
                    {
                        json.WriteNumberValue(index);
                    }

                    json.WriteEndArray();
                });
                continue;
            }

            string group = string.Join(' ', finding.Group.Select(part => $"{part.Field}={part.Value}"));
            string events = finding.Events.Count == 1
                ? string.Create(CultureInfo.InvariantCulture, $"event {finding.Events[0]}")
                : string.Create(CultureInfo.InvariantCulture, $"{finding.Count:0.##} in events {finding.Events[0]} to {finding.Events[^1]}");
            Console.WriteLine(Terminal.Clean($"{Instant.Format(finding.To)}  {finding.Rule.Level.ToString().ToLowerInvariant(),-13}  {finding.Rule.Title}{(group.Length > 0 ? "  " + group : "")}  ({events})"));
        }

        return findings.Count;
    }

    private static void WriteJson(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        Console.WriteLine(Encoding.UTF8.GetString(buffer.ToArray()));
    }
}
