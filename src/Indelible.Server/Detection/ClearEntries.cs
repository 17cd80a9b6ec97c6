using System.Text.Json;
using Indelible.Engine;
using Indelible.Engine.Storage;
using Indelible.Search;
using Indelible.Server.Indexing;

namespace Indelible.Server.Detection;

/// <summary>The entries of a log, personal values in clear; what was altered is passed over, as detection does it.</summary>
internal sealed class ClearEntries(LogReader log, LogIndexes indexes) : IIndexedSource
{
    private static readonly IReadOnlyList<RowSight> s_all = [new RowSight(Query.All, IsClear: true)];

    public long Size => log.Size;

    public IReadOnlyList<ChunkIndex> Chunks => indexes.Of(log);

    public IReadOnlyList<RowSight> Sights => s_all;

    public void Report(ChunkIndex index) => indexes.Report(log, index);

    public ValueTask ReadAsync(long from, long to, EntryVisitor visit, CancellationToken cancellationToken)
    {
        long next = from;
        try
        {
            foreach (ReadOnlyMemory<byte> entry in log.ReadEntries(from, to))
            {
                Visit(next, entry, visit);
                next++;
            }
        }
        catch (StorageException e) when (e.Outcome == StorageOutcome.Damaged)
        {
            for (; next < to; next++)
            {
                VisitSingly(next, visit);
            }
        }

        return ValueTask.CompletedTask;
    }

    private void VisitSingly(long index, EntryVisitor visit)
    {
        try
        {
            Visit(index, log.ReadEntry(index), visit);
        }
        catch (StorageException e) when (e.Outcome == StorageOutcome.Damaged)
        {
            // It was counted when rules were asked of it.
        }
    }

    private void Visit(long index, ReadOnlyMemory<byte> entry, EntryVisitor visit)
    {
        ReadOnlyMemory<byte> clear;
        try
        {
            clear = LogDetection.InClear(log, entry);
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            return;
        }

        visit(index, clear.Span);
    }
}
