using System.Text.Json;
using Indelible.Search;

namespace Indelible.Server.Views;

/// <summary>What an entry has in common with others, as its reader sees it: what he is not shown of it is in no group.</summary>
internal sealed class Surroundings
{
    private static readonly Field s_id = EntityKind.FieldOf("id");
    private static readonly Field s_relatesTo = EntityKind.FieldOf("relates_to");
    private static readonly Field s_causation = EntityKind.FieldOf("causation");
    private static readonly Field s_targetType = EntityKind.FieldOf("targets.type");

    private Surroundings(IReadOnlyList<ContextGroup> groups, IReadOnlyList<ContextLink> links)
    {
        Groups = groups;
        Links = links;
    }

    /// <summary>The entry's actor, session, trace and targets, where it has them.</summary>
    public IReadOnlyList<ContextGroup> Groups { get; }

    /// <summary>Events that it names, and those that name it.</summary>
    public IReadOnlyList<ContextLink> Links { get; }

    /// <summary>Reads an entry.</summary>
    /// <param name="view">It as its reader sees it.</param>
    public static Surroundings Of(ReadOnlyMemory<byte> view)
    {
        using JsonDocument document = JsonDocument.Parse(view);
        JsonElement entry = document.RootElement;
        var groups = new List<ContextGroup>();
        foreach (EntityKind kind in (EntityKind[])[EntityKind.Actor, EntityKind.Session, EntityKind.Trace])
        {
            if (Text(entry, kind.Field) is { } id)
            {
                groups.Add(new ContextGroup(kind, id, null, kind.QueryOf(id)));
            }
        }

        if (entry.TryGetProperty("targets", out JsonElement targets) && targets.ValueKind == JsonValueKind.Array)
        {
            groups.AddRange(targets.EnumerateArray()
                .Select(target => (Type: Text(target, "type"), Id: Text(target, "id")))
                .Where(target => target.Id is not null)
                .Distinct()
                .Select(target => new ContextGroup(EntityKind.Target, target.Id!, target.Type, target.Type is null
                    ? EntityKind.Target.QueryOf(target.Id!)
                    : EntityKind.Equal(s_targetType, target.Type).And(EntityKind.Target.QueryOf(target.Id!)))));
        }

        string? own = Text(entry, s_id);
        (string By, Field Field, string? Id)[] links =
        [
            ("relates_to", s_id, Text(entry, s_relatesTo)), ("related_by", s_relatesTo, own), ("caused_by", s_id, Text(entry, s_causation)), ("causes", s_causation, own),
        ];
        return new Surroundings(groups, [.. links.Where(link => link.Id is not null).Select(link => new ContextLink(link.By, link.Id!, EntityKind.Equal(link.Field, link.Id!)))]);
    }

    private static string? Text(JsonElement entry, Field field)
    {
        foreach (string segment in field.Segments.SkipLast(1))
        {
            if (entry.ValueKind != JsonValueKind.Object || !entry.TryGetProperty(segment, out entry))
            {
                return null;
            }
        }

        return Text(entry, field.Segments[^1]);
    }

    // What is sealed, erased or removed is an object, and nothing is known of it.
    private static string? Text(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

/// <summary>What an entry has in common with others.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Id">Which one.</param>
/// <param name="Type">Of a target, its type.</param>
/// <param name="Query">What selects the entries that have it.</param>
internal sealed record ContextGroup(EntityKind Kind, string Id, string? Type, Query Query);

/// <summary>Events that name one another.</summary>
/// <param name="By">How, seen from the entry: <c>relates_to</c>, <c>related_by</c>, <c>caused_by</c> or <c>causes</c>.</param>
/// <param name="Id">The id that is named.</param>
/// <param name="Query">What selects those at the other end.</param>
internal sealed record ContextLink(string By, string Id, Query Query);
