using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Indelible.Notes;

/// <summary>One signature line of a note, not verified.</summary>
/// <param name="Name">The name that it gives.</param>
/// <param name="KeyId">The key id that it gives.</param>
/// <param name="Bytes">The signature.</param>
public sealed record NoteSignature(string Name, uint KeyId, ReadOnlyMemory<byte> Bytes);

/// <summary>A text with signatures, <b>not verified</b>; <see cref="Verify"/> makes a <see cref="VerifiedNote"/> of it. c2sp.org/signed-note. Immutable.</summary>
/// <remarks>
/// <code>
/// text, every line ended by LF          signed, the last LF included
///                                       one empty line
/// — name base64(key id ‖ signature)     one or more lines, each ended by LF
/// </code>
/// The text may hold empty lines itself: the last one divides. Parsing accepts what formats back to the same bytes and nothing else.
/// </remarks>
public sealed class SignedNote
{
    /// <summary>The longest note that is read, in bytes.</summary>
    public const int MaxBytes = 1_000_000;

    /// <summary>The most signatures that are read; specifications ask for at least 16.</summary>
    public const int MaxSignatures = 100;

    private const string LinePrefix = "— ";
    private const int KeyIdBytes = 4;

    private SignedNote(byte[] text, IReadOnlyList<NoteSignature> signatures)
    {
        Text = text;
        Signatures = signatures;
    }

    /// <summary>The text, its last LF included.</summary>
    public ReadOnlyMemory<byte> Text { get; }

    /// <summary>The signature lines, in order.</summary>
    public IReadOnlyList<NoteSignature> Signatures { get; }

    /// <summary>Reads a note.</summary>
    /// <param name="bytes">Untrusted.</param>
    /// <param name="note">The note, or null.</param>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SignedNote? note)
    {
        note = null;
        int divide = bytes.LastIndexOf("\n\n"u8);
        if (bytes.Length > MaxBytes || divide < 0 || bytes[^1] != (byte)'\n' || !CanonicalText.TryDecode(bytes, out _))
        {
            return false;
        }

        ReadOnlySpan<byte> lines = bytes[(divide + 2)..];
        var signatures = new List<NoteSignature>();
        while (!lines.IsEmpty)
        {
            int end = lines.IndexOf((byte)'\n');
            if (signatures.Count == MaxSignatures || !TryParseLine(Encoding.UTF8.GetString(lines[..end]), out NoteSignature? signature))
            {
                return false;
            }

            signatures.Add(signature);
            lines = lines[(end + 1)..];
        }

        note = signatures.Count == 0 ? null : new SignedNote(bytes[..(divide + 1)].ToArray(), signatures);
        return note is not null;
    }

    /// <summary>Reads a note.</summary>
    /// <exception cref="TlogFormatException">It is not one.</exception>
    public static SignedNote Parse(ReadOnlySpan<byte> bytes) => TryParse(bytes, out SignedNote? note)
        ? note
        : throw new TlogFormatException($"{bytes.Length} bytes are not a signed note: text, an empty line, and signature lines that begin with an em dash.");

    /// <summary>Signs a text.</summary>
    /// <param name="text">Valid UTF-8 without control characters other than LF, ended by LF.</param>
    /// <param name="signers">One or more; their lines come in this order.</param>
    /// <exception cref="ArgumentException">The text cannot be that of a note.</exception>
    public static SignedNote Sign(ReadOnlySpan<byte> text, params ReadOnlySpan<NoteSigner> signers)
    {
        if (text.IsEmpty || text[^1] != (byte)'\n' || !CanonicalText.TryDecode(text, out _))
        {
            throw new ArgumentException("The text of a note is UTF-8 without control characters, and ends in LF.", nameof(text));
        }

        if (signers.IsEmpty)
        {
            throw new ArgumentException("A note has at least one signature.", nameof(signers));
        }

        var signatures = new List<NoteSignature>(signers.Length);
        foreach (NoteSigner signer in signers)
        {
            signatures.Add(new NoteSignature(signer.Name, signer.KeyId, signer.Sign(text)));
        }

        return new SignedNote(text.ToArray(), signatures);
    }

    /// <summary>The note's bytes.</summary>
    public byte[] ToBytes()
    {
        var lines = new StringBuilder("\n");
        Span<byte> keyId = stackalloc byte[KeyIdBytes];
        foreach (NoteSignature signature in Signatures)
        {
            BinaryPrimitives.WriteUInt32BigEndian(keyId, signature.KeyId);
            byte[] signed = [.. keyId, .. signature.Bytes.Span];
            lines.Append(LinePrefix).Append(signature.Name).Append(' ').Append(Convert.ToBase64String(signed)).Append('\n');
        }

        return [.. Text.Span, .. Encoding.UTF8.GetBytes(lines.ToString())];
    }

    /// <summary>Verifies the signatures of the given keys.</summary>
    /// <param name="verifiers">The keys that the caller knows. Lines of others are ignored, even where only the name or only the id is known.</param>
    /// <exception cref="VerificationException">None of these keys has signed, or a signature under one of them is wrong: then the whole note is refused.</exception>
    public VerifiedNote Verify(params ReadOnlySpan<NoteVerifier> verifiers)
    {
        var vouching = new List<NoteVerifier>();
        foreach (NoteSignature signature in Signatures)
        {
            foreach (NoteVerifier verifier in verifiers)
            {
                // A second line of the same key says nothing new and is passed over.
                if (verifier.Name != signature.Name || verifier.KeyId != signature.KeyId || vouching.Contains(verifier))
                {
                    continue;
                }

                if (!verifier.Verify(Text.Span, signature.Bytes.Span))
                {
                    throw new VerificationException($"The signature of {verifier.Name}+{verifier.KeyId:x8} is not over this text.");
                }

                vouching.Add(verifier);
            }
        }

        return vouching.Count > 0
            ? new VerifiedNote(Text, vouching)
            : throw new VerificationException($"None of the {verifiers.Length} known keys has signed this note; it has signatures by {string.Join(", ", Signatures.Select(s => $"{s.Name}+{s.KeyId:x8}"))}.");
    }

    private static bool TryParseLine(string line, [NotNullWhen(true)] out NoteSignature? signature)
    {
        signature = null;
        string[] parts = line.StartsWith(LinePrefix, StringComparison.Ordinal) ? line[LinePrefix.Length..].Split(' ') : [];
        if (parts.Length != 2 || !KeyName.IsValid(parts[0]) || !CanonicalText.TryParseBase64(parts[1], out byte[] bytes) || bytes.Length <= KeyIdBytes)
        {
            return false;
        }

        signature = new NoteSignature(parts[0], BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes.AsMemory(KeyIdBytes));
        return true;
    }
}
