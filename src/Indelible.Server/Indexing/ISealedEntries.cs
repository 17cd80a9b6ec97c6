using Indelible.Engine.Storage.Files;
using Indelible.Search;

namespace Indelible.Server.Indexing;

/// <summary>The entries of a log's segments, for making index files of them: of a running node, or of a folder that none runs on.</summary>
internal interface ISealedEntries
{
    /// <summary>Entries in a segment.</summary>
    int SegmentSize { get; }

    /// <summary>Where the files go.</summary>
    IndexFiles Files { get; }

    /// <summary>The entries from an index to the end of its bundle of 256.</summary>
    /// <exception cref="IOException">They cannot be read, or are not what was sealed.</exception>
    IReadOnlyList<ReadOnlyMemory<byte>> Read(long index);

    /// <summary>An entry with its personal values in clear.</summary>
    byte[] Decrypt(ReadOnlyMemory<byte> entry);

    /// <summary>What the index of a whole chunk is made of.</summary>
    ChunkIdentity IdentityOf(long first);
}
