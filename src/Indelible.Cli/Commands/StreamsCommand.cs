using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Indelible.Detection;
using Indelible.Server.Streams;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible streams</c>: checks a file of streams, and shows and steers those of a server.</summary>
internal static class StreamsCommand
{
    private const string Path = "api/streams";

    public static Command Make() => new("streams", "Streams of entries to other systems, such as a SIEM") { MakeCheck(), MakeList(), MakeReplay(), MakeHold("pause", "Hold a stream until it is resumed"), MakeHold("resume", "Let a stream go on where it was held, or try again at once") };

    private static Command MakeCheck()
    {
        var file = new Argument<string>("file") { Description = "The file of streams" };
        var command = new Command("check", "Read a file of streams, secrets and certificates included, and name what is wrong by line and column; needs no server, and sends nothing") { file };
        command.SetAction(parsed =>
        {
            IReadOnlyList<StreamDefinition> streams = StreamFile.Read(parsed.GetValue(file)!, TimeProvider.System.GetUtcNow(), out IReadOnlyList<RuleFault> faults);
            if (faults.Count > 0)
            {
                return CommandOptions.Fail("The streams cannot be used:", faults.Select(fault => fault.ToString()));
            }

            foreach (StreamDefinition stream in streams)
            {
                Console.WriteLine(Terminal.Clean($"{stream.Name}: {string.Join(", ", stream.Logs.Select(log => log.Name))} as {stream.FormatWord} to {stream.To.Address}, personal values {(stream.IsClear ? "in clear" : "masked")}, {stream.Query}"));
            }

            Console.Error.WriteLine($"{streams.Count} streams. Whether there are such logs, the server says when it starts.");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command MakeList()
    {
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        var command = new Command("list", "List streams, how far they have come, and what receivers refused (needs an administrator's key of the node)") { url, key, json };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            using JsonDocument answer = await api.GetAsync(Path, cancel);
            if (parsed.GetValue(json))
            {
                Console.WriteLine(Terminal.CleanJson(answer.RootElement.GetRawText()));
                return ExitCode.Done;
            }

            foreach (JsonElement stream in answer.RootElement.GetProperty("streams").EnumerateArray())
            {
                Show(stream);
            }

            return ExitCode.Done;
        }));
        return command;
    }

    private static Command MakeReplay()
    {
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        Argument<string> name = Name();
        var log = new Option<string>("--log") { Description = "Which log of the stream", Required = true };
        var from = new Option<string>("--from") { Description = "From where: an index, or the time of receipt, an instant in UTC", Required = true };
        var command = new Command("replay", "Send a log again from some entry on; receivers drop what they have by its id (needs an administrator's key of the node)") { name, log, from, url, key, json };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            string start = parsed.GetValue(from)!;
            byte[] body = Json(writer =>
            {
                writer.WriteString("log", parsed.GetValue(log));
                if (long.TryParse(start, NumberStyles.None, CultureInfo.InvariantCulture, out long index))
                {
                    writer.WriteNumber("from", index);
                }
                else
                {
                    writer.WriteString("from", start);
                }
            });
            using JsonDocument answer = await api.PostAsync($"{Path}/{Uri.EscapeDataString(parsed.GetValue(name)!)}/replay", body, cancel);
            return Answer(answer.RootElement, parsed.GetValue(json));
        }));
        return command;
    }

    private static Command MakeHold(string verb, string description)
    {
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        Argument<string> name = Name();
        var command = new Command(verb, description + " (needs an administrator's key of the node)") { name, url, key, json };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            using JsonDocument answer = await api.PostAsync($"{Path}/{Uri.EscapeDataString(parsed.GetValue(name)!)}/{verb}", [], cancel);
            return Answer(answer.RootElement, parsed.GetValue(json));
        }));
        return command;
    }

    private static Argument<string> Name() => new("name") { Description = "The stream's name" };

    private static int Answer(JsonElement stream, bool asJson)
    {
        if (asJson)
        {
            Console.WriteLine(Terminal.CleanJson(stream.GetRawText()));
        }
        else
        {
            Show(stream);
        }

        return ExitCode.Done;
    }

    private static void Show(JsonElement stream)
    {
        string state = stream.GetProperty("state").GetString()!;
        Painter.WriteLine(
            (Ink.Strong, Terminal.Column(stream.GetProperty("name").GetString()!, 20) + " "),
            (state switch { "failing" => Ink.Red, "paused" => Ink.Yellow, _ => Ink.Plain }, Terminal.Column(state, 8)),
            (Ink.Plain, $" {stream.GetProperty("format").GetString()} to {stream.GetProperty("to").GetString()}, personal values {(stream.GetProperty("personal").GetString() == "clear" ? "in clear" : "masked")}"));
        foreach (JsonElement log in stream.GetProperty("logs").EnumerateArray())
        {
            string behind = log.TryGetProperty("lag_seconds", out JsonElement seconds) ? seconds.GetDouble().ToString("0.#", CultureInfo.InvariantCulture) + " s" : "unknown";
            Field(log.GetProperty("log").GetString()!, $"next {log.GetProperty("next")} of {log.GetProperty("size")}, behind by {log.GetProperty("lag")} entries, {behind}");
        }

        if (stream.TryGetProperty("last_success", out JsonElement success))
        {
            Field("taken", success.GetString()!);
        }

        if (stream.TryGetProperty("last_failure", out JsonElement failure))
        {
            string next = failure.TryGetProperty("next_try", out JsonElement again) ? $"; tried again at {again.GetString()}" : "";
            Field("failed", $"{failure.GetProperty("at").GetString()}: {failure.GetProperty("reason").GetString()}{next}");
        }

        JsonElement refused = stream.GetProperty("refused");
        if (refused.GetProperty("count").GetInt64() > 0)
        {
            Field("refused", $"{refused.GetProperty("count")} entries; the newest:");
            foreach (JsonElement entry in refused.GetProperty("last").EnumerateArray())
            {
                Field("", $"{entry.GetProperty("id").GetString()}: {entry.GetProperty("reason").GetString()} ({entry.GetProperty("at").GetString()})");
            }
        }
    }

    private static void Field(string name, string value) => Painter.WriteLine((Ink.Faint, "  " + Terminal.Column(name, 12)), (Ink.Plain, value));

    private static byte[] Json(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
