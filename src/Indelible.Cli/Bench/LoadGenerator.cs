using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Indelible.Cli.Bench;

/// <summary>What a run sends.</summary>
/// <param name="Server">The server's address, http.</param>
/// <param name="Key">A writer's key.</param>
/// <param name="Log">The log.</param>
/// <param name="Connections">Connections, each with one request on its way at any time.</param>
/// <param name="BatchEvents">Events in a request; 1 sends a single event, not an array.</param>
/// <param name="WarmUp">How long to send before counting.</param>
/// <param name="Duration">How long to count.</param>
internal sealed record LoadPlan(Uri Server, string Key, string Log, int Connections, int BatchEvents, TimeSpan WarmUp, TimeSpan Duration);

/// <summary>What came of a run.</summary>
/// <param name="Events">Events acknowledged within the counted time.</param>
/// <param name="Requests">Requests acknowledged within the counted time.</param>
/// <param name="Elapsed">The counted time.</param>
/// <param name="Latency">From the first byte sent to the last byte received.</param>
/// <param name="Errors">Requests that failed, warm-up included.</param>
/// <param name="FirstError">What the first of them said, or null.</param>
internal sealed record LoadResult(long Events, long Requests, TimeSpan Elapsed, LatencyHistogram Latency, long Errors, string? FirstError)
{
    public double EventsPerSecond => Events / Elapsed.TotalSeconds;

    public double RequestsPerSecond => Requests / Elapsed.TotalSeconds;
}

/// <summary>The server does not take the first event: there is nothing to measure.</summary>
internal sealed class LoadRefusedException(int status, string message) : Exception(message)
{
    /// <summary>The HTTP status.</summary>
    public int Status { get; } = status;
}

/// <summary>Sends events on many connections as fast as they are acknowledged, and measures.</summary>
/// <remarks>
/// A thread for each connection, blocking: it waits in the kernel, costs nothing while it waits, and needs no scheduler of ours
/// between the answer and the next request. A closed loop: what is measured is what the server does with so many callers at a time.
/// </remarks>
internal sealed class LoadGenerator(LoadPlan plan, BenchEvents events)
{
    private const int ThreadStackBytes = 256 * 1024;
    private static readonly TimeSpan s_answerTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_pauseWhenFull = TimeSpan.FromMilliseconds(10);
    private readonly Lock _lock = new();
    private readonly LatencyHistogram _latency = new();   // under _lock
    private long _errors;                                 // under _lock
    private string? _firstError;                          // under _lock
    private long _number;                                 // of the next event, over all connections; by Interlocked
    private long _countFrom;                              // timestamps; written before the threads start
    private long _countTo;

    /// <summary>Events sent so far, warm-up and failures included.</summary>
    public long EventsSent => Interlocked.Read(ref _number);

    /// <summary>Runs the plan. Blocks.</summary>
    /// <param name="cancellationToken">Ends it early; the result then covers what was counted until then.</param>
    /// <exception cref="SocketException">The server cannot be reached.</exception>
    /// <exception cref="IOException">The server broke off the first request.</exception>
    /// <exception cref="LoadRefusedException">The server refused the first request.</exception>
    public LoadResult Run(CancellationToken cancellationToken)
    {
        var connections = new HttpConnection[plan.Connections];
        try
        {
            for (int i = 0; i < connections.Length; i++)
            {
                connections[i] = new HttpConnection(plan.Server, s_answerTimeout);
            }

            SendFirst(connections[0]);
            long start = Stopwatch.GetTimestamp();
            _countFrom = start + Ticks(plan.WarmUp);
            _countTo = _countFrom + Ticks(plan.Duration);
            Thread[] threads = [.. connections.Select(connection => new Thread(() => Send(connection, cancellationToken), ThreadStackBytes) { IsBackground = true })];
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => thread.Join());
        }
        finally
        {
            Array.ForEach(connections, connection => connection?.Dispose());
        }

