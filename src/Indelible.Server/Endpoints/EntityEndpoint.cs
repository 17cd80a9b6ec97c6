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
using Indelible.Server.Views;
using Microsoft.AspNetCore.Http.Features;

namespace Indelible.Server.Endpoints;

/// <summary><c>GET /api/logs/{log}/entities/{kind}/{id}</c>: what a log knows of one actor, target, session, address or the like.</summary>
/// <remarks>
/// Ids have slashes and more. One stands behind the kind, escaped once as any part of a path; or in <c>?id=</c>, which says every id, <c>..</c> and such included.
/// An entity that was never seen is answered like one that was, with no entries: whoever asks is not told of what he may not see.
/// </remarks>
internal static class EntityEndpoint
{
    private const int KindSegment = 5;

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapGet("/api/logs/{log}/entities/{kind}/{**id}", HandleAsync).WithName("getEntity").WithTags("events")
        .WithSummary("What the log knows of one actor, target, session, trace, ip, service, subject or any other field with a short name: first and last seen, total, most frequent values (?top=), failures, denials, by day. ?id= in place of the last part where an id is no part of a path; ?as_of=")
        .Produces<object>(200, "application/json").ProducesProblem(400).ProducesProblem(403).ProducesProblem(404);

    private static async Task HandleAsync(HttpContext context, LogEngine engine, RequestRates rates, NodeResources resources, LogIndexes indexes, string log, string kind)
    {
        Admission admission = AccessControl.Require(context, engine, log, Rights.Read);
        rates.CountQuery(admission.Caller.CredentialId, admission.Caller.Rates);
        if (!EntityKind.TryFind(kind, out EntityKind? found))
        {
            throw new ProblemException(Problem.NotFound($"There is no such kind of entity; the kinds are {string.Join(", ", EntityKind.All.Select(one => one.Name))}."));
        }

        // Before anything is looked for: the answer is the same whether the value is in the log or not.
        VisibleEntries entries = admission.EntriesFor(Rights.Read, resources, indexes);
        if (!entries.ShowsPersonal && PersonalPaths.Has(admission.Log.Settings, found.Field))
        {
            throw new ProblemException(Problem.Forbidden("a grant that shows personal values"));
        }

        string id = IdOf(context);
        if (!found.TryQuery(id, out Query? query, out _))
        {
            throw new ProblemException(Problem.InvalidParameter("id", "text that an entry could have there"));
        }

        long top = QueryFlag.ReadNumber(context, "top") ?? ServerLimits.DefaultEntityValues;
        long asOf = QueryFlag.ReadAsOf(context, entries.Size);
        using IDisposable scan = resources.BeginScan(admission.Log);
        var timeline = new Timeline(entries, asOf, engine.Time, context.RequestAborted);
        EntityView view = await EntityView.OfAsync(timeline, entries, found, query, (int)Math.Min(top, int.MaxValue));
        await AccessTrail.EntitySeenAsync(engine, admission.Caller, admission.Log, found.Name, query, view.Total, asOf);
        context.Response.ContentType = "application/json";
        await using (Utf8JsonWriter json = JsonText.Writer(context.Response.BodyWriter))
        {
            json.WriteStartObject();
            json.WriteString("kind", found.Name);
            json.WriteString("id", id);
            json.WriteNumber("as_of", asOf);
            json.WriteString("query", query.ToString());
            Write(json, view);
            json.WriteStartArray("notices");
            foreach (string notice in ViewNotices.Of(admission.Log, entries, timeline))
            {
                json.WriteStringValue(notice);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    /// <summary>The id, unescaped once: routing leaves <c>%2F</c> as it is and takes <c>%252F</c> for the same.</summary>
    private static string IdOf(HttpContext context)
    {
        string target = context.Features.Get<IHttpRequestFeature>()?.RawTarget.Split('?')[0] ?? "";
        int path = target.StartsWith('/') ? 0 : target.IndexOf('/', target.IndexOf("//", StringComparison.Ordinal) + 2);
        string[] parts = target[Math.Max(0, path)..].Split('/', KindSegment + 2);
        string inPath = parts.Length > KindSegment + 1 ? Uri.UnescapeDataString(parts[KindSegment + 1]) : "";
        string inQuery = context.Request.Query["id"].ToString();
        return (inPath.Length > 0) != (inQuery.Length > 0)
            ? inPath + inQuery
            : throw new ProblemException(Problem.InvalidParameter("id", "which one: behind the kind, or in ?id="));
    }

    private static void Write(Utf8JsonWriter json, EntityView view)
    {
        TotalJson.Write(json, view.Total);
        WriteSeen(json, "first", view.First);
        WriteSeen(json, "last", view.Last);
        WriteShare(json, "failures", view.Outcomes, "failure", view.Total);
        WriteShare(json, "denials", view.Decisions, "deny", view.Total);
        WriteWords(json, "outcomes", view.Outcomes);
        WriteWords(json, "decisions", view.Decisions);
        json.WriteStartObject("by_day");
        json.WriteString("from", view.DaysFrom is { } from ? DayOf(from) : null);
        json.WriteStartArray("days");
        foreach ((DateOnly day, long count) in view.Days)
        {
            json.WriteStartObject();
            json.WriteString("day", DayOf(day));
            json.WriteNumber("count", count);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        foreach ((string name, CountResult? counts) in view.Sides)
        {
            if (counts is null)
            {
                json.WriteNull(name);
                continue;
            }

            json.WriteStartObject(name);
            json.WriteStartArray("values");
            foreach (ValueCount value in counts.Values)
            {
                json.WriteStartObject();
                json.WriteString("value", value.Value);
                json.WriteNumber("count", value.Count);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteNumber("other_values", counts.OtherValues);
            json.WriteBoolean("values_exact", counts.ValuesExact);
            json.WriteEndObject();
        }
    }

    private static string DayOf(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static void WriteSeen(Utf8JsonWriter json, string name, Found? seen)
    {
        if (seen is not { } at)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        json.WriteNumber("index", at.Index);
        json.WriteString("time", at.Ticks < 0 ? null : Instant.Format(new DateTimeOffset(at.Ticks, TimeSpan.Zero)));
        json.WriteEndObject();
    }

    /// <summary>How many entries have a word, and which part of all they are.</summary>
    private static void WriteShare(Utf8JsonWriter json, string name, IReadOnlyList<ValueCount> words, string word, SearchTotal total)
    {
        long count = words.FirstOrDefault(one => one.Value == word).Count;
        json.WriteStartObject(name);
        json.WriteNumber("count", count);
        if (total.Value == 0)
        {
            json.WriteNull("share");
        }
        else
        {
            json.WriteNumber("share", Math.Round((double)count / total.Value, 4));
        }

        json.WriteEndObject();
    }

    private static void WriteWords(Utf8JsonWriter json, string name, IReadOnlyList<ValueCount> words)
    {
        json.WriteStartObject(name);
        foreach (ValueCount word in words)
        {
            json.WriteNumber(word.Value, word.Count);
        }

        json.WriteEndObject();
    }
}
