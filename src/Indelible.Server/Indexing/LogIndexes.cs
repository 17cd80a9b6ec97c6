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
public sealed partial class LogIndexes : IHostedService, IDisposable
{
    /// <summary>What the key of the files of personal values is derived for; see <see cref="LogEngine.DeriveKey"/>.</summary>
    internal const string PersonalKeyPurpose = "personal-index/v1";

    private readonly LogEngine _engine;
    private readonly ServerOptions _options;
    private readonly ILogger<LogIndexes> _logger;
    private readonly byte[] _personalKey;
    private readonly ConcurrentDictionary<string, LogIndex> _logs = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<LogIndex> _changed = new();
    private readonly ConcurrentQueue<Action> _commands = new();
    private readonly object _wakeLock = new();
    private readonly object _stopLock = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PersonalIndexes _personal;
    private readonly IndexMemory _memory;
    private readonly Counter<long> _made;
    private readonly Counter<long> _failures;
    private long _uses;                                                          // by Interlocked
    private bool _isWoken;                                                       // under _wakeLock
    private volatile bool _isRunning;                                            // written under _wakeLock
    private volatile bool _isStopping;                                           // written under _stopLock

    // The rest is the indexing thread's.
    private readonly PriorityQueue<(LogIndex Log, Chunk Chunk), long> _files = new();
    private readonly PriorityQueue<(LogIndex Log, Chunk Chunk), long> _personalFiles = new();
    private readonly Queue<LogIndex> _personalBehind = new();
    private readonly PriorityQueue<Action, DateTimeOffset> _later = new();
    private readonly List<TaskCompletionSource> _settling = [];
    private (LogIndex Log, Chunk Chunk, ChunkMaking Making)? _making;
    private (LogIndex Log, Chunk Chunk, ChunkMaking Making)? _makingPersonal;

