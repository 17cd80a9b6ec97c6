using Indelible.Engine;
using Indelible.Search;

namespace Indelible.Server.Endpoints;

/// <summary>The entries of a log as its readers see them: personal values in clear.</summary>
internal sealed class ClearEntries(LogReader log) : IEntrySource
{
    public long Size { get; } = log.Size;

    public ValueTask ReadAsync(long from, long to, EntryVisitor visit, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        long index = from;
        foreach (ReadOnlyMemory<byte> entry in log.ReadEntries(from, to))
        {
            visit(index++, log.Decrypt(entry));
        }

        return ValueTask.CompletedTask;
    }
}
