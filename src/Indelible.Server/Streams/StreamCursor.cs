namespace Indelible.Server.Streams;

/// <summary>How far a stream has come, in memory and on the disk. Thread-safe.</summary>
/// <remarks>
/// The disk may be behind by entries that are not the stream's, and by what was taken while it could not be written: both are looked at, or sent, once more after a crash. It is never ahead.
/// </remarks>
internal sealed class StreamCursor : IDisposable
{
    private readonly object _lock = new();
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Action<StreamRecord> _write;
    private readonly Dictionary<string, long> _next;      // under the lock
    private readonly List<RefusedEntry> _refused;         // under the lock
    private long _refusedCount;                           // under the lock
    private bool _isPaused;                               // under the lock
    private long _version;                                // under the lock; of every change
    private long _kept;                                   // under _writing; the version on the disk
    private readonly Dictionary<string, long> _moved = new(StringComparer.Ordinal);   // under the lock; how often a log was moved by others than the loop that sends

    /// <param name="record">What was kept; null where the stream never ran.</param>
    /// <param name="write">Keeps a record; durable on return.</param>
    public StreamCursor(StreamRecord? record, Action<StreamRecord> write)
    {
        _write = write;
        _next = new Dictionary<string, long>(record?.Logs ?? new Dictionary<string, long>(), StringComparer.Ordinal);
        _refused = [.. record?.Refused ?? []];
        _refusedCount = record?.RefusedCount ?? 0;
        _isPaused = record?.Paused ?? false;
    }

    /// <summary>Whether the stream is held.</summary>
    public bool IsPaused
    {
        get
        {
            lock (_lock)
            {
                return _isPaused;
            }
        }
    }

    /// <summary>Whether anything is not on the disk yet.</summary>
    public bool IsKept
    {
        get
        {
            lock (_lock)
            {
                return _version == Volatile.Read(ref _kept);
            }
        }
    }

    /// <summary>The index of a log's next entry, and a number that says when it was moved by others.</summary>
    /// <param name="log">The log.</param>
    /// <param name="start">Where to begin with one that is not known yet.</param>
    public (long Next, long Moved) Of(string log, Func<long> start)
    {
        lock (_lock)
        {
            if (!_next.TryGetValue(log, out long next))
            {
                next = _next[log] = start();
                _version++;
            }

            return (next, _moved.GetValueOrDefault(log));
        }
    }

    /// <summary>How many entries were passed over, and the newest of them.</summary>
    public (long Count, IReadOnlyList<RefusedEntry> Last) Refused()
    {
        lock (_lock)
        {
            return (_refusedCount, [.. _refused]);
        }
    }

    /// <summary>Moves on, unless somebody has moved it since.</summary>
    /// <param name="log">The log.</param>
    /// <param name="to">The next entry's index.</param>
    /// <param name="moved">As <see cref="Of"/> told.</param>
    /// <param name="refused">An entry that is passed over by that; null for none.</param>
    public void Advance(string log, long to, long moved, RefusedEntry? refused = null)
    {
        lock (_lock)
        {
            if (_moved.GetValueOrDefault(log) != moved)
            {
                return;
            }

            _next[log] = to;
            _version++;
            if (refused is not null)
            {
                // One that is sent again, and refused again, is one.
                _refusedCount += _refused.RemoveAll(one => one.Log == refused.Log && one.Index == refused.Index) == 0 ? 1 : 0;
                _refused.Add(refused);
                if (_refused.Count > ServerLimits.StreamRefusedListed)
                {
                    _refused.RemoveAt(0);
                }
            }
        }
    }

    /// <summary>Goes back: what lies behind is sent again. Forward never, which would be to pass over entries.</summary>
    /// <param name="log">The log.</param>
    /// <param name="to">The next entry's index.</param>
    /// <returns>Whether that is not ahead of where it stands.</returns>
    public bool GoBack(string log, long to)
    {
        lock (_lock)
        {
            if (!_next.TryGetValue(log, out long next) || to > next)
            {
                return false;
            }

            _next[log] = to;
            _version++;
            _moved[log] = _moved.GetValueOrDefault(log) + 1;
            return true;
        }
    }

    /// <summary>Holds the stream, or lets it go on.</summary>
    public void Pause(bool isPaused)
    {
        lock (_lock)
        {
            if (_isPaused != isPaused)
            {
                _isPaused = isPaused;
                _version++;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _writing.Dispose();

    /// <summary>Keeps all of it. Durable on return.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public async Task KeepAsync(CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            StreamRecord record;
            long version;
            lock (_lock)
            {
                if (_version == _kept)
                {
                    return;
                }

                version = _version;
                record = new StreamRecord(_isPaused, new Dictionary<string, long>(_next, StringComparer.Ordinal), _refusedCount, [.. _refused]);
            }

            _write(record);
            Volatile.Write(ref _kept, version);
        }
        finally
        {
            _writing.Release();
        }
    }
}
