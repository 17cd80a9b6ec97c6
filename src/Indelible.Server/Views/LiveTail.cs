using System.Globalization;
using System.Text;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Events;
using Indelible.Search;
using Indelible.Server.Access;
using Indelible.Server.Endpoints;
using Indelible.Server.Limits;

namespace Indelible.Server.Views;

/// <summary>One open stream of a log's entries: what it has looked at, and what it sends.</summary>
/// <remarks>
/// <para>
/// It reads from the log, not from a queue: nothing waits in memory for a slow reader, he holds up nobody, and he gets every entry, later. What was there when the
/// stream began is sent however long it takes. Of what comes after that, a reader who falls further behind than he said is told which entries were passed over
/// (<c>event: skipped</c>), and goes on with the newest.
/// </para>
/// <para>
/// Every event has for its id the index up to which the log was looked at, signs of life as well: who resumes behind it gets nothing twice, misses nothing, and has nothing
/// looked at again. Rights are asked anew before each piece: what was revoked, or has expired, ends the stream or narrows it.
/// </para>
/// </remarks>
/// <param name="response">Where to.</param>
/// <param name="engine">The engine.</param>
/// <param name="resources">Each piece is looked at in its tenant's turn.</param>
/// <param name="admission">Who follows which log.</param>
/// <param name="query">Which entries.</param>
/// <param name="next">The index of the first.</param>
/// <param name="behind">How many entries the stream may be behind the log before it passes over some.</param>
internal sealed class LiveTail(HttpResponse response, LogEngine engine, NodeResources resources, Admission admission, Query query, long next, long behind)
{
    // Few enough that what waits to be sent stays within some megabytes, mostly; enough for the tenant's turn (NodeResources.ScanAsync).
    private const int EntriesAtOnce = 128;

    private readonly long _there = admission.Log.Size;
    private Admission _admission = admission;
    private long _next = next;
    private DateTimeOffset _asked;   // when rights were asked last, or before
    private long _written;   // when something was sent last; a time stamp

    /// <summary>Sends until the caller may not follow any more.</summary>
    /// <param name="cancellationToken">Ends the stream.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await WriteAsync($": the stream begins at index {Text(_next)}\n\n", cancellationToken);
        if (query.TimeBounds(null).To is { } end && end <= engine.Time.GetUtcNow() + TimeSpan.FromSeconds(1))
        {
            // Relative times were made absolute when the query was read, here as everywhere.
            await WriteAsync($"event: notice\ndata: The query ends at {Instant.Format(end)}: nothing that happens later matches it. For what is to come, give the time a beginning alone, as in time>=now-15m.\n\n", cancellationToken);
        }

