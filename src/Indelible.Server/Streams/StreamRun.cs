using System.Text.Json;
using System.Threading.Channels;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Configuration;
using Indelible.Engine.Storage;
using Indelible.Events;
using Indelible.Server.Detection;
using Indelible.Server.Limits;

namespace Indelible.Server.Streams;

/// <summary>One stream, from the settings' beginning to the server's end.</summary>
/// <remarks>
/// <para>
/// A loop of its own: what holds up one stream holds up no other. It reads from the logs, not from a queue, so appending never waits for it and nothing is lost where it falls behind. In memory is one batch at a time, and none
/// while it waits to try again. Logs take turns, batch by batch; the entries of each keep their order.
/// </para>
/// <para>
/// The cursor moves when the receiver has taken a batch, and not before it is durable is the next one sent. So after a crash some entries are sent twice, and none is left out. A batch that the receiver refuses for what is in it is halved until
/// the one entry is found that it does not want: that one is listed, and passed over. Where a receiver refuses one after the other, it is asked twice about each, the longer apart the more there are.
/// </para>
/// </remarks>
internal sealed partial class StreamRun : IDisposable
{
    // Enough for the tenant's turn (NodeResources.ScanAsync), few enough that others have theirs soon.
    private const int EntriesAtOnce = 128;

    private readonly LogEngine _engine;
    private readonly NodeResources _resources;
    private readonly ILogger _logger;
    private readonly IStreamSender _sender;
    private readonly StreamCursor _cursor;
    private readonly bool _isNew;
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Dictionary<string, LogReader> _first;       // by name, as they were when the server started
    private readonly Dictionary<string, long> _firstSizes;
    private readonly Dictionary<string, int> _limits = new(StringComparer.Ordinal);   // the loop's; entries of the next batch of a log
    private readonly object _lock = new();
    private CancellationTokenSource _interrupt = new();          // under the lock; what is waited for is given up where somebody wants something
    private StreamStatus _status = new(null, null, null, null);  // replaced as a whole
    private int _failures;                                       // the loop's
    private TimeSpan _wait;                                      // the loop's; until it is tried again, whatever becomes of the clock
    private int _refusals;                                       // the loop's; in succession
    private (string Log, long Index)? _doubted;                  // the loop's; refused, and to be tried once more
    private long _sent;
    private long _failed;
    private long _lastKept;                                      // the loop's
    private bool _isUnkept;                                      // the loop's; something was sent or passed over, and the disk did not take how far it has come

    public StreamRun(StreamDefinition definition, LogEngine engine, NodeResources resources, ILogger logger)
    {
        (Definition, _engine, _resources, _logger) = (definition, engine, resources, logger);
        StreamRecord? record = StreamRecord.Read(engine.Folder, definition.Name);
        _isNew = record is null;
        _cursor = new StreamCursor(record, kept => kept.Write(engine.Folder, definition.Name));
        _first = Logs().ToDictionary(log => log.Settings.Name, StringComparer.Ordinal);
        _firstSizes = _first.ToDictionary(log => log.Key, log => log.Value.Size, StringComparer.Ordinal);
        _sender = definition.To switch
        {
            HttpTarget http => new HttpSender(http, engine.Time),
            SyslogTarget syslog => new SyslogSender(syslog, engine.Settings.Host, engine.Time, Wake),
            _ => throw new InvalidOperationException($"There is no {definition.To}."),
        };
    }

    /// <summary>What the settings say of it.</summary>
    public StreamDefinition Definition { get; }

    /// <summary>How it goes.</summary>
    public StreamStatus Status => Volatile.Read(ref _status);

    /// <summary>Whether it is held.</summary>
    public bool IsPaused => _cursor.IsPaused;

    /// <summary>Entries that were taken since the server started, those that were sent again as often.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Times that something could not be sent, since the server started.</summary>
    public long Failures => Interlocked.Read(ref _failed);

    /// <summary>Entries that were passed over, and the newest of them.</summary>
    public (long Count, IReadOnlyList<RefusedEntry> Last) Refused => _cursor.Refused();

    /// <summary>Whether a log is one of the stream's: named, or in the place of one that is.</summary>
    public bool Follows(string log) => Definition.Logs.Any(named => LogPattern.Covers(named.Name, log));

    /// <summary>How far it has come in each log.</summary>
    public IReadOnlyList<StreamLag> Lags() => [.. Logs().Select(LagOf)];

