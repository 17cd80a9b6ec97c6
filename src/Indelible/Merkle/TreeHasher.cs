using System.Buffers;
using System.Security.Cryptography;

namespace Indelible.Merkle;

/// <summary>The two hash functions of the tree, and the hash of no entries at all.</summary>
/// <remarks>
/// RFC 6962, section 2.1. Leaves are prefixed with 0x00 and interior nodes with 0x01, which keeps them in separate domains: nobody
/// can present an interior node as an entry, or an entry as an interior node. Thread-safe.
/// </remarks>
public static class TreeHasher
{
    private const int StackBytes = 1024;

    /// <summary>The root of the tree with no leaves: SHA-256 of zero bytes.</summary>
    public static Hash EmptyRoot { get; } = new(SHA256.HashData(ReadOnlySpan<byte>.Empty));

    /// <summary>Computes the hash of a leaf: SHA-256(0x00 ‖ entry).</summary>
    /// <param name="entry">The entry's bytes, of any length; the length prefix of an entry bundle is not part of them.</param>
    public static Hash Leaf(ReadOnlySpan<byte> entry)
    {
        Span<byte> hash = stackalloc byte[Hash.Size];
        byte[]? rented = null;
        Span<byte> input = entry.Length < StackBytes
            ? stackalloc byte[StackBytes]
            : (rented = ArrayPool<byte>.Shared.Rent(entry.Length + 1));
        input[0] = 0x00;
        entry.CopyTo(input[1..]);
        Sha256.HashData(input[..(entry.Length + 1)], hash);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return new Hash(hash);
    }

    /// <summary>Computes the hash of an interior node: SHA-256(0x01 ‖ left ‖ right).</summary>
    /// <param name="left">The left child's hash.</param>
    /// <param name="right">The right child's hash.</param>
    public static Hash Node(in Hash left, in Hash right)
    {
        // Assembled on the stack: this runs once per interior node of every append.
        Span<byte> input = stackalloc byte[1 + Hash.Size + Hash.Size];
        input[0] = 0x01;
        left.CopyTo(input[1..]);
        right.CopyTo(input[(1 + Hash.Size)..]);
        Span<byte> hash = stackalloc byte[Hash.Size];
        Sha256.HashData(input, hash);
        return new Hash(hash);
    }
}
