using System.Buffers.Binary;
using System.CommandLine;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using Indelible.Cli.Bench;
using Indelible.Server;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible bench</c>: how many events a running server takes.</summary>
internal static class BenchCommand
{
    private const int MaxConnections = 4_096;
    private const int MaxBatchBytes = ServerLimits.BodyBytes;

    public static Command Make()
    {
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<string> log = CommandOptions.Log();
        var connections = new Option<int>("--connections") { Description = $"Connections, each with one request on its way at any time; 1 to {MaxConnections}", DefaultValueFactory = _ => 16 };
        var batch = new Option<int>("--batch") { Description = $"Events in a request, 1 to {Events.EventLimits.BatchEvents}; 1 sends single events", DefaultValueFactory = _ => 1 };
        var seconds = new Option<double>("--seconds") { Description = "How long to measure", DefaultValueFactory = _ => 10 };
        var warmUp = new Option<double>("--warm-up") { Description = "Seconds to send before measuring", DefaultValueFactory = _ => 2 };
        var size = new Option<int>("--size") { Description = "Bytes of each event", DefaultValueFactory = _ => 420 };
        var personal = new Option<int>("--personal") { Description = $"Personal fields in each event, which the server encrypts; 0 to {BenchEvents.MaxPersonalFields}", DefaultValueFactory = _ => 0 };
        Option<bool> json = CommandOptions.Json();
        var command = new Command(
            "bench",
            "Measure how many events a running server takes, each acknowledged when it is on disk (needs a writer's key). What it sends stays in the log for ever: use a log made for it")
        {
            url, key, log, connections, batch, seconds, warmUp, size, personal, json,
        };
        command.SetAction((parsed, cancel) => Task.FromResult(Run(
            new Request(
                parsed.GetValue(url)!,
                CommandOptions.KeyOf(parsed, key),
                parsed.GetValue(log)!,
                parsed.GetValue(connections),
                parsed.GetValue(batch),
                parsed.GetValue(seconds),
                parsed.GetValue(warmUp),
                parsed.GetValue(size),
                parsed.GetValue(personal)),
            parsed.GetValue(json),
            cancel)));
        return command;
    }

    private static int Run(Request request, bool asJson, CancellationToken cancellationToken)
    {
        if (FaultOf(request) is { } fault)
        {
            return CommandOptions.Fail(fault);
        }

        BenchEvents events;
        try
        {
            events = new BenchEvents(NewRun(), TimeProvider.System.GetUtcNow(), request.Size, request.Personal);
        }
        catch (ArgumentOutOfRangeException)
        {
            return CommandOptions.Fail($"--size: {request.Size} bytes leave no room for what every event has; 450 do for any.");
        }

        var plan = new LoadPlan(
            new Uri(request.Url), request.Key!, request.Log, request.Connections, request.Batch, TimeSpan.FromSeconds(request.WarmUp), TimeSpan.FromSeconds(request.Seconds));
        LoadResult result;
        try
        {
            result = new LoadGenerator(plan, events).Run(cancellationToken);
        }
        catch (LoadRefusedException e)
        {
            Console.Error.WriteLine(Terminal.Clean(e.Message));
            return e.Status >= 500 ? ExitCode.CouldNotTell : ExitCode.Usage;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            Console.Error.WriteLine(Terminal.Clean($"{request.Url} does not answer: {e.Message}"));
            return ExitCode.CouldNotTell;
        }

        if (asJson)
        {
            WriteJson(request, result);
        }
        else
        {
            Print(request, result);
        }

        return result.Errors == 0 && result.Requests > 0 ? ExitCode.Done : ExitCode.CouldNotTell;
    }

