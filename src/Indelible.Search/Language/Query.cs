using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Indelible.Search;

/// <summary>A selection of entries, in the one grammar that search, tail, alerts, permissions and exports share.</summary>
/// <remarks>
/// The grammar is docs/query-language.md. Immutable and safe to share between threads. A query is absolute: relative times were resolved
/// when it was parsed, so the same query selects the same entries for ever. Two queries are equal when their trees are.
/// </remarks>
public sealed class Query : IEquatable<Query>
{
    private readonly EntryMatcher _matcher;
    private readonly string _text;

    private Query(QueryNode root, string text)
    {
        Root = root;
        _text = text;
        _matcher = new EntryMatcher(root);
    }

    /// <summary>Every entry: what an empty text means.</summary>
    public static Query All { get; } = new(AllNode.Instance, "*");

    internal QueryNode Root { get; }

    /// <summary>How many tests one entry may cost; at least 1, for reading it.</summary>
    internal int Cost => Nodes.Clauses(Root);

    /// <summary>Reads a query text.</summary>
    /// <param name="text">Untrusted; at most <see cref="QueryLimits.MaxTextBytes"/>.</param>
    /// <param name="now">What <c>last7d</c>, <c>today</c> and <c>now</c> count from.</param>
    /// <param name="query">The query, or null when the result is false.</param>
    /// <param name="error">What is wrong and where, or null when the result is true.</param>
    public static bool TryParse(
        string text, DateTimeOffset now, [NotNullWhen(true)] out Query? query, [NotNullWhen(false)] out QueryError? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        query = null;
        QueryNode? root = QueryParser.Parse(text, now.UtcTicks, out error);
        if (root is not null)
        {
            error = Bind(root, text.Length, out query);
        }

        return query is not null;
    }

    /// <summary>Reads the form that <see cref="ToJson"/> writes.</summary>
    /// <param name="json">Untrusted.</param>
    /// <param name="query">The query, or null when the result is false.</param>
    /// <param name="error">What is wrong; its message names the place by JSON Pointer, its position is 0. Null when the result is
    /// true.</param>
    public static bool TryFromJson(JsonNode? json, [NotNullWhen(true)] out Query? query, [NotNullWhen(false)] out QueryError? error)
    {
        query = null;
        QueryNode? root = QueryJson.Read(json, out error);
        if (root is not null)
        {
            error = Bind(root, 0, out query);
        }

        return query is not null;
    }

    /// <summary>Whether an entry is selected.</summary>
    /// <param name="entryJson">One entry as the asker may see it, UTF-8: personal values in clear for those who may, else left as
    /// <c>$pii</c>
    /// objects, which exist and have no value.</param>
    /// <exception cref="JsonException">The bytes are not JSON.</exception>
    public bool Matches(ReadOnlySpan<byte> entryJson) => _matcher.Matches(entryJson);

    /// <summary>Entries that both queries select.</summary>
    /// <exception cref="ArgumentException">Together they are beyond <see cref="QueryLimits"/>.</exception>
    public Query And(Query other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Bind(Nodes.And([Root, other.Root]), 0, out Query? both) is { } error
            ? throw new ArgumentException(error.Message, nameof(other))
            : both!;
    }

    /// <summary>The canonical text: absolute, full paths, one spelling. Parsing it at any time gives an equal query.</summary>
    public override string ToString() => _text;

    /// <summary>The tree as JSON, for programs; <see cref="TryFromJson"/> reads it back.</summary>
    public JsonNode ToJson() => QueryJson.Write(Root);

    /// <summary>The tree in plain words, one clause a line, indented by depth.</summary>
    public string Explain() => QueryWriter.Explain(Root);

