using System.Net;
using Indelible.Engine;
using Indelible.Engine.Sequencing;
using Indelible.Events;
using Indelible.Server.Access;
using Indelible.Server.Limits;
using Indelible.Server.Problems;
using Indelible.Server.Sources;

namespace Indelible.Server.Ingestion;

/// <summary>What every protocol's door does with the events that it has read: append, and count what was taken and what was not.</summary>
internal sealed class EventDoor(LogEngine engine, ServerMetrics metrics, RefusalCounter refusals, RequestRates rates, NodeResources resources)
{
    // What an event of 420 bytes costs on one core: parsing it, and sealing and hashing its entry (bench/README.md).
    private const int BytesPerMicrosecond = 300;
    private const int MicrosecondsPerEvent = 8;

    /// <summary>The clock by which events without a time get one.</summary>
    public TimeProvider Time => engine.Time;

    /// <summary>Reads the body of a request to append, if its key and its address may send more now and there is memory for it.</summary>
    /// <param name="context">The request.</param>
    /// <param name="log">The log.</param>
    /// <param name="caller">A writer of it.</param>
    /// <exception cref="ProblemException">429, and as <see cref="RequestBody.ReadAsync"/>.</exception>
    public async Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpContext context, string log, Caller caller)
    {
        IPAddress? address = context.Connection.RemoteIpAddress;
        rates.AdmitAppend(caller.CredentialId, address, caller.Rates);
        ReadOnlyMemory<byte> body = await RequestBody.ReadAsync(context.Request, resources.BodyOf(context, log), context.RequestAborted);
        rates.CountAppend(caller.CredentialId, address, 0, body.Length, caller.Rates);
        return body;
    }

    /// <summary>Divides a body into events, or whatever else is computed from it, in its tenant's turn if it is large.</summary>
    /// <param name="log">The log.</param>
    /// <param name="body">What was read.</param>
    /// <param name="divide">The computation.</param>
    public ValueTask<EventBatch> DivideAsync(string log, ReadOnlyMemory<byte> body, Func<EventBatch> divide) => resources.ComputeAsync(log, body.Length / BytesPerMicrosecond, divide);

    /// <summary>Appends the valid events of a batch, durable when the task completes.</summary>
    /// <param name="log">The log.</param>
    /// <param name="caller">A writer of it.</param>
    /// <param name="protocol">Goes into <c>ingest.protocol</c>.</param>
    /// <param name="options">How; where part of a batch is welcome, what turns out not to fit an entry joins the refused.</param>
    /// <param name="batch">The events.</param>
    /// <param name="cancellationToken">Ends the waiting, not what was taken.</param>
    /// <returns>The batch with all that was refused, and one result for each of its claims.</returns>
    /// <exception cref="EventsRefusedException">Of an atomic request: an event does not fit an entry.</exception>
    public async Task<(EventBatch Batch, AppendResult Result)> AppendAsync(
        LogReader log, Caller caller, string protocol, AppendOptions options, EventBatch batch, CancellationToken cancellationToken)
    {
        long started = engine.Time.GetTimestamp();
        rates.CountAppend(caller.CredentialId, IPAddress.TryParse(caller.RemoteAddress, out IPAddress? address) ? address : null, batch.Claims.Count, 0, caller.Rates);
        AppendResult result;
        try
        {
            (batch, result) = await TryAppendAsync(log, caller, protocol, options, batch, cancellationToken);
            if (WithEarlierTimes(log, batch, result) is { } again)
            {
                (batch, result) = await TryAppendAsync(log, caller, protocol, options, again, cancellationToken);
            }
        }
        catch (EventsRefusedException e)
        {
            Refused(log.Settings.Name, caller, e.Refused);
            throw;
        }

        Refused(log.Settings.Name, caller, batch.Refused);
        refusals.Count(log.Settings.Name, caller.Principal, result);
        metrics.Appended(log.Settings.Name, result, engine.Time.GetElapsedTime(started));
        return (batch, result);
    }

    /// <summary>Counts events that were refused before they could be appended.</summary>
    public void Refused(string log, Caller caller, IReadOnlyList<RefusedEvent> refused)
    {
        metrics.Refused(log, refused.Count);
        refusals.Count(log, caller.Principal, refused);
    }

    /// <summary>Counts a request that could not be divided into events as one. One that comes too soon is not refused, but late.</summary>
    public void RefusedWhole(string log, Caller caller, Problem problem)
    {
        if (problem.Status != StatusCodes.Status429TooManyRequests)
        {
            refusals.Count(log, caller.Principal, problem.Name);
        }
    }

    private async Task<(EventBatch Batch, AppendResult Result)> TryAppendAsync(
        LogReader log, Caller caller, string protocol, AppendOptions options, EventBatch batch, CancellationToken cancellationToken)
    {
        while (true)
        {
            int[] items = [.. Enumerable.Range(0, batch.Claims.Count).Where(item => batch.Claims[item] is not null)];
            if (items.Length == 0)
            {
                return (batch, new AppendResult([], null, Refused: false));
            }

            try
            {
                Claim[] claims = [.. items.Select(item => batch.Claims[item]!)];
                Task<AppendResult> append = await resources.ComputeAsync(log.Settings.Name, claims.Length * MicrosecondsPerEvent, () => engine.AppendAsync(log, claims, caller.ForAppend(protocol), options, cancellationToken));
                return (batch, await append);
            }
            catch (EventsRefusedException e) when (options.Partial)
            {
                batch = batch.Without([.. e.Refused.Select(refused => refused with { Item = items[refused.Item] })]);
            }
        }
    }

    /// <summary>An event without a time got the time of its receipt; sent again, it has to get the same, or it would be another claim under its id.</summary>
    private EventBatch? WithEarlierTimes(LogReader log, EventBatch batch, AppendResult result)
    {
        if (batch.Untimed.Count == 0 || result.Events.All(e => e.Status != AppendStatus.Conflict))
        {
            return null;
        }

        Claim?[] claims = [.. batch.Claims];
        int[] items = [.. Enumerable.Range(0, claims.Length).Where(item => claims[item] is not null)];
        bool changed = false;
        foreach (AppendedEvent conflict in result.Events.Where(e => e.Status == AppendStatus.Conflict && e.Index >= 0))
        {
            int item = items[conflict.Item];
            LogReader holder = conflict.EarlierLog is { } earlier ? engine.Find(earlier)! : log;
            if (batch.Untimed.TryGetValue(item, out Func<string, Claim?>? rebuild) && conflict.Index < holder.Size
                && Entry.TryRead(holder.ReadEntry(conflict.Index).Span, out EntryFacts facts) && rebuild(facts.Time) is { } claim)
            {
                claims[item] = claim;
                changed = true;
            }
        }

        return changed ? batch with { Claims = claims } : null;
    }
}
