namespace Indelible.Search;

/// <summary>Keeps columns of values between requests, for the paths counted last, within a bound of memory. Thread-safe.</summary>
/// <remarks>
/// Making the columns of a path takes a visit to each of its terms in each chunk; counting in them takes a few nanoseconds a row. Only what stands there for everybody is kept:
/// values of sealed places are counted anew each time, so that an erasure finds none of them here.
/// </remarks>
internal sealed class ValueCache(long maxBytes)
{
    /// <summary>The most paths.</summary>
    private const int MaxPaths = 64;

    private readonly Lock _lock = new();
    private readonly List<PathValues> _paths = [];

    /// <summary>What is kept of a path of a log, and what a request adds to it.</summary>
    /// <param name="log">What the log is told by: an object that stays the same while its chunks do. Not kept alive.</param>
    /// <param name="path">The path.</param>
    public PathValues Of(object log, FieldPath path)
    {
        lock (_lock)
        {
            _paths.RemoveAll(kept => !kept.IsAlive);
            int at = _paths.FindIndex(kept => kept.IsOf(log, path));
            PathValues values = at < 0 ? new PathValues(log, path) : _paths[at];
            if (at >= 0)
            {
                _paths.RemoveAt(at);
            }

            _paths.Add(values);
            Shrink();
            return values;
        }
    }

    /// <summary>Whether there is room for one more column of a path. Makes room of what was used least lately.</summary>
    public bool HasRoomFor(PathValues values)
    {
        lock (_lock)
        {
            Shrink();
            return values.MemoryBytes < maxBytes;
        }
    }

    private void Shrink()
    {
        // The last is the one that is being used: it is kept, and takes no more columns when it alone is too large.
        while (_paths.Count > 1 && (_paths.Count > MaxPaths || _paths.Sum(kept => kept.MemoryBytes) >= maxBytes))
        {
            _paths.RemoveAt(0);
        }
    }
}

/// <summary>The columns of one path in the chunks of one log. Thread-safe.</summary>
internal sealed class PathValues(object log, FieldPath path)
{
    private readonly WeakReference<object> _log = new(log);
    private readonly Dictionary<long, (WeakReference<ITermIndex> Index, ValueColumn? Column)> _columns = [];
    private long _memoryBytes;

    /// <summary>Guards <see cref="Table"/>, and is held while a column is made.</summary>
    public Lock Lock { get; } = new();

    /// <summary>The numbers of the values.</summary>
    public ValueTable Table { get; } = new();

    /// <summary>What it takes in memory, about.</summary>
    public long MemoryBytes => Volatile.Read(ref _memoryBytes);

    /// <summary>Whether anybody still has the log.</summary>
    public bool IsAlive => _log.TryGetTarget(out _);

    /// <summary>Whether it is of a path of a log.</summary>
    public bool IsOf(object other, FieldPath wanted) => wanted.Equals(path) && _log.TryGetTarget(out object? mine) && mine == other;

    /// <summary>The column of a chunk, made where it is not there.</summary>
    /// <param name="first">Where the chunk begins.</param>
    /// <param name="index">Its index.</param>
    /// <param name="rows">How many of its rows.</param>
    /// <param name="isKept">Whether it may be kept.</param>
    /// <param name="budget">What it costs is counted here.</param>
    /// <returns>Null where there are too many values for a column.</returns>
    /// <exception cref="IndexDamagedException">The index proved damaged; nothing was kept.</exception>
    public ValueColumn? ColumnOf(long first, ITermIndex index, int rows, bool isKept, SearchBudget budget)
    {
        lock (Lock)
        {
            if (_columns.TryGetValue(first, out (WeakReference<ITermIndex> Index, ValueColumn? Column) kept) && kept.Index.TryGetTarget(out ITermIndex? same) && same == index
                && (kept.Column is null || kept.Column.Rows >= rows))
            {
                return kept.Column;
            }

            // Of all its rows, not only of those asked for: the next request asks for others.
            ValueColumn? column = ValueColumn.Make(path, Math.Max(rows, index.Rows), [index], Table, budget);
            if (isKept)
            {
                _columns[first] = (new WeakReference<ITermIndex>(index), column);
                Volatile.Write(ref _memoryBytes, Table.MemoryBytes + _columns.Values.Sum(other => other.Column?.MemoryBytes ?? 0));
            }

            return column;
        }
    }
}
