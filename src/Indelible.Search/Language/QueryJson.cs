using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Indelible.Search;

/// <summary>The JSON form of a tree: <c>{"op":"and","of":[…]}</c>. Each member is required where it is written and refused
/// elsewhere.</summary>
internal sealed class QueryJson
{
    private QueryError? _error;

    private QueryJson()
    {
    }

    public static JsonObject Write(QueryNode node)
    {
        switch (node)
        {
            case AndNode and:
                return new JsonObject { ["op"] = "and", ["of"] = new JsonArray([.. and.Children.Select(Write)]) };
            case OrNode or:
                return new JsonObject { ["op"] = "or", ["of"] = new JsonArray([.. or.Children.Select(Write)]) };
            case NotNode not:
                return new JsonObject { ["op"] = "not", ["of"] = Write(not.Child) };
            case ExistsNode exists:
                return Clause("exists", exists);
            case WordsNode words:
                JsonObject text = Clause("words", words);
                text["words"] = new JsonArray([.. words.Phrase.Words.ToArray().Select(word => (JsonNode)word.ToString())]);
                return text;
            case EqualsNode equals:
                JsonObject value = Clause("equals", equals);
                value["value"] = equals.Literal.Text;
                value["typed"] = equals.Literal.IsTyped;
                return value;
            case LikeNode like:
                JsonObject pattern = Clause("like", like);
                pattern["pattern"] = like.Glob.ToString();
                return pattern;
            case RangeNode range:
                return WriteRange(range);
            default:
                return new JsonObject { ["op"] = "all" };
        }
    }

    public static QueryNode? Read(JsonNode? json, out QueryError? error)
    {
        var reader = new QueryJson();
        QueryNode? node;
        try
        {
            node = reader.ReadNode(json, "", 1);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // A node that was parsed of text reads it when it is asked: members that are there twice and strings that are no Unicode
            // show only then.
            node = reader.Fail("", "is no JSON with one meaning", "every member once, and strings of Unicode");
        }

        error = reader._error;
        return error is null ? node : null;
    }

    private static JsonObject Clause(string op, ClauseNode clause)
    {
        var json = new JsonObject { ["op"] = op };
        if (clause.Path is not null)
        {
            json["path"] = new JsonArray([.. clause.Path.Segments.Select(segment => (JsonNode)segment)]);
        }

        return json;
    }

    private static JsonObject WriteRange(RangeNode range)
    {
        JsonObject json = Clause("range", range);
        json["as"] = QueryWriter.Name(range.Range.Kind);
        if (range.Range.Lower is { } lower)
        {
            json[lower.Inclusive ? "gte" : "gt"] = lower.Text;
        }

        if (range.Range.Upper is { } upper)
        {
            json[upper.Inclusive ? "lte" : "lt"] = upper.Text;
        }

        return json;
    }

    private QueryNode? ReadNode(JsonNode? json, string pointer, int depth)
    {
        if (depth > QueryLimits.MaxDepth)
        {
            return Fail(pointer, "is nested too deeply", $"at most {QueryLimits.MaxDepth} levels");
        }

        if (json is not JsonObject node || !TryText(node, "op", out string? op))
        {
            return Fail(pointer, "is no node", "an object with the member \"op\"");
        }

        switch (op)
        {
            case "all" when HasOnly(node, pointer, "op"):
                return AllNode.Instance;
            case "and" or "or" when HasOnly(node, pointer, "op", "of"):
                return ReadMany(node, op, pointer, depth);
            case "not" when HasOnly(node, pointer, "op", "of"):
                return ReadNode(node["of"], pointer + "/of", depth + 1) is { } child ? Nodes.Not(child) : null;
            case "exists" when HasOnly(node, pointer, "op", "path"):
                return ReadPath(node, pointer) is { } exists ? new ExistsNode(exists) : null;
            case "words" when HasOnly(node, pointer, "op", "path", "words"):
                return ReadWords(node, pointer);
            case "equals" when HasOnly(node, pointer, "op", "path", "value", "typed"):
                return ReadEquals(node, pointer);
            case "like" when HasOnly(node, pointer, "op", "path", "pattern"):
                return ReadLike(node, pointer);
            case "range" when HasOnly(node, pointer, "op", "path", "as", "gt", "gte", "lt", "lte"):
                return ReadRange(node, pointer);
            default:
                return Fail(pointer + "/op", "is unknown", "all, and, or, not, exists, words, equals, like or range");
        }
    }

    private QueryNode? ReadMany(JsonObject node, string op, string pointer, int depth)
    {
        if (node["of"] is not JsonArray { Count: > 0 and <= QueryLimits.MaxClauses } of)
        {
            return Fail(pointer + "/of", "is no list of nodes", $"an array of 1 to {QueryLimits.MaxClauses} nodes");
        }

        var children = new List<QueryNode>();
        for (int i = 0; i < of.Count; i++)
        {
            if (ReadNode(of[i], $"{pointer}/of/{i}", depth + 1) is not { } child)
            {
                return null;
            }

            children.Add(child);
        }

        return op == "and" ? Nodes.And(children) : Nodes.Or(children);
    }

