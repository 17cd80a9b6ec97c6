using System.Diagnostics.Metrics;
using Indelible.Detection;
using Indelible.Engine;
using Indelible.Engine.Configuration;
using Indelible.Privacy;
using Indelible.Server.Limits;
using Indelible.Server.Views;

namespace Indelible.Server.Streams;

/// <summary>Sends entries of logs to other systems as they become durable: the streams that the settings name.</summary>
/// <remarks>See <see cref="StreamRun"/> for what one does, <see cref="StreamedLog"/> for what leaves.</remarks>
internal sealed partial class LogStreams : IHostedService, IDisposable
{
    private readonly LogEngine _engine;
    private readonly ILogger<LogStreams> _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<string, StreamRun[]> _followers = new(StringComparer.Ordinal);   // by line of logs; never changed once it runs
    private Task[] _running = [];

    /// <summary>Makes the service; it begins when the server starts.</summary>
    /// <exception cref="FormatException">A stream names a log that there is not, or asks for what it is not shown; the message names file, line and column.</exception>
    /// <exception cref="IOException">How far one has come cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not.</exception>
    public LogStreams(LogEngine engine, ServerOptions options, NodeResources resources, IMeterFactory meters, ILogger<LogStreams> logger)
    {
        (_engine, _logger) = (engine, logger);
        RuleFault[] faults = [.. options.Streams.SelectMany(FaultsOf)];
        if (faults.Length > 0)
        {
            throw new FormatException(string.Join(" ", faults.Select(fault => fault.ToString())));
        }

        Streams = [.. options.Streams.Select(definition => new StreamRun(definition, engine, resources, logger))];
        foreach (IGrouping<string, StreamRun> line in Streams.SelectMany(stream => stream.Definition.Logs.Select(log => (Line: LogName.LineOf(log.Name), stream))).GroupBy(one => one.Line, one => one.stream, StringComparer.Ordinal))
        {
            _followers[line.Key] = [.. line];
        }

        Meter meter = meters.Create(ServerMetrics.MeterName);
        meter.CreateObservableGauge("indelible.streams.lag", () => Lags((stream, log) => Of(log.Entries, stream, log.Log)), "{entry}", "Durable entries that a stream has not sent, nor passed over, yet");
        meter.CreateObservableGauge("indelible.streams.lag_seconds", () => Lags((stream, log) => Of(log.Behind?.TotalSeconds ?? 0, stream, log.Log)), "s", "How long ago the first of them was received");
        meter.CreateObservableCounter("indelible.streams.sent", () => Streams.Select(stream => Of(stream.Sent, stream)), "{entry}", "Entries that receivers have taken, those that were sent again as often");
        meter.CreateObservableCounter("indelible.streams.failures", () => Streams.Select(stream => Of(stream.Failures, stream)), "{failure}", "Times that something could not be sent, which is tried again");
        meter.CreateObservableGauge("indelible.streams.refused", () => Streams.Select(stream => Of(stream.Refused.Count, stream)), "{entry}", "Entries that were passed over since the receiver does not take them");
        meter.CreateObservableGauge("indelible.streams.paused", () => Streams.Select(stream => Of(stream.IsPaused ? 1L : 0, stream)), null, "1 while a stream is held");
    }

    /// <summary>The streams, in the order of the file.</summary>
    public IReadOnlyList<StreamRun> Streams { get; }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (Streams.Count > 0)
        {
            LogStreaming(Streams.Count);
            _engine.Changed += Wake;
            _running = [.. Streams.Select(stream => Task.Run(() => stream.RunAsync(_stopping.Token), CancellationToken.None))];
        }

        return Task.CompletedTask;
    }

    /// <summary>Ends them, each with what it was sending given up: it is sent again after the start.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _engine.Changed -= Wake;
        await _stopping.CancelAsync();
        await Task.WhenAll(_running);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping.Dispose();
        foreach (StreamRun stream in Streams)
        {
            stream.Dispose();
        }
    }

    // In the loop that appends: a look into a table, and a word to each stream of the log.
    private void Wake(LogReader log)
    {
        if (_followers.TryGetValue(LogName.LineOf(log.Settings.Name), out StreamRun[]? streams))
        {
            foreach (StreamRun stream in streams)
            {
                stream.Wake();
            }
        }
    }

    private IEnumerable<RuleFault> FaultsOf(StreamDefinition stream)
    {
        foreach ((string name, RuleFault place) in stream.Logs)
        {
            if (_engine.Find(name) is not { } log)
            {
                yield return place with { Reason = $"There is no log {name}." };
            }
            else if (!stream.From.IsNow && stream.From.Index > log.Size && _engine.Folder.ReadStream(stream.Name) is null)
            {
                yield return place with { Reason = $"The log {name} has {log.Size} entries: there is none to begin at {stream.From.Index}." };
            }
            else if (!stream.IsClear && stream.Query.Paths.FirstOrDefault(path => PersonalPaths.Has(PersonalFields.Default.Pointers.Concat(log.Settings.PersonalPointers), path)) is { } personal)
            {
                yield return stream.QueryPlace with { Reason = $"{personal} is personal, and this stream does not send personal values: the query would never find it. Ask for something else, or say personal: clear." };
            }
        }
    }

    private IEnumerable<T> Lags<T>(Func<StreamRun, StreamLag, T> measure) => Streams.SelectMany(stream => stream.Lags().Select(log => measure(stream, log)));

    private static Measurement<T> Of<T>(T value, StreamRun stream, string log)
        where T : struct => new(value, new KeyValuePair<string, object?>("stream", stream.Definition.Name), new KeyValuePair<string, object?>("log", log));

    private static Measurement<long> Of(long value, StreamRun stream) => new(value, new KeyValuePair<string, object?>("stream", stream.Definition.Name));

    [LoggerMessage(3501, LogLevel.Information, "{Streams} streams send entries to other systems")]
    private partial void LogStreaming(int streams);
}
