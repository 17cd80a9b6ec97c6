using System.Globalization;
using System.Text.Json;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Events;
using Indelible.Search;
using Indelible.Server.Access;
using Indelible.Server.Indexing;
using Indelible.Server.Limits;
using Indelible.Server.Problems;
using Indelible.Server.Sources;

namespace Indelible.Server.Endpoints;

/// <summary><c>GET /api/logs/{log}/events</c>: search.</summary>
internal static class SearchEndpoints
{
    private static readonly IndexedSearch s_search = new();

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapGet("/api/logs/{log}/events", SearchAsync).WithName("searchEvents").WithTags("events")
        .WithSummary("Search: ?q= (docs/query-language.md), ?from= and ?to= select time, ?order=desc|asc|time, ?limit=, ?cursor=, ?as_of=, ?explain=true")
        .Produces<object>(200, "application/json").ProducesProblem(400);

    /// <summary>The query of a request, every relative time made absolute.</summary>
    /// <param name="context">The request.</param>
    /// <param name="now">What relative times count from.</param>
    public static Query QueryOf(HttpContext context, DateTimeOffset now)
    {
        string text = context.Request.Query["q"].ToString();
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
        VisibleEntries entries = admission.EntriesFor(Rights.Read);
        rates.CountQuery(admission.Caller.CredentialId, admission.Caller.Rates);
        (DateTimeOffset now, string? cursor) = CursorOf(context, engine);
        Query query = QueryOf(context, now);
        var request = new SearchRequest(
            query,
            TimeOf(context),
            OrderOf(context),
            (int)Math.Min(QueryFlag.ReadNumber(context, "limit") ?? ServerLimits.DefaultPageSize, int.MaxValue),
            cursor,
            QueryFlag.ReadNumber(context, "as_of"));
        bool explain = QueryFlag.Read(context, "explain");
        using IDisposable scan = resources.BeginScan(admission.Log);
        SearchPage page;
        try
        {
            page = await resources.SearchAsync(log, turns => s_search.SearchAsync(admission.EntriesFor(Rights.Read, turns, indexes), request, context.RequestAborted));
        }
        catch (SearchException e)
        {
            throw new ProblemException(Problem.InvalidParameter(ParameterOf(e.Fault), e.Message));
        }

        await AccessTrail.SearchedAsync(engine, admission.Caller, admission.Log, request, page);
        context.Response.ContentType = "application/json";
        await using (Utf8JsonWriter json = JsonText.Writer(context.Response.BodyWriter))
        {
            Write(json, admission.Log, entries, request, page, now, explain, indexes.NoticeOf(admission.Log));
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private static void Write(Utf8JsonWriter json, LogReader reader, VisibleEntries entries, SearchRequest request, SearchPage page, DateTimeOffset now, bool explain, string? indexNotice)
    {
        Query query = request.Query;
        json.WriteStartObject();
        json.WriteNumber("as_of", page.AsOf);
        json.WriteStartObject("total");
        json.WriteNumber("value", page.Total.Value);
        json.WriteBoolean("exact", page.Total.Exact);
        json.WriteEndObject();
        json.WriteStartArray("items");
        foreach (SearchHit hit in page.Items)
        {
            EntryItem.Write(json, reader, entries, hit.Index, reader.ReadEntry(hit.Index), hit.View);
        }

        json.WriteEndArray();
        json.WriteString("next", page.Next is null ? null : $"{now.UtcTicks.ToString(CultureInfo.InvariantCulture)}.{page.Next}");
        json.WriteNumber("indexed", page.Indexed);
        json.WriteStartArray("notices");
        foreach (string notice in page.Indexed < page.AsOf && indexNotice is not null ? page.Notices.Append(indexNotice) : page.Notices)
        {
            json.WriteStringValue(notice);
        }

        if (!entries.IsClear)
        {
            json.WriteStringValue("Personal values are not shown, and the query did not look into them.");
        }

        // Of whom events are missing is for those who see everybody's.
        foreach (string notice in entries.IsWhole ? GapNotices.Of(reader, query.TimeBounds(request.Time), page.AsOf) : ["The key sees some of the entries alone: what others are missing is not said."])
        {
            json.WriteStringValue(notice);
        }

        json.WriteEndArray();
        json.WriteString("query", query.ToString());
        if (explain)
        {
            json.WriteString("explain", query.Explain());
            json.WritePropertyName("tree");
            query.ToJson().WriteTo(json);
        }

        json.WriteEndObject();
    }

    /// <summary>The cursor, and the instant of its first page: <c>now-1h</c> means the same on every page.</summary>
    private static (DateTimeOffset Now, string? Cursor) CursorOf(HttpContext context, LogEngine engine)
    {
        string text = context.Request.Query["cursor"].ToString();
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
    public static TimeRange? TimeOf(HttpContext context)
    {
        DateTimeOffset? from = InstantOf(context, "from");
        DateTimeOffset? to = InstantOf(context, "to");
        return from is null && to is null ? null : new TimeRange(from, to);
    }

    private static DateTimeOffset? InstantOf(HttpContext context, string name)
    {
        string text = context.Request.Query[name].ToString();
        return text.Length == 0
            ? null
            : Instant.TryParse(text, out DateTimeOffset instant)
                ? instant
                : throw new ProblemException(Problem.InvalidParameter(name, "an instant in UTC: 2026-11-23T06:14:25Z"));
    }

    private static SearchOrder OrderOf(HttpContext context) => context.Request.Query["order"].ToString() switch
    {
        "" or "desc" => SearchOrder.NewestFirst,
        "asc" => SearchOrder.OldestFirst,
        "time" => SearchOrder.ByTime,
        _ => throw new ProblemException(Problem.InvalidParameter("order", "desc, asc or time")),
    };

    /// <summary>The parameter that a refused search is about.</summary>
    public static string ParameterOf(SearchFault fault) => fault switch
    {
        SearchFault.InvalidCursor or SearchFault.CursorOfAnotherRequest => "cursor",
        SearchFault.AsOfOutOfRange => "as_of",
        SearchFault.LimitOutOfRange => "limit",
        SearchFault.IntervalOutOfRange => "interval",
        _ => "order",
    };
}
