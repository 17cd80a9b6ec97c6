using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Indelible.Client.Recording;
using Indelible.Client.Recording.Spooling;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible spool</c>: what an application's events wait in, looked at, sent or dropped by hand.</summary>
internal static class SpoolCommand
{
    public static Command Make() => new("spool", "Look at, send or drop what waits in an application's spool folder") { MakeList(), MakeShow(), MakeSend(), MakeDrop() };

    private static Argument<string> Folder() => new("folder") { Description = "The spool folder (the client's SpoolFolder)" };

    private static Command MakeList()
    {
        Argument<string> folder = Folder();
        Option<bool> json = CommandOptions.Json();
        var command = new Command("list", "List the streams that wait, and what else lies there; changes nothing") { folder, json };
        command.SetAction(parsed => WithSpool(parsed.GetValue(folder)!, (root, origin) => List(root, origin, parsed.GetValue(json))));
        return command;
    }

    private static Command MakeShow()
    {
        Argument<string> folder = Folder();
        var stream = new Option<string?>("--stream") { Description = "Of this stream alone" };
        var limit = new Option<int>("--limit") { Description = "Events to show", DefaultValueFactory = _ => 100 };
        Option<bool> json = CommandOptions.Json();
        var command = new Command("show", "Show the events that wait, an event a line; changes nothing. They are in clear, personal values included") { folder, stream, limit, json };
        command.SetAction(parsed => WithSpool(
            parsed.GetValue(folder)!, (root, _) => Show(root, parsed.GetValue(stream), parsed.GetValue(limit), parsed.GetValue(json))));
        return command;
    }

    private static Command MakeSend()
    {
        Argument<string> folder = Folder();
        Option<string> log = CommandOptions.Log();
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        var vkey = new Option<string>("--vkey") { Description = "The log's vkey", Required = true };
        var receiptsVkey = new Option<string>("--receipts-vkey") { Description = "The receipts' vkey", Required = true };
        var limit = new Option<int>("--timeout") { Description = "Seconds to try", DefaultValueFactory = _ => 60 };
        Option<bool> json = CommandOptions.Json();
        var command = new Command("send", "Send what processes that are gone have left (needs a writer's key)") { folder, log, url, key, vkey, receiptsVkey, limit, json };
        command.SetAction((parsed, cancel) => SendAsync(
            new AuditClientOptions
            {
                ServerUrl = Uri.TryCreate(parsed.GetValue(url), UriKind.Absolute, out Uri? address) ? address : null,
                Key = CommandOptions.KeyOf(parsed, key),
                Log = parsed.GetValue(log)!,
                LogVkey = parsed.GetValue(vkey),
                ReceiptsVkey = parsed.GetValue(receiptsVkey),
                ServiceName = "indelible-spool-send",
                InstanceId = "spool-send",
                SpoolFolder = parsed.GetValue(folder),
            },
            TimeSpan.FromSeconds(parsed.GetValue(limit)),
            parsed.GetValue(json),
            cancel));
        return command;
    }

    private static Command MakeDrop()
    {
        Argument<string> folder = Folder();
        var stream = new Option<string>("--stream") { Description = "The stream whose events are given up", Required = true };
        var yes = new Option<bool>("--yes") { Description = "Really: they will never be logged" };
        var command = new Command("drop", "Give up what waits in the stream of a process that is gone") { folder, stream, yes };
        command.SetAction(parsed => WithSpool(parsed.GetValue(folder)!, (root, _) => Drop(root, parsed.GetValue(stream)!, parsed.GetValue(yes))));
        return command;
    }

