namespace Indelible.Search;

/// <summary>The columns of the values at one path, chunk by chunk. Thread-safe.</summary>
/// <remarks>Making them takes a visit to each term of the path in each chunk; counting in them takes a few nanoseconds a row.</remarks>
internal sealed class PathValues(object log, FieldPath path) : CachedOfLog(log)
{
    private readonly Dictionary<long, (WeakReference<ITermIndex> Index, ValueColumn? Column)> _columns = [];
    private KeptGroups? _groups;
    private long _memoryBytes;

    /// <summary>The path.</summary>
    public FieldPath Path => path;

    /// <summary>Guards <see cref="Table"/>, and is held while a column is made.</summary>
    public Lock Lock { get; } = new();

    /// <summary>The numbers of the values.</summary>
    public ValueTable Table { get; } = new();

    /// <inheritdoc/>
    public override long MemoryBytes => Volatile.Read(ref _memoryBytes);

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
                CountMemory();
            }

            return column;
        }
    }

    /// <summary>What is known of the hashed values of some chunks that do not change; null where nothing is.</summary>
    public KeptGroups? GroupsOf(IReadOnlyList<HashedPart> parts, int bits)
    {
        lock (Lock)
        {
            return _groups is { } groups && groups.IsOf(parts, bits) ? groups : null;
        }
    }

    /// <summary>Keeps what is known of hashed values, in place of what was known before.</summary>
    public void Keep(KeptGroups groups)
    {
        lock (Lock)
        {
            _groups = groups;
            CountMemory();
        }
    }

    private void CountMemory() =>
        Volatile.Write(ref _memoryBytes, Table.MemoryBytes + _columns.Values.Sum(other => other.Column?.MemoryBytes ?? 0) + (_groups?.MemoryBytes ?? 0));
}
