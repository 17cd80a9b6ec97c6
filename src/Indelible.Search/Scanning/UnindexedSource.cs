namespace Indelible.Search;

/// <summary>A source of which nothing is indexed: every entry is looked at, as the source shows it.</summary>
internal sealed class UnindexedSource(IEntrySource entries) : IIndexedSource
{
    public long Size => entries.Size;

    public IReadOnlyList<ChunkIndex> Chunks => [];

    public IReadOnlyList<RowSight> Sights => [];

    public ValueTask ReadAsync(long from, long to, EntryVisitor visit, CancellationToken cancellationToken) => entries.ReadAsync(from, to, visit, cancellationToken);

    public void Report(ChunkIndex index)
    {
    }
}