    private static int WithSpool(string folder, Func<string, string, int> run)
    {
        try
        {
            return SpoolRoot.OriginOf(folder) is { } origin ? run(Path.GetFullPath(folder), origin) : CommandOptions.Fail($"{folder} is no spool folder: it has no spool.json.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return CommandOptions.Fail(e.Message);
        }
    }

    private static int List(string root, string origin, bool asJson)
    {
        SpooledStream[] streams = [.. SpoolView.Streams(root)];
        string letters = Path.Combine(root, "dead-letters.jsonl");
        int deadLetters = File.Exists(letters) ? File.ReadLines(letters).Count() : 0;
        string evidence = Path.Combine(root, "evidence");
        string[] contradictions = Directory.Exists(evidence) ? [.. Directory.EnumerateDirectories(evidence).Select(path => Path.GetFileName(path)!)] : [];
        if (asJson)
        {
            using var output = new MemoryStream();
            using (var writer = new Utf8JsonWriter(output))
            {
                writer.WriteStartObject();
                writer.WriteString("origin", origin);
                writer.WriteStartArray("streams");
                foreach (SpooledStream stream in streams)
                {
                    writer.WriteStartObject();
                    writer.WriteString("stream", stream.Stream);
                    writer.WriteBoolean("alive", stream.IsAlive);
                    writer.WriteNumber("events", stream.Events);
                    writer.WriteNumber("bytes", stream.Bytes);
                    writer.WriteNumber("first", stream.First);
                    writer.WriteNumber("last", stream.Last);
                    writer.WriteNumber("receipt_bytes", stream.ReceiptBytes);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
                writer.WriteNumber("dead_letters", deadLetters);
                writer.WriteStartArray("contradictions");
                Array.ForEach(contradictions, writer.WriteStringValue);
                writer.WriteEndArray();
                writer.WriteEndObject();
            }

            Console.WriteLine(Encoding.UTF8.GetString(output.ToArray()));
            return ExitCode.Done;
        }

        Console.WriteLine(Terminal.Clean($"Events for {origin}:"));
        foreach (SpooledStream stream in streams)
        {
            string numbers = stream.Events == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", numbers {stream.First} to {stream.Last}");
            Console.WriteLine(Terminal.Clean(
                $"{stream.Stream}  {(stream.IsAlive ? "in use" : "left behind")}: {stream.Events} events wait, {stream.Bytes} bytes{numbers}; {stream.ReceiptBytes} bytes of receipts"));
        }

        Console.WriteLine($"{streams.Sum(stream => stream.Events)} events wait in {streams.Length} streams; {deadLetters} dead letters, {contradictions.Length} contradictions.");
        return ExitCode.Done;
    }

    private static int Show(string root, string? only, int limit, bool asJson)
    {
        int shown = 0;
        foreach (SpooledStream stream in SpoolView.Streams(root).Where(stream => only is null || stream.Stream == only))
        {
            foreach (SpooledEvent one in SpoolView.Events(Path.Combine(SpoolRoot.StreamsOf(root), stream.Stream)))
            {
                if (shown++ == limit)
                {
                    return ExitCode.Done;
                }

                Console.WriteLine(asJson ? Terminal.CleanJson(Encoding.UTF8.GetString(one.Json.Span)) : Terminal.Clean(LineOf(one)));
            }
        }

        return ExitCode.Done;
    }

    private static string LineOf(SpooledEvent one)
    {
        using JsonDocument json = JsonDocument.Parse(one.Json);
        JsonElement root = json.RootElement;
        return $"{one.Sequence.ToString(CultureInfo.InvariantCulture),8}  {root.GetProperty("time")}  {root.GetProperty("action")}  {root.GetProperty("actor").GetProperty("id")}  {root.GetProperty("outcome")}  {one.Id}";
    }

    private static async Task<int> SendAsync(AuditClientOptions options, TimeSpan limit, bool asJson, CancellationToken cancellationToken)
    {
        if (SpoolRoot.OriginOf(options.SpoolFolder!) is null)
        {
            return CommandOptions.Fail($"{options.SpoolFolder} is no spool folder: it has no spool.json.");
        }

        if (options.Faults() is { Count: > 0 } faults)
        {
            return CommandOptions.Fail("Nothing is sent:", faults);
        }

        HashSet<string> leftBehind = [.. SpoolView.Streams(options.SpoolFolder!).Where(stream => !stream.IsAlive).Select(stream => stream.Stream)];
        long before = Waiting(options.SpoolFolder!, leftBehind);
        try
        {
            string detail;
            await using (var client = new AuditClient(options))
            {
                using var timeout = new CancellationTokenSource(limit);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
                while (Waiting(options.SpoolFolder!, leftBehind) > 0 && !either.IsCancellationRequested && client.Health.State != AuditClientState.Refused)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }

                detail = client.Health.Detail;
            }

            long left = Waiting(options.SpoolFolder!, leftBehind);
            Console.WriteLine(asJson ? $$"""{"sent":{{Math.Max(0, before - left)}},"left":{{left}}}""" : $"{Math.Max(0, before - left)} events are sent, {left} wait.");
            if (left > 0)
            {
                Console.Error.WriteLine(Terminal.Clean(detail));
            }

            return left == 0 ? ExitCode.Done : ExitCode.CouldNotTell;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return CommandOptions.Fail(e.Message);
        }
    }

    private static long Waiting(string root, HashSet<string> streams) => SpoolView.Streams(root).Where(stream => streams.Contains(stream.Stream)).Sum(stream => stream.Events);

    private static int Drop(string root, string stream, bool isSure)
    {
        SpooledStream? found = SpoolView.Streams(root).FirstOrDefault(one => one.Stream == stream);
        if (found is null)
        {
            return CommandOptions.Fail($"There is no stream {stream} in {root}.");
        }

        if (!isSure)
        {
            return CommandOptions.Fail($"{found.Events} events would never be logged. Say --yes if that is meant; 'indelible spool show --json' prints them.");
        }

        using SpoolFolder? folder = SpoolFolder.TryTake(Path.Combine(SpoolRoot.StreamsOf(root), stream));
        if (folder is null)
        {
            return CommandOptions.Fail($"A living process holds the stream {stream}: stop it first.");
        }

        folder.Delete();
        Console.WriteLine($"{found.Events} events are given up. The server will see their numbers missing.");
        return ExitCode.Done;
    }
}