    /// <summary>Says that there may be something to do; from any thread, at once.</summary>
    public void Wake() => _wake.Writer.TryWrite(true);

    /// <summary>Holds the stream, or lets it go on; durable when the task completes.</summary>
    public async Task PauseAsync(bool isPaused)
    {
        _cursor.Pause(isPaused);
        Interrupt();
        await _cursor.KeepAsync(CancellationToken.None);
    }

    /// <summary>Sends again from an entry on; durable when the task completes.</summary>
    /// <param name="log">One of the stream's.</param>
    /// <param name="from">The entry's index, not ahead of the cursor.</param>
    /// <returns>Whether it is not.</returns>
    public async Task<bool> ReplayAsync(LogReader log, long from)
    {
        CursorOf(log);
        if (!_cursor.GoBack(log.Settings.Name, from))
        {
            return false;
        }

        Interrupt();
        await _cursor.KeepAsync(CancellationToken.None);
        return true;
    }

    /// <summary>Sends until it is told to stop.</summary>
    /// <param name="stopping">Tells it.</param>
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            await BeginAsync(stopping);
            while (true)
            {
                stopping.ThrowIfCancellationRequested();
                CancellationToken interrupt = Interruption();
                (bool hasMoved, bool hasFailed) = await TryPassAsync(stopping);
                if (hasFailed)
                {
                    await WaitToRetryAsync(interrupt, stopping);
                }
                else if (!hasMoved || IsPaused)
                {
                    await WaitForMoreAsync(interrupt, stopping);
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The server stops.
        }
        finally
        {
            await _sender.DisposeAsync();
            GoBackToLost();
            await TryKeepAsync(CancellationToken.None);
        }
    }

    /// <summary>Lets go of what it holds; after <see cref="RunAsync"/> has ended, or where it never began.</summary>
    public void Dispose()
    {
        _interrupt.Dispose();
        _cursor.Dispose();
    }

    /// <summary>The logs that there are of the stream's, in the order of their names' places, those that were restored behind what they go on for.</summary>
    private List<LogReader> Logs() =>
    [
        .. from named in Definition.Logs
           from log in _engine.Logs.Where(log => LogPattern.Covers(named.Name, log.Settings.Name)).OrderBy(log => LogName.IncarnationOf(log.Settings.Name))
           select log,
    ];

    private static CancellationTokenSource Linked(CancellationToken one, CancellationToken other) => CancellationTokenSource.CreateLinkedTokenSource(one, other);

    /// <summary>Enters that entries leave by this stream; nothing is sent before.</summary>
    private async Task BeginAsync(CancellationToken stopping)
    {
        foreach (LogReader log in Logs())
        {
            // From now on, and not from when the receiver is there.
            CursorOf(log);
        }

        while (true)
        {
            try
            {
                await _cursor.KeepAsync(stopping);
                await _engine.NoteAccessAsync(new AccessNote(AccessKind.StreamStart, ("stream", Definition.Name), Describe));
                return;
            }
            catch (Exception e) when (e is not OperationCanceledException || !stopping.IsCancellationRequested)
            {
                Fail("its beginning could not be entered", null);
                LogNotBegun(e, Definition.Name);
                await WaitToRetryAsync(CancellationToken.None, stopping);
            }
        }
    }

    private void Describe(Utf8JsonWriter data)
    {
        data.WriteStartArray("logs");
        foreach ((string log, _) in Definition.Logs)
        {
            data.WriteStringValue(log);
        }

        data.WriteEndArray();
        data.WriteString("format", Definition.FormatWord);
        data.WriteString("personal", Definition.IsClear ? "clear" : "masked");
        data.WriteString("to", Definition.To.Address);
        data.WriteStartObject("original");
        data.WriteString("q", Definition.Query.ToString());
        data.WriteEndObject();
    }

    /// <summary>Goes through the stream's logs once, a batch of each.</summary>
    private async Task<(bool Moved, bool Failed)> TryPassAsync(CancellationToken stopping)
    {
        try
        {
            if (_isUnkept && !await TryKeepAsync(stopping))
            {
                return (false, true);
            }

            bool hasMoved = false;
            bool hasFailed = GoBackToLost();
            foreach (LogReader log in hasFailed || IsPaused ? [] : Logs())
            {
                (bool moved, hasFailed) = await StepAsync(log, stopping);
                hasMoved |= moved;
                if (hasFailed)
                {
                    break;
                }
            }

            return (hasMoved, hasFailed);
        }
        catch (Exception e) when (e is not OperationCanceledException || !stopping.IsCancellationRequested)
        {
            // A disk that fails for a moment, a vault that is busy, a fault of ours: nothing was passed over, and whoever looks is told.
            Fail($"an unexpected failure, {e.GetType().Name}; the server's log has it", null);
            LogUnexpected(e, Definition.Name);
            return (false, true);
        }
    }

