namespace Indelible;

/// <summary>Foreign bytes are not in the one canonical form of what they claim to be.</summary>
/// <remarks>Nothing was changed. The message names what was read, what was found and what was expected.</remarks>
public sealed class TlogFormatException : FormatException
{
    /// <summary>Makes the exception with a message that names the thing, the value seen and the value wanted.</summary>
    public TlogFormatException(string message)
        : base(message)
    {
    }
}
