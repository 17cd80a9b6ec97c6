using System.Diagnostics.CodeAnalysis;

namespace Indelible.Search;

/// <summary>The name of a field: what stands before the colon of a clause.</summary>
public sealed class Field
{
    private Field(FieldPath path) => Path = path;

    /// <summary>The member names that lead to it from the entry's top. Lists are no step: what is in them stands at the list's own path.</summary>
    public IReadOnlyList<string> Names => Path.Segments;

    internal FieldPath Path { get; }

    /// <summary>The short names, each of which <see cref="TryParse"/> takes for a whole path.</summary>
    public static IReadOnlyList<string> ShortNames => FieldCatalogue.Names;

    /// <summary>The path's member names, from the entry's top.</summary>
    public IReadOnlyList<string> Segments => Path.Segments;

    /// <summary>Whether what stands there is a time.</summary>
    public bool IsTime => FieldCatalogue.KindOf(Path) == FieldKind.Time;

    /// <summary>Reads a path or a short name, as in a query.</summary>
    /// <param name="text">Untrusted.</param>
    /// <param name="field">The field, or null when the result is false.</param>
    /// <param name="error">What is wrong and where, or null when the result is true.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out Field? field, [NotNullWhen(false)] out QueryError? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        FieldPath? path = QueryParser.ParsePath(text, out error);
        field = path is null ? null : new Field(path);
        return field is not null;
    }

    /// <summary>The full path, as a query writes it.</summary>
    public override string ToString() => Path.ToString();
}
