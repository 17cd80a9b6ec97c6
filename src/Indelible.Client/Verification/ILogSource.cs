using Indelible.Tiles;

namespace Indelible.Client.Verification;

/// <summary>Where a log is read from to be verified: a server, an exported folder, a data folder. Trusted in nothing.</summary>
/// <remarks>Thread-safe: bundles are read in parallel.</remarks>
public interface ILogSource
{
    /// <summary>What it is, for people.</summary>
    string Description { get; }

    /// <summary>The checkpoint that the source shows: untrusted bytes.</summary>
    /// <exception cref="LogSourceException">There is none, or it cannot be read.</exception>
    Task<ReadOnlyMemory<byte>> ReadCheckpointAsync(CancellationToken cancellationToken);

    /// <summary>The entries of a bundle: untrusted bytes.</summary>
    /// <param name="id">A bundle of the tree that the checkpoint speaks of.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="LogSourceException">It is missing or damaged; the message says where it lies.</exception>
    Task<IReadOnlyList<ReadOnlyMemory<byte>>> ReadBundleAsync(BundleId id, CancellationToken cancellationToken);

    /// <summary>A hash tile, or null where this source keeps none: then there is nothing stored to compare.</summary>
    /// <exception cref="LogSourceException">It is missing or damaged.</exception>
    Task<ReadOnlyMemory<byte>?> ReadTileAsync(TileId id, CancellationToken cancellationToken);

    /// <summary>Where the entry at <paramref name="index"/> lies, for a report: a file and a byte range, or a URL.</summary>
    string Locate(long index);
}

/// <summary>A source cannot give what its checkpoint says it has, or gives something that cannot be it.</summary>
/// <param name="message">What is wrong, and where.</param>
/// <param name="unreachable">Whether the source as a whole did not answer: nothing can be said about the log then.</param>
public sealed class LogSourceException(string message, bool unreachable = false) : Exception(message)
{
    /// <summary>Whether the source as a whole did not answer: nothing can be said about the log then.</summary>
    public bool IsUnreachable { get; } = unreachable;
}
