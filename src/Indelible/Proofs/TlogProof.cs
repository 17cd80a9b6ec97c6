using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Indelible.Merkle;
using Indelible.Notes;

namespace Indelible.Proofs;

/// <summary>An inclusion proof as a file that verifies offline, <b>not verified</b>. c2sp.org/tlog-proof. Immutable.</summary>
/// <remarks>
/// <code>
/// c2sp.org/tlog-proof@v1
/// extra base64                 optional, and signed by nobody
/// index decimal
/// base64 of a hash             none or more, the leaf's sibling first
///                              an empty line
/// the checkpoint, a signed note
/// </code>
/// </remarks>
public sealed class TlogProof
{
    private const string Header = "c2sp.org/tlog-proof@v1";
    private const string ExtraPrefix = "extra ";
    private const string IndexPrefix = "index ";
    private const int MaxHashes = 63;
    private const int MaxBytes = SignedNote.MaxBytes + 100_000;

    /// <summary>A proof of its parts.</summary>
    /// <param name="index">The leaf index.</param>
    /// <param name="hashes">The inclusion proof, at most 63 hashes.</param>
    /// <param name="checkpoint">The signed note, byte for byte.</param>
    /// <param name="extra">What an application adds; nobody vouches for it.</param>
    public TlogProof(long index, IReadOnlyList<Hash> hashes, ReadOnlyMemory<byte> checkpoint, ReadOnlyMemory<byte>? extra = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentNullException.ThrowIfNull(hashes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(hashes.Count, MaxHashes, nameof(hashes));
        Index = index;
        Hashes = hashes;
        Checkpoint = checkpoint;
        Extra = extra;
    }

    /// <summary>The leaf index that it claims.</summary>
    public long Index { get; }

    /// <summary>The inclusion proof.</summary>
    public IReadOnlyList<Hash> Hashes { get; }

    /// <summary>The signed note, byte for byte.</summary>
    public ReadOnlyMemory<byte> Checkpoint { get; }

    /// <summary>What an application added, or null. Nobody vouches for it.</summary>
    public ReadOnlyMemory<byte>? Extra { get; }

    /// <summary>Reads a proof file.</summary>
    /// <param name="bytes">Untrusted.</param>
    /// <param name="proof">The proof, or null.</param>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out TlogProof? proof)
    {
        proof = null;
        int divide = bytes.IndexOf("\n\n"u8);
        if (bytes.Length > MaxBytes || divide < 0 || !CanonicalText.TryDecode(bytes[..divide], out string head)
            || !SignedNote.TryParse(bytes[(divide + 2)..], out _))
        {
            return false;
        }

        string[] lines = head.Split('\n');
        int at = 1;
        ReadOnlyMemory<byte>? extra = null;
        if (lines.Length > at && lines[at].StartsWith(ExtraPrefix, StringComparison.Ordinal))
        {
            if (!CanonicalText.TryParseBase64(lines[at++][ExtraPrefix.Length..], out byte[] decoded))
            {
                return false;
            }

            extra = decoded;
        }

        if (lines[0] != Header || lines.Length <= at || lines.Length - at - 1 > MaxHashes
            || !lines[at].StartsWith(IndexPrefix, StringComparison.Ordinal)
            || !CanonicalText.TryParseDecimal(lines[at].AsSpan(IndexPrefix.Length), out long index))
        {
            return false;
        }

        var hashes = new Hash[lines.Length - at - 1];
        for (int i = 0; i < hashes.Length; i++)
        {
            if (!Hash.TryParseBase64(lines[at + 1 + i], out hashes[i]))
            {
                return false;
            }
        }

        proof = new TlogProof(index, hashes, bytes[(divide + 2)..].ToArray(), extra);
        return true;
    }

    /// <summary>Reads a proof file.</summary>
    /// <exception cref="TlogFormatException">It is not one.</exception>
    public static TlogProof Parse(ReadOnlySpan<byte> bytes) => TryParse(bytes, out TlogProof? proof)
        ? proof
        : throw new TlogFormatException($"{bytes.Length} bytes are not a proof in the form c2sp.org/tlog-proof@v1.");

    /// <summary>The file's bytes.</summary>
    public byte[] Format()
    {
        var head = new StringBuilder(Header).Append('\n');
        if (Extra is { } extra)
        {
            head.Append(ExtraPrefix).Append(Convert.ToBase64String(extra.Span)).Append('\n');
        }

        head.Append(IndexPrefix).Append(CultureInfo.InvariantCulture, $"{Index}\n");
        foreach (Hash hash in Hashes)
        {
            head.Append(hash.ToBase64()).Append('\n');
        }

        return [.. Encoding.UTF8.GetBytes(head.Append('\n').ToString()), .. Checkpoint.Span];
    }

    /// <summary>Verifies that an entry is in the log, under the log's signed checkpoint.</summary>
    /// <param name="entry">The entry's exact bytes; untrusted.</param>
    /// <param name="origin">The log that the caller means.</param>
    /// <param name="logKey">The log's key, pinned by the caller.</param>
    /// <returns>What was proven.</returns>
    /// <exception cref="TlogFormatException">The checkpoint is not one.</exception>
    /// <exception cref="VerificationException">It does not prove this.</exception>
    public VerifiedInclusion Verify(ReadOnlySpan<byte> entry, string origin, NoteVerifier logKey) =>
        Verify(entry, VerifiedCheckpoint.Verify(Checkpoint.Span, origin, logKey));

    /// <summary>Verifies that an entry is in the log, under a checkpoint that is verified already: by a policy, say.</summary>
    /// <param name="entry">The entry's exact bytes; untrusted.</param>
    /// <param name="checkpoint">What <see cref="Checkpoint"/> was verified to.</param>
    /// <returns>What was proven.</returns>
    /// <exception cref="VerificationException">It does not prove this.</exception>
    public VerifiedInclusion Verify(ReadOnlySpan<byte> entry, VerifiedCheckpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        Hash leaf = TreeHasher.Leaf(entry);
        return InclusionProof.Verify(leaf, Index, checkpoint.Head, [.. Hashes])
            ? new VerifiedInclusion(Index, leaf, checkpoint)
            : throw new VerificationException(
                $"The proof does not lead from an entry of hash {leaf} at index {Index} to the root {checkpoint.Head.Root} of {checkpoint.Head.Size} entries.");
    }
}
