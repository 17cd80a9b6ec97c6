using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Indelible.Client;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible sources</c>: the producers of a log, what is missing of them, and which are expected.</summary>
internal static class SourcesCommand
{
    private const int PageSize = 1_000;

    public static Command Make()
    {
        Option<string> log = CommandOptions.Log();
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        var command = new Command("sources", "List a log's producers: last event, rate, gaps, restarts, silence (needs a reader's key)") { log, url, key, json };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, api => ListAsync(api, parsed.GetValue(log)!, parsed.GetValue(json), cancel)));

        var name = new Argument<string>("name") { Description = "What the source is called: lower-case letters, digits, dots, hyphens, underscores" };
        var every = new Option<string>("--every") { Description = "How long it may be silent: 90s, 5m, 2h, 1d", Required = true };
        var principal = new Option<string?>("--principal") { Description = "Only events of this principal count" };
        var service = new Option<string?>("--service") { Description = "Only events of this service.name count" };
        var instance = new Option<string?>("--instance") { Description = "Only events of this service.instance_id count" };
        var expect = new Command("expect", "Expect a producer, so that its silence shows (needs an administrator's key)") { name, log, every, principal, service, instance, url, key };
        expect.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, api => ExpectAsync(
            api, parsed.GetValue(log)!, parsed.GetValue(name)!, parsed.GetValue(every)!, parsed.GetValue(principal), parsed.GetValue(service), parsed.GetValue(instance), cancel)));

        var forget = new Command("forget", "Expect a producer no more (needs an administrator's key)") { name, log, url, key };
        forget.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            await api.DeleteAsync(PathOf(parsed.GetValue(log)!, parsed.GetValue(name)!), cancel);
            Console.WriteLine(Terminal.Clean($"{parsed.GetValue(name)} is not expected any more."));
            return ExitCode.Done;
        }));
        command.Subcommands.Add(expect);
        command.Subcommands.Add(forget);
        return command;
    }

    private static string PathOf(string log, string name) => $"api/logs/{Uri.EscapeDataString(log)}/sources/expected/{Uri.EscapeDataString(name)}";

    private static async Task<int> ListAsync(ApiClient api, string log, bool asJson, CancellationToken cancellationToken)
    {
        string? cursor = null;
        do
        {
            using JsonDocument page = await api.GetAsync(
                $"api/logs/{Uri.EscapeDataString(log)}/sources?limit={PageSize}{(cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor))}", cancellationToken);
            JsonElement answer = page.RootElement;
            if (asJson)
            {
                Console.WriteLine(Terminal.CleanJson(answer.GetRawText()));
            }
            else
            {
                foreach (JsonElement source in answer.GetProperty("sources").EnumerateArray())
                {
                    WriteSource(source);
                }
            }

            cursor = answer.GetProperty("next").GetString();
            if (cursor is null && !asJson)
            {
                WriteRest(answer);
            }
        }
        while (cursor is not null);
        return ExitCode.Done;
    }

    private static void WriteSource(JsonElement source)
    {
        string who = source.GetProperty("service").GetString() + (source.GetProperty("instance").GetString() is { } instance ? "/" + instance : "");
        string flags = string.Join(", ", source.GetProperty("flags").EnumerateArray().Select(flag => flag.GetString()!.Replace('_', ' ')));
        Console.WriteLine(Terminal.Clean(
            $"{Terminal.Column(who, 32)} {Terminal.Column(source.GetProperty("principal").GetString()!, 24)} {source.GetProperty("events"),10} events {source.GetProperty("events_last_hour"),8}/h  last {At(source.GetProperty("last"))}  {(flags.Length == 0 ? "ok" : flags)}"));
        foreach (JsonElement stream in source.GetProperty("streams").EnumerateArray())
        {
            foreach (JsonElement gap in stream.GetProperty("gaps").GetProperty("items").EnumerateArray().Where(gap => gap.GetProperty("closed").ValueKind == JsonValueKind.Null))
            {
                string after = gap.GetProperty("after").ValueKind == JsonValueKind.Null ? "from its beginning" : $"after entry {At(gap.GetProperty("after"))}";
                Console.WriteLine(Terminal.Clean(
                    $"  stream {stream.GetProperty("id").GetString()} lacks {gap.GetProperty("missing")} of numbers {gap.GetProperty("first")} to {gap.GetProperty("last")}, {after}, before entry {At(gap.GetProperty("before"))}"));
            }

            long counted = stream.GetProperty("gaps").GetProperty("only_counted").GetInt64();
            if (counted > 0)
            {
                Console.WriteLine(Terminal.Clean($"  stream {stream.GetProperty("id").GetString()} lacks {stream.GetProperty("gaps").GetProperty("only_counted_missing")} more in {counted} older gaps"));
            }
        }
    }

    private static string At(JsonElement place) => $"{place.GetProperty("index")} ({place.GetProperty("received_at").GetString()})";

    private static void WriteRest(JsonElement answer)
    {
        foreach (JsonElement expected in answer.GetProperty("expected").EnumerateArray())
        {
            string state = expected.GetProperty("silent").GetBoolean()
                ? $"SILENT since {expected.GetProperty("silent_since").GetString()}, by the server's clock"
                : "heard of within its interval";
            Console.WriteLine(Terminal.Clean($"expected {Terminal.Column(expected.GetProperty("name").GetString()!, 24)} every {expected.GetProperty("interval_s")} s: {state}"));
        }

        foreach (JsonElement refused in answer.GetProperty("refused").EnumerateArray())
        {
            string reasons = string.Join(", ", refused.GetProperty("reasons").EnumerateObject().Select(reason => $"{reason.Name} {reason.Value}"));
            Console.WriteLine(Terminal.Clean($"refused  {refused.GetProperty("principal").GetString()}: {refused.GetProperty("events")} ({reasons})"));
        }

        JsonElement totals = answer.GetProperty("totals");
        JsonElement forgotten = totals.GetProperty("forgotten");
        string apart = forgotten.GetProperty("sources").GetInt64() == 0 ? "" : $" {forgotten.GetProperty("sources")} older sources are only counted, {forgotten.GetProperty("missing")} events missing of them.";
        string unread = totals.GetProperty("unread_entries").GetInt64() == 0 ? "" : $" {totals.GetProperty("unread_entries")} entries could not be read, and are not in this.";
        Console.Error.WriteLine(Terminal.Clean(
            $"{totals.GetProperty("sources")} sources, {totals.GetProperty("open_gaps")} open gaps, {totals.GetProperty("missing")} events missing, {totals.GetProperty("silent")} silent, as of size {answer.GetProperty("as_of")}.{apart}{unread}"));
    }

    private static async Task<int> ExpectAsync(
        ApiClient api, string log, string name, string every, string? principal, string? service, string? instance, CancellationToken cancellationToken)
    {
        if (SecondsOf(every) is not { } seconds)
        {
            return CommandOptions.Fail($"--every: '{every}' is no length of time like 90s, 5m, 2h or 1d.");
        }

        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteNumber("interval_s", seconds);
            foreach ((string member, string? text) in new[] { ("principal", principal), ("service", service), ("instance", instance) })
            {
                if (text is not null)
                {
                    json.WriteString(member, text);
                }
            }

            json.WriteEndObject();
        }

        using JsonDocument answer = await api.PutAsync(PathOf(log, name), body.ToArray(), cancellationToken);
        Console.WriteLine(Terminal.Clean($"{name} is expected in {log} every {seconds} s."));
        return ExitCode.Done;
    }

    /// <summary>Seconds of a length of time like 90s, 5m, 2h or 1d; null where it is none.</summary>
    internal static long? SecondsOf(string text)
    {
        long unit = text.Length == 0 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3_600, 'd' => 86_400, _ => 0 };
        return unit > 0 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? count * unit : null;
    }
}
