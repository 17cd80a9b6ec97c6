using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Indelible.Merkle;

namespace Indelible.Privacy;

/// <summary>The byte layouts of construction A that sealing, opening and verifying share.</summary>
internal static class SealedContext
{
    public const int PaddingBlock = 32;

    /// <summary>T"com" ‖ 0x00, the domain of commitments.</summary>
    private static ReadOnlySpan<byte> CommitmentDomain => "indelible.dev/pii/v1 com\0"u8;

    public static bool Fits(string origin, string eventId, string pointer) =>
        Encoding.UTF8.GetByteCount(origin) <= ushort.MaxValue
        && Encoding.UTF8.GetByteCount(eventId) <= ushort.MaxValue
        && Encoding.UTF8.GetByteCount(pointer) <= ushort.MaxValue;

    /// <summary>ctx = LP(origin) ‖ LP(event id) ‖ LP(pointer). A seal moved to another field, event or log does not open there.</summary>
    /// <exception cref="ArgumentException">A part is longer than its 16-bit length can say.</exception>
    public static byte[] Encode(string origin, string eventId, string pointer)
    {
        if (!Fits(origin, eventId, pointer))
        {
            throw new ArgumentException("Origin, event id and pointer are at most 65,535 bytes each.");
        }

        byte[] context = new byte[
            6 + Encoding.UTF8.GetByteCount(origin) + Encoding.UTF8.GetByteCount(eventId) + Encoding.UTF8.GetByteCount(pointer)];
        int at = 0;
        foreach (string part in (ReadOnlySpan<string>)[origin, eventId, pointer])
        {
            int length = Encoding.UTF8.GetBytes(part, context.AsSpan(at + 2));
            BinaryPrimitives.WriteUInt16BigEndian(context.AsSpan(at), (ushort)length);
            at += 2 + length;
        }

        return context;
    }

    /// <summary>P: the value, padded with spaces to a multiple of <see cref="PaddingBlock"/>, so that its length tells less.</summary>
    public static byte[] Pad(ReadOnlySpan<byte> value)
    {
        byte[] padded = new byte[PaddedLength(value.Length)];
        value.CopyTo(padded);
        padded.AsSpan(value.Length).Fill((byte)' ');
        return padded;
    }

    public static int PaddedLength(int valueBytes) => (valueBytes + PaddingBlock - 1) / PaddingBlock * PaddingBlock;

    /// <summary>com = SHA256(T"com" ‖ 0x00 ‖ ctx ‖ r ‖ P).</summary>
    public static void Commit(ReadOnlySpan<byte> context, ReadOnlySpan<byte> r, ReadOnlySpan<byte> padded, Span<byte> commitment)
    {
        byte[] input = new byte[CommitmentDomain.Length + context.Length + r.Length + padded.Length];
        CommitmentDomain.CopyTo(input);
        context.CopyTo(input.AsSpan(CommitmentDomain.Length));
        r.CopyTo(input.AsSpan(CommitmentDomain.Length + context.Length));
        padded.CopyTo(input.AsSpan(input.Length - padded.Length));
        Sha256.HashData(input, commitment);
        CryptographicOperations.ZeroMemory(input);
    }
}
