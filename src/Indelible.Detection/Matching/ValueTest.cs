using System.Net;
using System.Text.RegularExpressions;

namespace Indelible.Detection;

/// <summary>What is asked of one value. Two tests that ask the same are equal: rules share them.</summary>
internal abstract record ValueTest;

/// <summary>A string, or a number or truth value by its JSON spelling, fits a pattern.</summary>
/// <param name="Pattern">The pattern.</param>
/// <param name="IsCased">Whether capital letters count.</param>
internal sealed record TextTest(TextPattern Pattern, bool IsCased) : ValueTest;

/// <summary>A string, or a spelling as above, has a place that a regular expression fits.</summary>
/// <param name="Expression">The expression.</param>
/// <param name="Options">Its options; always among them <see cref="RegexOptions.NonBacktracking"/>, so that matching takes time in the length of the text alone.</param>
internal sealed record RegexTest(string Expression, RegexOptions Options) : ValueTest;

/// <summary>A string is an address inside a network.</summary>
internal sealed record NetworkTest(IPNetwork Network) : ValueTest;

/// <summary>A number, or a string that spells one, compares so.</summary>
internal sealed record NumberTest(Comparison Comparison, double Value) : ValueTest;

/// <summary>A part of an instant, in UTC, compares so.</summary>
internal sealed record TimeTest(TimePart Part, Comparison Comparison, double Value) : ValueTest;

/// <summary>The field is absent, or null.</summary>
internal sealed record NullTest : ValueTest;

/// <summary>The field is there, whatever its value.</summary>
internal sealed record ExistsTest : ValueTest;

/// <summary>The value is that of another field, or begins with, ends with or contains it.</summary>
/// <param name="Other">The other field's name as the rule has it.</param>
/// <param name="Where">Where the other's value stands in this one.</param>
/// <param name="IsCased">Whether capital letters count.</param>
internal sealed record ReferenceTest(string Other, TextPlace Where, bool IsCased) : ValueTest;

/// <summary>Where a text stands in another.</summary>
internal enum TextPlace
{
    /// <summary>It is all of it.</summary>
    Whole,

    /// <summary>At its beginning.</summary>
    Start,

    /// <summary>At its end.</summary>
    End,

    /// <summary>Anywhere.</summary>
    Anywhere,
}

/// <summary>How a number is compared.</summary>
internal enum Comparison
{
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// <summary>A part of an instant (Sigma 2.1, time modifiers).</summary>
internal enum TimePart
{
    Minute,
    Hour,
    Day,

    /// <summary>The week of ISO 8601, 1 to 53.</summary>
    Week,
    Month,
    Year,
}
