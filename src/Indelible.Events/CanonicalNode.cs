namespace Indelible.Events;

/// <summary>One value or member name of a <see cref="CanonicalDocument"/>, by its place in the canonical bytes.</summary>
/// <param name="Start">The first byte; of a string or name, its opening quote.</param>
/// <param name="Kind">What the value is; a name is a string.</param>
internal record struct CanonicalNode(int Start, JsonKind Kind)
{
    /// <summary>The byte after the last.</summary>
    public int End;

    /// <summary>The node after this value and all within it.</summary>
    public int Next;
}
