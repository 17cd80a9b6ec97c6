using System.Collections.Frozen;
using System.Text.Json;

namespace Indelible.Search;

/// <summary>How <c>field:value</c> compares.</summary>
internal enum FieldKind
{
    /// <summary>The whole value, case and all: ids, names of things, enumerations.</summary>
    Exact,

    /// <summary>Words in it, case ignored: sentences and names of people.</summary>
    Text,

    /// <summary>A bare value is the whole value, a quoted one is a phrase in it: what the application chose to put there.</summary>
    Free,

    /// <summary>An instant: every value is a time or a span of time.</summary>
    Time,
}

/// <summary>The names of fields: short forms and kinds. The tables of docs/query-language.md; entries are only ever added.</summary>
/// <remarks>
/// Saved queries (alerts, permissions, exports) are kept as canonical text, whose meaning rests on the kinds: changing one would change
/// what an old query selects.
/// </remarks>
internal static class FieldCatalogue
{
    private static readonly FrozenDictionary<string, string[]> ShortNames = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["actor"] = ["actor", "id"],
        ["target"] = ["targets", "id"],
        ["ip"] = ["source", "ip"],
        ["session"] = ["auth", "session_id"],
        ["trace"] = ["trace", "trace_id"],
        ["span"] = ["trace", "span_id"],
        ["correlation"] = ["trace", "correlation_id"],
        ["causation"] = ["trace", "causation_id"],
        ["service"] = ["service", "name"],
        ["env"] = ["service", "environment"],
        ["decision"] = ["decision", "effect"],
        ["status"] = ["request", "status"],
        ["route"] = ["request", "route"],
        ["subject"] = ["data_subjects"],
        ["role"] = ["actor", "roles"],
        ["group"] = ["actor", "groups"],
        ["email"] = ["actor", "email"],
        ["classification"] = ["targets", "classification"],
        ["ticket"] = ["reason", "ticket"],
        ["code"] = ["outcome_code"],
        ["principal"] = ["ingest", "principal"],
        ["received"] = ["received_at"],
        ["observed"] = ["observed_time"],
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>First segments that may be written in the singular: <c>target.type</c> is <c>targets.type</c>.</summary>
    private static readonly FrozenDictionary<string, string> Singulars = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["target"] = "targets",
        ["label"] = "labels",
        ["change"] = "changes",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenSet<string> Members = FrozenSet.ToFrozenSet(
        [
            "schema", "id", "time", "observed_time", "kind", "action", "category", "operation", "outcome", "outcome_code", "outcome_reason",
            "decision", "actor", "auth", "targets", "data_subjects", "source", "service", "request", "trace", "relates_to", "changes",
            "reason", "message", "labels", "data", "truncated", "producer", "received_at", "ingest", "salt",
        ],
        StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, FieldKind> Kinds = new Dictionary<string, FieldKind>(StringComparer.Ordinal)
    {
        ["time"] = FieldKind.Time,
        ["observed_time"] = FieldKind.Time,
        ["received_at"] = FieldKind.Time,
        ["message"] = FieldKind.Text,
        ["outcome_reason"] = FieldKind.Text,
        ["decision.reason"] = FieldKind.Text,
        ["reason.text"] = FieldKind.Text,
        ["actor.name"] = FieldKind.Text,
        ["actor.email"] = FieldKind.Text,
        ["actor.on_behalf_of.name"] = FieldKind.Text,
        ["targets.name"] = FieldKind.Text,
        ["source.user_agent"] = FieldKind.Text,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The short names, in order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. ShortNames.Keys.Order(StringComparer.Ordinal)];

    public static FieldKind KindOf(FieldPath path)
    {
        string[] segments = path.Segments;
        if (segments[0] == "data" || (segments.Length >= 2 && segments[0] == "changes" && segments[1] is "old" or "new"))
        {
            return FieldKind.Free;
        }

        return Kinds.GetValueOrDefault(segments.Length == 1 ? segments[0] : string.Join('.', segments), FieldKind.Exact);
    }

    /// <summary>
    /// Whether a member of the entry itself, at whose name the reader stands, is one that free text does not look into: <c>salt</c> and the three times. They would make
    /// every number a word of nearly every entry.
    /// </summary>
    public static bool IsNoText(ref Utf8JsonReader reader) => (reader.ValueSpan.Length is 4 or 11 or 13 || reader.ValueIsEscaped)
        && (reader.ValueTextEquals("time"u8) || reader.ValueTextEquals("salt"u8) || reader.ValueTextEquals("received_at"u8) || reader.ValueTextEquals("observed_time"u8));

    /// <summary>Whether a path lies in what free text does not look into.</summary>
    public static bool IsNoText(FieldPath path) => path.Segments[0] is "time" or "salt" or "received_at" or "observed_time";

    /// <summary>Which of the three times a member of the entry itself is, in the order <c>time</c>, <c>observed_time</c>, <c>received_at</c>; −1 where it is none.</summary>
    public static int TimeColumn(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("time"u8) ? 0 : name.SequenceEqual("observed_time"u8) ? 1 : name.SequenceEqual("received_at"u8) ? 2 : -1;

    /// <summary>Puts the full path for what was typed.</summary>
    /// <param name="segments">As typed.</param>
    /// <param name="firstIsQuoted">A quoted first name is taken as it is: no short form, and it need not be a known member.</param>
    /// <returns>Null when there is no such top-level member.</returns>
    public static FieldPath? Resolve(string[] segments, bool firstIsQuoted)
    {
        if (firstIsQuoted)
        {
            return new FieldPath(segments);
        }

        if (segments.Length == 1 && ShortNames.TryGetValue(segments[0], out string[]? full))
        {
            return new FieldPath(full);
        }

        if (segments.Length > 1 && Singulars.TryGetValue(segments[0], out string? plural))
        {
            return new FieldPath([plural, .. segments[1..]]);
        }

        return Members.Contains(segments[0]) ? new FieldPath(segments) : null;
    }

    /// <summary>Whether a path that starts so, written without quotes, is read back as itself.</summary>
    public static bool IsPlainStart(string[] segments) =>
        Members.Contains(segments[0]) && !(segments.Length == 1 && ShortNames.ContainsKey(segments[0]));
}
