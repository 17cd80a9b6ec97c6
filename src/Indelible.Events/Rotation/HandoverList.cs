using System.Diagnostics.CodeAnalysis;
using Indelible.Proofs;

namespace Indelible.Rotation;

/// <summary>All handovers of a log as they are kept and served: one proof after the other, with an empty line between; no bytes at all where there is none.</summary>
/// <remarks>
/// A proof has two empty lines itself, before the checkpoint and before its signatures, and cannot have another: no line of a checkpoint
/// is empty. So every third one divides two handovers.
/// </remarks>
public static class HandoverList
{
    /// <summary>The most handovers that a list may have.</summary>
    public const int MaxCount = 1_000;

    /// <summary>The longest list that is read, in bytes.</summary>
    public const int MaxBytes = 16 << 20;

    private const int EmptyLinesWithin = 2;

    /// <summary>Reads a list.</summary>
    /// <param name="bytes">Untrusted.</param>
    /// <param name="handovers">The handovers, not verified, or null.</param>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out IReadOnlyList<TlogProof>? handovers)
    {
        handovers = null;
        var read = new List<TlogProof>();
        while (!bytes.IsEmpty)
        {
            ReadOnlySpan<byte> one = bytes[..LengthOfFirst(bytes)];
            if (read.Count == MaxCount || bytes.Length > MaxBytes || !TlogProof.TryParse(one, out TlogProof? proof))
            {
                return false;
            }

            read.Add(proof);

            // An empty line divides two; none follows the last.
            if (one.Length < bytes.Length && bytes.Length < one.Length + 2)
            {
                return false;
            }

            bytes = one.Length == bytes.Length ? [] : bytes[(one.Length + 1)..];
        }

        handovers = read;
        return true;
    }

    /// <summary>Reads a list.</summary>
    /// <exception cref="TlogFormatException">It is none.</exception>
    public static IReadOnlyList<TlogProof> Parse(ReadOnlySpan<byte> bytes) => TryParse(bytes, out IReadOnlyList<TlogProof>? handovers)
        ? handovers
        : throw new TlogFormatException($"{bytes.Length} bytes are not a list of handovers: proofs in the form c2sp.org/tlog-proof@v1 with an empty line between each two, at most {MaxCount}.");

    /// <summary>The list's bytes.</summary>
    public static byte[] Format(IEnumerable<TlogProof> handovers)
    {
        ArgumentNullException.ThrowIfNull(handovers);
        var list = new List<byte>();
        foreach (TlogProof handover in handovers)
        {
            if (list.Count > 0)
            {
                list.Add((byte)'\n');
            }

            list.AddRange(handover.Format());
        }

        return [.. list];
    }

    /// <summary>Where the first handover ends: behind the LF that the third empty line follows, or at the end.</summary>
    private static int LengthOfFirst(ReadOnlySpan<byte> bytes)
    {
        int at = 0;
        for (int emptyLines = 0; ; emptyLines++)
        {
            int next = bytes[at..].IndexOf("\n\n"u8);
            if (next < 0)
            {
                return bytes.Length;
            }

            if (emptyLines == EmptyLinesWithin)
            {
                return at + next + 1;
            }

            at += next + 2;
        }
    }
}
