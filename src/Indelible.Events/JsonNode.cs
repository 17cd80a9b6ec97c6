namespace Indelible.Events;

internal enum JsonKind : byte
{
    Object,
    Array,
    String,
    Number,
    True,
    False,
    Null,
}

/// <summary>One value or member name on a <see cref="JsonTape"/>. A member is two nodes: its name, then its value.</summary>
internal struct JsonNode
{
    /// <summary>
    /// Where the decoded text of a string, or the canonical text of a number, starts; of an object, its slot in the order, or -1.
    /// </summary>
    public int Start;

    /// <summary>Bytes of the text; members of an object; items of an array.</summary>
    public int Length;

    /// <summary>The node after this value and all within it; 0 while it is being read.</summary>
    public int Next;

    public JsonKind Kind;

    /// <summary>Whether the decoded text holds something that the canonical form escapes.</summary>
    public bool NeedsEscape;
}
