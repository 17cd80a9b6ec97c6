using System.Text.Json;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Storage;
using Indelible.Events;
using Indelible.Server.Access;
using Indelible.Server.Detection;
using Indelible.Server.Problems;
using Indelible.Server.Streams;

namespace Indelible.Server.Endpoints;

/// <summary><c>/api/streams</c>: streams to other systems, how they go, and what administrators of the node do with them.</summary>
internal static class StreamEndpoints
{
    private const string Path = "/api/streams";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, ListAsync).WithName("listStreams").WithTags("streams").WithSummary("Streams to other systems, how far they have come, and what receivers refused (administrators of the node)").Produces<OutboundStreamList>();
        routes.MapPost(Path + "/{name}/replay", ReplayAsync).WithName("replayStream").WithTags("streams").WithSummary("Send a log again, from an index or a time of receipt on")
            .Accepts<ReplayRequest>("application/json").Produces<OutboundStreamView>().ProducesProblem(400).ProducesProblem(404);
        routes.MapPost(Path + "/{name}/pause", (HttpContext context, LogEngine engine, LogStreams streams, string name) => HoldAsync(context, engine, streams, name, isPaused: true))
            .WithName("pauseStream").WithTags("streams").WithSummary("Hold a stream, until it is resumed, whatever the server does").Produces<OutboundStreamView>().ProducesProblem(404);
        routes.MapPost(Path + "/{name}/resume", (HttpContext context, LogEngine engine, LogStreams streams, string name) => HoldAsync(context, engine, streams, name, isPaused: false))
            .WithName("resumeStream").WithTags("streams").WithSummary("Let a stream go on where it was held; one that waits to try again tries at once").Produces<OutboundStreamView>().ProducesProblem(404);
    }

    private static async Task<IResult> ListAsync(HttpContext context, LogEngine engine, LogStreams streams)
    {
        Caller caller = AccessControl.RequireOnNode(context, engine, Rights.Admin);
        await AccessTrail.InspectedAsync(engine, caller, "streams", streams.Streams.Count);
        return TypedResults.Json(new OutboundStreamList([.. streams.Streams.Select(View)]), ApiJson.Plain.OutboundStreamList);
    }

    private static async Task<IResult> HoldAsync(HttpContext context, LogEngine engine, LogStreams streams, string name, bool isPaused)
    {
        Caller caller = AccessControl.RequireOnNode(context, engine, Rights.Admin);
        StreamRun stream = Find(streams, name);
        await AccessTrail.StreamChangedAsync(engine, caller, isPaused ? AccessKind.StreamPause : AccessKind.StreamResume, name, _ => { });
        await stream.PauseAsync(isPaused);
        return Answer(stream);
    }

    private static async Task<IResult> ReplayAsync(HttpContext context, LogEngine engine, LogStreams streams, string name)
    {
        Caller caller = AccessControl.RequireOnNode(context, engine, Rights.Admin);
        StreamRun stream = Find(streams, name);
        ReplayRequest request = await SmallBody.ReadAsync(context, ApiJson.Plain.ReplayRequest);
        LogReader log = request.Log is { } wanted && stream.Follows(wanted) && engine.Find(wanted) is { } found
            ? found
            : throw new ProblemException(Problem.InvalidParameter("/log", $"a log of the stream: {string.Join(", ", stream.Lags().Select(one => one.Log))}"));
        long next = stream.Lags().Single(one => one.Log == log.Settings.Name).Next;
        long from = IndexOf(log, request.From, next);
        if (from > next)
        {
            throw new ProblemException(Problem.InvalidParameter("/from", $"an index that was sent already, up to {next}: nothing is passed over"));
        }

        await AccessTrail.StreamChangedAsync(engine, caller, AccessKind.StreamReplay, name, data =>
        {
            data.WriteString("log", log.Settings.Name);
            data.WriteNumber("from", from);
            data.WriteNumber("next", next);
        });

        // What was sent back meanwhile is behind it in any case.
        await stream.ReplayAsync(log, from);
        return Answer(stream);
    }

    private static long IndexOf(LogReader log, JsonElement from, long next) => from.ValueKind switch
    {
        JsonValueKind.Number when from.TryGetInt64(out long index) && index >= 0 => index,
        JsonValueKind.String when Instant.TryParse(from.GetString()!, out DateTimeOffset time) => Math.Min(next, FirstReceivedFrom(log, time)),
        _ => throw new ProblemException(Problem.InvalidParameter("/from", "an index from 0 on, or an instant in UTC: 2026-03-03T12:00:00Z")),
    };

    /// <summary>The first entry that was received at a time or later: times of receipt never go back. One that cannot be read counts as received then: what is sent twice can be dropped.</summary>
    private static long FirstReceivedFrom(LogReader log, DateTimeOffset time)
    {
        (long low, long high) = (0, log.Size);
        while (low < high)
        {
            long middle = low + ((high - low) / 2);
            (low, high) = IsBefore(log, middle, time) ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private static bool IsBefore(LogReader log, long index, DateTimeOffset time)
    {
        try
        {
            return EntryTimes.Read(log.ReadEntry(index).Span).Received < time;
        }
        catch (Exception e) when (e is JsonException or FormatException or StorageException { Outcome: StorageOutcome.Damaged })
        {
            // Too early rather than too late.
            return false;
        }
    }

    private static StreamRun Find(LogStreams streams, string name) =>
        streams.Streams.FirstOrDefault(stream => stream.Definition.Name == name) ?? throw new ProblemException(Problem.NotFound("There is no stream of this name in the file of streams."));

    private static IResult Answer(StreamRun stream) => TypedResults.Json(View(stream), ApiJson.Plain.OutboundStreamView);

    private static OutboundStreamView View(StreamRun stream)
    {
        StreamStatus status = stream.Status;
        StreamDefinition definition = stream.Definition;
        IReadOnlyList<StreamLag> lags = stream.Lags();
        (long refused, IReadOnlyList<RefusedEntry> last) = stream.Refused;
        return new OutboundStreamView(
            definition.Name,
            stream.IsPaused ? "paused" : status.NextTry is not null ? "failing" : lags.Any(lag => lag.Entries > 0) ? "sending" : "idle",
            [.. lags.Select(lag => new OutboundLogView(lag.Log, lag.Next, lag.Size, lag.Entries, lag.Behind?.TotalSeconds))],
            definition.Query.ToString(),
            definition.FormatWord,
            definition.IsClear ? "clear" : "masked",
            definition.To.Address,
            stream.Sent,
            status.LastSuccess is { } success ? Instant.Format(success) : null,
            status is { LastFailure: { } failed, Failure: { } why } ? new StreamFailureView(Instant.Format(failed), why, status.NextTry is { } next ? Instant.Format(next) : null) : null,
            new RefusedEntriesView(refused, [.. last.Select(entry => new RefusedEntryView(entry.Log, entry.Index, entry.Id, entry.Why, entry.At))]));
    }
}
