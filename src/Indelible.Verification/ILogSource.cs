using Indelible.Events;
using Indelible.Tiles;

namespace Indelible.Verification;

/// <summary>Where a log is read from to be verified: a server, an exported folder, a data folder. Trusted in nothing.</summary>
/// <remarks>Thread-safe: bundles are read in parallel.</remarks>
public interface ILogSource
{
    /// <summary>What it is, for people.</summary>
    string Description { get; }

    /// <summary>The checkpoint that the source shows: untrusted bytes.</summary>
    /// <exception cref="LogSourceException">There is none, or it cannot be read.</exception>
    Task<ReadOnlyMemory<byte>> ReadCheckpointAsync(CancellationToken cancellationToken);

    /// <summary>The handovers from key to key that the source keeps, read after the checkpoint: untrusted bytes, none where the log's key was never rotated.</summary>
    /// <exception cref="LogSourceException">They cannot be read.</exception>
    Task<ReadOnlyMemory<byte>> ReadHandoversAsync(CancellationToken cancellationToken) => Task.FromResult(ReadOnlyMemory<byte>.Empty);

    /// <summary>The handovers of the key that signs the host's receipts: untrusted bytes, none where it was never rotated.</summary>
    /// <exception cref="LogSourceException">They cannot be read.</exception>
    Task<ReadOnlyMemory<byte>> ReadReceiptsHandoversAsync(CancellationToken cancellationToken) => Task.FromResult(ReadOnlyMemory<byte>.Empty);

    /// <summary>The entries of a bundle: untrusted bytes.</summary>
    /// <param name="id">A bundle of the tree that the checkpoint speaks of.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="LogSourceException">It is missing or damaged; the message says where it lies.</exception>
    Task<IReadOnlyList<ReadOnlyMemory<byte>>> ReadBundleAsync(BundleId id, CancellationToken cancellationToken);

    /// <summary>A hash tile, or null where this source keeps none: then there is nothing stored to compare.</summary>
    /// <exception cref="LogSourceException">It is missing or damaged.</exception>
    Task<ReadOnlyMemory<byte>?> ReadTileAsync(TileId id, CancellationToken cancellationToken);

    /// <summary>Compares what the source keeps beside a bundle's entries, and no tree covers, with what the entries say.</summary>
    /// <param name="id">The bundle.</param>
    /// <param name="entries">Its entries, as hashed.</param>
    /// <returns>What contradicts them; nothing where the source keeps nothing of the kind.</returns>
    /// <exception cref="LogSourceException">It cannot be read.</exception>
    IReadOnlyList<VerificationFault> CompareBeside(BundleId id, IReadOnlyList<EntryFacts> entries) => [];

    /// <summary>Checks what the source keeps beside the log itself. It can make a log wrong or unclear, never valid.</summary>
    /// <param name="size">The size of the signed head.</param>
    /// <param name="cancellationToken">Ends the checks.</param>
    Task<StorageFindings> CheckStorageAsync(long size, CancellationToken cancellationToken);

    /// <summary>Where the entry at <paramref name="index"/> lies, for a report: a file and a byte range, or a URL.</summary>
    string Locate(long index);
}

/// <summary>What was found beside a log itself.</summary>
/// <param name="Faults">What is wrong.</param>
/// <param name="Unclear">What could not be read, or may be a crash's work as well as somebody's.</param>
/// <param name="Checked">What was checked, in words.</param>
/// <param name="NotChecked">What was not, and why.</param>
public sealed record StorageFindings(
    IReadOnlyList<VerificationFault> Faults,
    IReadOnlyList<VerificationFault> Unclear,
    IReadOnlyList<string> Checked,
    IReadOnlyList<string> NotChecked)
{
    /// <summary>A source that keeps nothing beside the log.</summary>
    public static StorageFindings None { get; } = new([], [], [], []);
}

/// <summary>A source cannot give what its checkpoint says it has, or gives something that cannot be it.</summary>
/// <param name="message">What is wrong, and where.</param>
/// <param name="unreachable">Whether the source did not answer, or may not be read: nothing can be said about the log then.</param>
public sealed class LogSourceException(string message, bool unreachable = false) : Exception(message)
{
    /// <summary>Whether the source did not answer, or may not be read: nothing can be said about the log then.</summary>
    public bool IsUnreachable { get; } = unreachable;

    /// <summary>Whether the source says that there is no such thing.</summary>
    internal bool IsMissing { get; init; }
}
