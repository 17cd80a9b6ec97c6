using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Indelible.Engine;
using Indelible.Search;

namespace Indelible.Server.Indexing;

/// <summary>Keeps the search indexes of every log of the node: in memory while a chunk fills, in files beside the segments that are sealed.</summary>
/// <remarks>
/// <para>
/// One thread does it all and owns the state of every log: it takes new entries as the logs grow, writes the files, opens them at the start, makes those anew that are missing, of another version, damaged or
/// of other entries. What comes first: growth; then files, those of the newest entries before others; then personal indexes. It appends nothing, holds no lock that appending needs, and its failures end nothing but
/// the indexing of what failed, which is tried again later.
/// </para>
/// <para>
/// Whatever is not indexed is looked at by the search itself: lag, a missing file or a full disk make it slower and never incomplete.
/// </para>
/// </remarks>
public sealed class LogIndexes : IHostedService, IDisposable
{
    /// <summary>What the key of the files of personal values is derived for; see <see cref="LogEngine.DeriveKey"/>.</summary>
    internal const string PersonalKeyPurpose = "personal-index/v1";

    private readonly LogEngine _engine;
    private readonly ServerOptions _options;
    private readonly ConcurrentDictionary<string, LogIndex> _logs = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<LogIndex> _changed = new();
    private readonly StepThread _thread;
    private readonly IndexReports _reports;
    private readonly PersonalIndexes _personal;
    private readonly IndexMemory _memory;
    private readonly SegmentIndexes _segments;
    private readonly TailIndexes _tails;
    private long _uses;   // by Interlocked

