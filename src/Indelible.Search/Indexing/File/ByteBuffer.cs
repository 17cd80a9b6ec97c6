using System.Buffers;
using System.Buffers.Binary;

namespace Indelible.Search;

/// <summary>Bytes that grow; rented, given back by <see cref="Dispose"/>. Not thread-safe.</summary>
internal sealed class ByteBuffer : IDisposable
{
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(4096);

    /// <summary>How many there are.</summary>
    public int Length { get; private set; }

    /// <summary>What was written.</summary>
    public Span<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>Room for more bytes, which count as written; their content is undefined.</summary>
    public Span<byte> Take(int count)
    {
        int length = checked(Length + count);
        if (length > _bytes.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(length, _bytes.Length * 2));
            Written.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }

        Length = length;
        return _bytes.AsSpan(length - count, count);
    }

    /// <summary>Appends bytes.</summary>
    public void Write(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    /// <summary>Appends a number, 7 bits to a byte, the lowest first.</summary>
    public void WriteNumber(uint value)
    {
        Span<byte> bytes = stackalloc byte[5];
        int length = 0;
        for (; value >= 0x80; value >>= 7)
        {
            bytes[length++] = (byte)(value | 0x80);
        }

        bytes[length++] = (byte)value;
        Write(bytes[..length]);
    }

    /// <summary>Appends 16 bits.</summary>
    public void WriteUInt16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Take(2), value);

    /// <summary>Appends 32 bits.</summary>
    public void WriteUInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(4), value);

    /// <summary>Appends 64 bits.</summary>
    public void WriteUInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(8), value);

    /// <summary>Appends zeros up to a multiple of a power of two.</summary>
    public void Align(int to)
    {
        int rest = -Length & (to - 1);
        Take(rest).Clear();
    }

    /// <summary>Forgets what was written.</summary>
    public void Clear() => Length = 0;

    /// <summary>Forgets what was written from a place on.</summary>
    public void Shorten(int length) => Length = Math.Min(Length, length);

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        if (_bytes.Length > 0)
        {
            // It may hold personal values in clear.
            ArrayPool<byte>.Shared.Return(_bytes, clearArray: true);
            _bytes = [];
            Length = 0;
        }
    }
}
