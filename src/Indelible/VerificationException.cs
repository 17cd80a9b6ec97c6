namespace Indelible;

/// <summary>Well-formed bytes do not prove what they claim: a signature, a hash or a path does not lead where it should.</summary>
/// <remarks>Never caught to be logged and forgotten: whoever catches it tells the user that the thing is not valid.</remarks>
public sealed class VerificationException : Exception
{
    /// <summary>Makes the exception with a message that carries the facts: origin, size, index, key, expected and found.</summary>
    public VerificationException(string message)
        : base(message)
    {
    }
}
