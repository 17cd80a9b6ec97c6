using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace Indelible.Client.Recording;

/// <summary>What the client tells of itself: meter and activity source <c>Indelible.Client</c>, and log messages 5001–5099. Never an event's content.</summary>
internal sealed partial class ClientTelemetry : IDisposable
{
    public const string Name = "Indelible.Client";
    private readonly Meter _meter = new(Name);
    private readonly ILogger _logger;
    private readonly Histogram<double> _recordSeconds;
    private readonly Histogram<double> _sendSeconds;
    private readonly Counter<long> _recorded;
    private readonly Counter<long> _delivered;
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _unrecorded;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _contradictions;

    public ClientTelemetry(ILogger logger, Func<long> spoolBytes, Func<double> spoolFill, Func<long> receiptBytes)
    {
        _logger = logger;
        _recordSeconds = _meter.CreateHistogram<double>("indelible.client.record.duration", "s", "How long RecordAsync took, by mode");
        _sendSeconds = _meter.CreateHistogram<double>("indelible.client.send.duration", "s", "How long a request took");
        _recorded = _meter.CreateCounter<long>("indelible.client.events.recorded", "{event}", "Events taken, by mode");
        _delivered = _meter.CreateCounter<long>("indelible.client.events.delivered", "{event}", "Events with a verified receipt");
        _dropped = _meter.CreateCounter<long>("indelible.client.events.dropped", "{event}", "Events dropped for want of room, by mode");
        _refused = _meter.CreateCounter<long>("indelible.client.events.refused", "{event}", "Events that the server will never take");
        _unrecorded = _meter.CreateCounter<long>("indelible.client.events.unrecorded", "{event}", "Calls that ended in AuditNotRecordedException, by mode");
        _retries = _meter.CreateCounter<long>("indelible.client.send.failures", "{request}", "Requests that failed, by kind");
        _contradictions = _meter.CreateCounter<long>("indelible.client.log.contradictions", "{contradiction}", "Contradictions of the log, by kind");
        _meter.CreateObservableGauge("indelible.client.spool.bytes", spoolBytes, "By", "Bytes in the spool");
        _meter.CreateObservableGauge("indelible.client.spool.fill", spoolFill, "1", "The spool's fill, 0 to 1");
        _meter.CreateObservableGauge("indelible.client.receipts.bytes", receiptBytes, "By", "Bytes of receipts that are not proven yet");
    }

    public static ActivitySource Activities { get; } = new(Name);

    public void Recorded(DeliveryMode mode, double seconds)
    {
        _recorded.Add(1, Tag(mode));
        _recordSeconds.Record(seconds, Tag(mode));
    }

    public bool WantsDurations => _recordSeconds.Enabled || _recorded.Enabled;

    public void Delivered(long events, double seconds)
    {
        _delivered.Add(events);
        _sendSeconds.Record(seconds);
    }

    public void Dropped(DeliveryMode mode, long events) => _dropped.Add(events, Tag(mode));

    public void Unrecorded(DeliveryMode mode) => _unrecorded.Add(1, Tag(mode));

    public void Failed(string kind) => _retries.Add(1, new KeyValuePair<string, object?>("kind", kind));

    public void Refused(long events, string reason)
    {
        _refused.Add(events);
        LogRefused(events, reason);
    }

    public void Contradicted(LogContradiction contradiction)
    {
        _contradictions.Add(1, new KeyValuePair<string, object?>("kind", contradiction.Kind.ToString()));
        LogContradicted(contradiction.Kind, contradiction.Message, contradiction.EvidenceFolder);
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    [LoggerMessage(5001, LogLevel.Information, "Recording into {Origin} as instance {Instance}, stream {Stream}; spool {Folder}")]
    public partial void LogStarted(string origin, string instance, string stream, string folder);

    [LoggerMessage(5002, LogLevel.Information, "Recording ended: {Waiting} bytes stay in the spool")]
    public partial void LogStopped(long waiting);

    [LoggerMessage(5003, LogLevel.Information, "Delivering what the process of stream {Stream} left: {Bytes} bytes")]
    public partial void LogTakenOver(string stream, long bytes);

    [LoggerMessage(5010, LogLevel.Warning, "Events are kept and not delivered: {Detail}")]
    public partial void LogDelayed(string detail);

    [LoggerMessage(5011, LogLevel.Information, "Events are delivered again")]
    public partial void LogDelivering();

    [LoggerMessage(5012, LogLevel.Error, "The server refuses this client; events are kept until that is mended: {Detail}")]
    public partial void LogForbidden(string detail);

    [LoggerMessage(5013, LogLevel.Error, "{Events} events will never be taken and are in the dead letters: {Reason}")]
    public partial void LogRefused(long events, string reason);

    [LoggerMessage(5014, LogLevel.Error, "{Events} refused events found no room in the dead letters and are gone")]
    public partial void LogDeadLettersFull(long events);

    [LoggerMessage(5020, LogLevel.Warning, "The spool is {Percent} % full: {Bytes} of {Limit} bytes")]
    public partial void LogFilling(int percent, long bytes, long limit);

    [LoggerMessage(5021, LogLevel.Error, "The disk does not take the spool's events: {Detail}")]
    public partial void LogDiskFailed(string detail);

    [LoggerMessage(5022, LogLevel.Error, "{Bytes} bytes of the spool in {Folder} are damaged; what could be read around them is delivered")]
    public partial void LogDamaged(long bytes, string folder);

    [LoggerMessage(5023, LogLevel.Warning, "{Bytes} bytes of receipts had to go before their entries were proven")]
    public partial void LogReceiptsGone(long bytes);

    [LoggerMessage(5024, LogLevel.Warning, "{Events} events were dropped, numbers {From} to {To}")]
    public partial void LogDropped(long events, long from, long to);

    [LoggerMessage(5030, LogLevel.Critical, "The log contradicts itself ({Kind}): {Message} Evidence: {Evidence}")]
    public partial void LogContradicted(ContradictionKind kind, string message, string? evidence);

    [LoggerMessage(5031, LogLevel.Debug, "The log's checkpoint cannot be checked now: {Detail}")]
    public partial void LogUnchecked(string detail);

    [LoggerMessage(5032, LogLevel.Error, "A part of the client has failed and goes on: {Detail}")]
    public partial void LogFault(string detail, Exception exception);

    [LoggerMessage(5033, LogLevel.Warning, "The log {Origin} was handed over to the key {Vkey}, by its old key's word; pin the new one when you have it from a source that you trust")]
    public partial void LogHandedOver(string origin, string vkey);

    private static KeyValuePair<string, object?> Tag(DeliveryMode mode) => new("mode", mode.ToString());
}
