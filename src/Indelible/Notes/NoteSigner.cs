namespace Indelible.Notes;

/// <summary>Signs notes under one name and key.</summary>
public abstract class NoteSigner
{
    /// <summary>The key's name.</summary>
    public abstract string Name { get; }

    /// <summary>The key's id.</summary>
    public abstract uint KeyId { get; }

    /// <summary>Signs a note's text.</summary>
    /// <param name="text">The text, its last LF included.</param>
    /// <returns>The bytes that follow the key id in the signature line.</returns>
    public abstract byte[] Sign(ReadOnlySpan<byte> text);
}
