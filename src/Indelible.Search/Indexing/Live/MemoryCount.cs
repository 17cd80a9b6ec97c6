namespace Indelible.Search;

/// <summary>What an index that fills takes in memory. Shared by all of its parts; the writer counts, anybody may read.</summary>
internal sealed class MemoryCount
{
    private long _bytes;

    /// <summary>Bytes.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Counts what was taken.</summary>
    public void Add(long bytes) => Volatile.Write(ref _bytes, _bytes + bytes);
}
