namespace Indelible.Search;

/// <summary>Receives one entry.</summary>
/// <param name="index">Its leaf index.</param>
/// <param name="view">Its JSON as the asker may see it; valid during the call only.</param>
public delegate void EntryVisitor(long index, ReadOnlySpan<byte> view);

/// <summary>The entries of one log, as one asker may see them.</summary>
/// <remarks>
/// The view of an entry differs from the logged bytes where personal values were decrypted for someone who may see them; for others they
/// stay <c>$pii</c> objects, which no query looks into. A source is made for each request, so that it can hold that asker's rights.
/// </remarks>
public interface IEntrySource
{
    /// <summary>The durable size: entries below it can be read.</summary>
    long Size { get; }

    /// <summary>Shows the entries with <paramref name="from"/> ≤ index &lt; <paramref name="to"/>, in ascending order.</summary>
    /// <param name="from">The first index.</param>
    /// <param name="to">The index behind the last, at most <see cref="Size"/>; both lie in one entry bundle (256 entries from a multiple
    /// of 256).</param>
    /// <param name="visit">Called for each entry that has a body; entries whose body expired are passed over.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    ValueTask ReadAsync(long from, long to, EntryVisitor visit, CancellationToken cancellationToken);
}
