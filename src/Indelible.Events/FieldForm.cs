namespace Indelible.Events;

/// <summary>What a value must look like.</summary>
internal enum FieldForm : byte
{
    /// <summary>Any text, bounded by <see cref="FieldRule.Most"/>.</summary>
    Text,

    /// <summary>One of <see cref="FieldRule.Values"/>.</summary>
    OneOf,
    Schema,
    Id,
    Action,
    Time,
    IpAddress,
    LowerHex,
    TypeName,
    WebAddress,
    JsonPointer,
    Boolean,

    /// <summary>An integer from <see cref="FieldRule.Least"/> to <see cref="FieldRule.Most"/>.</summary>
    Integer,
    Object,

    /// <summary>An array of at most <see cref="FieldRule.Most"/> items, each by <see cref="FieldRule.Item"/>.</summary>
    List,

    /// <summary>An object of texts whose names are the caller's.</summary>
    Labels,

    /// <summary>The caller's own object, with <c>original</c> held apart.</summary>
    Data,

    /// <summary>Any value within the limits of <c>data</c>.</summary>
    Free,
}
