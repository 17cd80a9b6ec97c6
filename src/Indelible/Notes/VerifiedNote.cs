namespace Indelible.Notes;

/// <summary>A note's text, vouched for by at least one key that the caller knows. Only <see cref="SignedNote.Verify"/> makes one.</summary>
public sealed class VerifiedNote
{
    internal VerifiedNote(ReadOnlyMemory<byte> text, IReadOnlyList<NoteVerifier> vouching)
    {
        Text = text;
        Vouching = vouching;
    }

    /// <summary>The text, its last LF included.</summary>
    public ReadOnlyMemory<byte> Text { get; }

    /// <summary>The keys whose signatures were verified.</summary>
    public IReadOnlyList<NoteVerifier> Vouching { get; }
}
