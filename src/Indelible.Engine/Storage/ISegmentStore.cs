namespace Indelible.Engine.Storage;

/// <summary>Random access to an immutable object.</summary>
public interface ISegmentContent : IDisposable
{
    /// <summary>Its length in bytes.</summary>
    long Length { get; }

    /// <summary>Reads exactly <c>destination.Length</c> bytes at <paramref name="offset"/>. Thread-safe.</summary>
    /// <exception cref="StorageException">The object ends before, or cannot be read.</exception>
    void Read(long offset, Span<byte> destination);
}

/// <summary>Sealed segments: objects that are put once and never change.</summary>
/// <remarks>Objects are named by log and first leaf index. Untrusted: everything read from here is checked against hashes. Thread-safe.</remarks>
public interface ISegmentStore
{
    /// <summary>The first indexes of a log's segments, ascending.</summary>
    /// <param name="log">The log's name.</param>
    IReadOnlyList<long> List(string log);

    /// <summary>Makes sure that a log's segments stay. Before anything is given up because a segment holds it: who stored one may have ended before its name was durable.</summary>
    /// <param name="log">The log's name.</param>
    /// <exception cref="StorageException">Outcome unknown.</exception>
    void Keep(string log);

    /// <summary>Stores a segment: written under another name, synced, checked by reading it back, and only then given its name.</summary>
    /// <param name="log">The log's name.</param>
    /// <param name="firstIndex">The segment's first leaf index.</param>
    /// <param name="write">Writes the bytes.</param>
    /// <param name="verify">Reads the stored bytes back and throws if they are not what they should be; the object then does not appear.</param>
    /// <param name="cancellationToken">Ends the work before the object has its name; nothing remains but a temporary file.</param>
    /// <exception cref="StorageException">With <see cref="StorageOutcome.NothingChanged"/>: no segment of this name exists, or one existed already.</exception>
    ValueTask PutAsync(string log, long firstIndex, Action<Stream> write, Action<ISegmentContent> verify, CancellationToken cancellationToken);

    /// <summary>Opens a segment for reading.</summary>
    /// <exception cref="StorageException">There is none, or it cannot be opened.</exception>
    ISegmentContent Open(string log, long firstIndex);
}
