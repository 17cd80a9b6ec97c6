using System.Globalization;
using System.Text.Json.Nodes;
using Indelible.Detection;
using Indelible.Search;

namespace Indelible.Server.Detection;

/// <summary>What was in a log before an entry, by its search index. Of one thread.</summary>
/// <remarks>
/// The index finds entries of the group and the value, the newest first; each that it finds is then held against the rule itself, which the index does not know. What is not indexed yet is looked at. So the
/// answer is that of the log, however much of it is indexed, but that a question ends unanswered after <see cref="ServerLimits.DetectionLooked"/> entries.
/// </remarks>
/// <param name="entries">The log, as whoever runs the rules sees it.</param>
/// <param name="rules">The rules.</param>
/// <param name="mostLooked">Entries that one question looks at, at most.</param>
internal sealed class LogHistory(IIndexedSource entries, CompiledRules rules, long mostLooked = ServerLimits.DetectionLooked) : IEventHistory
{
    private static readonly Func<bool> s_always = () => true;
    private readonly RuleMatcher _matcher = new(rules);
    private readonly IndexedSearch _search = new(countsAll: false);

    /// <summary>Whether questions are still to be answered; asked before each, and while one is being answered.</summary>
    public Func<bool> GoesOn { get; init; } = s_always;

    /// <summary>How many entries before an index no index covers.</summary>
    public long Unindexed(long before) => before - entries.Chunks.Sum(chunk => Math.Clamp(before - chunk.First, 0, chunk.Rows));

    /// <inheritdoc/>
    public HistoryAnswer Find(HistoryQuestion question)
    {
        if (question.Before == 0)
        {
            return HistoryAnswer.None;
        }

        if (!Query.TryFromJson(Json(question), out Query? query, out _))
        {
            // As long as no query may be.
            return HistoryAnswer.Unknown;
        }

        var range = new TimeRange(question.From, null);
        long looked = 0;
        SearchPage? page = null;
        do
        {
            if (!GoesOn())
            {
                return HistoryAnswer.Unknown;
            }

            // Entries are read where they lie: it waits for others' turns at most.
            page = _search.SearchAsync(entries, new SearchRequest(query, range, SearchOrder.NewestFirst, ServerLimits.DetectionFoundTogether, page?.Next, question.Before), CancellationToken.None).GetAwaiter().GetResult();
            foreach (SearchHit hit in page.Items)
            {
                if (TimeOf(question, hit.View.Span) is { } time)
                {
                    return HistoryAnswer.At(time);
                }
            }

            looked += page.Scanned + page.Items.Count;
            if (page.Next is not null && looked >= mostLooked)
            {
                return HistoryAnswer.Unknown;
            }
        }
        while (page.Next is not null);
        return HistoryAnswer.None;
    }

    /// <summary>The last entries of an actor before one, the newest first; none where so much is in no index that looking for them would take long.</summary>
    /// <param name="actor">The actor's id.</param>
    /// <param name="before">Only entries of a smaller index count.</param>
    public IReadOnlyList<long> EntriesOf(string actor, long before)
    {
        var wanted = new JsonObject { ["op"] = "equals", ["path"] = Path(["actor", "id"]), ["value"] = actor, ["typed"] = true };
        if (before == 0 || Unindexed(before) > ServerLimits.DetectionUnindexed || !Query.TryFromJson(wanted, out Query? query, out _))
        {
            return [];
        }

        SearchPage page = _search.SearchAsync(entries, new SearchRequest(query, default, SearchOrder.NewestFirst, ServerLimits.AlertContext, null, before), CancellationToken.None).GetAwaiter().GetResult();
        return [.. page.Items.Select(hit => hit.Index)];
    }

    private DateTimeOffset? TimeOf(HistoryQuestion question, ReadOnlySpan<byte> entry)
    {
        (DateTimeOffset time, DateTimeOffset received) = EntryTimes.Read(entry);
        return question.TimeOf(_matcher, entry, time, received);
    }

    private static JsonObject Json(HistoryQuestion question)
    {
        JsonObject events = Any([.. question.Alternatives.Select(clauses => All([.. clauses.Select(Json)]))]);
        if (question.Until is not { } until)
        {
            return events;
        }

        // What came from ahead of the clock counts as of when it was received, or little later.
        return All([events, Any([Before("time", until.UtcTicks), Before("received_at", until.UtcTicks - DetectionLimits.ClockAhead.Ticks)])]);
    }

    private static JsonObject Json(HistoryClause clause) => clause.Values.Count == 0
        ? new JsonObject { ["op"] = "exists", ["path"] = Path(clause.Path) }
        : Any([.. clause.Values.Select(value => new JsonObject { ["op"] = "equals", ["path"] = Path(clause.Path), ["value"] = value, ["typed"] = true })]);

    /// <summary>What is not later than some ticks. The tree knows one spelling of an instant alone, the shortest.</summary>
    private static JsonObject Before(string member, long last)
    {
        var end = new DateTime(Math.Max(0, last) + 1, DateTimeKind.Utc);
        return new JsonObject { ["op"] = "range", ["path"] = Path([member]), ["as"] = "time", ["lt"] = end.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture) };
    }

    private static JsonArray Path(IEnumerable<string> names) => [.. names.Select(name => (JsonNode)name)];

    private static JsonObject All(JsonObject[] nodes) => Joined("and", nodes);

    private static JsonObject Any(JsonObject[] nodes) => Joined("or", nodes);

    private static JsonObject Joined(string how, JsonObject[] nodes) => nodes is [var only] ? only : new JsonObject { ["op"] = how, ["of"] = new JsonArray([.. nodes]) };
}
