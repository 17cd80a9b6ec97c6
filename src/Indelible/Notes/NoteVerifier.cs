namespace Indelible.Notes;

/// <summary>Verifies the signatures of one name and key.</summary>
public abstract class NoteVerifier
{
    /// <summary>The key's name.</summary>
    public abstract string Name { get; }

    /// <summary>The key's id.</summary>
    public abstract uint KeyId { get; }

    /// <summary>Whether a signature is this key's over this text.</summary>
    /// <param name="text">The text, its last LF included; untrusted.</param>
    /// <param name="signature">The bytes that follow the key id in the signature line; untrusted.</param>
    public abstract bool Verify(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature);
}
