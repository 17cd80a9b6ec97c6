using System.Globalization;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Search;
using Indelible.Server.Access;
using Indelible.Server.Limits;
using Indelible.Server.Problems;
using Indelible.Server.Views;

namespace Indelible.Server.Endpoints;

/// <summary><c>GET /api/logs/{log}/tail?q=</c>: entries as server-sent events, as they become durable.</summary>
/// <remarks>What the stream sends, and when it passes over entries, is <see cref="LiveTail"/>'s.</remarks>
internal static class TailEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapGet("/api/logs/{log}/tail", HandleAsync).WithName("tail").WithTags("events")
        .WithSummary("Entries that match ?q=, as they arrive: server-sent events with id = index; Last-Event-ID or ?after= resumes; event: skipped where the reader fell more than ?behind= entries behind, unless ?complete=true")
        .Produces<string>(200, "text/event-stream").ProducesProblem(400);

    private static async Task HandleAsync(HttpContext context, LogEngine engine, IHostApplicationLifetime lifetime, RequestRates rates, NodeResources resources, string log)
    {
        Admission admission = AccessControl.Require(context, engine, log, Rights.Tail);
        rates.CountQuery(admission.Caller.CredentialId, admission.Caller.Rates);
        Query query = SearchEndpoints.QueryOf(context, engine.Time.GetUtcNow());
        long next = ResumeAt(context, admission.Log);
        long behind = BehindOf(context);
        using IDisposable open = resources.BeginTail(admission.Caller);
        await AccessTrail.FollowedAsync(engine, admission.Caller, admission.Log, query, next);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        try
        {
            await new LiveTail(context.Response, engine, resources, admission, query, next, behind).RunAsync(ending.Token);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // The server stops; the client resumes with Last-Event-ID.
        }
    }

    private static long ResumeAt(HttpContext context, LogReader reader)
    {
        string text = context.Request.Headers["Last-Event-ID"].ToString();
        long? after = text.Length == 0
            ? QueryFlag.ReadNumber(context, "after")
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long index)
                ? index
                : throw new ProblemException(Problem.InvalidParameter("Last-Event-ID", "the index of the last entry received"));
        long size = reader.Size;
        return after < size ? after.Value + 1 : size;
    }

    /// <summary>How many entries the stream may be behind the log.</summary>
    private static long BehindOf(HttpContext context)
    {
        long? behind = QueryFlag.ReadNumber(context, "behind");
        bool isComplete = QueryFlag.Read(context, "complete");
        return behind is 0 || (behind is not null && isComplete)
            ? throw new ProblemException(Problem.InvalidParameter("behind", "how many entries the stream may fall behind, at least 1; not beside complete=true"))
            : isComplete ? long.MaxValue : behind ?? ServerLimits.TailBehind;
    }
}