    private static string? FaultOf(Request request)
    {
        if (!Uri.TryCreate(request.Url, UriKind.Absolute, out Uri? url) || url.Scheme != Uri.UriSchemeHttp)
        {
            return $"--url: '{request.Url}' is no URL like {CommandOptions.DefaultUrl}; https would measure the encryption of this command, so point it at the server itself.";
        }

        if (string.IsNullOrEmpty(request.Key) || request.Key.Any(c => c is <= ' ' or > '~'))
        {
            return $"--key: appending needs a writer's key; 'indelible keys create --kind writer --log {request.Log}' makes one.";
        }

        if (request.Connections is < 1 or > MaxConnections)
        {
            return $"--connections: 1 to {MaxConnections}, not {request.Connections}.";
        }

        if (request.Batch is < 1 or > Events.EventLimits.BatchEvents)
        {
            return $"--batch: 1 to {Events.EventLimits.BatchEvents} events, not {request.Batch}.";
        }

        if (request.Seconds is not (>= 0.1 and <= 86_400) || request.WarmUp is not (>= 0 and <= 3_600))
        {
            return "--seconds: 0.1 to 86400, and --warm-up: 0 to 3600.";
        }

        if (request.Size is < 1 or > BenchEvents.MaxEventBytes)
        {
            return $"--size: at most {BenchEvents.MaxEventBytes} bytes, not {request.Size}.";
        }

        if (request.Batch * (request.Size + 1L) + 1 > MaxBatchBytes)
        {
            return $"--batch and --size: {request.Batch} events of {request.Size} bytes are more than the {MaxBatchBytes} bytes that a request may have.";
        }

        return request.Personal is < 0 or > BenchEvents.MaxPersonalFields
            ? $"--personal: 0 to {BenchEvents.MaxPersonalFields} fields, not {request.Personal}."
            : null;
    }

    private static ulong NewRun()
    {
        Span<byte> run = stackalloc byte[8];
        RandomNumberGenerator.Fill(run);
        return BinaryPrimitives.ReadUInt64BigEndian(run);
    }

    private static void Print(Request request, LoadResult result)
    {
        string fields = request.Personal == 0 ? "no personal fields" : $"{request.Personal} personal fields";
        Console.WriteLine(Format($"{request.Connections} connections, {(request.Batch == 1 ? "single events" : $"batches of {request.Batch}")} of {request.Size} bytes, {fields}, {result.Elapsed.TotalSeconds:F1} s, durable"));
        Console.WriteLine(Format($"  events      {result.EventsPerSecond,12:N0} /s"));
        Console.WriteLine(Format($"  requests    {result.RequestsPerSecond,12:N0} /s"));
        Console.WriteLine(Format($"  latency     {result.Latency.Percentile(0.5).TotalMilliseconds,12:F2} ms p50   {result.Latency.Percentile(0.99).TotalMilliseconds:F2} ms p99   {result.Latency.Max.TotalMilliseconds:F2} ms max"));
        Console.WriteLine(Format($"  errors      {result.Errors,12:N0}"));
        if (result.FirstError is { } error)
        {
            Console.WriteLine(Terminal.Clean($"  the first   {error}"));
        }
    }

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static void WriteJson(Request request, LoadResult result)
    {
        using Stream output = Terminal.OpenJson();
        using Utf8JsonWriter json = JsonText.Writer(output);
        json.WriteStartObject();
        json.WriteString("log", request.Log);
        json.WriteNumber("connections", request.Connections);
        json.WriteNumber("batch", request.Batch);
        json.WriteNumber("event_bytes", request.Size);
        json.WriteNumber("personal_fields", request.Personal);
        json.WriteNumber("seconds", Math.Round(result.Elapsed.TotalSeconds, 3));
        json.WriteNumber("events", result.Events);
        json.WriteNumber("requests", result.Requests);
        json.WriteNumber("events_per_second", Math.Round(result.EventsPerSecond, 1));
        json.WriteNumber("requests_per_second", Math.Round(result.RequestsPerSecond, 1));
        json.WriteStartObject("latency_ms");
        json.WriteNumber("p50", result.Latency.Percentile(0.5).TotalMilliseconds);
        json.WriteNumber("p99", result.Latency.Percentile(0.99).TotalMilliseconds);
        json.WriteNumber("max", result.Latency.Max.TotalMilliseconds);
        json.WriteEndObject();
        json.WriteNumber("errors", result.Errors);
        json.WriteString("first_error", result.FirstError);
        json.WriteEndObject();
        json.Flush();
        output.WriteByte((byte)'\n');
    }

    private sealed record Request(string Url, string? Key, string Log, int Connections, int Batch, double Seconds, double WarmUp, int Size, int Personal);
}
