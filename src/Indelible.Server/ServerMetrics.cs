using System.Diagnostics.Metrics;
using Indelible.Engine;
using Indelible.Engine.Sequencing;
using Indelible.Server.Sources;

namespace Indelible.Server;

/// <summary>What operators watch: <c>indelible.&lt;area&gt;.&lt;thing&gt;</c>, with units.</summary>
public sealed class ServerMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Indelible";

    private readonly Counter<long> _appended;
    private readonly Counter<long> _repeated;
    private readonly Counter<long> _conflicts;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _streamsTaken;
    private readonly Counter<long> _limited;
    private readonly Histogram<double> _latency;

    /// <summary>Makes the instruments.</summary>
    /// <param name="meters">Where meters are made.</param>
    /// <param name="engine">What the gauges read.</param>
    public ServerMetrics(IMeterFactory meters, LogEngine engine)
    {
        ArgumentNullException.ThrowIfNull(meters);
        ArgumentNullException.ThrowIfNull(engine);
        Meter meter = meters.Create(MeterName);
        _appended = meter.CreateCounter<long>("indelible.append.events", "{event}", "Events that became entries");
        _repeated = meter.CreateCounter<long>("indelible.append.repeats", "{event}", "Events that were in the log already");
        _conflicts = meter.CreateCounter<long>("indelible.append.conflicts", "{event}", "Events refused because their id was used for another claim");
        _refused = meter.CreateCounter<long>("indelible.append.refused", "{event}", "Events refused because they do not fit the schema");
        _streamsTaken = meter.CreateCounter<long>("indelible.append.streams_taken", "{event}", "Events refused because their stream belongs to another principal");
        _limited = meter.CreateCounter<long>("indelible.limits.refused", "{request}", "Requests refused because a key or an address sends too much in a second");
        _latency = meter.CreateHistogram<double>("indelible.append.duration", "s", "From a request's arrival to its durable acknowledgement");
        meter.CreateObservableGauge("indelible.append.queue", () => engine.QueuedEntries, "{event}", "Events that wait for the sequencer");
        meter.CreateObservableCounter("indelible.append.groups", () => engine.Groups, "{group}", "Groups synced to the journal");
        meter.CreateObservableGauge("indelible.log.size", () => engine.Logs.Select(log => Of(log, log.Size)), "{entry}", "Durable entries");

        // Not of finished logs: what no checkpoint of theirs covers never will be, and nobody should be woken for it.
        meter.CreateObservableGauge("indelible.log.published", () => engine.Logs.Where(log => log.Frozen is null).Select(log => Of(log, log.Checkpoint.Head.Size)), "{entry}", "Entries under the latest checkpoint");
        meter.CreateObservableGauge("indelible.log.sealed", () => engine.Logs.Select(log => Of(log, log.SealedSize)), "{entry}", "Entries in sealed segments");
        meter.CreateObservableGauge("indelible.sources.gaps", () => Gapped(engine).Select(log => Of(log, log.ReadGapTotals().Gaps)), "{gap}", "Open gaps in the numbers of producers");
        meter.CreateObservableGauge("indelible.sources.missing", () => Gapped(engine).Select(log => Of(log, log.ReadGapTotals().Missing)), "{event}", "Events that producers numbered and the log has not");
        meter.CreateObservableGauge("indelible.sources.silent", () => Expecting(engine).Select(log => Of(log, ExpectedSources.Of(engine, log).Count(source => source.IsSilent))), "{source}", "Expected producers that are silent for longer than their interval");
        meter.CreateObservableGauge("indelible.node.healthy", () => engine.Failure is null ? 1 : 0, null, "1 while every part of the node runs");
    }

    /// <summary>Counts a request that reached the sequencer.</summary>
    public void Appended(string log, AppendResult result, TimeSpan elapsed)
    {
        ArgumentNullException.ThrowIfNull(result);
        var tag = new KeyValuePair<string, object?>("log", log);
        foreach (AppendedEvent e in result.Events)
        {
            (e.Status switch { AppendStatus.Appended => _appended, AppendStatus.Repeated => _repeated, AppendStatus.StreamTaken => _streamsTaken, _ => _conflicts }).Add(1, tag);
        }

        _latency.Record(elapsed.TotalSeconds, tag);
    }

    /// <summary>Counts events that the schema refused.</summary>
    public void Refused(string log, int count)
    {
        if (count > 0)
        {
            _refused.Add(count, new KeyValuePair<string, object?>("log", log));
        }
    }

    /// <summary>Counts a request that a rate refused.</summary>
    public void Limited(string limit) => _limited.Add(1, new KeyValuePair<string, object?>("limit", limit));

    /// <summary>Logs that producers write to; our own number nothing.</summary>
    private static IEnumerable<LogReader> Gapped(LogEngine engine) => engine.Logs.Where(log => !log.Settings.Name.StartsWith('_') && log.Size > 0);

    private static IEnumerable<LogReader> Expecting(LogEngine engine) => engine.System.Expected.IsEmpty
        ? []
        : engine.Logs.Where(log => log.Frozen is null && ExpectedSources.Configured(engine, log.Settings.Name).Any());

    private static Measurement<long> Of(LogReader log, long value) => new(value, new KeyValuePair<string, object?>("log", log.Settings.Name));
}
