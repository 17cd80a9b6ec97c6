using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Indelible.Client;
using Indelible.Events;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible alerts</c>: what rules found, how it stands, and what is done with it.</summary>
internal static class AlertsCommand
{
    private const string Path = "api/alerts";

    private static readonly string[] s_said = ["assignee", "reason", "until", "comment"];

    public static Command Make()
    {
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        var state = new Option<string>("--state") { Description = "Which: open, acknowledged, suppressed, closed, with commas between; all for every one", DefaultValueFactory = _ => "open,acknowledged" };
        var severity = new Option<string?>("--severity") { Description = "Which: informational, low, medium, high, critical, with commas between" };
        var rule = new Option<string?>("--rule") { Description = "Of one rule, by its id" };
        var log = new Option<string?>("--log") { Description = "About one log" };
        var assignee = new Option<string?>("--assignee") { Description = "Of one assignee" };
        var from = new Option<string?>("--from") { Description = "Raised at or after: an instant in UTC" };
        var to = new Option<string?>("--to") { Description = "Raised before" };
        var limit = new Option<int>("--limit") { Description = "How many", DefaultValueFactory = _ => 50 };
        var command = new Command("alerts", "List alerts and how they stand, the newest first (needs a key that reads _alerts)") { state, severity, rule, log, assignee, from, to, limit, url, key, json };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            string states = parsed.GetValue(state)!;
            string path = $"{Path}?limit={parsed.GetValue(limit).ToString(CultureInfo.InvariantCulture)}"
                + QueryOptions.Parameter("state", states == "all" ? null : states)
                + QueryOptions.Parameter("severity", parsed.GetValue(severity))
                + QueryOptions.Parameter("rule", parsed.GetValue(rule))
                + QueryOptions.Parameter("log", parsed.GetValue(log))
                + QueryOptions.Parameter("assignee", parsed.GetValue(assignee))
                + QueryOptions.Parameter("from", parsed.GetValue(from))
                + QueryOptions.Parameter("to", parsed.GetValue(to));
            using JsonDocument answer = await api.GetAsync(path, cancel);
            Print(answer.RootElement, parsed.GetValue(json), ShowList);
            return ExitCode.Done;
        }));
        command.Subcommands.Add(MakeShow(url, key, json));
        var assigneeOfStep = new Argument<string>("principal") { Description = "Whose it is from here on; - for nobody's" };
        var text = new Argument<string>("text") { Description = "What there is to say. It can never be erased: name persons by their ids" };
        var reason = new Option<string>("--reason") { Description = "resolved, false_positive, expected or duplicate", Required = true };
        var until = new Option<string>("--for") { Description = "How long: 2h, 7d, at most 90d", Required = true };
        command.Subcommands.Add(MakeStep("acknowledge", "Say that you have seen it", url, key, json));
        command.Subcommands.Add(MakeStep("assign", "Make it somebody's", url, key, json, (parsed, body) => body.With("assignee", parsed.GetValue(assigneeOfStep) is "-" ? null : parsed.GetValue(assigneeOfStep)), assigneeOfStep));
        command.Subcommands.Add(MakeStep("comment", "Say something about it", url, key, json, (parsed, body) => body.With("comment", parsed.GetValue(text)), text));
        command.Subcommands.Add(MakeStep("close", "Say that it is over, and how it ended", url, key, json, (parsed, body) => body.With("reason", parsed.GetValue(reason)), reason));
        command.Subcommands.Add(MakeStep("reopen", "Say that it is not over", url, key, json));
        command.Subcommands.Add(MakeStep("suppress", "Have nobody told of alerts like it for some time: the same rule, log and group", url, key, json, (parsed, body) => body.With("until", UntilOf(parsed.GetValue(until)!)), until));
        command.Subcommands.Add(MakeSuppressions(url, key, json));
        return command;
    }

    private static Argument<string> Id() => new("id") { Description = "The alert's id, as the list prints it" };

    private static Command MakeShow(Option<string> url, Option<string?> key, Option<bool> json)
    {
        Argument<string> id = Id();
        var command = new Command("show", "Show an alert, what was done with it, and how to see its events") { id, url, key, json };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            using JsonDocument answer = await api.GetAsync($"{Path}/{Uri.EscapeDataString(parsed.GetValue(id)!)}", cancel);
            Print(answer.RootElement, parsed.GetValue(json), ShowWhole);
            if (!parsed.GetValue(json) && answer.RootElement.TryGetProperty("context", out JsonElement context))
            {
                await ShowContextAsync(api, answer.RootElement.GetProperty("log").GetString()!, context, cancel);
            }

            return ExitCode.Done;
        }));
        return command;
    }

    private static Command MakeStep(string step, string description, Option<string> url, Option<string?> key, Option<bool> json, Action<ParseResult, JsonObject>? fill = null, Symbol? more = null)
    {
        Argument<string> id = Id();
        var comment = new Option<string?>("--comment") { Description = "What else there is to say. It can never be erased: name persons by their ids" };
        var command = new Command(step, $"{description} (needs an analyst's key)") { id, url, key, json };
        if (more is Argument argument)
        {
            command.Arguments.Add(argument);
        }
        else if (more is Option option)
        {
            command.Options.Add(option);
        }

        if (step != "comment")
        {
            command.Options.Add(comment);
        }

        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            var body = new JsonObject();
            fill?.Invoke(parsed, body);
            if (step != "comment")
            {
                body.With("comment", parsed.GetValue(comment));
            }

            using JsonDocument answer = await api.PostAsync($"{Path}/{Uri.EscapeDataString(parsed.GetValue(id)!)}/{step}", body.ToBytes(), cancel);
            Print(answer.RootElement, parsed.GetValue(json), ShowLine);
            return ExitCode.Done;
        }));
        return command;
    }

    private static Command MakeSuppressions(Option<string> url, Option<string?> key, Option<bool> json)
    {
        var command = new Command("suppressions", "List the suppressions that hold") { url, key, json };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            using JsonDocument answer = await api.GetAsync($"{Path}/suppressions", cancel);
            Print(answer.RootElement, parsed.GetValue(json), static all =>
            {
                foreach (JsonElement one in all.GetProperty("suppressions").EnumerateArray())
                {
                    ShowSuppression(one);
                }
            });
            return ExitCode.Done;
        }));

        var rule = new Argument<string>("rule") { Description = "The rule's id, as its alerts say it" };
        var log = new Option<string?>("--log") { Description = "About one log; default: every log" };
        var until = new Option<string>("--for") { Description = "How long: 2h, 7d, at most 90d", Required = true };
        var comment = new Option<string?>("--comment") { Description = "Why" };
        var add = new Command("add", "Have nobody told of a rule's alerts for some time (needs an analyst's key)") { rule, log, until, comment, url, key, json };
        add.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            JsonObject body = new JsonObject { ["rule"] = parsed.GetValue(rule) }.With("log", parsed.GetValue(log)).With("until", UntilOf(parsed.GetValue(until)!)).With("comment", parsed.GetValue(comment));
            using JsonDocument answer = await api.PostAsync($"{Path}/suppressions", body.ToBytes(), cancel);
            Print(answer.RootElement, parsed.GetValue(json), ShowSuppression);
            return ExitCode.Done;
        }));

        var id = new Argument<string>("id") { Description = "The suppression's id" };
        var end = new Command("end", "Have people told again (needs an analyst's key)") { id, url, key };
        end.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            await api.DeleteAsync($"{Path}/suppressions/{Uri.EscapeDataString(parsed.GetValue(id)!)}", cancel);
            Console.WriteLine(Terminal.Clean($"Ended {parsed.GetValue(id)}."));
            return ExitCode.Done;
        }));
        command.Subcommands.Add(add);
        command.Subcommands.Add(end);
        return command;
    }

    /// <summary>The instant that lies a length of time from now; a text that is none goes to the server as it is, which says what it wants.</summary>
    private static string UntilOf(string text) => SourcesCommand.SecondsOf(text) is { } seconds ? Instant.Format(TimeProvider.System.GetUtcNow().AddSeconds(seconds)) : text;

    private static void Print(JsonElement answer, bool asJson, Action<JsonElement> show)
    {
        if (asJson)
        {
            Console.WriteLine(Terminal.CleanJson(answer.GetRawText()));
        }
        else
        {
            show(answer);
        }
    }

    private static void ShowList(JsonElement answer)
    {
        foreach (JsonElement alert in answer.GetProperty("items").EnumerateArray())
        {
            ShowLine(alert);
        }

        string counts = string.Join(", ", answer.GetProperty("counts").EnumerateObject().Select(count => $"{count.Value} {count.Name}"));
        string more = answer.GetProperty("next").ValueKind == JsonValueKind.Null ? "" : " There are more of those asked for: --limit, --from, --to.";
        Console.Error.WriteLine(Terminal.Clean($"{counts}.{more}"));
        foreach (JsonElement notice in answer.GetProperty("notices").EnumerateArray())
        {
            Console.Error.WriteLine(Terminal.Clean(notice.GetString()!));
        }
    }

    private static void ShowLine(JsonElement alert)
    {
        string severity = alert.GetProperty("severity").GetString()!;
        string state = alert.GetProperty("state").GetString()!;
        long repeats = alert.GetProperty("repeats").GetInt64();
        string owner = alert.GetProperty("assignee").GetString() is { } assignee ? $"  for {assignee}" : "";
        string again = repeats == 0 ? "" : $"  ({repeats} more since, the last {alert.GetProperty("last_raised_at").GetString()})";
        Painter.WriteLine(
            (Ink.Faint, alert.GetProperty("id").GetString()! + "  "),
            (state == "open" ? Ink.Strong : Ink.Plain, Terminal.Column(state, 13)),
            (InkOf(severity), Terminal.Column(severity, 14)),
            (Ink.Plain, $"{alert.GetProperty("time").GetString()}  {Terminal.Column(alert.GetProperty("log").GetString() ?? "", 12)} "),
            (Ink.Strong, alert.GetProperty("message").GetString()!),
            (Ink.Cyan, owner),
            (Ink.Faint, again));
    }

    private static Ink InkOf(string severity) => severity switch
    {
        "critical" or "high" => Ink.Red,
        "medium" => Ink.Yellow,
        _ => Ink.Plain,
    };

    private static void ShowWhole(JsonElement alert)
    {
        ShowLine(alert);
        Field("rule", $"{alert.GetProperty("rule").GetProperty("title").GetString()} ({alert.GetProperty("rule").GetProperty("id").GetString()})");
        if (alert.TryGetProperty("from", out JsonElement from))
        {
            Field("events", $"{alert.GetProperty("events").GetArrayLength()}, from {from.GetString()} to {alert.GetProperty("to").GetString()}; counted: {alert.GetProperty("count")}");
        }

        if (alert.TryGetProperty("group", out JsonElement group) && group.GetArrayLength() > 0)
        {
            Field("in common", string.Join(", ", group.EnumerateArray().Select(part => $"{part.GetProperty("field").GetString()} {(part.TryGetProperty("value", out JsonElement value) ? value.GetString() : "(sealed: see the events)")}")));
        }

        foreach (JsonElement repeat in alert.GetProperty("repeated").EnumerateArray())
        {
            Field("again", $"{repeat.GetProperty("time").GetString()}  {repeat.GetProperty("id").GetString()}");
        }

        foreach (JsonElement step in alert.GetProperty("steps").EnumerateArray())
        {
            string more = string.Concat(s_said.Where(name => step.TryGetProperty(name, out JsonElement said) && said.ValueKind == JsonValueKind.String).Select(name => $"  {(name == "comment" ? "" : name + " ")}{step.GetProperty(name).GetString()}"));
            Field(step.GetProperty("step").GetString()!, $"{step.GetProperty("at").GetString()} by {step.GetProperty("by").GetString()}{more}");
        }

        JsonElement entry = alert.GetProperty("entry");
        Field("proof", $"indelible show {entry.GetProperty("index")} --log {entry.GetProperty("log").GetString()} --proof alert.tlog-proof --entry alert.json");
        if (alert.TryGetProperty("events", out JsonElement events) && events.GetArrayLength() > 0 && alert.GetProperty("log").GetString() is { } log)
        {
            Field("last event", $"indelible show {events[events.GetArrayLength() - 1]} --log {log}");
            Field("around it", $"indelible context {events[events.GetArrayLength() - 1]} --log {log}");
        }
    }

    /// <summary>What the actor did before, as far as the key shows it.</summary>
    private static async Task ShowContextAsync(ApiClient api, string log, JsonElement context, CancellationToken cancellationToken)
    {
        foreach (JsonElement index in context.GetProperty("before").EnumerateArray())
        {
            try
            {
                using JsonDocument answer = await api.GetAsync($"api/logs/{Uri.EscapeDataString(log)}/events/{index}", cancellationToken);
                JsonElement entry = answer.RootElement;
                string targets = entry.TryGetProperty("targets", out JsonElement all) ? string.Join(", ", all.EnumerateArray().Select(target => target.TryGetProperty("id", out JsonElement id) && id.ValueKind == JsonValueKind.String ? id.GetString() : "(sealed)")) : "";
                string outcome = entry.TryGetProperty("outcome", out JsonElement end) && end.ValueKind == JsonValueKind.String ? end.GetString()! : "";
                Field("before", $"{entry.GetProperty("time").GetString()}  {entry.GetProperty("action").GetString()}  {outcome}  {targets}  (event {index})");
            }
            catch (ApiException e) when (e.Status is 403 or 404)
            {
                Field("before", $"event {index} (this key does not show it)");
            }
        }

        Field("all of it", $"indelible search --log {log} {Terminal.ShellWord("actor:" + Quoted(context.GetProperty("actor").GetString()!))}");
    }

    /// <summary>A value in a query, whatever is in it: a quote and a backslash have one before them.</summary>
    private static string Quoted(string value) => $"\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static void Field(string name, string value) => Painter.WriteLine((Ink.Faint, "  " + Terminal.Column(name, 12)), (Ink.Plain, value));

    private static void ShowSuppression(JsonElement one)
    {
        string log = one.TryGetProperty("log", out JsonElement name) ? $" of {name.GetString()}" : "";
        string group = one.TryGetProperty("group", out JsonElement parts) ? " where " + string.Join(", ", parts.EnumerateArray().Select(part => $"{part.GetProperty("field").GetString()} {part.GetProperty("value").GetString()}")) : "";
        Console.WriteLine(Terminal.Clean($"{one.GetProperty("id").GetString()}  rule {one.GetProperty("rule").GetString()}{log}{group}, until {one.GetProperty("until").GetString()}, by {one.GetProperty("by").GetString()} (entry {one.GetProperty("entry")})"));
    }
}
