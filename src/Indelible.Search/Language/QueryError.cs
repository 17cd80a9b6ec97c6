namespace Indelible.Search;

/// <summary>Why a query was refused, and where.</summary>
/// <param name="Position">The first character at fault, counted from 0 in UTF-16 units; the text's length when something is missing at
/// its end.</param>
/// <param name="Length">How many characters are at fault; 0 when something is missing.</param>
/// <param name="Message">What is wrong, as a sentence for the person who typed it.</param>
/// <param name="Expected">What could stand there instead.</param>
public sealed record QueryError(int Position, int Length, string Message, string Expected)
{
    /// <summary>The message, the place and what was expected, on one line.</summary>
    public override string ToString() => $"{Message} (at character {Position + 1}; expected {Expected})";
}
