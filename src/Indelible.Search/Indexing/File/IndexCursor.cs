using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Indelible.Search;

/// <summary>Reads what <see cref="ByteBuffer"/> wrote, and says so where it ends too early. Believes nothing: whatever the bytes are, it stays within them.</summary>
internal ref struct IndexCursor(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>The next byte's place.</summary>
    public int Position { get; private set; }

    /// <summary>How many bytes are left.</summary>
    public readonly int Left => _bytes.Length - Position;

    /// <summary>What an index says that is damaged in a way that no checksum showed.</summary>
    public static IndexDamagedException Damaged(string what) => new($"The index file is damaged: {what}.");

    /// <summary>Takes bytes.</summary>
    public ReadOnlySpan<byte> Take(int count)
    {
        if ((uint)count > (uint)Left)
        {
            throw Damaged("something in it is longer than what is there");
        }

        Position += count;
        return _bytes.Slice(Position - count, count);
    }

    /// <summary>Takes a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Number()
    {
        // Most are short.
        int at = Position;
        if ((uint)at < (uint)_bytes.Length && _bytes[at] < 0x80)
        {
            Position = at + 1;
            return _bytes[at];
        }

        return LongNumber();
    }

    private uint LongNumber()
    {
        uint value = 0;
        for (int shift = 0; shift < 35; shift += 7)
        {
            byte next = Take(1)[0];
            value |= (uint)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw Damaged("a number has no end");
    }

    /// <summary>Takes a number that counts something or is a place, below a bound.</summary>
    public int Number(int bound)
    {
        uint value = Number();
        return value < (uint)bound ? (int)value : throw Damaged($"a number is {value}, and must be below {bound}");
    }

    /// <summary>Takes 16 bits.</summary>
    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    /// <summary>Takes 32 bits.</summary>
    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    /// <summary>Takes 64 bits.</summary>
    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>Passes over what aligned the writer.</summary>
    public void Align(int to) => Take(-Position & (to - 1));
}
