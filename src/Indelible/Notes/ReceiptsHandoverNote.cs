using System.Diagnostics.CodeAnalysis;

namespace Indelible.Notes;

/// <summary>One receipts' key's handing over to the next. <b>Not verified</b> unless it comes of <see cref="Verify"/>. Our own construction C. Immutable.</summary>
/// <param name="Old">The key that signs no receipts any more.</param>
/// <param name="New">The key that signs them now.</param>
/// <remarks>
/// The text of a note that both keys sign: the old one says who follows, the new one that it is at hand.
/// <code>
/// indelible.dev/receipts-handover/v1
/// vkey of the old key
/// vkey of the new key
/// </code>
/// </remarks>
public sealed record ReceiptsHandoverNote(VerifierKey Old, VerifierKey New)
{
    /// <summary>The first line of the text.</summary>
    public const string Header = "indelible.dev/receipts-handover/v1";

    /// <summary>Reads the text of a note.</summary>
    /// <param name="text">Untrusted.</param>
    /// <param name="note">The statement, or null.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, [NotNullWhen(true)] out ReceiptsHandoverNote? note)
    {
        note = null;
        if (!CanonicalText.TryDecode(text, out string decoded))
        {
            return false;
        }

        string[] lines = decoded.Split('\n');
        if (lines.Length != 4 || lines[0] != Header || lines[3].Length != 0
            || !VerifierKey.TryParse(lines[1], out VerifierKey? old) || !VerifierKey.TryParse(lines[2], out VerifierKey? next) || old.Name != next.Name || old == next)
        {
            return false;
        }

        note = new ReceiptsHandoverNote(old, next);
        return true;
    }

    /// <summary>Reads a signed note and verifies that both keys have signed it.</summary>
    /// <param name="note">Untrusted.</param>
    /// <param name="verifierOf">Makes a verifier of a key, or null where its type cannot be verified.</param>
    /// <exception cref="TlogFormatException">The bytes are not such a note.</exception>
    /// <exception cref="VerificationException">A key has not signed it.</exception>
    public static ReceiptsHandoverNote Verify(ReadOnlySpan<byte> note, Func<VerifierKey, NoteVerifier?> verifierOf)
    {
        ArgumentNullException.ThrowIfNull(verifierOf);
        SignedNote signed = SignedNote.Parse(note);
        if (!TryParse(signed.Text.Span, out ReceiptsHandoverNote? statement))
        {
            throw new TlogFormatException($"The note is not one of a handover of receipts: {Header}, the old key and the new one, each on a line.");
        }

        NoteVerifier?[] keys = [verifierOf(statement.Old), verifierOf(statement.New)];
        return keys is [{ } old, { } next] && signed.Verify(old, next).Vouching.Count == keys.Length
            ? statement
            : throw new VerificationException($"The handover of receipts from {statement.Old.KeyId:x8} to {statement.New.KeyId:x8} is not signed by both.");
    }

    /// <summary>The text, to be signed by both keys.</summary>
    public byte[] Format() => System.Text.Encoding.UTF8.GetBytes($"{Header}\n{Old}\n{New}\n");
}
