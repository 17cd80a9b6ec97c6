namespace Indelible.Search;

/// <summary>The strings of one path of a chunk that fills, as its hashes were at one moment.</summary>
/// <param name="values">Hash in the upper bits, row in the lower 16; in order.</param>
internal sealed class LiveHashes(ulong[] values) : IHashedStrings
{
    private const int RowBits = 16;

    public int Count => values.Length;

    public int Bits => 32;

    public void AddHashes(int part, RowSet? within, List<uint> into)
    {
        ulong last = ulong.MaxValue;
        for (int i = Place((ulong)part << (32 - IHashedStrings.PartBits)); i < values.Length && values[i] >> (RowBits + 32 - IHashedStrings.PartBits) == (ulong)part; i++)
        {
            if (values[i] != last && (within is null || within.Contains((ushort)values[i])))
            {
                into.Add((uint)(values[i] >> RowBits));
            }

            last = values[i];
        }
    }

    public void AddRows(uint hash, int bits, RowSet into)
    {
        ulong end = hash + (1UL << (32 - bits));
        for (int i = Place(hash); i < values.Length && values[i] >> RowBits < end; i++)
        {
            into.Add((ushort)values[i]);
        }
    }

    /// <summary>Where the first value is whose hash is not less.</summary>
    private int Place(ulong hash)
    {
        (int low, int high) = (0, values.Length);
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = values[middle] >> RowBits < hash ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
