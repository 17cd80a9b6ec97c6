using Indelible.Engine.Storage;

namespace Indelible.Engine.Reading;

/// <summary>Where the bytes of an entry of the tail lie: in a journal record or in a tail file.</summary>
/// <remarks>Two longs: there is one of these for every entry that is not sealed yet.</remarks>
internal readonly struct EntryLocation
{
    private readonly long _container;   // a record's number, or the complement of a tail file's first index
    private readonly int _offset;

    private EntryLocation(long container, int offset, int length)
    {
        _container = container;
        _offset = offset;
        Length = length;
    }

    /// <summary>The entry's length in bytes.</summary>
    public int Length { get; }

    /// <summary>Whether it lies in the journal, in a record below <paramref name="record"/>.</summary>
    public bool IsInJournalBefore(long record) => _container >= 0 && _container < record;

    /// <summary>A place in a journal record's payload.</summary>
    public static EntryLocation InJournal(long record, PayloadRange range) => new(record, range.Offset, range.Length);

    /// <summary>A place in a tail file.</summary>
    public static EntryLocation InTail(TailLocation location, int length) => new(~location.File, location.Offset, length);

    /// <summary>Reads the entry.</summary>
    /// <returns><see langword="false"/> when it has been moved meanwhile: ask the tail for its place again.</returns>
    public bool TryRead(IJournal journal, ITailStore tails, string log, Span<byte> destination) => _container >= 0
        ? journal.Read(_container, _offset, destination)
        : tails.Read(log, new TailLocation(~_container, _offset), destination);
}
