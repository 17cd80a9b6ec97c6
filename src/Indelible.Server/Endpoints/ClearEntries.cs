using Indelible.Engine;
using Indelible.Search;
using Indelible.Server.Limits;

namespace Indelible.Server.Endpoints;

/// <summary>The entries of a log as its readers see them: personal values in clear. Each bundle is looked at in its tenant's turn.</summary>
internal sealed class ClearEntries(LogReader log, NodeResources resources) : IEntrySource
{
    public long Size { get; } = log.Size;

    public async ValueTask ReadAsync(long from, long to, EntryVisitor visit, CancellationToken cancellationToken)
    {
        await resources.ScanAsync(log.Settings.Name, to - from, () =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            long index = from;
            foreach (ReadOnlyMemory<byte> entry in log.ReadEntries(from, to))
            {
                visit(index++, log.Decrypt(entry));
            }

            return index;
        });
    }
}