        while (true)
        {
            // What was revoked or has expired ends the stream, or narrows it, at once and before the next entry.
            long configuration = engine.System.Size;
            _asked = engine.Time.GetUtcNow();
            if (AccessControl.Renew(engine, _admission, Rights.Tail) is not { } renewed)
            {
                string why = _admission.Caller.SignedIn is null ? "the key was revoked or has expired" : "the session has ended";
                await WriteAsync($"event: end\ndata: {why}\n\n", cancellationToken);
                return;
            }

            _admission = renewed;
            await SendAsync(configuration, cancellationToken);
            await WaitAsync(configuration, cancellationToken);
        }
    }

    /// <summary>Sends what is there, as long as nothing changes that lets the caller in.</summary>
    private async Task SendAsync(long configuration, CancellationToken cancellationToken)
    {
        VisibleEntries entries = _admission.EntriesFor(Rights.Tail);
        DateTimeOffset? end = NextEnd();
        while (_next < _admission.Log.Size)
        {
            // A caller who reads slowly may take hours for what was there when he was let in.
            if (engine.System.Size != configuration || end <= engine.Time.GetUtcNow())
            {
                return;
            }

            long size = _admission.Log.Size;
            if (_next >= _there && size - _next > behind)
            {
                await SkipAsync(size - Math.Min(behind, EntriesAtOnce), cancellationToken);
            }

            long first = _next;
            long until = Math.Min(_next < _there ? _there : size, first + EntriesAtOnce);
            string items = await resources.ScanAsync(_admission.Log.Settings.Name, until - first, () => Match(entries, first, until));
            _next = until;
            if (items.Length > 0)
            {
                await WriteAsync(items, cancellationToken);
            }
            else if (engine.Time.GetElapsedTime(_written) >= ServerLimits.TailKeepAlive)
            {
                await WriteSignOfLifeAsync(cancellationToken);
            }

            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Passes over what the reader is too slow for, and says so.</summary>
    private async Task SkipAsync(long to, CancellationToken cancellationToken)
    {
        string data = string.Create(CultureInfo.InvariantCulture, $$"""{"from":{{_next}},"to":{{to - 1}},"entries":{{to - _next}}}""");
        _next = to;
        await WriteAsync($"id: {Text(to - 1)}\nevent: skipped\ndata: {data}\n\n", cancellationToken);
    }

    private string Match(VisibleEntries entries, long first, long end)
    {
        LogReader log = _admission.Log;
        var items = new StringBuilder();
        for (long index = first; index < end;)
        {
            foreach (ReadOnlyMemory<byte> entry in log.ReadEntries(index, end))
            {
                if (entries.TrySee(entry, out ReadOnlyMemory<byte> view) && query.Matches(view.Span))
                {
                    string item = Encoding.UTF8.GetString(EntryItem.ToJson(log, entries, index, entry, view));
                    items.Append(CultureInfo.InvariantCulture, $"id: {index}\nevent: entry\ndata: {item}\n\n");
                }

                index++;
            }
        }

        return items.ToString();
    }

    /// <summary>When the key ends, the next grant, or the session; null for never. Of what was there when rights were asked: what has ended since has to end the wait at once.</summary>
    private DateTimeOffset? NextEnd() => new[] { _admission.Caller.Ends, _admission.Caller.Authority.NextEnd(_asked), _admission.Caller.SignedIn?.Until }.Min();

    /// <summary>Waits for entries, for another configuration, for the end of the key or the session, or for the time of a sign of life.</summary>
    private async Task WaitAsync(long configuration, CancellationToken cancellationToken)
    {
        TimeSpan longest = ServerLimits.TailKeepAlive;
        if (NextEnd() - engine.Time.GetUtcNow() is { } left && left < longest)
        {
            longest = left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task growth = _admission.Log.WaitForGrowthAsync(_next, over.Token);
        Task change = engine.WaitForConfigurationAsync(configuration, over.Token);
        try
        {
            await Task.WhenAny([growth, change, .. _admission.Caller.SignedIn is { } session ? [session.Ended] : Array.Empty<Task>()]).WaitAsync(longest, engine.Time, cancellationToken);

            // Who goes away ends what is waited for, and that is no exception here.
            cancellationToken.ThrowIfCancellationRequested();
        }
        catch (TimeoutException) when (longest < ServerLimits.TailKeepAlive)
        {
            // The key, a grant or the session has expired; or the session would have, and was used meanwhile.
        }
        catch (TimeoutException)
        {
            await WriteSignOfLifeAsync(cancellationToken);
        }
        finally
        {
            await over.CancelAsync();
        }
    }

    // An id without data is no event, and is remembered nevertheless.
    private Task WriteSignOfLifeAsync(CancellationToken cancellationToken) =>
        WriteAsync((_next > 0 ? $"id: {Text(_next - 1)}\n" : "") + ": nothing new\n\n", cancellationToken);

    private async Task WriteAsync(string text, CancellationToken cancellationToken)
    {
        await response.WriteAsync(text, cancellationToken);
        await response.Body.FlushAsync(cancellationToken);
        _written = engine.Time.GetTimestamp();
    }

    private static string Text(long index) => index.ToString(CultureInfo.InvariantCulture);
}
