using Indelible.Engine.Storage;
using Indelible.Search;
using Indelible.Server.Access;

namespace Indelible.Server.Sources;

/// <summary>Entries, but for those whose bytes were altered: who could hide all of them by altering one would.</summary>
/// <param name="all">All of them, personal values hidden.</param>
internal sealed class UnalteredEntries(VisibleEntries all) : IIndexedSource
{
    /// <summary>What was wrong with the first one that was passed over; null where none was.</summary>
    public StorageException? Altered { get; private set; }

    /// <inheritdoc/>
    public long Size => all.Size;

    /// <inheritdoc/>
    public IReadOnlyList<ChunkIndex> Chunks => all.Chunks;

    /// <inheritdoc/>
    public IReadOnlyList<RowSight> Sights => all.Sights;

    /// <inheritdoc/>
    public ValueTask RestAsync(CancellationToken cancellationToken) => all.RestAsync(cancellationToken);

    /// <inheritdoc/>
    public void Report(ChunkIndex damaged) => all.Report(damaged);

    /// <inheritdoc/>
    public async ValueTask ReadAsync(long from, long to, EntryVisitor visit, CancellationToken cancellationToken)
    {
        try
        {
            // All of them are read before the first is visited.
            await all.ReadAsync(from, to, visit, cancellationToken);
            return;
        }
        catch (StorageException e) when (e.Outcome == StorageOutcome.Damaged)
        {
            Altered ??= e;
        }

        for (long index = from; index < to; index++)
        {
            try
            {
                await all.ReadAsync(index, index + 1, visit, cancellationToken);
            }
            catch (StorageException e) when (e.Outcome == StorageOutcome.Damaged)
            {
                // The background verification raises an alert about it.
            }
        }
    }
}
