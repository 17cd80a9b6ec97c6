namespace Indelible.Engine.Storage;

/// <summary>Where an entry lies in a log's tail files.</summary>
/// <param name="File">The leaf index of the first entry of the tail file, which is its name.</param>
/// <param name="Offset">Bytes from the start of the file to the entry.</param>
public readonly record struct TailLocation(long File, int Offset);

/// <summary>An entry of a tail file.</summary>
/// <param name="Index">Its leaf index.</param>
/// <param name="Location">Where it lies.</param>
/// <param name="Entry">Its bytes.</param>
public readonly record struct TailEntry(long Index, TailLocation Location, ReadOnlyMemory<byte> Entry);

/// <summary>Entries that left the journal before their segment is full.</summary>
/// <remarks>
/// A log that receives little would hold journal files for ever; its entries move here instead, to a file of its own. One caller
/// appends and drops at a time; reading is thread-safe. Untrusted, like segments: leaf hashes decide.
/// </remarks>
public interface ITailStore : IDisposable
{
    /// <summary>Appends entries behind those already here; durable on return.</summary>
    /// <param name="log">The log's name.</param>
    /// <param name="firstIndex">The index of the first entry: where this log's tail file ends, if it has one.</param>
    /// <param name="entries">The entries' bytes, in index order.</param>
    /// <returns>Where each entry lies, in order.</returns>
    /// <exception cref="StorageException">There was no room, say: nothing was changed. Or, with <see cref="StorageOutcome.Unknown"/>: the caller moves nothing more.</exception>
    IReadOnlyList<TailLocation> Append(string log, long firstIndex, IReadOnlyList<ReadOnlyMemory<byte>> entries);

    /// <summary>Opens a log's tail and gives its entries, oldest first. Once for each log, before anything else is asked of it.</summary>
    /// <param name="log">The log's name.</param>
    /// <param name="journalBegins">
    /// The first entry of the log that the journal still holds, or null. What the journal holds need not be here: it may have been
    /// written without its sync having succeeded, and is forgotten; it will be appended again.
    /// </param>
    /// <exception cref="StorageException">The tail is damaged.</exception>
    IEnumerable<TailEntry> Load(string log, long? journalBegins);

    /// <summary>Reads an entry's bytes.</summary>
    /// <param name="log">The log's name.</param>
    /// <param name="location">As <see cref="Append"/> or <see cref="Load"/> gave it.</param>
    /// <param name="destination">As long as the entry; filled completely.</param>
    /// <returns><see langword="false"/> when the entry has been dropped meanwhile: it is in a segment.</returns>
    bool Read(string log, TailLocation location, Span<byte> destination);

    /// <summary>Forgets the entries below <paramref name="beforeIndex"/>, which are in a sealed segment by now.</summary>
    /// <remarks>It may keep them longer: a tail file goes when all of its entries may go.</remarks>
    void Drop(string log, long beforeIndex);
}
