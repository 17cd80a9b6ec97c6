using System.IO.Hashing;

namespace Indelible.Search;

/// <summary>Tells of a term that it is not in a dictionary, without looking into it; wrong about one in a hundred.</summary>
/// <remarks>
/// A Bloom filter in blocks of 256 bits, one bit in each of a block's eight words, ten bits for each term: one place in memory is touched. A fuse filter takes a tenth less and is wrong
/// half as often, but has to be built by trial, and reading a damaged one can go anywhere.
/// </remarks>
internal static class TermFilter
{
    /// <summary>Words of a block.</summary>
    public const int BlockWords = 8;

    private const int BitsPerTerm = 10;

    // Odd numbers that scatter the lower half of a hash over the bits of each word.
    private static ReadOnlySpan<uint> Salts => [0x9E7EA419, 0xD1C9BC71, 0x80A4DF5B, 0xF38B2FFD, 0x8306D03B, 0xA5AEC797, 0xDC28FF91, 0xF3F49249];

    /// <summary>Words of 32 bits that a filter of so many terms takes.</summary>
    public static int Words(int terms) => Math.Max(1, (int)(((long)terms * BitsPerTerm) + 255) / 256) * BlockWords;

    /// <summary>The hash of a term.</summary>
    public static ulong Hash(uint tag, ReadOnlySpan<byte> term) => XxHash3.HashToUInt64(term, tag);

    /// <summary>Adds a term.</summary>
    public static void Add(Span<uint> filter, ulong hash)
    {
        Span<uint> block = filter.Slice(Block(filter.Length, hash), BlockWords);
        for (int i = 0; i < BlockWords; i++)
        {
            block[i] |= Bit(hash, i);
        }
    }

    /// <summary>Whether a term may have been added.</summary>
    public static bool MayContain(ReadOnlySpan<uint> filter, ulong hash)
    {
        ReadOnlySpan<uint> block = filter.Slice(Block(filter.Length, hash), BlockWords);
        uint missing = 0;
        for (int i = 0; i < BlockWords; i++)
        {
            missing |= Bit(hash, i) & ~block[i];
        }

        return missing == 0;
    }

    private static int Block(int words, ulong hash) => (int)(((hash >> 32) * (ulong)(words / BlockWords)) >> 32) * BlockWords;

    private static uint Bit(ulong hash, int word) => 1u << (int)(((uint)hash * Salts[word]) >> 27);
}
