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

namespace Indelible.Server.Endpoints;

/// <summary><c>GET /api/logs/{log}/events/{index}/context</c>: what happened before and after an entry by the same actor, in the same session and trace, and to the same targets.</summary>
internal static class ContextEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapGet("/api/logs/{log}/events/{index:long}/context", HandleAsync).WithName("getContext").WithTags("events")
        .WithSummary("The entries before and after one, by time, with the same actor, session, trace and targets: ?limit= on each side, ?window= such as 10m around it, ?as_of=; and the events that name it or that it names")
        .Produces<object>(200, "application/json").ProducesProblem(400).ProducesProblem(404);

    private static async Task HandleAsync(HttpContext context, LogEngine engine, RequestRates rates, NodeResources resources, LogIndexes indexes, string log, long index)
    {
        Admission admission = AccessControl.Require(context, engine, log, Rights.Read);
        rates.CountQuery(admission.Caller.CredentialId, admission.Caller.Rates);
        VisibleEntries entries = admission.EntriesFor(Rights.Read, resources, indexes);
        ReadOnlyMemory<byte> view = EntryEndpoints.FindView(admission.Log, entries, index);
        int limit = LimitOf(context);
        TimeSpan? window = QueryFlag.ReadDuration(context, "window");
        long asOf = QueryFlag.ReadAsOf(context, entries.Size);
        if (asOf <= index)
        {
            throw new ProblemException(Problem.InvalidParameter("as_of", $"greater than the index {index}"));
        }

        using IDisposable scan = resources.BeginScan(admission.Log);
        var place = new Found(EntryTime.Read(view.Span), index);
        TimeRange time = Around(place.Ticks, window);
        var timeline = new Timeline(entries, asOf, engine.Time, context.RequestAborted);
        var common = Surroundings.Of(view);
        var groups = new List<(ContextGroup Of, Neighbours Found)>();
        foreach (ContextGroup group in common.Groups)
        {
            groups.Add((group, await timeline.AroundAsync(group.Query, place, time, limit)));
        }

        var links = new List<(ContextLink Of, Neighbours Found)>();
        foreach (ContextLink link in common.Links)
        {
            links.Add((link, await timeline.AroundAsync(link.Query, place, default, limit)));
        }

        links.RemoveAll(link => link.Found.Count == 0);
        await AccessTrail.SurroundedAsync(engine, admission.Caller, admission.Log, index, asOf, groups.Sum(group => group.Found.Count) + links.Sum(link => link.Found.Count));
        context.Response.ContentType = "application/json";
        await using Utf8JsonWriter json = JsonText.Writer(context.Response.BodyWriter);
        json.WriteStartObject();
        json.WriteNumber("as_of", asOf);
        json.WritePropertyName("item");
        Write(json, admission.Log, entries, index);
        WriteInstant(json, "from", time.From);
        WriteInstant(json, "to", time.To);
        json.WriteStartArray("groups");
        foreach ((ContextGroup group, Neighbours found) in groups)
        {
            json.WriteStartObject();
            json.WriteString("kind", group.Kind.Name);
            json.WriteString("id", group.Id);
            if (group.Type is not null)
            {
                json.WriteString("type", group.Type);
            }

            json.WriteString("query", group.Query.ToString());
            TotalJson.Write(json, found.Total);
            Write(json, "before", admission.Log, entries, found.Before);
            Write(json, "after", admission.Log, entries, found.After);
            json.WriteEndObject();
            await FlushAsync(json, context);
        }

        json.WriteEndArray();
        json.WriteStartArray("links");
        foreach ((ContextLink link, Neighbours found) in links)
        {
            json.WriteStartObject();
            json.WriteString("kind", link.By);
            json.WriteString("id", link.Id);
            json.WriteString("query", link.Query.ToString());
            TotalJson.Write(json, found.Total);
            Write(json, "items", admission.Log, entries, [.. found.Before, .. found.After]);
            json.WriteEndObject();
            await FlushAsync(json, context);
        }

        json.WriteEndArray();
        json.WriteStartArray("notices");
        foreach (string notice in ViewNotices.Of(admission.Log, entries, timeline))
        {
            json.WriteStringValue(notice);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        await FlushAsync(json, context);
    }

    private static int LimitOf(HttpContext context)
    {
        long limit = QueryFlag.ReadNumber(context, "limit") ?? ServerLimits.DefaultNeighbours;
        return limit is >= 1 and <= ServerLimits.Neighbours
            ? (int)limit
            : throw new ProblemException(Problem.InvalidParameter("limit", $"how many entries on each side: 1 to {ServerLimits.Neighbours}"));
    }

    /// <summary>So long before some ticks, and so long behind them, both ends included.</summary>
    private static TimeRange Around(long ticks, TimeSpan? window) => window is not { } width || ticks < 0
        ? default
        : new TimeRange(
            new DateTimeOffset(Math.Max(0, ticks - width.Ticks), TimeSpan.Zero),
            ticks > DateTimeOffset.MaxValue.Ticks - width.Ticks ? null : Timeline.Behind(ticks + width.Ticks));

    private static void Write(Utf8JsonWriter json, string name, LogReader log, VisibleEntries entries, IReadOnlyList<Found> items)
    {
        json.WriteStartArray(name);
        foreach (Found item in items)
        {
            Write(json, log, entries, item.Index);
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, LogReader log, VisibleEntries entries, long index)
    {
        ReadOnlyMemory<byte> entry = log.ReadEntry(index);
        entries.TrySee(entry, out ReadOnlyMemory<byte> view);
        EntryItem.Write(json, log, entries, index, entry, view);
    }

    private static void WriteInstant(Utf8JsonWriter json, string name, DateTimeOffset? instant) => json.WriteString(name, instant is { } at ? Instant.Format(at) : null);

    // A context may have many entries: what is written leaves before the next group is.
    private static async Task FlushAsync(Utf8JsonWriter json, HttpContext context)
    {
        await json.FlushAsync(context.RequestAborted);
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }
}
