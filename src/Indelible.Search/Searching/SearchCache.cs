namespace Indelible.Search;

/// <summary>What searches and counts keep from one request to the next, within a bound of memory: make one, and share it. Thread-safe.</summary>
/// <remarks>
/// It holds only what is made of indexes that everybody's searches ask: values of sealed places are never in it, so that an erasure finds none of them here. Nothing in it
/// decides what an asker sees. It keeps no log and no index alive.
/// </remarks>
public sealed class SearchCache
{
    /// <summary>How much it takes by default: 128 MiB, for ten million entries the values of six fields.</summary>
    public const long DefaultBytes = 128L * 1024 * 1024;

    private const int MaxEntries = 64;

    private readonly long _maxBytes;
    private readonly Lock _lock = new();

    // What was used last is at the end.
    private readonly List<CachedOfLog> _entries = [];

    /// <summary>Makes an empty one.</summary>
    /// <param name="maxBytes">How much memory it may take, about.</param>
    public SearchCache(long maxBytes = DefaultBytes) => _maxBytes = maxBytes;

    /// <summary>The columns of the values at a path of a log.</summary>
    /// <param name="log">What the log is told by: an object that stays the same while its chunks do. Null for one of which nothing is kept.</param>
    /// <param name="path">The path.</param>
    internal PathValues ValuesOf(object? log, FieldPath path) => log is null
        ? new PathValues(this, path)
        : Of(log, entry => entry is PathValues values && values.Path.Equals(path), () => new PathValues(log, path));

    /// <summary>The words of a log.</summary>
    /// <param name="log">What the log is told by, as above.</param>
    internal LogWords? WordsOf(object? log) => log is null ? null : Of(log, entry => entry is LogWords, () => new LogWords(log, _maxBytes / 4));

    /// <summary>Whether an entry may grow. Makes room by dropping what was used least lately.</summary>
    internal bool HasRoomFor(CachedOfLog entry)
    {
        lock (_lock)
        {
            Shrink();
            return entry.MemoryBytes < _maxBytes;
        }
    }

    private T Of<T>(object log, Predicate<CachedOfLog> isWanted, Func<T> make)
        where T : CachedOfLog
    {
        lock (_lock)
        {
            _entries.RemoveAll(entry => !entry.IsAlive);
            int at = _entries.FindIndex(entry => entry.IsOf(log) && isWanted(entry));
            T found = at < 0 ? make() : (T)_entries[at];
            if (at >= 0)
            {
                _entries.RemoveAt(at);
            }

            _entries.Add(found);
            Shrink();
            return found;
        }
    }

    private void Shrink()
    {
        // The last is the one that is being used: it is kept, and does not grow when it alone is too large.
        while (_entries.Count > 1 && (_entries.Count > MaxEntries || _entries.Sum(entry => entry.MemoryBytes) >= _maxBytes))
        {
            _entries.RemoveAt(0);
        }
    }
}

/// <summary>Something that is kept of a log.</summary>
internal abstract class CachedOfLog(object log)
{
    private readonly WeakReference<object> _log = new(log);

    /// <summary>What it takes in memory, about.</summary>
    public abstract long MemoryBytes { get; }

    /// <summary>Whether anybody still has the log.</summary>
    public bool IsAlive => _log.TryGetTarget(out _);

    /// <summary>Whether it is of a log.</summary>
    public bool IsOf(object other) => _log.TryGetTarget(out object? mine) && mine == other;
}
