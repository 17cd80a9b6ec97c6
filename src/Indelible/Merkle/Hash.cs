using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Indelible.Merkle;

/// <summary>A SHA-256 hash: 32 bytes held in place, so that trees of them cost no allocation.</summary>
/// <remarks>
/// Used for leaf hashes, interior nodes and roots alike; which one it is, the name of the variable says. A value type with no
/// invariant: the default is 32 zero bytes. Safe to share between threads.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
public readonly struct Hash : IEquatable<Hash>
{
    /// <summary>The length of a hash in bytes.</summary>
    public const int Size = 32;

    /// <summary>The length of a hash in standard base64 with padding, in characters.</summary>
    public const int Base64Length = 44;

    private readonly ulong _a, _b, _c, _d;

    /// <summary>Copies a hash out of <paramref name="bytes"/>.</summary>
    /// <param name="bytes">Exactly <see cref="Size"/> bytes.</param>
    /// <exception cref="ArgumentException">The span has another length.</exception>
    public Hash(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
        {
            throw new ArgumentException($"A hash is {Size} bytes, not {bytes.Length}.", nameof(bytes));
        }

        this = MemoryMarshal.Read<Hash>(bytes);
    }

    /// <summary>The bytes of this hash, in place.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> Bytes => MemoryMarshal.AsBytes(new ReadOnlySpan<Hash>(in this));

    /// <summary>Writes the <see cref="Size"/> bytes to the start of <paramref name="destination"/>.</summary>
    /// <exception cref="ArgumentException">The destination is shorter than <see cref="Size"/>.</exception>
    public void CopyTo(Span<byte> destination) => MemoryMarshal.Write(destination, in this);

    /// <summary>Reads a hash from standard base64 with padding, in its one canonical spelling.</summary>
    /// <param name="text">Untrusted characters; exactly <see cref="Base64Length"/> of them.</param>
    /// <param name="hash">The hash, or the default when the result is <see langword="false"/>.</param>
    /// <returns>Whether the text is the one canonical base64 form of 32 bytes: no white space, no stray padding bits.</returns>
    public static bool TryParseBase64(ReadOnlySpan<char> text, out Hash hash)
    {
        hash = default;
        Span<byte> bytes = stackalloc byte[Size + 1];
        if (text.Length != Base64Length || !Convert.TryFromBase64Chars(text, bytes, out int written) || written != Size)
        {
            return false;
        }

        // The decoder skips white space and ignores the unused bits of the last character, so the same hash would have several
        // spellings; re-encoding leaves one.
        Span<char> again = stackalloc char[Base64Length];
        if (!Convert.TryToBase64Chars(bytes[..Size], again, out int length) || !text.SequenceEqual(again[..length]))
        {
            return false;
        }

        hash = new Hash(bytes[..Size]);
        return true;
    }

    /// <summary>The hash in standard base64 with padding, as checkpoints and proofs spell it.</summary>
    public string ToBase64() => Convert.ToBase64String(Bytes);

    /// <summary>The hash in lower-case hexadecimal, as people and published vectors spell it.</summary>
    public override string ToString() => Convert.ToHexStringLower(Bytes);

    /// <inheritdoc/>
    /// <remarks>Not constant-time: hashes of a public tree are no secrets.</remarks>
    public bool Equals(Hash other) => _a == other._a && _b == other._b && _c == other._c && _d == other._d;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Hash other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => unchecked((int)BinaryPrimitives.ReverseEndianness(_a));

    /// <summary>Whether both are the same 32 bytes.</summary>
    public static bool operator ==(Hash left, Hash right) => left.Equals(right);

    /// <summary>Whether they differ in any byte.</summary>
    public static bool operator !=(Hash left, Hash right) => !left.Equals(right);
}
