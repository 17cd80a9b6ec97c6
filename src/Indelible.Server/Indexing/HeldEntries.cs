using Indelible.Engine;
using Indelible.Engine.Storage.Files;
using Indelible.Search;

namespace Indelible.Server.Indexing;

/// <summary>The entries of a folder that no node runs on, for making index files of them.</summary>
internal sealed class HeldEntries(HeldLog log) : ISealedEntries
{
    /// <inheritdoc/>
    public int SegmentSize => log.SegmentSize;

    /// <inheritdoc/>
    public IndexFiles Files => log.Files;

    /// <inheritdoc/>
    public IReadOnlyList<ReadOnlyMemory<byte>> Read(long index) => log.ReadEntries(index);

    /// <inheritdoc/>
    public byte[] Decrypt(ReadOnlyMemory<byte> entry) => log.Decrypt(entry);

    /// <inheritdoc/>
    public ChunkIdentity IdentityOf(long first) => new(log.Origin, first, log.SegmentSize, log.SegmentRoot(first).Bytes.ToArray());
}
