using Indelible.Search;

namespace Indelible.SearchBench;

/// <summary>The entries of a folder with their indexes, for somebody who sees everything.</summary>
/// <remarks>
/// Reads entries as the server does: a block of 256 is decompressed and its hashes are checked, unless it is among those read lately; personal values are opened. To measure the
/// finding alone, what the same questions read the first time is kept, and given the second time without that work.
/// </remarks>
internal sealed class IndexedEntries(EntryFolder folder, IReadOnlyList<ChunkIndex> chunks) : IIndexedSource
{
    private const long MaxKeptBytes = 1L << 30;
    private readonly Dictionary<long, ReadOnlyMemory<byte>> _kept = [];
    private long _keptBytes;
    private bool _keeps;
    private bool _gives;

    /// <inheritdoc/>
    public long Size => folder.Count;

    /// <inheritdoc/>
    public IReadOnlyList<ChunkIndex> Chunks => chunks;

    /// <inheritdoc/>
    public IReadOnlyList<RowSight> Sights { get; } = [new RowSight(Query.All, IsClear: true)];

    /// <summary>Forgets what was kept, and keeps what is read from now on.</summary>
    public void Keep()
    {
        Forget();
        _keeps = true;
    }

    /// <summary>Gives what was kept from now on.</summary>
    public void Give() => (_keeps, _gives) = (false, true);

    /// <summary>Forgets what was kept, and reads from now on.</summary>
    public void Forget()
    {
        _kept.Clear();
        (_keptBytes, _keeps, _gives) = (0, false, false);
    }

    /// <inheritdoc/>
    public void Report(ChunkIndex index) => throw new InvalidDataException($"The index of the entries from {index.First} on is damaged.");

    /// <inheritdoc/>
    public ValueTask ReadAsync(long from, long to, EntryVisitor visit, CancellationToken cancellationToken)
    {
        if (!_gives || !TryGive(from, to, visit))
        {
            Read(from, to, visit);
        }

        return ValueTask.CompletedTask;
    }

    private bool TryGive(long from, long to, EntryVisitor visit)
    {
        for (long index = from; index < to; index++)
        {
            if (!_kept.ContainsKey(index))
            {
                return false;
            }
        }

        for (long index = from; index < to; index++)
        {
            visit(index, _kept[index].Span);
        }

        return true;
    }

    private void Read(long from, long to, EntryVisitor visit)
    {
        long index = from;
        foreach (ReadOnlyMemory<byte> logged in folder.Read(from, to))
        {
            ReadOnlyMemory<byte> entry = folder.Clear(logged);
            if (_keeps && _keptBytes < MaxKeptBytes && _kept.TryAdd(index, default))
            {
                // A copy: the entry is part of its block's memory.
                _kept[index] = entry.ToArray();
                _keptBytes += entry.Length;
            }

            visit(index++, entry.Span);
        }
    }
}
