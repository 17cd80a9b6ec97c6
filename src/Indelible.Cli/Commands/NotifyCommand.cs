using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Indelible.Detection;
using Indelible.Server.Notifications;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible notify</c>: who is told of alerts, how that goes, and what could not be told.</summary>
internal static class NotifyCommand
{
    private const string Path = "api/notifications";

    public static Command Make()
    {
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        return new Command("notify", "Who is told of alerts, how that goes, and what could not be told")
        {
            MakeCheck(), MakeList(url, key, json), MakeTest(url, key, json), MakeDead(url, key, json), MakeRetry(url, key), MakeDrop(url, key),
        };
    }

    private static Command MakeCheck()
    {
        var path = new Argument<string>("file") { Description = "A file of notifications, as serve takes it by --notify" };
        var command = new Command("check", "Read a file of notifications as the server would; names what is wrong by file, line and column. Needs no server, and sends nothing") { path };
        command.SetAction(parsed =>
        {
            string file = parsed.GetValue(path)!;
            if (!NotifyFile.TryRead(file, TimeProvider.System.GetUtcNow(), out NotifySettings? settings, out IReadOnlyList<RuleFault> faults))
            {
                foreach (RuleFault fault in faults)
                {
                    Console.WriteLine(Terminal.Clean(fault.ToString()));
                }

                return ExitCode.NotValid;
            }

            Console.WriteLine(Terminal.Clean(string.Create(CultureInfo.InvariantCulture, $"{settings.Count} destination{(settings.Count == 1 ? "" : "s")}: {string.Join(", ", settings.Named.Select(one => $"{one.Name} ({one.Kind})"))}.")));
            return ExitCode.Done;
        });
        return command;
    }

    private static Command MakeList(Option<string> url, Option<string?> key, Option<bool> json)
    {
        var command = new Command("list", "List the destinations and how they do (needs an administrator's key of the node)") { url, key, json };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            using JsonDocument answer = await api.GetAsync(Path, cancel);
            if (parsed.GetValue(json))
            {
                Console.WriteLine(Terminal.CleanJson(answer.RootElement.GetRawText()));
                return ExitCode.Done;
            }

            foreach (JsonElement one in answer.RootElement.GetProperty("destinations").EnumerateArray())
            {
                long dead = one.GetProperty("dead").GetInt64();
                Painter.WriteLine(
                    (Ink.Strong, Terminal.Column(one.GetProperty("name").GetString()!, 20) + "  "),
                    (Ink.Plain, $"{Terminal.Column(one.GetProperty("kind").GetString()!, 9)}{one.GetProperty("queued")} queued, "),
                    (dead == 0 ? Ink.Plain : Ink.Red, $"{dead} given up"),
                    (Ink.Faint, $"  last taken {TextOf(one, "last_success") ?? "never"}{(TextOf(one, "last_failure") is { } failure ? $", last not taken {failure}: {TextOf(one, "last_problem")}" : "")}"));
            }

            return ExitCode.Done;
        }));
        return command;
    }

    private static Command MakeTest(Option<string> url, Option<string?> key, Option<bool> json)
    {
        var name = new Argument<string>("destination") { Description = "Its name in the file" };
        var command = new Command("test", "Send a test to a destination now, and say whether it took it (needs an administrator's key of the node)") { name, url, key, json };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            using JsonDocument answer = await api.PostAsync($"{Path}/{Uri.EscapeDataString(parsed.GetValue(name)!)}/test", "{}"u8.ToArray(), cancel);
            bool isSent = answer.RootElement.GetProperty("sent").GetBoolean();
            if (parsed.GetValue(json))
            {
                Console.WriteLine(Terminal.CleanJson(answer.RootElement.GetRawText()));
            }
            else
            {
                string problem = TextOf(answer.RootElement, "problem") ?? "";
                Console.WriteLine(Terminal.Clean(isSent ? $"{parsed.GetValue(name)} took the test{(problem.Length == 0 ? "" : ", but " + problem)}." : $"{parsed.GetValue(name)} did not take the test: {problem}."));
            }

            return isSent ? ExitCode.Done : ExitCode.CouldNotTell;
        }));
        return command;
    }

    private static Command MakeDead(Option<string> url, Option<string?> key, Option<bool> json)
    {
        var command = new Command("dead", "List notifications that were given up, the newest first (needs an administrator's key of the node)") { url, key, json };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            using JsonDocument answer = await api.GetAsync($"{Path}/dead", cancel);
            if (parsed.GetValue(json))
            {
                Console.WriteLine(Terminal.CleanJson(answer.RootElement.GetRawText()));
                return ExitCode.Done;
            }

            foreach (JsonElement one in answer.RootElement.GetProperty("items").EnumerateArray())
            {
                Painter.WriteLine(
                    (Ink.Faint, one.GetProperty("id").GetString()! + "  "),
                    (Ink.Strong, one.GetProperty("destination").GetString()!),
                    (Ink.Plain, $"  {one.GetProperty("alert").GetString()} ({one.GetProperty("reason").GetString()} {one.GetProperty("raised_at").GetString()}), given up {TextOf(one, "given_up_at")} after {one.GetProperty("attempts")} attempts: {TextOf(one, "problem")}"));
            }

            return ExitCode.Done;
        }));
        return command;
    }

    private static Command MakeRetry(Option<string> url, Option<string?> key)
    {
        Argument<string> id = Id();
        var command = new Command("retry", "Try again to send one that was given up (needs an administrator's key of the node)") { id, url, key };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            await api.PostAsync($"{Path}/dead/{Uri.EscapeDataString(parsed.GetValue(id)!)}/retry", cancel);
            Console.WriteLine(Terminal.Clean($"{parsed.GetValue(id)} is tried again."));
            return ExitCode.Done;
        }));
        return command;
    }

    private static Command MakeDrop(Option<string> url, Option<string?> key)
    {
        Argument<string> id = Id();
        var command = new Command("drop", "Forget one that was given up; the alert stays (needs an administrator's key of the node)") { id, url, key };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            await api.DeleteAsync($"{Path}/dead/{Uri.EscapeDataString(parsed.GetValue(id)!)}", cancel);
            Console.WriteLine(Terminal.Clean($"{parsed.GetValue(id)} is forgotten."));
            return ExitCode.Done;
        }));
        return command;
    }

    private static Argument<string> Id() => new("id") { Description = "The notification's id, as `indelible notify dead` prints it" };

    private static string? TextOf(JsonElement parent, string name) => parent.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;
}
