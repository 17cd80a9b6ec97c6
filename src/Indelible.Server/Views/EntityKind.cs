using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using Indelible.Search;

namespace Indelible.Server.Views;

/// <summary>What an entity can be, such as an actor, a target or an address: whatever has a short name in the query language and is no time.</summary>
internal sealed class EntityKind
{
    private readonly bool _isTyped;

    private EntityKind(string name, Field field)
    {
        Name = name;
        Field = field;

        // Addresses have several spellings, and networks are entities as well; a status is a number. What else there is are texts.
        _isTyped = name is "ip" or "status";
    }

    /// <summary>Every kind, in the order of the names.</summary>
    public static IReadOnlyList<EntityKind> All { get; } = [.. Field.ShortNames.Select(name => new EntityKind(name, FieldOf(name))).Where(kind => !kind.Field.IsTime)];

    /// <summary>Who acts.</summary>
    public static EntityKind Actor { get; } = Of("actor");

    /// <summary>What is acted on.</summary>
    public static EntityKind Target { get; } = Of("target");

    /// <summary>A session.</summary>
    public static EntityKind Session { get; } = Of("session");

    /// <summary>A trace.</summary>
    public static EntityKind Trace { get; } = Of("trace");

    /// <summary>The short name.</summary>
    public string Name { get; }

    /// <summary>Where its id stands in an entry.</summary>
    public Field Field { get; }

    /// <summary>The kind of a name.</summary>
    public static bool TryFind(string name, [NotNullWhen(true)] out EntityKind? kind) => (kind = All.FirstOrDefault(one => one.Name == name)) is not null;

    /// <summary>The field of a name that there is.</summary>
    public static Field FieldOf(string name) => Field.TryParse(name, out Field? field, out _) ? field : throw new ArgumentException($"There is no field {name}.", nameof(name));

    /// <summary>What selects the entries of one entity.</summary>
    /// <param name="id">Its id: the whole value; of addresses also a network.</param>
    /// <param name="query">The query, where the result is true.</param>
    /// <param name="error">What is wrong, where it is false.</param>
    public bool TryQuery(string id, [NotNullWhen(true)] out Query? query, [NotNullWhen(false)] out QueryError? error) => TryEqual(Field, id, _isTyped, out query, out error);

    /// <summary>What selects the entries of one entity whose id an entry has.</summary>
    public Query QueryOf(string id) => Equal(Field, id);

    /// <summary>What selects the entries that have exactly a text at a field.</summary>
    /// <param name="field">The field.</param>
    /// <param name="value">The text; as long as an entry's may be.</param>
    public static Query Equal(Field field, string value) => TryEqual(field, value, isTyped: false, out Query? query, out QueryError? error) ? query : throw new ArgumentException(error.Message, nameof(value));

    // By the tree, where nothing need be put in quotes.
    private static bool TryEqual(Field field, string value, bool isTyped, [NotNullWhen(true)] out Query? query, [NotNullWhen(false)] out QueryError? error) => Query.TryFromJson(
        new JsonObject { ["op"] = "equals", ["path"] = new JsonArray([.. field.Segments.Select(segment => (JsonNode)segment)]), ["value"] = value, ["typed"] = isTyped }, out query, out error);

    private static EntityKind Of(string name) => TryFind(name, out EntityKind? kind) ? kind : throw new ArgumentException($"There is no kind {name}.", nameof(name));
}
