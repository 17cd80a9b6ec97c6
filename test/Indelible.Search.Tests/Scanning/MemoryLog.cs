namespace Indelible.Search.Tests.Scanning;

/// <summary>Entries in memory; null stands for a body that expired. Holds the search to its side of the contract.</summary>
internal sealed class MemoryLog(IReadOnlyList<byte[]?> entries) : IEntrySource
{
    public long Size { get; set; } = entries.Count;

    public long Shown { get; private set; }

    public Action<long>? OnShown { get; init; }

    public async ValueTask ReadAsync(long from, long to, EntryVisitor visit, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Assert.True(0 <= from && from < to && to <= Size, $"[{from}, {to}) of {Size}");
        Assert.Equal(from / 256, (to - 1) / 256);
        await Task.Yield();
        for (long index = from; index < to; index++)
        {
            Shown++;
            OnShown?.Invoke(Shown);
            if (entries[(int)index] is { } entry)
            {
                visit(index, entry);
            }
        }
    }
}