    private FieldPath? ReadPath(JsonObject node, string pointer)
    {
        if (node["path"] is JsonArray { Count: > 0 and <= QueryLimits.MaxPathSegments } path)
        {
            var segments = new List<string>();
            foreach (JsonNode? segment in path)
            {
                if (TextOf(segment) is { } name)
                {
                    segments.Add(name);
                }
            }

            if (segments.Count == path.Count)
            {
                return new FieldPath([.. segments]);
            }
        }

        Fail(pointer + "/path", "is no path", $"an array of 1 to {QueryLimits.MaxPathSegments} strings");
        return null;
    }

    private QueryNode? ReadWords(JsonObject node, string pointer)
    {
        FieldPath? path = null;
        if (node.ContainsKey("path") && (path = ReadPath(node, pointer)) is null)
        {
            return null;
        }

        var parts = new List<int>();
        if (node["words"] is JsonArray { Count: <= QueryLimits.MaxTextBytes } words)
        {
            foreach (JsonNode? word in words)
            {
                if (TextOf(word) is { } pattern)
                {
                    parts.AddRange(Glob.Parse(pattern).Parts);
                    parts.Add(' ');
                }
            }
        }

        if (parts.Count(part => part < 0) > QueryLimits.MaxWildcards)
        {
            return Fail(pointer + "/words", "has too many wildcards", $"at most {QueryLimits.MaxWildcards}");
        }

        return Phrase.From([.. parts]) is { } phrase
            ? new WordsNode(path, phrase)
            : Fail(pointer + "/words", "has no word", "an array of strings with a letter or digit");
    }

    private QueryNode? ReadEquals(JsonObject node, string pointer)
    {
        if (ReadPath(node, pointer) is not { } path)
        {
            return null;
        }

        if (!TryText(node, "value", out string? value) || node["typed"] is not JsonValue typed
            || typed.GetValueKind() is not (JsonValueKind.True or JsonValueKind.False))
        {
            return Fail(pointer, "has no \"value\" string or no \"typed\" boolean", "both");
        }

        return Nodes.Equal(path, value, !typed.GetValue<bool>());
    }

    private QueryNode? ReadLike(JsonObject node, string pointer)
    {
        if (ReadPath(node, pointer) is not { } path)
        {
            return null;
        }

        if (!TryText(node, "pattern", out string? source) || Glob.Parse(source) is not { } glob || glob.Wildcards > QueryLimits.MaxWildcards
            || glob.Parts.Length == 0)
        {
            return Fail(pointer + "/pattern", "is no pattern", $"a string with 1 to {QueryLimits.MaxWildcards} wildcards");
        }

        return Nodes.Like(path, glob);
    }

    private QueryNode? ReadRange(JsonObject node, string pointer)
    {
        if (ReadPath(node, pointer) is not { } path)
        {
            return null;
        }

        RangeKind? kind = TryText(node, "as", out string? name)
            ? name switch
            {
                "number" => RangeKind.Number,
                "time" => RangeKind.Time,
                "address" => RangeKind.Address,
                "text" => RangeKind.Text,
                _ => null,
            }
            : null;
        if (kind is null || (FieldCatalogue.KindOf(path) == FieldKind.Time && kind != RangeKind.Time))
        {
            return Fail(pointer + "/as", "is no kind of range of this field", "number, time, address or text; time for a time field");
        }

        RangeEnd? lower = TryText(node, "gte", out string? gte) ? new RangeEnd(gte, true)
            : TryText(node, "gt", out string? gt) ? new RangeEnd(gt, false) : null;
        RangeEnd? upper = TryText(node, "lte", out string? lte) ? new RangeEnd(lte, true)
            : TryText(node, "lt", out string? lt) ? new RangeEnd(lt, false) : null;
        int given = node.Count(member => member.Key is "gt" or "gte" or "lt" or "lte");
        bool asRead = given == (lower is null ? 0 : 1) + (upper is null ? 0 : 1)
            && (kind != RangeKind.Time || ((lower is null || lower.Inclusive) && (upper is null || !upper.Inclusive)));
        return asRead && ValueRange.TryCreate(kind.Value, lower, upper) is { } range
            ? new RangeNode(path, range)
            : Fail(pointer, "is no range", "gt or gte, lt or lte (gte and lt for times), as strings of that kind, the lower first");
    }

    private bool HasOnly(JsonObject node, string pointer, params ReadOnlySpan<string> members)
    {
        foreach (KeyValuePair<string, JsonNode?> member in node)
        {
            if (!members.Contains(member.Key))
            {
                Fail($"{pointer}/{member.Key}", "does not belong here", "only " + string.Join(", ", members!));
                return false;
            }
        }

        return true;
    }

    private static bool TryText(JsonObject node, string member, [NotNullWhen(true)] out string? text)
    {
        text = TextOf(node[member]);
        return text is not null;
    }

    /// <summary>A well-formed string, or null.</summary>
    private static string? TextOf(JsonNode? json) =>
        json is JsonValue value && value.GetValueKind() == JsonValueKind.String && QueryParser.IsWellFormed(value.GetValue<string>())
            ? value.GetValue<string>()
            : null;

    // Returns a node, always null, so that a fault is one expression; the first fault is kept.
    private QueryNode? Fail(string pointer, string fault, string expected)
    {
        _error ??= new QueryError(0, 0, $"\"{pointer}\" {fault}.", expected);
        return null;
    }
}
