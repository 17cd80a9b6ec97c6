using Indelible.Engine;
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
        foreach ((long index, ReadOnlyMemory<byte> entry) in log.ReadUnaltered(from, to))
        {
            Visit(index, entry, visit);
        }

        return ValueTask.CompletedTask;
    }

    private void Visit(long index, ReadOnlyMemory<byte> entry, EntryVisitor visit)
    {
        ReadOnlyMemory<byte> clear;
        try
        {
            clear = LogDetection.InClear(log, entry);
        }
        catch (Exception e) when (LogReader.IsUnreadable(e))
        {
            // It was counted when rules were asked of it.
            return;
        }

        visit(index, clear.Span);
    }
}
