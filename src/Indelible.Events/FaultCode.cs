namespace Indelible.Events;

/// <summary>The stable codes of <see cref="Fault"/>.</summary>
/// <remarks>New codes may come; these keep their meaning for ever, because callers branch on them.</remarks>
public static class FaultCode
{
    /// <summary>
    /// The bytes are not JSON (RFC 8259), or more than JSON: a byte order mark, a comment, a trailing comma, bytes after the end.
    /// </summary>
    public const string InvalidJson = "invalid-json";

    /// <summary>A required member is absent.</summary>
    public const string Missing = "missing";

    /// <summary>A value has another JSON type than the schema wants.</summary>
    public const string WrongType = "wrong-type";

    /// <summary>The schema does not know this member at this place.</summary>
    public const string UnknownMember = "unknown-member";

    /// <summary>The member is written by the server alone: the envelope, or a name that starts with <c>$</c>.</summary>
    public const string ReservedMember = "reserved-member";

    /// <summary>An object has two members of the same name.</summary>
    public const string DuplicateMember = "duplicate-member";

    /// <summary>A text, a value or the whole is longer than its limit.</summary>
    public const string TooLong = "too-long";

    /// <summary>The nesting is deeper than its limit.</summary>
    public const string TooDeep = "too-deep";

    /// <summary>An array or object holds more than its limit.</summary>
    public const string TooMany = "too-many";

    /// <summary>A value is outside the form or the list of values that the schema gives.</summary>
    public const string BadFormat = "bad-format";

    /// <summary>A number is outside ±(2^53−1), or its canonical form would denote another decimal value than the text sent.</summary>
    public const string BadNumber = "bad-number";

    /// <summary>A text is not valid Unicode: a lone surrogate, or bytes that are not UTF-8.</summary>
    public const string BadString = "bad-string";

    /// <summary>The member is well-formed but may not stand beside the others of this event.</summary>
    public const string NotAllowed = "not-allowed";
}