    /// <summary>Looks at a part of a log, and sends what it finds there.</summary>
    private async Task<(bool Moved, bool Failed)> StepAsync(LogReader log, CancellationToken stopping)
    {
        string name = log.Settings.Name;
        (long next, long moved) = CursorOf(log);
        long size = log.Size;
        if (next > size)
        {
            // The folder was set back behind what was sent.
            LogSetBack(Definition.Name, next, name, size);
            _cursor.GoBack(name, size);
            return (true, false);
        }

        if (next == size)
        {
            return (false, false);
        }

        var found = new Found(name, next);
        int limit = _limits.GetValueOrDefault(name, ServerLimits.StreamBatchEntries);
        long end = Math.Min(size, next + ServerLimits.StreamStepEntries);
        while (!found.IsDone && found.End < end && found.Items.Count < limit && found.Bytes < ServerLimits.StreamBatchBytes)
        {
            long until = Math.Min(end, found.End + EntriesAtOnce);
            await _resources.ScanAsync(name, until - found.End, () => Read(log, found, until, limit));
        }

        StreamBatch batch = found.ToBatch();
        if (batch.Items.Count == 0)
        {
            _cursor.Advance(name, batch.End, moved, found.Unreadable);
            return (true, found.Unreadable is not null && !await TryKeepAsync(stopping));
        }

        SendResult result = await _sender.SendAsync(batch, stopping);
        switch (result.Outcome)
        {
            case SendOutcome.Taken:
                Take(batch, moved);
                break;
            case SendOutcome.Refused when batch.Items.Count > 1:
                _limits[name] = batch.Items.Count / 2;
                return (true, false);
            case SendOutcome.Refused when _refusals >= ServerLimits.StreamRefusalsAtOnce && _doubted != (name, batch.Items[0].Index):
                // A receiver that refuses everything is likelier than so many entries that are wrong.
                _doubted = (name, batch.Items[0].Index);
                Fail(result.Reason + $", as the {_refusals} entries before: this one is tried once more", null);
                return (false, true);
            case SendOutcome.Refused:
                _refusals++;
                LogRefused(Definition.Name, batch.Items[0].Id, result.Reason);
                _cursor.Advance(name, batch.Items[0].Index + 1, moved, new RefusedEntry(name, batch.Items[0].Index, batch.Items[0].Id, result.Reason, Now()));
                break;
            default:
                Fail(result.Reason, result.RetryAfter);
                return (false, true);
        }

        return (true, !await TryKeepAsync(stopping));
    }

    private void Take(StreamBatch batch, long moved)
    {
        _cursor.Advance(batch.Log, batch.End, moved);
        _limits[batch.Log] = Math.Min(ServerLimits.StreamBatchEntries, Math.Max(2, _limits.GetValueOrDefault(batch.Log, ServerLimits.StreamBatchEntries) * 2));
        Interlocked.Add(ref _sent, batch.Items.Count);
        _refusals = 0;
        _doubted = null;
        if (_sender.IsSettled)
        {
            _failures = 0;
        }

        StreamStatus before = Status;
        Volatile.Write(ref _status, before with { LastSuccess = _engine.Time.GetUtcNow(), NextTry = null });
    }

    /// <summary>Reads entries up to one, or until there are as many of the stream's, or bytes, as a batch may have. An entry that cannot be read ends it, and is passed over when it is the first.</summary>
    private bool Read(LogReader log, Found found, long until, int limit)
    {
        var view = new StreamedLog(log, Definition);
        try
        {
            while (found.End < until)
            {
                foreach (ReadOnlyMemory<byte> entry in log.ReadEntries(found.End, until))
                {
                    if (found.Items.Count == limit || found.Bytes >= ServerLimits.StreamBatchBytes)
                    {
                        return true;
                    }

                    found.Add(view.Show(found.End, entry));
                }
            }
        }
        catch (Exception e) when (LogReader.IsUnreadable(e))
        {
            return ReadOne(log, view, found);
        }

        return true;
    }

