using System.Globalization;
using System.Text;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Search;
using Indelible.Server.Access;
using Indelible.Server.Limits;
using Indelible.Server.Problems;

namespace Indelible.Server.Endpoints;

/// <summary><c>GET /api/logs/{log}/tail?q=</c>: entries as server-sent events, as they become durable.</summary>
/// <remarks>
/// The stream reads from the log, not from a queue: a slow reader gets every entry, later. <c>Last-Event-ID</c> (or <c>?after=</c>)
/// resumes behind an index; without it the stream begins with the next entry.
/// </remarks>
internal static class TailEndpoint
{
    // Few enough that what waits to be sent stays within some megabytes, mostly; enough for the tenant's turn (NodeResources.ScanAsync).
    private const int EntriesAtOnce = 128;

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapGet("/api/logs/{log}/tail", HandleAsync).WithName("tail").WithTags("events")
        .WithSummary("Entries that match ?q=, as they arrive: server-sent events with id = index; Last-Event-ID resumes")
        .Produces<string>(200, "text/event-stream").ProducesProblem(400);

    private static async Task HandleAsync(HttpContext context, LogEngine engine, IHostApplicationLifetime lifetime, RequestRates rates, NodeResources resources, string log)
    {
        Admission admission = AccessControl.Require(context, engine, log, Rights.Tail);
        LogReader reader = admission.Log;
        rates.CountQuery(admission.Caller.CredentialId, admission.Caller.Rates);
        Query query = SearchEndpoints.QueryOf(context, engine.Time.GetUtcNow());
        long next = ResumeAt(context, reader);
        using IDisposable open = resources.BeginTail(admission.Caller);
        await AccessTrail.FollowedAsync(engine, admission.Caller, reader, query, next);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        HttpResponse response = context.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        try
        {
            string begins = $": the stream begins at index {next.ToString(CultureInfo.InvariantCulture)}\n\n";
            await WriteAsync(response, begins, ending.Token);
            while (true)
            {
                // What was revoked or has expired ends the stream, or narrows it, at once and before the next entry.
                long configuration = engine.System.Size;
                if (AccessControl.Renew(engine, admission, Rights.Tail) is not { } renewed)
                {
                    string why = admission.Caller.SignedIn is null ? "the key was revoked or has expired" : "the session has ended";
                    await WriteAsync(response, $"event: end\ndata: {why}\n\n", ending.Token);
                    return;
                }

                admission = renewed;
                next = await SendAsync(response, engine, admission, resources, query, next, configuration, ending.Token);
                await WaitAsync(response, engine, admission, next, configuration, ending.Token);
            }
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

    /// <summary>Sends what is there, as long as nothing changes that lets the caller in.</summary>
    /// <returns>The first index that was not looked at.</returns>
    private static async Task<long> SendAsync(
        HttpResponse response, LogEngine engine, Admission admission, NodeResources resources, Query query, long next, long configuration, CancellationToken cancellationToken)
    {
        VisibleEntries entries = admission.EntriesFor(Rights.Tail);
        DateTimeOffset? end = NextEnd(admission, engine.Time.GetUtcNow());
        long size = entries.Size;
        while (next < size)
        {
            // A caller who reads slowly may take hours for what was there when he was let in.
            if (engine.System.Size != configuration || end <= engine.Time.GetUtcNow())
            {
                return next;
            }

            long first = next;
            next = Math.Min(size, first + EntriesAtOnce);
            string items = await resources.ScanAsync(admission.Log.Settings.Name, next - first, () => Match(admission.Log, entries, query, first, next));
            if (items.Length > 0)
            {
                await WriteAsync(response, items, cancellationToken);
            }

            cancellationToken.ThrowIfCancellationRequested();
        }

        return next;
    }

    private static string Match(LogReader reader, VisibleEntries entries, Query query, long first, long end)
    {
        var items = new StringBuilder();
        for (long index = first; index < end;)
        {
            foreach (ReadOnlyMemory<byte> entry in reader.ReadEntries(index, end))
            {
                if (entries.TrySee(entry, out ReadOnlyMemory<byte> view) && query.Matches(view.Span))
                {
                    string item = Encoding.UTF8.GetString(EntryItem.ToJson(reader, entries, index, entry, view));
                    items.Append(CultureInfo.InvariantCulture, $"id: {index}\nevent: entry\ndata: {item}\n\n");
                }

                index++;
            }
        }

        return items.ToString();
    }

    /// <summary>When the key ends, the next grant, or the session; null for never.</summary>
    private static DateTimeOffset? NextEnd(Admission admission, DateTimeOffset now) =>
        new[] { admission.Caller.Ends, admission.Caller.Authority.NextEnd(now), admission.Caller.SignedIn?.Until }.Min();

    /// <summary>Waits for entries, for another configuration, for the end of the key or the session, or for the time of a sign of life.</summary>
    private static async Task WaitAsync(HttpResponse response, LogEngine engine, Admission admission, long next, long configuration, CancellationToken cancellationToken)
    {
        TimeSpan longest = ServerLimits.TailKeepAlive;
        DateTimeOffset now = engine.Time.GetUtcNow();
        if (NextEnd(admission, now) - now is { } left && left < longest)
        {
            longest = left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task growth = admission.Log.WaitForGrowthAsync(next, over.Token);
        Task change = engine.WaitForConfigurationAsync(configuration, over.Token);
        try
        {
            await Task.WhenAny([growth, change, .. admission.Caller.SignedIn is { } session ? [session.Ended] : Array.Empty<Task>()]).WaitAsync(longest, engine.Time, cancellationToken);

            // Who goes away ends what is waited for, and that is no exception here.
            cancellationToken.ThrowIfCancellationRequested();
        }
        catch (TimeoutException) when (longest < ServerLimits.TailKeepAlive)
        {
            // The key, a grant or the session has expired; or the session would have, and was used meanwhile.
        }
        catch (TimeoutException)
        {
            await WriteAsync(response, ": nothing new\n\n", cancellationToken);
        }
        finally
        {
            await over.CancelAsync();
        }
    }

    private static async Task WriteAsync(HttpResponse response, string text, CancellationToken cancellationToken)
    {
        await response.WriteAsync(text, cancellationToken);
        await response.Body.FlushAsync(cancellationToken);
    }
}
