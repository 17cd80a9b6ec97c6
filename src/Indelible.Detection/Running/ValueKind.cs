namespace Indelible.Detection;

/// <summary>What stands at a place of an entry.</summary>
internal enum ValueKind
{
    String,
    Number,

    /// <summary><c>true</c> or <c>false</c>.</summary>
    Word,
    Null,

    /// <summary>An object or a list.</summary>
    Group,
}