    /// <summary>Reads one entry of some of which one cannot be read.</summary>
    private bool ReadOne(LogReader log, StreamedLog view, Found found)
    {
        try
        {
            found.Add(view.Show(found.End, log.ReadEntry(found.End)));
        }
        catch (Exception e) when (LogReader.IsUnreadable(e))
        {
            // Whoever could stop a stream by altering an entry would.
            found.IsDone = true;
            if (found.Items.Count == 0)
            {
                string name = log.Settings.Name;
                LogUnreadable(e, Definition.Name, found.End, name);
                found.Unreadable = new RefusedEntry(name, found.End, StreamedLog.IdOf(log, found.End), "it cannot be read: its bytes were altered", Now());
                found.Add(null);
            }
        }

        return true;
    }

    private string Now() => Instant.Format(_engine.Time.GetUtcNow());

    /// <summary>Where a log stands. A log that came while the server ran, or goes on in another's place, is the stream's from its first entry on.</summary>
    private (long Next, long Moved) CursorOf(LogReader log) => _cursor.Of(log.Settings.Name, () => !_isNew || !_first.ContainsKey(log.Settings.Name)
        ? 0
        : Definition.From.IsNow ? _firstSizes[log.Settings.Name] : Math.Min(Definition.From.Index, _firstSizes[log.Settings.Name]));

    private StreamLag LagOf(LogReader log)
    {
        (long next, _) = CursorOf(log);
        long size = log.Size;
        TimeSpan? behind = TimeSpan.Zero;
        if (next < size)
        {
            behind = null;
            try
            {
                behind = _engine.Time.GetUtcNow() - EntryTimes.Read(log.ReadEntry(next).Span).Received;
            }
            catch (Exception e) when (e is JsonException or FormatException or StorageException)
            {
                // Of one that cannot be read it is not known.
            }
        }

        return new StreamLag(log.Settings.Name, next, size, Math.Max(0, size - next), behind is { } seconds && seconds < TimeSpan.Zero ? TimeSpan.Zero : behind);
    }

    /// <summary>Goes back where the receiver may not have what it seemed to have taken.</summary>
    private bool GoBackToLost()
    {
        IReadOnlyList<(string Log, long Index)> lost = _sender.TakeLost();
        foreach ((string log, long index) in lost)
        {
            _cursor.GoBack(log, index);
        }

        if (lost.Count > 0)
        {
            Fail("the connection ended soon after something was sent, which is sent again", null);
        }

        return lost.Count > 0;
    }

    private void Fail(string reason, TimeSpan? retryAfter)
    {
        Interlocked.Increment(ref _failed);
        DateTimeOffset now = _engine.Time.GetUtcNow();
        _wait = WaitFor(++_failures, retryAfter);
        Volatile.Write(ref _status, Status with { LastFailure = now, Failure = reason, NextTry = now + _wait });
        if (_failures == 1)
        {
            LogFailed(Definition.Name, Definition.To.Address, reason);
        }
        else
        {
            LogFailedAgain(Definition.Name, _failures, reason);
        }
    }

    private TimeSpan WaitFor(int failures, TimeSpan? retryAfter)
    {
        TimeSpan most = ServerLimits.StreamRetryMost;
        TimeSpan wait = failures > 20 ? most : TimeSpan.FromTicks(Math.Min(most.Ticks, ServerLimits.StreamRetry.Ticks << (failures - 1)));

        // Between half of it and all: not every node that a receiver has turned away comes back at once.
        wait = wait / 2 + (wait / 2 * (RandomNumber() / (double)uint.MaxValue));
        return retryAfter is { } asked && asked > wait ? (asked < ServerLimits.StreamRetryAfterMost ? asked : ServerLimits.StreamRetryAfterMost) : wait;
    }

