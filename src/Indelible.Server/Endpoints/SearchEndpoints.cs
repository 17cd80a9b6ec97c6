using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Events;
using Indelible.Search;
using Indelible.Server.Access;
using Indelible.Server.Indexing;
using Indelible.Server.Limits;
using Indelible.Server.Problems;
using Indelible.Server.Sources;
using Indelible.Server.Views;

namespace Indelible.Server.Endpoints;

/// <summary><c>GET /api/logs/{log}/events</c> and <c>POST /api/logs/{log}/search</c>: search, as people and as programs ask.</summary>
/// <remarks>The latter has the query as text or as its tree in the body, where no proxy writes it down.</remarks>
internal static class SearchEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/logs/{log}/events", SearchAsync).WithName("searchEvents").WithTags("events")
            .WithSummary("Search: ?q= (docs/query-language.md), ?from= and ?to= select time, ?order=desc|asc|time, ?limit=, ?cursor=, ?as_of=, ?explain=true for what each clause matches")
            .Produces<object>(200, "application/json").ProducesProblem(400);
        routes.MapPost("/api/logs/{log}/search", SearchByBodyAsync).WithName("searchEventsByBody").WithTags("events")
            .WithSummary("Search, what is asked in the body: query (the tree) or q (the text), from, to, order, limit, cursor, as_of, explain; the answer is the same")
            .Accepts<SearchBody>("application/json").Produces<object>(200, "application/json").ProducesProblem(400);
    }

    /// <summary>The query of a request, every relative time made absolute.</summary>
    /// <param name="context">The request.</param>
    /// <param name="now">What relative times count from.</param>
    public static Query QueryOf(HttpContext context, DateTimeOffset now) => QueryOf(context.Request.Query["q"].ToString(), now);

    private static Query QueryOf(string text, DateTimeOffset now)
    {
        if (text.Length == 0)
        {
            return Query.All;
        }

        return Query.TryParse(text, now, out Query? query, out QueryError? error)
            ? query
            : throw new ProblemException(Problem.InvalidQuery(error.Position, error.Length, error.Message, error.Expected));
    }

    private static async Task SearchAsync(HttpContext context, LogEngine engine, RequestRates rates, NodeResources resources, LogIndexes indexes, string log)
    {
        Admission admission = AccessControl.Require(context, engine, log, Rights.Read);
        rates.CountQuery(admission.Caller.CredentialId, admission.Caller.Rates);
        (DateTimeOffset now, string? cursor) = CursorOf(context.Request.Query["cursor"].ToString(), engine);
        Query query = QueryOf(context, now);
        var request = new SearchRequest(
            query,
            TimeOf(context),
            OrderOf(context.Request.Query["order"].ToString()),
            LimitOf(QueryFlag.ReadNumber(context, "limit")),
            cursor,
            QueryFlag.ReadNumber(context, "as_of"));
        await AnswerAsync(context, engine, resources, indexes, admission, request, now, QueryFlag.Read(context, "explain"));
    }

    private static async Task SearchByBodyAsync(HttpContext context, LogEngine engine, RequestRates rates, NodeResources resources, LogIndexes indexes, string log)
    {
        Admission admission = AccessControl.Require(context, engine, log, Rights.Read);
        rates.CountQuery(admission.Caller.CredentialId, admission.Caller.Rates);
        SearchBody body = await SmallBody.ReadAsync(context, ApiJson.Plain.SearchBody);
        (DateTimeOffset now, string? cursor) = CursorOf(body.Cursor ?? "", engine);
        if (body is { Query: not null, Q: not null })
        {
            throw new ProblemException(Problem.InvalidParameter("query", "the tree, or q, the text: one of them"));
        }

        Query? query = null;
        if (body.Query is { } tree && !Query.TryFromJson(tree.ValueKind == JsonValueKind.Object ? JsonObject.Create(tree) : null, out query, out QueryError? error))
        {
            throw new ProblemException(Problem.InvalidQueryTree(error.Message, error.Expected));
        }

        var request = new SearchRequest(
            query ?? QueryOf(body.Q ?? "", now), TimeOf(body.From ?? "", body.To ?? ""), OrderOf(body.Order ?? ""), LimitOf(body.Limit), cursor, body.AsOf);
        await AnswerAsync(context, engine, resources, indexes, admission, request, now, body.Explain);
    }

    // What is no number of results at all is refused with what is too many or too few.
    private static int LimitOf(long? limit) => (int)Math.Clamp(limit ?? ServerLimits.DefaultPageSize, 0, int.MaxValue);

    private static async Task AnswerAsync(
        HttpContext context, LogEngine engine, NodeResources resources, LogIndexes indexes, Admission admission, SearchRequest request, DateTimeOffset now, bool explain)
    {
        VisibleEntries entries = admission.EntriesFor(Rights.Read, resources, indexes);
        using IDisposable scan = resources.BeginScan(admission.Log);
        SearchPage page = await Searches.FindAsync(entries, request, context.RequestAborted);
        var explanation = new QueryExplanation(engine, entries, request, page.AsOf, context.RequestAborted);
        IReadOnlyList<(QueryClause, SearchTotal?)>? clauses = explain ? await explanation.ClausesAsync() : null;
        IReadOnlyList<string> reasons = page.Total is { Value: 0, Exact: true } ? await explanation.NoticesAsync() : [];
        await AccessTrail.SearchedAsync(engine, admission.Caller, admission.Log, request, page);
        context.Response.ContentType = "application/json";
        await using (Utf8JsonWriter json = JsonText.Writer(context.Response.BodyWriter))
        {
            Write(json, admission.Log, entries, request, page, now, [.. NoticesOf(admission.Log, entries, request, page), .. reasons], clauses);
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private static void Write(Utf8JsonWriter json, LogReader reader, VisibleEntries entries, SearchRequest request, SearchPage page, DateTimeOffset now, IReadOnlyList<string> notices, IReadOnlyList<(QueryClause Clause, SearchTotal? Matches)>? clauses)
    {
        Query query = request.Query;
        json.WriteStartObject();
        json.WriteNumber("as_of", page.AsOf);
        TotalJson.Write(json, page.Total);
        json.WriteStartArray("items");
        foreach (SearchHit hit in page.Items)
        {
            EntryItem.Write(json, reader, entries, hit.Index, reader.ReadEntry(hit.Index), hit.View);
        }

        json.WriteEndArray();
        json.WriteString("next", page.Next is null ? null : $"{now.UtcTicks.ToString(CultureInfo.InvariantCulture)}.{page.Next}");
        json.WriteNumber("indexed", page.Indexed);
        json.WriteStartArray("notices");
        foreach (string notice in notices)
        {
            json.WriteStringValue(notice);
        }

        json.WriteEndArray();
        json.WriteString("query", query.ToString());
        if (clauses is not null)
        {
            json.WriteString("explain", query.Explain());
            json.WritePropertyName("tree");
            query.ToJson().WriteTo(json);
            WriteClauses(json, clauses);
        }

        json.WriteEndObject();
    }

    private static IEnumerable<string> NoticesOf(LogReader reader, VisibleEntries entries, SearchRequest request, SearchPage page)
    {
        foreach (string notice in page.Notices)
        {
            yield return notice;
        }

        if (page.Indexed < page.AsOf && entries.Indexes?.NoticeOf(reader) is { } remade)
        {
            yield return remade;
        }

        if (!entries.IsClear)
        {
            yield return ViewNotices.Personal;
        }

        // Of whom events are missing is for those who see everybody's.
        foreach (string notice in entries.IsWhole ? GapNotices.Of(reader, request.Query.TimeBounds(request.Time), page.AsOf) : [ViewNotices.Rows])
        {
            yield return notice;
        }
    }

    private static void WriteClauses(Utf8JsonWriter json, IReadOnlyList<(QueryClause Clause, SearchTotal? Matches)> clauses)
    {
        json.WriteStartArray("clauses");
        foreach ((QueryClause clause, SearchTotal? matches) in clauses)
        {
            json.WriteStartObject();
            json.WriteString("query", clause.Query.ToString());
            json.WriteBoolean("negated", clause.IsNegated);
            if (matches is { } total)
            {
                TotalJson.Write(json, total, "matches");
            }
            else
            {
                json.WriteNull("matches");
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>The cursor, and the instant of its first page: <c>now-1h</c> means the same on every page.</summary>
    private static (DateTimeOffset Now, string? Cursor) CursorOf(string text, LogEngine engine)
    {
        if (text.Length == 0)
        {
            return (engine.Time.GetUtcNow(), null);
        }

        int dot = text.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && long.TryParse(text.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out long ticks)
            && ticks <= DateTime.MaxValue.Ticks
            ? (new DateTimeOffset(ticks, TimeSpan.Zero), text[(dot + 1)..])
            : throw new ProblemException(Problem.InvalidParameter("cursor", "what an earlier page gave as next"));
    }

    /// <summary>The time range of a request, or null for always.</summary>
    public static TimeRange? TimeOf(HttpContext context) => TimeOf(context.Request.Query["from"].ToString(), context.Request.Query["to"].ToString());

    /// <summary>The time range of two instants as texts, or null for always.</summary>
    /// <exception cref="ProblemException">400: one is no instant.</exception>
    public static TimeRange? TimeOf(string fromText, string toText)
    {
        DateTimeOffset? from = InstantOf(fromText, "from");
        DateTimeOffset? to = InstantOf(toText, "to");
        return from is null && to is null ? null : new TimeRange(from, to);
    }

    private static DateTimeOffset? InstantOf(string text, string name) => text.Length == 0
        ? null
        : Instant.TryParse(text, out DateTimeOffset instant)
            ? instant
            : throw new ProblemException(Problem.InvalidParameter(name, "an instant in UTC: 2026-11-23T06:14:25Z"));

    private static SearchOrder OrderOf(string text) => text switch
    {
        "" or "desc" => SearchOrder.NewestFirst,
        "asc" => SearchOrder.OldestFirst,
        "time" => SearchOrder.ByTime,
        _ => throw new ProblemException(Problem.InvalidParameter("order", "desc, asc or time")),
    };
}
