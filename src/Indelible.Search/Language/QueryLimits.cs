namespace Indelible.Search;

/// <summary>Every bound put on a query, whoever wrote it.</summary>
/// <remarks>
/// A query is evaluated against every entry of a log, so its size is multiplied by the log's: the bounds keep the work for one entry
/// below (bytes of the entry) x (bytes of the query), whatever the patterns say.
/// </remarks>
public static class QueryLimits
{
    /// <summary>The longest query text in UTF-8 bytes: 8 KiB. It holds for the text as written and for its canonical form.</summary>
    public const int MaxTextBytes = 8 * 1024;

    /// <summary>How deep a tree may be, its clauses counted: 32.</summary>
    public const int MaxDepth = 32;

    /// <summary>How deep parentheses and negations may nest in a text before they are simplified: 128.</summary>
    public const int MaxNesting = 4 * MaxDepth;

    /// <summary>The most clauses (tests of a field or of the text) in one query: 512.</summary>
    public const int MaxClauses = 512;

    /// <summary>The most values in one list, <c>action:(a, b, c)</c>: 256.</summary>
    public const int MaxListItems = 256;

    /// <summary>The most wildcards (<c>*</c> and <c>?</c>) in one value: 16.</summary>
    public const int MaxWildcards = 16;

    /// <summary>The most segments of one path: 32, the greatest depth of an entry.</summary>
    public const int MaxPathSegments = 32;

    /// <summary>The most significant digits of a number that is compared as a number: 64.</summary>
    public const int MaxNumberDigits = 64;
}
