using System.Buffers.Binary;
using System.Numerics;

namespace Indelible.Search;

/// <summary>The form of a block of times: 128 rows, each as steps from the least. In a file, and in memory as soon as the block is full.</summary>
/// <remarks>
/// <code>
/// column  = { block } in rows' order, then their steps
/// block   = base (8)  greatest (8)  place of its steps, in words from the column's first steps (4)  bits of a step (1)  unit (1)  whether a row has none (1)  zero (1)
/// steps   = for each row (instant − base) ÷ unit, in so many bits, the lowest first, in words of 64 bits; where a row has none, 0 stands for that and every other is one more
/// </code>
/// The unit is the coarsest of a second, a millisecond, a microsecond and a tick that loses nothing.
/// </remarks>
internal static class TimeBlockForm
{
    /// <summary>Bytes of a block before its steps.</summary>
    public const int HeadBytes = 24;

    private static ReadOnlySpan<long> Units => [1, 10, 10_000, 10_000_000];

    /// <summary>Finds the form of a block.</summary>
    /// <param name="ticks">Its instants; −1 where there is none.</param>
    /// <param name="stepsAt">Where its steps will be.</param>
    public static TimeBlockHead HeadOf(ReadOnlySpan<long> ticks, long stepsAt)
    {
        (long least, long greatest) = (long.MaxValue, -1L);
        bool hasNone = false;
        foreach (long tick in ticks)
        {
            hasNone |= tick < 0;
            least = tick < 0 ? least : Math.Min(least, tick);
            greatest = Math.Max(greatest, tick);
        }

        if (greatest < 0)
        {
            return TimeBlockHead.None;
        }

        int unit = Unit(ticks, least);
        ulong most = (ulong)((greatest - least) / Units[unit]) + (hasNone ? 1u : 0);
        return new TimeBlockHead(least, greatest, stepsAt, 64 - BitOperations.LeadingZeroCount(most), unit, hasNone);
    }

    /// <summary>Writes the head of a block.</summary>
    public static void WriteHead(in TimeBlockHead head, Span<byte> into)
    {
        into.Clear();
        BinaryPrimitives.WriteInt64LittleEndian(into, head.Base);
        BinaryPrimitives.WriteInt64LittleEndian(into[8..], head.Greatest);
        BinaryPrimitives.WriteUInt32LittleEndian(into[16..], (uint)(head.Steps / sizeof(ulong)));
        (into[20], into[21], into[22]) = ((byte)head.Bits, (byte)head.Unit, head.HasNone ? (byte)1 : (byte)0);
    }

    /// <summary>Writes the steps of a block.</summary>
    public static void WriteSteps(in TimeBlockHead head, ReadOnlySpan<long> ticks, Span<byte> into)
    {
        into.Clear();
        for (int i = 0; i < ticks.Length && head.Bits > 0; i++)
        {
            ulong step = ticks[i] < 0 ? 0 : (ulong)((ticks[i] - head.Base) / Units[head.Unit]) + (head.HasNone ? 1u : 0);
            Put(into, i * head.Bits, head.Bits, step);
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
