namespace Indelible.Search;

/// <summary>The strings at one path of a chunk that are kept as hashes, to be counted. Thread-safe.</summary>
/// <remarks>Equal strings have equal hashes, in every chunk. What hashes alike need not be equal: hashes are of folded words, and only their upper <see cref="Bits"/> are kept.</remarks>
internal interface IHashedStrings
{
    /// <summary>Into how many parts the hashes are divided by their upper bits: 128.</summary>
    const int Parts = 1 << PartBits;

    /// <summary>How many bits of a hash tell its part: 7.</summary>
    const int PartBits = 7;

    /// <summary>How many values there are; one that a row has twice counts twice.</summary>
    int Count { get; }

    /// <summary>How many upper bits of each hash are kept, 16 to 32. The others are 0.</summary>
    int Bits { get; }

    /// <summary>Adds the hashes of one part, once for each row that has it, in any order.</summary>
    /// <param name="part">Which, from 0 to <see cref="Parts"/> − 1.</param>
    /// <param name="within">The rows that are counted; null for all.</param>
    /// <param name="into">Receives the hashes.</param>
    /// <exception cref="IndexDamagedException">The index proved damaged.</exception>
    void AddHashes(int part, RowSet? within, List<uint> into);

    /// <summary>Adds the rows whose hash begins with the same bits.</summary>
    /// <param name="hash">The hash.</param>
    /// <param name="bits">How many of its upper bits count, 16 to <see cref="Bits"/>.</param>
    /// <param name="into">Receives the rows.</param>
    /// <exception cref="IndexDamagedException">The index proved damaged.</exception>
    void AddRows(uint hash, int bits, RowSet into);
}
