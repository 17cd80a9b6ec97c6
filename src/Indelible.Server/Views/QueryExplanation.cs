using System.Globalization;
using Indelible.Engine;
using Indelible.Events;
using Indelible.Search;
using Indelible.Server.Access;

namespace Indelible.Server.Views;

/// <summary>What each clause of a query matches by itself: why an answer has so few entries, or none.</summary>
/// <remarks>
/// Within a budget (<see cref="ServerLimits.ExplainedClauses"/>, <see cref="ServerLimits.ExplanationTime"/>): what it does not reach is not counted, and said to be so.
/// What the caller may not see is in no number.
/// </remarks>
internal sealed class QueryExplanation
{
    private const int Listed = 3;

    private readonly LogEngine _engine;
    private readonly VisibleEntries _entries;
    private readonly SearchRequest _request;
    private readonly long _asOf;
    private readonly CancellationToken _cancellationToken;
    private readonly long _started;
    private readonly Dictionary<Query, SearchTotal> _counted = [];

    /// <summary>An explanation of a search's answer.</summary>
    /// <param name="engine">The engine: the clock.</param>
    /// <param name="entries">The log as the caller sees it.</param>
    /// <param name="request">What was asked.</param>
    /// <param name="asOf">The size that the answer covers.</param>
    /// <param name="cancellationToken">Ends the counting.</param>
    public QueryExplanation(LogEngine engine, VisibleEntries entries, SearchRequest request, long asOf, CancellationToken cancellationToken)
    {
        (_engine, _entries, _request, _asOf, _cancellationToken) = (engine, entries, request, asOf, cancellationToken);
        _started = engine.Time.GetTimestamp();
    }

    /// <summary>Each clause, the range of time that was asked for beside the query first; and how many entries it matches, whatever the rest says. Null where that was not counted.</summary>
    public async Task<IReadOnlyList<(QueryClause Clause, SearchTotal? Matches)>> ClausesAsync()
    {
        var clauses = new List<(QueryClause, SearchTotal?)>();
        foreach (QueryClause clause in _request.Query.Clauses(_request.Time))
        {
            clauses.Add((clause, await CountAsync(clause.Query)));
        }

        return clauses;
    }

    /// <summary>Why nothing was found, in sentences: which part matches nothing by itself, and when there is something that the rest matches.</summary>
    public async Task<IReadOnlyList<string>> NoticesAsync()
    {
        var notices = new List<string>();
        IReadOnlyList<Query> parts = _request.Query.Parts(_request.Time);
        if (parts.Count > 1)
        {
            var empty = new List<Query>();
            bool areAllCounted = true;
            foreach (Query part in parts)
            {
                SearchTotal? total = await CountAsync(part);
                areAllCounted &= total is not null;
                if (total is { Value: 0, Exact: true })
                {
                    empty.Add(part);
                }
            }

            notices.AddRange(empty.Take(Listed).Select(part => $"Nothing matches {part}, whatever else is asked."));
            if (empty.Count > Listed)
            {
                notices.Add($"So it is with {empty.Count - Listed} more of the clauses.");
            }
            else if (empty.Count == 0 && areAllCounted)
            {
                notices.Add("Each of the clauses matches something; together they match nothing.");
            }
        }

        TimeRange time = _request.Query.TimeBounds(_request.Time);
        Query always = _request.Query.WithoutTime();
        if ((time.From ?? time.To) is not null && await CountAsync(always) is { Value: > 0 } found)
        {
            notices.Add(await NearestAsync(always, time, found));
        }

        return notices;
    }

    private async Task<string> NearestAsync(Query query, TimeRange time, SearchTotal total)
    {
        var timeline = new Timeline(_entries, _asOf, _engine.Time, _cancellationToken);
        Found? before = time.From is null ? null : await timeline.LastAsync(query, new TimeRange(null, time.From));
        Found? after = time.To is null ? null : await timeline.FirstAsync(query, new TimeRange(time.To, null));
        string[] nearest = [.. new[] { At("before", before), At("after", after) }.OfType<string>()];
        string many = total.Exact ? total.Value.ToString(CultureInfo.InvariantCulture) : $"at least {total.Value.ToString(CultureInfo.InvariantCulture)}";
        return $"At other times the rest of the query matches {many} {(total is { Value: 1, Exact: true } ? "entry" : "entries")}{(nearest.Length == 0 ? "" : ": the nearest " + string.Join(", the nearest ", nearest))}.";
    }

    private static string? At(string side, Found? found) => found is not { } at
        ? null
        : string.Create(CultureInfo.InvariantCulture, $"{side} is of {Instant.Format(new DateTimeOffset(Math.Max(0, at.Ticks), TimeSpan.Zero))}, index {at.Index}");

    private async Task<SearchTotal?> CountAsync(Query query)
    {
        if (!_counted.TryGetValue(query, out SearchTotal total))
        {
            if (_counted.Count == ServerLimits.ExplainedClauses || _engine.Time.GetElapsedTime(_started) > ServerLimits.ExplanationTime)
            {
                return null;
            }

            SearchPage page = await Searches.FindAsync(_entries, new SearchRequest(query, null, SearchOrder.NewestFirst, 1, null, _asOf), _cancellationToken);
            _counted.Add(query, total = page.Total);
        }

        return total;
    }
}
