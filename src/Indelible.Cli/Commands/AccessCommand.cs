using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible access</c>, <c>whoami</c> and <c>break-glass</c>: who may do what with a log, or could; who the key is; the glass in an emergency.</summary>
internal static class AccessCommand
{
    public static Command Make()
    {
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        Option<string> log = CommandOptions.Log();
        var at = new Option<string?>("--at") { Description = "As it was at a time, in UTC: 2026-03-03T12:00:00Z" };
        var right = new Option<string?>("--right") { Description = "One right alone: append, read, tail, export, verify, rules, alerts, privacy, admin, inspect or custody" };
        var command = new Command("access", "Who may do what with a log, or could at a time, and which entries of _system say so (needs an administrator's or auditor's key)") { log, at, right, url, key, json };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            string path = $"api/access?log={Uri.EscapeDataString(parsed.GetValue(log)!)}"
                + (parsed.GetValue(at) is { } time ? "&at=" + Uri.EscapeDataString(time) : "")
                + (parsed.GetValue(right) is { } word ? "&right=" + Uri.EscapeDataString(word) : "");
            using JsonDocument answer = await api.GetAsync(path, cancel);
            if (parsed.GetValue(json))
            {
                Console.WriteLine(answer.RootElement.GetRawText());
                return ExitCode.Done;
            }

            Write(answer.RootElement);
            return ExitCode.Done;
        }));
        return command;
    }

    public static Command MakeWhoAmI()
    {
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        var command = new Command("whoami", "Who the key is, and what it may do with which log") { url, key, json };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            using JsonDocument answer = await api.GetAsync("api/me", cancel);
            JsonElement me = answer.RootElement;
            if (parsed.GetValue(json))
            {
                Console.WriteLine(me.GetRawText());
                return ExitCode.Done;
            }

            Console.WriteLine(Terminal.Clean($"{me.GetProperty("principal").GetString()}, by {me.GetProperty("credential").GetString()}{(me.TryGetProperty("expires", out JsonElement end) ? ", until " + end.GetString() : "")}"));
            foreach (JsonElement item in me.GetProperty("logs").EnumerateArray())
            {
                Console.WriteLine(Terminal.Clean($"  {item.GetProperty("name").GetString(),-30} {string.Join(", ", item.GetProperty("rights").EnumerateArray())}"));
            }

            return ExitCode.Done;
        }));
        return command;
    }

    public static Command MakeBreakGlass()
    {
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        var reason = new Option<string>("--reason") { Description = "Why; it is recorded, and an alert is raised", Required = true };
        var command = new Command("break-glass", "With the key behind glass: be an administrator for an hour, once") { reason, url, key, json };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            using JsonDocument answer = await api.PostAsync("api/break-glass", new JsonObject { ["reason"] = parsed.GetValue(reason) }.ToBytes(), cancel);
            Console.WriteLine(parsed.GetValue(json) ? answer.RootElement.GetRawText() : Terminal.Clean($"The glass is broken, and an alert raised. {answer.RootElement.GetProperty("id").GetString()} is an administrator's until {answer.RootElement.GetProperty("until").GetString()}, and never again."));
            return ExitCode.Done;
        }));
        return command;
    }

    private static void Write(JsonElement answer)
    {
        Console.WriteLine(Terminal.Clean($"Log {answer.GetProperty("log").GetString()} at {answer.GetProperty("at").GetString()}, by the first {answer.GetProperty("system_size")} entries of _system:"));
        foreach (JsonElement principal in answer.GetProperty("principals").EnumerateArray())
        {
            Console.WriteLine(Terminal.Clean($"  {principal.GetProperty("name").GetString()}: {string.Join(", ", principal.GetProperty("rights").EnumerateArray())}"));
            foreach (JsonElement credential in principal.GetProperty("credentials").EnumerateArray())
            {
                string role = credential.TryGetProperty("role", out JsonElement word) ? $", {word.GetString()}" : "";
                string rows = credential.TryGetProperty("rows", out JsonElement query) ? $", rows {query.GetString()}" : "";
                string until = credential.TryGetProperty("expires", out JsonElement end) ? $", until {end.GetString()}" : "";
                Console.WriteLine(Terminal.Clean($"      with {credential.GetProperty("id").GetString()}{role}{rows}{until} (entry {credential.GetProperty("entry")})"));
            }

            foreach (JsonElement grant in principal.GetProperty("grants").EnumerateArray())
            {
                Console.WriteLine(Terminal.Clean($"      by {GrantsCommand.Line(grant)}"));
            }
        }
    }
}
