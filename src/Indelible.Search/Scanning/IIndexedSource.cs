namespace Indelible.Search;

/// <summary>Rows of a log that somebody sees, and how.</summary>
/// <param name="Rows">What selects them, asked of entries as they are logged.</param>
/// <param name="IsClear">Whether personal values are in clear in his view of them.</param>
public sealed record RowSight(Query Rows, bool IsClear);

/// <summary>The entries of one log as one asker may see them, with the indexes that there are.</summary>
public interface IIndexedSource : IEntrySource
{
    /// <summary>The indexes, by their first entry; entries that none covers are looked at one by one. Those of one moment: taken once for each search, after <see cref="IEntrySource.Size"/>. Only the last may still grow.</summary>
    IReadOnlyList<ChunkIndex> Chunks { get; }

    /// <summary>What he sees: an entry is seen by the first of these that selects it, and not at all where none does.</summary>
    IReadOnlyList<RowSight> Sights { get; }

    /// <summary>Called between the parts of a long search: a source whose processors are shared lets others have their turn.</summary>
    /// <param name="cancellationToken">Ends the search.</param>
    ValueTask RestAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Says that an index proved damaged while it was asked: it is to be made again. May be called more than once for one.</summary>
    /// <param name="index">One of <see cref="Chunks"/>.</param>
    void Report(ChunkIndex index);
}
