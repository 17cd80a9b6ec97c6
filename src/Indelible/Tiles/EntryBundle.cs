using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Indelible.Tiles;

/// <summary>The bytes of an entry bundle: for each entry its length in 16 bits, big-endian, and its bytes. c2sp.org/tlog-tiles.</summary>
public static class EntryBundle
{
    /// <summary>The longest entry that the length can say.</summary>
    public const int MaxEntryBytes = 65_535;

    /// <summary>Appends an entry.</summary>
    /// <param name="bundle">Receives 2 bytes and the entry.</param>
    /// <param name="entry">At most <see cref="MaxEntryBytes"/> bytes.</param>
    /// <exception cref="ArgumentException">The entry is longer.</exception>
    public static void WriteEntry(IBufferWriter<byte> bundle, ReadOnlySpan<byte> entry)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        if (entry.Length > MaxEntryBytes)
        {
            throw new ArgumentException($"An entry has at most {MaxEntryBytes} bytes, not {entry.Length}.", nameof(entry));
        }

        Span<byte> span = bundle.GetSpan(2 + entry.Length);
        BinaryPrimitives.WriteUInt16BigEndian(span, (ushort)entry.Length);
        entry.CopyTo(span[2..]);
        bundle.Advance(2 + entry.Length);
    }

    /// <summary>Divides a bundle into its entries.</summary>
    /// <param name="bundle">Untrusted.</param>
    /// <param name="count">How many entries it must hold, to the last byte.</param>
    /// <param name="entries">Slices of <paramref name="bundle"/>, in order.</param>
    public static bool TryParse(ReadOnlyMemory<byte> bundle, int count, [NotNullWhen(true)] out ReadOnlyMemory<byte>[]? entries)
    {
        entries = null;
        if (count < 0 || bundle.Length < 2L * count)
        {
            return false;
        }

        var found = new ReadOnlyMemory<byte>[count];
        int at = 0;
        for (int i = 0; i < count; i++)
        {
            if (bundle.Length - at < 2)
            {
                return false;
            }

            int length = BinaryPrimitives.ReadUInt16BigEndian(bundle.Span[at..]);
            at += 2;
            if (bundle.Length - at < length)
            {
                return false;
            }

            found[i] = bundle.Slice(at, length);
            at += length;
        }

        entries = at == bundle.Length ? found : null;
        return entries is not null;
    }
}
