using System.Buffers.Binary;

namespace Indelible.Search;

/// <summary>Addresses of one family between two ends, both included, as 128 bits: IPv4 as <c>::ffff:a.b.c.d</c>.</summary>
internal readonly record struct AddressRange(UInt128 Low, UInt128 High, bool IsV4)
{
    /// <summary>The bytes of an address as a term of an index.</summary>
    public const int TermBytes = 16;

    private static readonly UInt128 s_mapped = (UInt128)0xFFFF << 32;

    /// <summary>All addresses of a family.</summary>
    public static AddressRange All(bool isV4) => isV4 ? new(s_mapped, s_mapped | uint.MaxValue, true) : new(UInt128.MinValue, UInt128.MaxValue, false);

    /// <summary>An address of a family in 128 bits.</summary>
    public static UInt128 Widen(bool isV4, UInt128 value) => isV4 ? s_mapped | value : value;

    /// <summary>Whether an address, as a term, is in it.</summary>
    public bool Contains(ReadOnlySpan<byte> term)
    {
        UInt128 address = BinaryPrimitives.ReadUInt128BigEndian(term);
        return address >= Low && address <= High && IsV4 == (address >> 32 == (UInt128)0xFFFF);
    }

    /// <summary>Whether an address, as a term, lies behind it.</summary>
    public bool IsBefore(ReadOnlySpan<byte> term) => BinaryPrimitives.ReadUInt128BigEndian(term) > High;

    /// <summary>The first address as a term.</summary>
    public byte[] FirstTerm()
    {
        byte[] term = new byte[TermBytes];
        BinaryPrimitives.WriteUInt128BigEndian(term, Low);
        return term;
    }
}