        TimeSpan elapsed = Stopwatch.GetElapsedTime(_countFrom, Math.Min(_countTo, Stopwatch.GetTimestamp()));
        return new LoadResult(
            _latency.Count * plan.BatchEvents, _latency.Count, elapsed > TimeSpan.Zero ? elapsed : TimeSpan.FromTicks(1), _latency, _errors, _firstError);
    }

    private static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);

    /// <summary>Sends one request alone, so that a wrong key or log is one clear message and not a count of errors.</summary>
    private void SendFirst(HttpConnection connection)
    {
        byte[] request = Prepare(out int bodyOffset);
        Fill(request, bodyOffset);
        int status = connection.Exchange(request);
        if (status != 201)
        {
            throw new LoadRefusedException(status, Explain(status, connection.Body));
        }
    }

    private void Send(HttpConnection connection, CancellationToken cancellationToken)
    {
        var latency = new LatencyHistogram();
        byte[] request = Prepare(out int bodyOffset);
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                Fill(request, bodyOffset);
                long sent = Stopwatch.GetTimestamp();
                if (sent >= _countTo)
                {
                    break;
                }

                int status = connection.Exchange(request);
                long answered = Stopwatch.GetTimestamp();
                if (status != 201)
                {
                    Note(Explain(status, connection.Body));
                    cancellationToken.WaitHandle.WaitOne(s_pauseWhenFull);
                }
                else if (answered > _countFrom && answered <= _countTo)
                {
                    latency.Add(Stopwatch.GetElapsedTime(sent, answered));
                }
            }
        }
        catch (IOException e)
        {
            Note("A connection was lost and its requests ended: " + e.Message);
        }

        lock (_lock)
        {
            _latency.Add(latency);
        }
    }

    private void Note(string error)
    {
        lock (_lock)
        {
            _errors++;
            _firstError ??= error;
        }
    }

    /// <summary>A request whose events are still to be filled in: all are of one length, so its head never changes.</summary>
    private byte[] Prepare(out int bodyOffset)
    {
        int bodyBytes = plan.BatchEvents == 1 ? events.EventBytes : (plan.BatchEvents * (events.EventBytes + 1)) + 1;
        string path = plan.Server.AbsolutePath.TrimEnd('/') + "/api/logs/" + Uri.EscapeDataString(plan.Log) + "/events";
        byte[] head = Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"POST {path} HTTP/1.1\r\nHost: {plan.Server.Authority}\r\nAuthorization: Bearer {plan.Key}\r\nContent-Type: application/json\r\nContent-Length: {bodyBytes}\r\n\r\n"));
        bodyOffset = head.Length;
        return [.. head, .. new byte[bodyBytes]];
    }

    private void Fill(byte[] request, int bodyOffset)
    {
        long number = Interlocked.Add(ref _number, plan.BatchEvents) - plan.BatchEvents;
        if (plan.BatchEvents == 1)
        {
            events.Write(number, request.AsSpan(bodyOffset));
            return;
        }

        int at = bodyOffset;
        for (int i = 0; i < plan.BatchEvents; i++)
        {
            request[at++] = (byte)(i == 0 ? '[' : ',');
            events.Write(number + i, request.AsSpan(at));
            at += events.EventBytes;
        }

        request[at] = (byte)']';
    }

    /// <summary>A refusal in one line: the problem's own words, and its first place, where the body holds them.</summary>
    private static string Explain(int status, string body)
    {
        try
        {
            using JsonDocument problem = JsonDocument.Parse(body);
            JsonElement root = problem.RootElement;
            JsonElement first = root.TryGetProperty("errors", out JsonElement errors) && errors.ValueKind == JsonValueKind.Array ? errors.EnumerateArray().FirstOrDefault() : default;
            return $"The server answered {status}. {TextOf(root, "title")}: {TextOf(root, "detail")} {TextOf(first, "pointer")} {TextOf(first, "detail")}".TrimEnd();
        }
        catch (JsonException)
        {
            // Not a problem document, or longer than what is kept of a body.
            return $"The server answered {status}. {body}".TrimEnd();
        }
    }

    private static string TextOf(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) ? value.ToString() : "";
}
