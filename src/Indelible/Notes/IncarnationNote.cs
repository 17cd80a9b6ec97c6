using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Indelible.Merkle;

namespace Indelible.Notes;

/// <summary>What the key of a finished log says about the log that goes on in its place. <b>Not verified.</b> Our own construction E. Immutable.</summary>
/// <param name="Origin">The finished log.</param>
/// <param name="Size">How many of its entries were restored.</param>
/// <param name="Root">Their root.</param>
/// <param name="Successor">The key of the new log; its name is the new log's origin.</param>
public sealed record IncarnationNote(string Origin, long Size, Hash Root, VerifierKey Successor)
{
    /// <summary>The first line of the text.</summary>
    public const string Header = "indelible.dev/incarnation/v1";

    /// <summary>Reads the text of a note.</summary>
    /// <param name="text">Untrusted.</param>
    /// <param name="note">The statement, or null.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, [NotNullWhen(true)] out IncarnationNote? note)
    {
        note = null;
        if (!CanonicalText.TryDecode(text, out string decoded))
        {
            return false;
        }

        string[] lines = decoded.Split('\n');
        if (lines.Length != 6 || lines[0] != Header || lines[1].Length == 0 || lines[5].Length != 0 || Encoding.UTF8.GetByteCount(lines[1]) > KeyName.MaxBytes
            || !CanonicalText.TryParseDecimal(lines[2], out long size) || !Hash.TryParseBase64(lines[3], out Hash root)
            || !VerifierKey.TryParse(lines[4], out VerifierKey? successor) || (size == 0 && root != TreeHasher.EmptyRoot))
        {
            return false;
        }

        note = new IncarnationNote(lines[1], size, root, successor);
        return true;
    }

    /// <summary>Reads a signed note and verifies that the finished log's key has signed it.</summary>
    /// <param name="note">Untrusted.</param>
    /// <param name="oldKey">The finished log's key, pinned by the caller; its name is that log's origin.</param>
    /// <exception cref="TlogFormatException">The bytes are not such a note.</exception>
    /// <exception cref="VerificationException">That key has not signed it, or it is about another log.</exception>
    public static IncarnationNote Verify(ReadOnlySpan<byte> note, NoteVerifier oldKey)
    {
        ArgumentNullException.ThrowIfNull(oldKey);
        VerifiedNote verified = SignedNote.Parse(note).Verify(oldKey);
        if (!TryParse(verified.Text.Span, out IncarnationNote? statement))
        {
            throw new TlogFormatException($"The note is not one of an incarnation: {Header}, origin, size, root and the new key, each on a line.");
        }

        return statement.Origin == oldKey.Name
            ? statement
            : throw new VerificationException($"The note ends the log {statement.Origin}, but it is signed by {oldKey.Name}.");
    }

    /// <summary>The text, to be signed.</summary>
    public byte[] Format() => Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"{Header}\n{Origin}\n{Size}\n{Root.ToBase64()}\n{Successor}\n"));
}
