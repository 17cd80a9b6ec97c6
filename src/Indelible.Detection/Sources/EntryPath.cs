using System.Collections.Immutable;

namespace Indelible.Detection;

/// <summary>The way to a value of an entry: names of members. Lists are no step.</summary>
internal readonly record struct EntryPath(ImmutableArray<string> Names) : IEquatable<EntryPath>
{
    /// <summary>Reads names with dots between them; none is the entry itself.</summary>
    public static EntryPath Parse(string text) => new(text.Length == 0 ? [] : [.. text.Split('.')]);

    /// <inheritdoc/>
    public bool Equals(EntryPath other) => Names.AsSpan().SequenceEqual(other.Names.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => string.Join('.', Names).GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => string.Join('.', Names);
}