    private uint RandomNumber()
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        _engine.Random.Fill(bytes);
        return BitConverter.ToUInt32(bytes);
    }

    private async Task WaitToRetryAsync(CancellationToken interrupt, CancellationToken stopping)
    {
        using CancellationTokenSource either = Linked(interrupt, stopping);
        try
        {
            await Task.Delay(_wait, _engine.Time, either.Token);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            // Somebody wants something: it is tried at once.
        }
    }

    private async Task WaitForMoreAsync(CancellationToken interrupt, CancellationToken stopping)
    {
        if (Status.NextTry is not null)
        {
            Volatile.Write(ref _status, Status with { NextTry = null });
        }

        // What was looked at and is not the stream's need not be on the disk at once.
        if (!_cursor.IsKept && _engine.Time.GetElapsedTime(_lastKept) >= ServerLimits.StreamKeep)
        {
            await TryKeepAsync(stopping);
        }

        using CancellationTokenSource either = Linked(interrupt, stopping);
        try
        {
            await _wake.Reader.ReadAsync(either.Token);

            // For more to come: a batch each time would be a write to the disk each time.
            await Task.Delay(TimeSpan.FromMilliseconds(ServerLimits.StreamPauseMilliseconds), _engine.Time, either.Token);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            // Somebody wants something.
        }
    }

    private async Task<bool> TryKeepAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _cursor.KeepAsync(cancellationToken);
            _lastKept = _engine.Time.GetTimestamp();
            _isUnkept = false;
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _isUnkept = true;
            Fail("how far it has come could not be written to the disk", null);
            LogNotKept(e, Definition.Name);
            return false;
        }
    }

    private CancellationToken Interruption()
    {
        lock (_lock)
        {
            return _interrupt.Token;
        }
    }

    private void Interrupt()
    {
        CancellationTokenSource before;
        lock (_lock)
        {
            before = _interrupt;
            _interrupt = new CancellationTokenSource();
        }

        before.Cancel();
    }

    /// <summary>What was found of a log so far, for the next batch.</summary>
    private sealed class Found(string log, long from)
    {
        public long From { get; } = from;

        public List<StreamItem> Items { get; } = [];

        public long Bytes { get; private set; }

        /// <summary>Entries that were looked at.</summary>
        public long Count { get; private set; }

        public long End => From + Count;

        public RefusedEntry? Unreadable { get; set; }

        public bool IsDone { get; set; }

        /// <summary>Takes the next entry; null where it is not the stream's.</summary>
        public void Add(StreamItem? item)
        {
            if (item is not null)
            {
                Items.Add(item);
                Bytes += item.Json.Length;
            }

            Count++;
        }

        public StreamBatch ToBatch() => new(log, From, End, Items);
    }

    [LoggerMessage(3502, LogLevel.Warning, "The stream {Stream} cannot send to {Address}: {Reason}. It is tried again, for ever")]
    private partial void LogFailed(string stream, string address, string reason);

    [LoggerMessage(3503, LogLevel.Debug, "The stream {Stream} cannot send, {Failures} times by now: {Reason}")]
    private partial void LogFailedAgain(string stream, int failures, string reason);

    [LoggerMessage(3504, LogLevel.Warning, "The receiver of the stream {Stream} does not take the entry {Entry}, which is passed over: {Reason}")]
    private partial void LogRefused(string stream, string entry, string reason);

    [LoggerMessage(3505, LogLevel.Warning, "The stream {Stream} passes over entry {Index} of log {Log}, which cannot be read")]
    private partial void LogUnreadable(Exception why, string stream, long index, string log);

    [LoggerMessage(3506, LogLevel.Warning, "How far the stream {Stream} has come could not be kept; tried again")]
    private partial void LogNotKept(Exception why, string stream);

    [LoggerMessage(3507, LogLevel.Warning, "That the stream {Stream} begins could not be entered, and nothing is sent before; tried again")]
    private partial void LogNotBegun(Exception why, string stream);

    [LoggerMessage(3508, LogLevel.Warning, "The stream {Stream} has sent {Next} entries of log {Log}, which has {Size}: the data folder was set back")]
    private partial void LogSetBack(string stream, long next, string log, long size);

    [LoggerMessage(3509, LogLevel.Error, "The stream {Stream} met an unexpected failure; tried again")]
    private partial void LogUnexpected(Exception why, string stream);
}

/// <summary>How a stream goes.</summary>
/// <param name="LastSuccess">When the receiver has taken something last.</param>
/// <param name="LastFailure">When something could not be sent last.</param>
/// <param name="Failure">Why.</param>
/// <param name="NextTry">When it is tried again; null where nothing waits for that.</param>
internal sealed record StreamStatus(DateTimeOffset? LastSuccess, DateTimeOffset? LastFailure, string? Failure, DateTimeOffset? NextTry);

/// <summary>How far a stream has come in a log.</summary>
/// <param name="Log">The log.</param>
/// <param name="Next">The next entry's index.</param>
/// <param name="Size">The log's.</param>
/// <param name="Entries">Entries that it has not looked at.</param>
/// <param name="Behind">How long ago the first of them was received; null where that cannot be read.</param>
internal sealed record StreamLag(string Log, long Next, long Size, long Entries, TimeSpan? Behind);
