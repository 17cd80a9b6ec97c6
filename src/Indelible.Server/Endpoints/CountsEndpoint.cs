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

namespace Indelible.Server.Endpoints;

/// <summary><c>GET /api/logs/{log}/counts</c>: how many, over time and by value.</summary>
internal static class CountsEndpoint
{
    private const long MaxIntervalSeconds = 1_000 * 604_800L;
    private static readonly IndexedCounts s_counts = new();

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapGet("/api/logs/{log}/counts", CountAsync).WithName("countEvents").WithTags("events")
        .WithSummary("Histogram over time of what matches ?q=, by ?interval=15m, 1h, 1d …, and with ?by=FIELD the ?top= most frequent values and how many there are")
        .Produces<object>(200, "application/json").ProducesProblem(400);

    private static async Task CountAsync(HttpContext context, LogEngine engine, RequestRates rates, NodeResources resources, LogIndexes indexes, string log)
    {
        Admission admission = AccessControl.Require(context, engine, log, Rights.Read);
        rates.CountQuery(admission.Caller.CredentialId, admission.Caller.Rates);
        Query query = SearchEndpoints.QueryOf(context, engine.Time.GetUtcNow());
        var request = new CountRequest(
            query,
            SearchEndpoints.TimeOf(context),
            FieldOf(context),
            (int)Math.Min(QueryFlag.ReadNumber(context, "top") ?? ServerLimits.DefaultTopValues, int.MaxValue),
            QueryFlag.ReadNumber(context, "as_of"),
            IntervalOf(context));
        using IDisposable scan = resources.BeginScan(admission.Log);
        CountResult result;
        try
        {
            result = await resources.SearchAsync(log, turns => s_counts.CountAsync(admission.EntriesFor(Rights.Read, turns, indexes), request, context.RequestAborted));
        }
        catch (SearchException e)
        {
            throw new ProblemException(Problem.InvalidParameter(e.Fault == SearchFault.LimitOutOfRange ? "top" : SearchEndpoints.ParameterOf(e.Fault), e.Message));
        }

        await AccessTrail.CountedAsync(engine, admission.Caller, admission.Log, request, result);
        context.Response.ContentType = "application/json";
        await using (Utf8JsonWriter json = JsonText.Writer(context.Response.BodyWriter))
        {
            Write(json, query, request.By, result, NoticesOf(admission, result, indexes));
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private static IEnumerable<string> NoticesOf(Admission admission, CountResult result, LogIndexes indexes)
    {
        IEnumerable<string> notices = result.Notices;
        if (result.Indexed < result.AsOf && indexes.NoticeOf(admission.Log) is { } remade)
        {
            notices = notices.Append(remade);
        }

        return admission.EntriesFor(Rights.Read).IsClear ? notices : notices.Append("Personal values are not shown, and neither the query nor the counts looked into them.");
    }

    /// <summary>The width that the histogram is asked to have; null where that is left to us.</summary>
    private static TimeSpan? IntervalOf(HttpContext context)
    {
        string text = context.Request.Query["interval"].ToString();
        if (text.Length == 0)
        {
            return null;
        }

        long seconds = text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3_600, 'd' => 86_400, 'w' => 604_800, _ => 0 };
        return seconds > 0 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0 && count <= MaxIntervalSeconds / seconds
            ? TimeSpan.FromSeconds(count * seconds)
            : throw new ProblemException(Problem.InvalidParameter("interval", "a whole number of s, m, h, d or w, such as 15m, 1h or 1d; at most 1000w"));
    }

    private static Field? FieldOf(HttpContext context)
    {
        string text = context.Request.Query["by"].ToString();
        if (text.Length == 0)
        {
            return null;
        }

        return Field.TryParse(text, out Field? field, out QueryError? error)
            ? field
            : throw new ProblemException(Problem.InvalidParameter("by", error.ToString()));
    }

    private static void Write(Utf8JsonWriter json, Query query, Field? by, CountResult result, IEnumerable<string> notices)
    {
        json.WriteStartObject();
        json.WriteNumber("as_of", result.AsOf);
        json.WriteStartObject("total");
        json.WriteNumber("value", result.Total.Value);
        json.WriteBoolean("exact", result.Total.Exact);
        json.WriteEndObject();
        json.WriteNumber("counted_from", result.CountedFrom);
        json.WriteNumber("interval_seconds", (long)result.Interval.TotalSeconds);
        json.WriteStartArray("histogram");
        foreach (TimeCount interval in result.Histogram)
        {
            json.WriteStartObject();
            json.WriteString("from", Instant.Format(interval.From));
            json.WriteNumber("count", interval.Count);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("untimed", result.Untimed);
        if (by is not null)
        {
            json.WriteString("by", by.ToString());
            json.WriteStartArray("values");
            foreach (ValueCount value in result.Values)
            {
                json.WriteStartObject();
                json.WriteString("value", value.Value);
                json.WriteNumber("count", value.Count);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteNumber("other_values", result.OtherValues);
            json.WriteNumber("distinct", result.Distinct);
            json.WriteBoolean("values_exact", result.ValuesExact);
        }

        json.WriteNumber("indexed", result.Indexed);
        json.WriteStartArray("notices");
        foreach (string notice in notices)
        {
            json.WriteStringValue(notice);
        }

        json.WriteEndArray();
        json.WriteString("query", query.ToString());
        json.WriteEndObject();
    }
}
