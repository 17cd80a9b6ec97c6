using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Indelible.Search;

/// <summary>The form of a hashed column in a file: rows by hash, four bytes each and an eighth.</summary>
/// <remarks>
/// <code>
/// segment  = end of each of its 32 buckets, in values from its first (2 bytes each, or 4 where the segment has more than 65,535)
///            for each value the bits of its hash behind those that name the bucket (2 bytes)  for each value its row (2 bytes)
/// </code>
/// The upper bits of a hash name its bucket, so many that a bucket has 16 to 32 values; the next 16 bits tell them apart. A value is found by touching its segment, of some two
/// thousand bytes; where segments begin stays in memory.
/// </remarks>
internal static class HashedColumn
{
    /// <summary>Buckets of a segment.</summary>
    public const int BucketsPerSegment = 32;

    private const int ValuesPerBucket = 16;
    private const int MaxBucketBits = 16;
    private const int MaxShort = ushort.MaxValue;

    /// <summary>How many bits name a bucket, for so many values.</summary>
    public static int BucketBits(int values) => Math.Min(MaxBucketBits, BitOperations.Log2((uint)Math.Max(1, values / ValuesPerBucket)));

    /// <summary>How many segments there are, for so many bits.</summary>
    public static int Segments(int bucketBits) => Math.Max(1, (1 << bucketBits) / BucketsPerSegment);

    /// <summary>Writes a column.</summary>
    /// <param name="values">Hash in the upper bits, row in the lower 16; put in order here.</param>
    /// <param name="bucketBits">How many bits name a bucket.</param>
    /// <param name="into">Receives the segments.</param>
    /// <param name="counts">Receives how many values each segment has.</param>
    public static void Write(Span<ulong> values, int bucketBits, ByteBuffer into, Span<int> counts)
    {
        values.Sort();
        int buckets = 1 << bucketBits;
        int perSegment = Math.Min(BucketsPerSegment, buckets);
        Span<int> ends = stackalloc int[BucketsPerSegment];
        int next = 0;
        for (int segment = 0; segment < counts.Length; segment++)
        {
            int first = next;
            for (int bucket = 0; bucket < perSegment; bucket++)
            {
                while (next < values.Length && Bucket((uint)(values[next] >> 16), bucketBits) == (segment * perSegment) + bucket)
                {
                    next++;
                }

                ends[bucket] = next - first;
            }

            counts[segment] = next - first;
            WriteSegment(values[first..next], ends[..perSegment], bucketBits, into);
        }
    }

    /// <summary>Bytes of a segment with so many values.</summary>
    public static int SegmentBytes(int count, int bucketBits) => (Math.Min(BucketsPerSegment, 1 << bucketBits) * EndBytes(count)) + (count * 4);

    /// <summary>Which segment has a hash.</summary>
    public static int Segment(uint hash, int bucketBits) => Bucket(hash, bucketBits) / Math.Min(BucketsPerSegment, 1 << bucketBits);

    /// <summary>Adds the rows of a segment whose hash begins with the same bits, 16 or more of those that are kept.</summary>
    public static void AddTo(ReadOnlySpan<byte> segment, int count, uint hash, int bits, int bucketBits, RowSet into)
    {
        int perSegment = Math.Min(BucketsPerSegment, 1 << bucketBits);
        int bucket = Bucket(hash, bucketBits) % perSegment;
        int first = bucket == 0 ? 0 : End(segment, bucket - 1, count);
        int end = End(segment, bucket, count);
        if (first > end || end > count)
        {
            throw IndexCursor.Damaged("a bucket ends before it begins");
        }

        ReadOnlySpan<byte> values = segment[(perSegment * EndBytes(count))..];
        ushort rest = Rest(hash, bucketBits);
        for (int i = first; i < end; i++)
        {
            if ((BinaryPrimitives.ReadUInt16LittleEndian(values[(2 * i)..]) ^ rest) >> (KeptBits(bucketBits) - bits) == 0)
            {
                into.Add(BinaryPrimitives.ReadUInt16LittleEndian(values[(2 * (count + i))..]));
            }
        }
    }

    /// <summary>How many upper bits of each hash are kept.</summary>
    public static int KeptBits(int bucketBits) => bucketBits + 16;

    /// <summary>The least hash of a part (<see cref="IHashedStrings.Parts"/>).</summary>
    public static uint FirstOf(int part) => (uint)part << (32 - IHashedStrings.PartBits);

    /// <summary>The greatest hash of a part.</summary>
    public static uint LastOf(int part) => FirstOf(part) | (uint.MaxValue >> IHashedStrings.PartBits);

    /// <summary>Adds the hashes of a segment that lie in a part, each once for each row.</summary>
    public static void AddHashes(ReadOnlySpan<byte> segment, int count, int number, int bucketBits, int part, RowSet? within, List<uint> into)
    {
        int perSegment = Math.Min(BucketsPerSegment, 1 << bucketBits);
        int firstBucket = Math.Max(0, Bucket(FirstOf(part), bucketBits) - (number * perSegment));
        int lastBucket = Math.Min(perSegment - 1, Bucket(LastOf(part), bucketBits) - (number * perSegment));
        ReadOnlySpan<ushort> rests = MemoryMarshal.Cast<byte, ushort>(segment[(perSegment * EndBytes(count))..]);
        ReadOnlySpan<ushort> rows = rests[count..];
        int at = firstBucket == 0 ? 0 : End(segment, firstBucket - 1, count);
        for (int bucket = firstBucket; bucket <= lastBucket; bucket++)
        {
            uint upper = (uint)((ulong)((number * perSegment) + bucket) << (32 - bucketBits));
            int end = End(segment, bucket, count);
            for (int first = at; at < end; at++)
            {
                ushort row = Little(rows[at]);
                uint hash = upper | ((uint)Little(rests[at]) << (16 - bucketBits));
                bool isAgain = at > first && row == Little(rows[at - 1]) && rests[at] == rests[at - 1];
                if (!isAgain && hash >> (32 - IHashedStrings.PartBits) == (uint)part && (within is null || within.Contains(row)))
                {
                    into.Add(hash);
                }
            }
        }
    }

    private static ushort Little(ushort value) => BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);

    private static int Bucket(uint hash, int bucketBits) => (int)((ulong)hash >> (32 - bucketBits));

    private static ushort Rest(uint hash, int bucketBits) => (ushort)((hash << bucketBits) >> 16);

    private static int EndBytes(int count) => count > MaxShort ? sizeof(uint) : sizeof(ushort);

    private static int End(ReadOnlySpan<byte> segment, int bucket, int count)
    {
        uint end = count > MaxShort ? BinaryPrimitives.ReadUInt32LittleEndian(segment[(4 * bucket)..]) : BinaryPrimitives.ReadUInt16LittleEndian(segment[(2 * bucket)..]);
        return end <= (uint)count ? (int)end : throw IndexCursor.Damaged("a bucket ends behind its segment");
    }

    private static void WriteSegment(ReadOnlySpan<ulong> values, ReadOnlySpan<int> ends, int bucketBits, ByteBuffer into)
    {
        foreach (int end in ends)
        {
            if (values.Length > MaxShort)
            {
                into.WriteUInt32((uint)end);
            }
            else
            {
                into.WriteUInt16((ushort)end);
            }
        }

        Span<byte> rest = into.Take(values.Length * 4);
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(rest[(2 * i)..], Rest((uint)(values[i] >> 16), bucketBits));
            BinaryPrimitives.WriteUInt16LittleEndian(rest[(2 * (values.Length + i))..], (ushort)values[i]);
        }
    }
}
