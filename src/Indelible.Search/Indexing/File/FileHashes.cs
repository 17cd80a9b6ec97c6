namespace Indelible.Search;

/// <summary>The hashed column of one path of an index file.</summary>
internal sealed class FileHashes(IndexContent content, IndexedHashes column) : IHashedStrings
{
    public int Count => column.Counts.Sum();

    public int Bits => HashedColumn.KeptBits(column.BucketBits);

    public void AddHashes(int part, RowSet? within, List<uint> into)
    {
        using IndexMemory.Hold hold = content.Memory.Use();
        content.AddHashes(column, part, within, into);
    }

    public void AddRows(uint hash, int bits, RowSet into)
    {
        using IndexMemory.Hold hold = content.Memory.Use();
        content.AddTo(column, hash, bits, into);
    }
}