    /// <inheritdoc/>
    public bool Equals(Query? other) => other is not null && Root.Equals(other.Root);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Query);

    /// <inheritdoc/>
    public override int GetHashCode() => Root.GetHashCode();

    /// <summary>The range that <c>time</c> must lie in for an entry to be selected, as far as clauses that all must hold say so.</summary>
    /// <param name="asked">A range that was asked for beside the query, or null.</param>
    /// <returns>The range that both leave, its ends included; null ends where nothing bounds it.</returns>
    public TimeRange TimeBounds(TimeRange? asked)
    {
        DateTimeOffset? from = asked?.From;
        DateTimeOffset? to = asked?.To;
        foreach (QueryNode node in Root is AndNode all ? all.Children : [Root])
        {
            if (node is RangeNode { Range.Kind: RangeKind.Time } clause && clause.At.Segments is ["time"])
            {
                from = InstantOf(clause.Range.Lower) is { } lower && !(lower < from) ? lower : from;
                to = InstantOf(clause.Range.Upper) is { } upper && !(upper > to) ? upper : to;
            }
        }

        return new TimeRange(from, to);
    }

    /// <summary>The full paths of all fields that clauses ask for, each once; free text asks for none.</summary>
    public IReadOnlyList<string> Paths => [.. Nodes.Leaves(Root).OfType<ClauseNode>().Where(clause => clause.Path is not null).Select(clause => string.Join('.', clause.Path!.Segments)).Distinct(StringComparer.Ordinal)];

    /// <summary>The tests that the query is made of, in the order in which they stand, each once; none where it selects every entry.</summary>
    /// <param name="time">A range that was asked for beside the query: one test more, the first; or null.</param>
    public IReadOnlyList<QueryClause> Clauses(TimeRange? time = null)
    {
        var clauses = new List<QueryClause>();
        Collect(Within(time).Root, isNegated: false, clauses);
        return [.. clauses.Distinct()];
    }

    /// <summary>The parts that all must hold for an entry to be selected: the query itself where it is not several.</summary>
    /// <param name="time">As of <see cref="Clauses"/>.</param>
    public IReadOnlyList<Query> Parts(TimeRange? time = null) => Within(time).Root is AndNode all ? [.. all.Children.Select(Of)] : [Within(time)];

    /// <summary>The query without what <see cref="TimeBounds"/> reads of it: what would be selected at any time.</summary>
    public Query WithoutTime() => Of(Nodes.And((Root is AndNode all ? all.Children : [Root]).Where(part => part is not RangeNode { Range.Kind: RangeKind.Time, At.Segments: ["time"] })));

    /// <summary>Conjoins the range of <c>time</c>, outside the limits that hold for what people write.</summary>
    internal Query Within(TimeRange? time)
    {
        // Behind the last time that can be read there is nothing: an end there, as of programs for which it is for ever, is none.
        long? to = time?.To?.UtcTicks is { } end && end <= TimeText.LastTick ? end : null;
        if (time?.From is not { } from)
        {
            return to is null ? this : Conjoin(null, to);
        }

        return Conjoin(from.UtcTicks, to);
    }

    private Query Conjoin(long? from, long? to)
    {
        ValueRange? ticks = ValueRange.TryCreateTime(from, to);
        return Of(Nodes.And([ticks is null ? Nodes.Not(AllNode.Instance) : new RangeNode(new FieldPath("time"), ticks), Root]));
    }

    internal static Query Of(QueryNode root) => new(root, QueryWriter.Write(root));

    private static void Collect(QueryNode node, bool isNegated, List<QueryClause> into)
    {
        switch (node)
        {
            case AndNode and:
                Array.ForEach(and.Children, child => Collect(child, isNegated, into));
                break;
            case OrNode or:
                Array.ForEach(or.Children, child => Collect(child, isNegated, into));
                break;
            case NotNode not:
                Collect(not.Child, !isNegated, into);
                break;
            case ClauseNode:
                into.Add(new QueryClause(Of(node), isNegated));
                break;
        }
    }

    private static DateTimeOffset? InstantOf(RangeEnd? end) =>
        end is not null && TimeText.TryReadInstant(Encoding.UTF8.GetBytes(end.Text), out long ticks) ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    private static QueryError? Bind(QueryNode root, int length, out Query? query)
    {
        query = null;
        if (Nodes.Depth(root) > QueryLimits.MaxDepth)
        {
            return new QueryError(0, length, "The query is nested too deeply.", $"at most {QueryLimits.MaxDepth} levels");
        }

        if (Nodes.Clauses(root) > QueryLimits.MaxClauses)
        {
            return new QueryError(0, length, "The query has too many clauses.", $"at most {QueryLimits.MaxClauses}");
        }

        // The canonical text writes short names and lists out, and must itself be a query.
        string text = QueryWriter.Write(root);
        if (Encoding.UTF8.GetByteCount(text) > QueryLimits.MaxTextBytes)
        {
            return new QueryError(
                0,
                length,
                "The query is too long once its short names and lists are written out.",
                $"at most {QueryLimits.MaxTextBytes} bytes");
        }

        query = new Query(root, text);
        return null;
    }
}