    /// <summary>Makes the service; it begins when the server starts, unless it is switched off.</summary>
    public LogIndexes(LogEngine engine, ServerOptions options, IMeterFactory meters, ILogger<LogIndexes> logger)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(meters);
        _engine = engine;
        _options = options;
        _logger = logger;
        _personalKey = engine.DeriveKey(PersonalKeyPurpose);
        _personal = new PersonalIndexes(options.IndexPersonalMemoryBytes);
        _memory = new IndexMemory(options.IndexMemoryBytes);
        Meter meter = meters.Create(ServerMetrics.MeterName);
        _made = meter.CreateCounter<long>("indelible.index.files", "{file}", "Index files written, by why");
        _failures = meter.CreateCounter<long>("indelible.index.failures", "{failure}", "Times that something could not be indexed and was put off");
        meter.CreateObservableGauge("indelible.index.running", () => _isRunning ? 1 : 0, null, "1 while indexes are kept");
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
        TryCommand(() =>
        {
            if (_logs.TryGetValue(log.Settings.Name, out LogIndex? index) && index.Chunks.TryGetValue(damaged.First, out Chunk? chunk) && chunk.Index == damaged)
            {
                LogDamaged(index.Name, chunk.First, "a search found it");
                GiveUpFile(index, chunk);
            }
        });
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
        if (!await TryCommandAsync(() => GiveUpPersonal(index)))
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
            await TryCommandAsync(() => RemakePersonal(index));
        }
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (!_options.HasIndex)
        {
            return Task.CompletedTask;
        }

        _isRunning = true;
        _engine.Changed = log =>
        {
            LogIndex index = IndexOf(log);
            index.UsedAt = Interlocked.Increment(ref _uses);
            Enqueue(index);
        };
        foreach (LogReader log in _engine.Logs.Where(log => log.Size > 0).OrderBy(log => log.Settings.Name, StringComparer.Ordinal))
        {
            Enqueue(IndexOf(log));
        }

        new Thread(Work) { IsBackground = true, Name = "indelible index" }.Start();
        return Task.CompletedTask;
    }

    /// <summary>Ends the thread at the end of its step; what is half written means nothing.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_isRunning)
        {
            _engine.Changed = null;
            lock (_stopLock)
            {
                _isStopping = true;
                Monitor.Pulse(_stopLock);
            }

            Wake();
            await _ended.Task;
        }
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
    internal Task SettleAsync()
    {
        var settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return TryCommand(() => _settling.Add(settled)) ? settled.Task : Task.CompletedTask;
    }

    private static Measurement<long> Of(LogIndex log, long value) => new(value, new KeyValuePair<string, object?>("log", log.Name));

    private LogIndex IndexOf(LogReader log) => _logs.GetOrAdd(log.Settings.Name, static (name, made) => new LogIndex(made.log, made.Folder.IndexFilesOf(name)), (log, _engine.Folder));

    private void Enqueue(LogIndex log)
    {
        if (log.EntersQueue())
        {
            _changed.Enqueue(log);
            Wake();
        }
    }

    private void Wake()
    {
        lock (_wakeLock)
        {
            _isWoken = true;
            Monitor.Pulse(_wakeLock);
        }
    }

    /// <summary>Has the indexing thread do something between two steps.</summary>
    /// <returns>Whether there is such a thread.</returns>
    private bool TryCommand(Action command)
    {
        lock (_wakeLock)
        {
            if (!_isRunning)
            {
                return false;
            }

            _commands.Enqueue(command);
        }

        Wake();
        return true;
    }

    private async Task<bool> TryCommandAsync(Action command)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bool isTaken = TryCommand(() =>
        {
            try
            {
                command();
                done.SetResult();
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        if (isTaken)
        {
            await done.Task;
        }

        return isTaken;
    }

    private void Work()
    {
        try
        {
            while (!_isStopping)
            {
                if (!Turn())
                {
                    Wait();
                }
            }
        }
        catch (Exception e)
        {
            // Only what the thread itself does wrong comes here. Nobody would take a person's values out of the indexes any more, so that they are used no more.
            LogEnded(e);
            foreach (LogIndex log in _logs.Values)
            {
                log.Hide();
            }
        }
        finally
        {
            lock (_wakeLock)
            {
                _isRunning = false;
            }

            RunCommands();
            _ended.SetResult();
        }
    }

    private void RunCommands()
    {
        while (_commands.TryDequeue(out Action? command))
        {
            command();
        }
    }

    /// <summary>Does one bounded step of what comes first.</summary>
    /// <returns>Whether there was any.</returns>
    private bool Turn()
    {
        RunCommands();
        while (_later.TryPeek(out Action? due, out DateTimeOffset at) && at <= _engine.Time.GetUtcNow())
        {
            _later.Dequeue();
            due();
        }

        if (_changed.TryDequeue(out LogIndex? log))
        {
            log.LeaveQueue();
            Attempt(log, () => Follow(log));
            return true;
        }

        return Make(_files, ref _making, isPersonal: false)
            || FollowPersonal()
            || Make(_personalFiles, ref _makingPersonal, isPersonal: true);
    }

    private void Wait()
    {
        foreach (TaskCompletionSource settled in _settling)
        {
            settled.SetResult();
        }

        _settling.Clear();
        DateTimeOffset now = _engine.Time.GetUtcNow();
        using ITimer? timer = _later.TryPeek(out _, out DateTimeOffset due)
            ? _engine.Time.CreateTimer(_ => Wake(), null, due > now ? due - now : TimeSpan.Zero, Timeout.InfiniteTimeSpan)
            : null;
        lock (_wakeLock)
        {
            while (!_isWoken)
            {
                Monitor.Wait(_wakeLock);
            }

            _isWoken = false;
        }

        // What comes in these milliseconds is taken together: waking for each entry would cost more than indexing it.
        lock (_stopLock)
        {
            if (!_isStopping)
            {
                Monitor.Wait(_stopLock, ServerLimits.IndexPauseMilliseconds);
            }
        }
    }

    /// <summary>Works on a log's growth; what fails is tried again later.</summary>
    private void Attempt(LogIndex log, Action work)
    {
        if (log.NotBefore > _engine.Time.GetUtcNow())
        {
            return;
        }

        try
        {
            work();
            log.Failures = 0;
        }
        catch (Exception e)
        {
            if (e is not IOException)
            {
                // The rows in memory may not be those of the entries any more.
                LeaveMemory(log);
                log.Next = log.KnownSealed;
            }

            log.NotBefore = PutOff(log.Name, ++log.Failures, e);
            _later.Enqueue(() => Enqueue(log), log.NotBefore);
        }
    }

    private DateTimeOffset PutOff(string log, int failures, Exception why)
    {
        _failures.Add(1, new KeyValuePair<string, object?>("log", log));
        TimeSpan pause = TimeSpan.FromTicks(Math.Min(ServerLimits.IndexRetryMost.Ticks, ServerLimits.IndexRetry.Ticks << Math.Min(failures - 1, 20)));
        LogPutOff(log, (long)pause.TotalSeconds, why);
        return _engine.Time.GetUtcNow() + pause;
    }

    /// <summary>Takes what a log has grown by: entries into memory, sealed chunks into files.</summary>
    private void Follow(LogIndex log)
    {
        if (!log.IsOpened)
        {
            OpenFiles(log);
        }

        bool isAsked = log.TakeAsked();
        log.IsLacking = false;
        if (isAsked)
        {
            TakeUpAgain(log);
        }

        TakeEntries(log);
        TakeSegments(log);
        KeepWithin(log);
        NoteLacking(log);
        if (log.Next < log.Log.Size)
        {
            Enqueue(log);
        }
        else
        {
            QueuePersonal(log);
        }
    }

    private void QueuePersonal(LogIndex log)
    {
        if (!log.IsPersonalQueued && log.InMemory.Any(IsPersonalBehind))
        {
            log.IsPersonalQueued = true;
            _personalBehind.Enqueue(log);
        }
    }

    private void OpenFiles(LogIndex log)
    {
        long end = log.Log.SealedSize;
        log.Files.RemoveUnfinished();
        HashSet<long> there = [.. log.Files.List(isPersonal: false)];
        HashSet<long> personal = [.. log.Files.List(isPersonal: true)];
        for (long first = 0; first < end; first += log.SegmentSize)
        {
            Chunk chunk = log.ChunkAt(first);
            chunk.HasPersonalFile = personal.Contains(first);
            chunk.Index ??= there.Contains(first) ? TryOpen(log, chunk) : null;
            if (chunk.Index is null)
            {
                Want(log, chunk, there.Contains(first) ? "damaged" : "missing");
            }

            WantPersonal(log, chunk);
        }

        log.KnownSealed = end;
        log.Next = end;
        log.IsOpened = true;
        log.Show();
        if (log.Missing > 0)
        {
            LogMaking(log.Name, (long)log.Missing * log.SegmentSize);
        }
    }

    /// <summary>Opens a chunk's file.</summary>
    /// <returns>Null where it cannot be used.</returns>
    private ChunkIndex? TryOpen(LogIndex log, Chunk chunk)
    {
        ChunkIdentity identity = log.IdentityOf(chunk.First);
        try
        {
            ChunkIndex opened = IndexFile.Open(log.Files.PathOf(chunk.First, isPersonal: false), identity, () => PersonalOf(log, chunk, identity));
            chunk.HasFile = true;
            return opened;
        }
        catch (Exception e) when (e is IndexDamagedException or IOException or UnauthorizedAccessException)
        {
            LogDamaged(log.Name, chunk.First, e.Message);
            return null;
        }
    }

    /// <summary>Goes over to a chunk's file from what searches use now, or has it made anew.</summary>
    private void GoOver(LogIndex log, Chunk chunk)
    {
        if (TryOpen(log, chunk) is { } opened)
        {
            log.Leave(chunk, opened);
        }
        else
        {
            GiveUpFile(log, chunk);
        }
    }

    /// <summary>The personal index of a sealed chunk, for a search that needs it, on its thread.</summary>
    private PersonalIndex? PersonalOf(LogIndex log, Chunk chunk, ChunkIdentity identity) => !chunk.HasPersonalFile ? null : _personal.Get(log, chunk.First, () =>
    {
        try
        {
            return IndexFile.OpenPersonal(log.Files.PathOf(chunk.First, isPersonal: true), identity, _personalKey);
        }
        catch (Exception e) when (e is IndexDamagedException or IOException or UnauthorizedAccessException)
        {
            // Also where it was deleted a moment ago, or encrypted under an earlier master key.
            TryCommand(() =>
            {
                if (chunk.HasPersonalFile)
                {
                    LogDamaged(log.Name, chunk.First, e.Message);
                    chunk.HasPersonalFile = false;
                    WantPersonal(log, chunk);
                }
            });
            return null;
        }
    });

    private void TakeEntries(LogIndex log)
    {
        long size = log.Log.Size;
        for (int left = ServerLimits.IndexStepEntries; left > 0 && log.Next < size;)
        {
            long first = log.Next - (log.Next % log.SegmentSize);
            Chunk chunk = log.ChunkAt(first);
            if (chunk.Builder is null)
            {
                bool isInTime = log.Next == first && !chunk.HasFile && first >= log.TooLargeBelow;
                if (!isInTime || (log.UsedAt == 0 && !_memory.HasRoom))
                {
                    log.Next = first + log.SegmentSize;
                    continue;
                }

                log.Begin(chunk, withPersonal: log.Erasures == 0);
            }

            log.Next = first + chunk.Builder!.Rows;
            long end = Math.Min(size, first + log.SegmentSize);
            if (log.Next < end)
            {
                foreach (ReadOnlyMemory<byte> entry in log.Log.ReadEntries(log.Next, end))
                {
                    chunk.Builder.Append(entry.Span);
                    log.Next++;
                    left--;
                }
            }

            KeepWithin(log);
        }

        log.Renew();
    }

    /// <summary>Writes the files of chunks that are full and sealed, and has those made that are in memory no more.</summary>
    private void TakeSegments(LogIndex log)
    {
        long end = log.Log.SealedSize;
        for (; log.KnownSealed < end; log.KnownSealed += log.SegmentSize)
        {
            Chunk chunk = log.ChunkAt(log.KnownSealed);
            if (chunk.Builder is null && !chunk.HasFile)
            {
                Want(log, chunk, "new");
                WantPersonal(log, chunk);
            }
        }

        foreach (Chunk chunk in log.InMemory.ToArray())
        {
            TryFinish(log, chunk);
        }
    }

    /// <summary>Writes the files of a chunk in memory, if it is full and sealed, and goes over to them.</summary>
    private void TryFinish(LogIndex log, Chunk chunk)
    {
        if (chunk.Builder is not { } builder || builder.Rows < log.SegmentSize || chunk.First + log.SegmentSize > log.Log.SealedSize || chunk.NotBefore > _engine.Time.GetUtcNow())
        {
            return;
        }

        try
        {
            ChunkIdentity identity = log.IdentityOf(chunk.First);
            if (!chunk.HasFile)
            {
                log.Files.Write(chunk.First, isPersonal: false, into => builder.Write(into, identity));
                chunk.HasFile = true;
                CountMade(log, "new");
            }

            if (IsPersonalBehind(chunk))
            {
                return;   // It is soon complete, and then both go to their files.
            }

            if (chunk.Personal is { } personal && !chunk.HasPersonalFile && log.Erasures == 0)
            {
                log.Files.Write(chunk.First, isPersonal: true, into => personal.Write(into, identity, _personalKey));
                chunk.HasPersonalFile = true;
            }

            chunk.Failures = 0;
            GoOver(log, chunk);
            WantPersonal(log, chunk);
            _memory.Count(log);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The disk is full, most likely. Until there is room the index stays in memory, as long as it may.
            chunk.NotBefore = PutOff(log.Name, ++chunk.Failures, e);
            _later.Enqueue(() => Enqueue(log), chunk.NotBefore);
        }
    }

    private void Want(LogIndex log, Chunk chunk, string why)
    {
        chunk.Why = why;
        if (!chunk.IsWanted)
        {
            chunk.IsWanted = true;
            log.Missing++;
            _files.Enqueue((log, chunk), log.Log.SealedSize - chunk.First);
        }
    }

    private void WantPersonal(LogIndex log, Chunk chunk)
    {
        if (!chunk.IsPersonalWanted && !chunk.HasPersonalFile && chunk.Personal is null && log.Erasures == 0)
        {
            chunk.IsPersonalWanted = true;
            _personalFiles.Enqueue((log, chunk), log.Log.SealedSize - chunk.First);
        }
    }

    /// <summary>A step in making a file of a segment.</summary>
    private bool Make(PriorityQueue<(LogIndex Log, Chunk Chunk), long> waiting, ref (LogIndex Log, Chunk Chunk, ChunkMaking Making)? current, bool isPersonal)
    {
        while (current is null && waiting.TryDequeue(out (LogIndex Log, Chunk Chunk) next, out _))
        {
            if (isPersonal ? next.Chunk.IsPersonalWanted : next.Chunk.IsWanted)
            {
                current = (next.Log, next.Chunk, new ChunkMaking(next.Log, next.Chunk.First, isPersonal));
            }
        }

        if (current is not { } made)
        {
            return false;
        }

        try
        {
            if (made.Making.Step(ServerLimits.IndexStepEntries))
            {
                made.Log.Files.Write(made.Chunk.First, isPersonal, into => made.Making.WriteTo(into, _personalKey));
                TakeMade(made.Log, made.Chunk, isPersonal);
                current = null;
            }
        }
        catch (Exception e)
        {
            // An entry that cannot be read, a full disk. The search finds the former, and says so.
            current = null;
            DateTimeOffset again = PutOff(made.Log.Name, ++made.Chunk.Failures, e);
            _later.Enqueue(() => waiting.Enqueue((made.Log, made.Chunk), made.Log.Log.SealedSize - made.Chunk.First), again);
        }

        return true;
    }

    private void TakeMade(LogIndex log, Chunk chunk, bool isPersonal)
    {
        if (isPersonal)
        {
            chunk.IsPersonalWanted = false;
            chunk.HasPersonalFile = true;
            CountMade(log, "personal");
        }
        else
        {
            log.Leave(chunk, TryOpen(log, chunk) ?? throw new IndexDamagedException("The file that was just written cannot be used."));
            chunk.IsWanted = false;
            log.Missing--;
            CountMade(log, chunk.Why);
        }

        chunk.Failures = 0;
    }

    /// <summary>Brings personal indexes in memory up to the public ones, a step of one log at a time.</summary>
    private bool FollowPersonal()
    {
        if (!_personalBehind.TryDequeue(out LogIndex? log))
        {
            return false;
        }

        log.IsPersonalQueued = false;
        Attempt(log, () =>
        {
            if (log.InMemory.Find(IsPersonalBehind) is not { } chunk)
            {
                return;
            }

            PersonalIndexBuilder personal = chunk.Personal!;
            long end = chunk.First + chunk.Builder!.Rows;
            for (int left = ServerLimits.IndexStepEntries; left > 0 && chunk.First + personal.Rows < end;)
            {
                foreach (ReadOnlyMemory<byte> entry in log.Log.ReadEntries(chunk.First + personal.Rows, end))
                {
                    ChunkMaking.Append(personal, entry, log.Decrypt);
                    left--;
                }
            }

            log.Renew();
            TryFinish(log, chunk);
            KeepWithin(log);
            NoteLacking(log);
            QueuePersonal(log);
        });
        return true;
    }

    private static bool IsPersonalBehind(Chunk chunk) => chunk.Personal is { } personal && personal.Rows < chunk.Builder!.Rows;

    /// <summary>Has logs give up what is in memory until all is within the budget.</summary>
    private void KeepWithin(LogIndex current)
    {
        _memory.Count(current);
        while (_memory.NextToGiveUp(current) is { } log)
        {
            if (log.InMemory.Any(chunk => chunk.Personal is not null))
            {
                foreach (Chunk chunk in log.InMemory)
                {
                    log.BeginPersonal(chunk, withPersonal: false);
                    log.PersonalTooLargeBelow = _memory.IsAlone(log) ? chunk.First + 1 : log.PersonalTooLargeBelow;
                }
            }
            else
            {
                log.TooLargeBelow = _memory.IsAlone(log) ? log.InMemory[^1].First + 1 : log.TooLargeBelow;
                LeaveMemory(log);
            }

            _memory.Count(log);
            NoteLacking(log);
        }
    }

    /// <summary>Gives up all that a log has in memory; what is written already is read from its files.</summary>
    private void LeaveMemory(LogIndex log)
    {
        LogLeft(log.Name, log.InMemory.Sum(chunk => (long)chunk.Builder!.Rows));
        foreach (Chunk chunk in log.InMemory.ToArray())
        {
            bool isWritten = chunk.HasFile;
            if (isWritten)
            {
                GoOver(log, chunk);
            }
            else
            {
                log.Leave(chunk, null);
                if (chunk.First < log.KnownSealed)
                {
                    Want(log, chunk, "new");
                }
            }

            if (chunk.First < log.KnownSealed)
            {
                WantPersonal(log, chunk);
            }
        }

        long rest = log.Next % log.SegmentSize;
        log.Next += rest == 0 ? 0 : log.SegmentSize - rest;
        _memory.Count(log);
    }

    /// <summary>Whether something would be indexed again if the log were asked.</summary>
    private static void NoteLacking(LogIndex log) => log.IsLacking =
        FirstLeftOut(log) < log.Log.Size || (log.Erasures == 0 && log.InMemory.Exists(chunk => chunk.Personal is null && chunk.First >= log.PersonalTooLargeBelow));

    /// <summary>Where the first chunk begins that is not sealed and was left out of memory, though it could be there; beyond everything where there is none.</summary>
    private static long FirstLeftOut(LogIndex log)
    {
        long first = Math.Max(log.KnownSealed, log.TooLargeBelow + log.SegmentSize - 1);
        first -= first % log.SegmentSize;
        while (first < log.Next && log.Chunks.TryGetValue(first, out Chunk? chunk) && chunk.Builder is not null)
        {
            first += log.SegmentSize;
        }

        return first < log.Next ? first : long.MaxValue;
    }

    private void TakeUpAgain(LogIndex log)
    {
        log.Next = Math.Min(log.Next, FirstLeftOut(log));
        foreach (Chunk chunk in log.InMemory.Where(chunk => chunk.Personal is null && chunk.First >= log.PersonalTooLargeBelow && log.Erasures == 0))
        {
            log.BeginPersonal(chunk, withPersonal: true);
        }
    }

    /// <summary>Takes a file out of use and has it made anew.</summary>
    private void GiveUpFile(LogIndex log, Chunk chunk)
    {
        chunk.HasFile = false;
        log.Leave(chunk, null);
        Want(log, chunk, "damaged");
    }

    private void GiveUpPersonal(LogIndex log)
    {
        log.Erasures++;
        foreach (Chunk chunk in log.Chunks.Values)
        {
            chunk.HasPersonalFile = false;
            chunk.IsPersonalWanted = false;
            if (chunk.Personal is not null)
            {
                log.BeginPersonal(chunk, withPersonal: false);
            }
        }

        if (_makingPersonal?.Log == log)
        {
            _makingPersonal = null;
        }

        _personal.Remove(log);
        _memory.Count(log);
        try
        {
            log.Files.DeletePersonal();
        }
        catch
        {
            RemakePersonal(log);
            throw;
        }
    }

    private void RemakePersonal(LogIndex log)
    {
        if (--log.Erasures > 0)
        {
            return;
        }

        foreach (Chunk chunk in log.Chunks.Values)
        {
            if (chunk.Builder is not null)
            {
                log.BeginPersonal(chunk, withPersonal: true);
            }
            else if (chunk.First < log.KnownSealed)
            {
                WantPersonal(log, chunk);
            }
        }

        QueuePersonal(log);
    }

    private void CountMade(LogIndex log, string why) => _made.Add(1, new KeyValuePair<string, object?>("log", log.Name), new KeyValuePair<string, object?>("why", why));

    [LoggerMessage(3101, LogLevel.Information, "The index of {Entries} entries of log {Log} is made anew; searches look at them one by one meanwhile")]
    private partial void LogMaking(string log, long entries);

    [LoggerMessage(3102, LogLevel.Warning, "The index of the entries of log {Log} from {First} on cannot be used and is made anew: {Why}")]
    private partial void LogDamaged(string log, long first, string why);

    [LoggerMessage(3103, LogLevel.Warning, "Something of log {Log} could not be indexed; it is tried again in {Seconds} s, and searches look at the entries meanwhile")]
    private partial void LogPutOff(string log, long seconds, Exception failure);

    [LoggerMessage(3104, LogLevel.Debug, "The index of {Entries} entries of log {Log} gave up its memory to others; searches look at them one by one")]
    private partial void LogLeft(string log, long entries);

    [LoggerMessage(3105, LogLevel.Critical, "Indexing ended unexpectedly; searches look at what is not indexed until the node is started anew")]
    private partial void LogEnded(Exception failure);
}
