using System.Globalization;
using System.Text;
using Indelible.Engine;
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
        (Caller caller, LogReader reader) = AccessControl.RequireReader(context, engine, log);
        rates.CountQuery(caller.Key.Id);
        Query query = SearchEndpoints.QueryOf(context, engine.Time.GetUtcNow());
        long next = ResumeAt(context, reader);
        using IDisposable open = resources.BeginTail(caller);
        await AccessTrail.FollowedAsync(engine, caller, reader, query, next);
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
                // A key that was revoked or has expired ends the stream at once, and before the next entry.
                long configuration = engine.System.Size;
                if (!AccessControl.IsStillValid(caller, engine))
                {
                    await WriteAsync(response, "event: end\ndata: the key was revoked or has expired\n\n", ending.Token);
                    return;
                }

                next = await SendAsync(response, reader, resources, query, next, ending.Token);
                await WaitAsync(response, engine, reader, caller, next, configuration, ending.Token);
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

    private static async Task<long> SendAsync(HttpResponse response, LogReader reader, NodeResources resources, Query query, long next, CancellationToken cancellationToken)
    {
        long size = reader.Size;
        while (next < size)
        {
            long first = next;
            next = Math.Min(size, first + EntriesAtOnce);
            string items = await resources.ScanAsync(reader.Settings.Name, next - first, () => Match(reader, query, first, next));
            if (items.Length > 0)
            {
                await WriteAsync(response, items, cancellationToken);
            }

            cancellationToken.ThrowIfCancellationRequested();
        }

        return next;
    }

    private static string Match(LogReader reader, Query query, long first, long end)
    {
        var items = new StringBuilder();
        for (long index = first; index < end;)
        {
            foreach (ReadOnlyMemory<byte> entry in reader.ReadEntries(index, end))
            {
                byte[] clear = reader.Decrypt(entry);
                if (query.Matches(clear))
                {
                    string item = Encoding.UTF8.GetString(EntryItem.ToJson(reader, index, entry, clear));
                    items.Append(CultureInfo.InvariantCulture, $"id: {index}\nevent: entry\ndata: {item}\n\n");
                }

                index++;
            }
        }

        return items.ToString();
    }

    /// <summary>Waits for entries, for another configuration, for the end of the key, or for the time of a sign of life.</summary>
    private static async Task WaitAsync(HttpResponse response, LogEngine engine, LogReader reader, Caller caller, long next, long configuration, CancellationToken cancellationToken)
    {
        TimeSpan longest = ServerLimits.TailKeepAlive;
        if (caller.Key.Expires is { } expires && expires - engine.Time.GetUtcNow() is var left && left < longest)
        {
            longest = left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task growth = reader.WaitForGrowthAsync(next, over.Token);
        Task change = engine.WaitForConfigurationAsync(configuration, over.Token);
        try
        {
            await Task.WhenAny(growth, change).WaitAsync(longest, engine.Time, cancellationToken);
        }
        catch (TimeoutException) when (longest < ServerLimits.TailKeepAlive)
        {
            // The key has expired.
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