    /// <summary>Makes the service; it begins when the server starts, unless it is switched off.</summary>
    public LogIndexes(LogEngine engine, ServerOptions options, IMeterFactory meters, ILogger<LogIndexes> logger)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(meters);
        _engine = engine;
        _options = options;
        Meter meter = meters.Create(ServerMetrics.MeterName);
        _thread = new StepThread(engine.Time, "indelible index", TimeSpan.FromMilliseconds(ServerLimits.IndexPauseMilliseconds));
        _reports = new IndexReports(meter, engine.Time, logger);
        _personal = new PersonalIndexes(options.IndexPersonalMemoryBytes);
        _memory = new IndexMemory(options.IndexMemoryBytes);
        _segments = new SegmentIndexes(_thread, _memory, _personal, engine.DeriveKey(PersonalKeyPurpose), _reports, Enqueue);
        _tails = new TailIndexes(_thread, _memory, _segments, _personal, _reports, Enqueue);
        meter.CreateObservableGauge("indelible.index.running", () => _thread.IsRunning ? 1 : 0, null, "1 while indexes are kept");
        meter.CreateObservableGauge("indelible.index.entries", () => _logs.Values.Select(log => Of(log, log.Indexed)), "{entry}", "Entries that an index covers");
        meter.CreateObservableGauge("indelible.index.lag", () => _logs.Values.Select(log => Of(log, Math.Max(0, log.Log.Size - log.Indexed))), "{entry}", "Entries that no index covers: searches look at them one by one");
        meter.CreateObservableGauge("indelible.index.memory", () => _memory.Bytes, "By", "Memory of indexes that are in no file yet, by estimate");
        meter.CreateObservableGauge("indelible.index.personal_memory", () => PersonalMemoryBytes, "By", "Memory of personal indexes that are open");
    }

    /// <summary>Memory of the personal indexes that searches have opened.</summary>
    internal long PersonalMemoryBytes => _personal.Bytes;

    /// <summary>The indexes of a log as they are now, by their first entry; what none of them covers is looked at. Call it after the log's size was read.</summary>
    /// <param name="log">The log; it counts as used.</param>
    public IReadOnlyList<ChunkIndex> Of(LogReader log)
    {
        ArgumentNullException.ThrowIfNull(log);
        if (!_logs.TryGetValue(log.Settings.Name, out LogIndex? index))
        {
            return [];
        }

        index.UsedAt = Interlocked.Increment(ref _uses);
        if (index.IsLacking)
        {
            index.Ask();
            Enqueue(index);
        }

        return index.Shown;
    }

    /// <summary>What whoever searches a log should know of its indexes; null for nothing.</summary>
    public string? NoticeOf(LogReader log)
    {
        ArgumentNullException.ThrowIfNull(log);
        return _logs.TryGetValue(log.Settings.Name, out LogIndex? index) && index.Missing is > 0 and var missing
            ? $"The index of {(long)missing * log.SegmentSize} entries is being made anew."
            : null;
    }

    /// <summary>Takes an index that a search found damaged out of use, and makes its file anew.</summary>
    public void Report(LogReader log, ChunkIndex damaged)
    {
        ArgumentNullException.ThrowIfNull(log);
        ArgumentNullException.ThrowIfNull(damaged);
        if (_logs.TryGetValue(log.Settings.Name, out LogIndex? index))
        {
            _thread.TryAsk(() => _segments.TakeReport(index, damaged));
        }
    }

    /// <summary>Erases a person of a log in the face of its indexes: every personal index is deleted first, in memory and on disk, and made anew afterwards.</summary>
    /// <param name="log">The log.</param>
    /// <param name="erase">Destroys the person's key. A crash in it, before or behind what it does, leaves no index that knows the person.</param>
    /// <exception cref="IOException">The files could not be deleted; <paramref name="erase"/> was not called.</exception>
    public async Task ForgetAsync(LogReader log, Func<Task> erase)
    {
        ArgumentNullException.ThrowIfNull(log);
        ArgumentNullException.ThrowIfNull(erase);
        LogIndex index = IndexOf(log);
        if (!await _thread.TryAskAsync(() => _tails.GiveUpPersonal(index)))
        {
            // Nothing is kept in memory then, and nothing is made anew.
            index.Files.DeletePersonal();
        }

        try
        {
            await erase();
        }
        finally
        {
            await _thread.TryAskAsync(() => _tails.RemakePersonal(index));
        }
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (!_options.HasIndex)
        {
            return Task.CompletedTask;
        }

        _engine.Changed += OnChanged;
        foreach (LogReader log in _engine.Logs.Where(log => log.Size > 0).OrderBy(log => log.Settings.Name, StringComparer.Ordinal))
        {
            Enqueue(IndexOf(log));
        }

        _thread.Start(Step, End);
        return Task.CompletedTask;
    }

    /// <summary>Ends the thread at the end of its step; what is half written means nothing.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _engine.Changed -= OnChanged;
        return _thread.StopAsync();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Chunk chunk in _logs.Values.SelectMany(log => log.Chunks.Values))
        {
            chunk.Index?.Dispose();
        }
    }

    /// <summary>Completes when there is nothing to do but what is put off: for tests.</summary>
    internal Task SettleAsync() => _thread.SettleAsync();

    private void OnChanged(LogReader log)
    {
        LogIndex index = IndexOf(log);
        index.UsedAt = Interlocked.Increment(ref _uses);
        Enqueue(index);
    }

    private static Measurement<long> Of(LogIndex log, long value) => new(value, new KeyValuePair<string, object?>("log", log.Name));

    private LogIndex IndexOf(LogReader log) => _logs.GetOrAdd(log.Settings.Name, static (name, made) => new LogIndex(made.log, made.Folder.IndexFilesOf(name)), (log, _engine.Folder));

    private void Enqueue(LogIndex log)
    {
        if (log.EntersQueue())
        {
            _changed.Enqueue(log);
            _thread.Wake();
        }
    }

    /// <summary>Does one bounded step of what comes first.</summary>
    private bool Step()
    {
        if (_changed.TryDequeue(out LogIndex? log))
        {
            log.LeaveQueue();
            _tails.Follow(log);
            return true;
        }

        return _segments.Make(isPersonal: false) || _tails.FollowPersonal() || _segments.Make(isPersonal: true);
    }

    /// <summary>Only what the thread itself does wrong comes here. Nobody would take a person's values out of the indexes any more, so that they are used no more.</summary>
    private void End(Exception failure)
    {
        _reports.Ended(failure);
        foreach (LogIndex log in _logs.Values)
        {
            log.Hide();
        }
    }
}
