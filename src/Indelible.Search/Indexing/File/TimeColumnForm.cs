using System.Buffers.Binary;
using System.Numerics;

namespace Indelible.Search;

/// <summary>The form of a column of times in a file: 128 rows to a block, each as steps from the block's least.</summary>
/// <remarks>
/// <code>
/// column  = { block } in rows' order, then their steps
/// block   = base (8)  greatest (8)  place of its steps, in words from the column's first steps (4)  bits of a step (1)  unit (1)  whether a row has none (1)  zero (1)
/// steps   = for each row (instant − base) ÷ unit, in so many bits, the lowest first, in words of 64 bits; where a row has none, 0 stands for that and every other is one more
/// </code>
/// The unit is the coarsest of a second, a millisecond, a microsecond and a tick that loses nothing.
/// </remarks>
internal static class TimeColumnForm
{
    /// <summary>Bytes of a block before its steps.</summary>
    public const int HeadBytes = 24;

    private static ReadOnlySpan<long> Units => [1, 10, 10_000, 10_000_000];

    /// <summary>Writes a block.</summary>
    /// <param name="ticks">Its instants; −1 where there is none.</param>
    /// <param name="head">Receives the head.</param>
    /// <param name="steps">The steps of all blocks; receives those of this one.</param>
    public static void Write(ReadOnlySpan<long> ticks, Span<byte> head, ByteBuffer steps)
    {
        (long least, long greatest) = (long.MaxValue, -1L);
        bool hasNone = false;
        foreach (long tick in ticks)
        {
            hasNone |= tick < 0;
            least = tick < 0 ? least : Math.Min(least, tick);
            greatest = Math.Max(greatest, tick);
        }

        least = greatest < 0 ? 0 : least;
        int unit = Unit(ticks, least);
        ulong most = greatest < 0 ? 0 : (ulong)((greatest - least) / Units[unit]) + (hasNone ? 1u : 0);
        int bits = 64 - BitOperations.LeadingZeroCount(most);
        head.Clear();
        BinaryPrimitives.WriteInt64LittleEndian(head, least);
        BinaryPrimitives.WriteInt64LittleEndian(head[8..], greatest);
        BinaryPrimitives.WriteUInt32LittleEndian(head[16..], (uint)steps.Length / sizeof(ulong));
        (head[20], head[21], head[22]) = ((byte)bits, (byte)unit, hasNone ? (byte)1 : (byte)0);
        Span<byte> into = steps.Take(StepBytes(ticks.Length, bits));
        into.Clear();
        for (int i = 0; i < ticks.Length && bits > 0; i++)
        {
            ulong step = ticks[i] < 0 ? 0 : (ulong)((ticks[i] - least) / Units[unit]) + (hasNone ? 1u : 0);
            Put(into, i * bits, bits, step);
        }
    }

    /// <summary>Bytes of so many steps.</summary>
    public static int StepBytes(int count, int bits) => ((count * bits) + 63) / 64 * sizeof(ulong);

    /// <summary>Reads the head of a block.</summary>
    public static TimeBlockHead ReadHead(ReadOnlySpan<byte> head)
    {
        (int bits, int unit, int none) = (head[20], head[21], head[22]);
        if (bits > 63 || unit >= Units.Length || none > 1)
        {
            throw IndexCursor.Damaged("a block of times has a form that there is not");
        }

        return new TimeBlockHead(
            BinaryPrimitives.ReadInt64LittleEndian(head),
            BinaryPrimitives.ReadInt64LittleEndian(head[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(head[16..]) * (long)sizeof(ulong),
            bits,
            unit,
            none == 1);
    }

    /// <summary>Reads instants from their steps.</summary>
    public static void ReadSteps(ReadOnlySpan<byte> steps, in TimeBlockHead head, Span<long> into)
    {
        long ticks = Units[head.Unit];
        ulong mask = (1UL << head.Bits) - 1;
        for (int i = 0; i < into.Length; i++)
        {
            // A damaged file may give steps that overflow: then the instants are wrong, as they would be anyway.
            ulong step = head.Bits == 0 ? 0 : Get(steps, i * head.Bits, head.Bits) & mask;
            into[i] = !head.HasNone ? unchecked(head.Base + ((long)step * ticks)) : step == 0 ? -1 : unchecked(head.Base + ((long)(step - 1) * ticks));
        }
    }

    private static int Unit(ReadOnlySpan<long> ticks, long least)
    {
        for (int unit = Units.Length - 1; unit > 0; unit--)
        {
            int i = 0;
            while (i < ticks.Length && (ticks[i] < 0 || (ticks[i] - least) % Units[unit] == 0))
            {
                i++;
            }

            if (i == ticks.Length)
            {
                return unit;
            }
        }

        return 0;
    }

    private static void Put(Span<byte> words, int bit, int bits, ulong value)
    {
        int word = bit / 64 * sizeof(ulong);
        int shift = bit % 64;
        BinaryPrimitives.WriteUInt64LittleEndian(words[word..], BinaryPrimitives.ReadUInt64LittleEndian(words[word..]) | (value << shift));
        if (shift + bits > 64)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(words[(word + sizeof(ulong))..], value >> (64 - shift));
        }
    }

    private static ulong Get(ReadOnlySpan<byte> words, int bit, int bits)
    {
        int word = bit / 64 * sizeof(ulong);
        int shift = bit % 64;
        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(words[word..]) >> shift;
        return shift + bits > 64 ? value | (BinaryPrimitives.ReadUInt64LittleEndian(words[(word + sizeof(ulong))..]) << (64 - shift)) : value;
    }
}

/// <summary>What is known of a block of times without its steps.</summary>
/// <param name="Base">The least instant; 0 where there is none.</param>
/// <param name="Greatest">The greatest; −1 where there is none.</param>
/// <param name="Steps">Where its steps are, from the column's first.</param>
/// <param name="Bits">The bits of a step.</param>
/// <param name="Unit">The number of the unit.</param>
/// <param name="HasNone">Whether a row has none.</param>
internal readonly record struct TimeBlockHead(long Base, long Greatest, long Steps, int Bits, int Unit, bool HasNone)
{
    /// <summary>A block without any instant.</summary>
    public static readonly TimeBlockHead None = new(0, -1, 0, 0, 0, true);
}
