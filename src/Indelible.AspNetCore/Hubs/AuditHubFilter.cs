using System.Reflection;
using Indelible.AspNetCore.Requests;
using Indelible.Client.Recording;
using Indelible.Events.Producing;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;

namespace Indelible.AspNetCore.Hubs;

/// <summary>Records what is called on hubs: methods that are named, failures of all, and who connects to a hub that is named.</summary>
internal sealed class AuditHubFilter(HubEvents events, AuditOutbox outbox, IntentPolicy intents, IOptions<AuditOptions> options, TimeProvider time) : IHubFilter
{
    public async ValueTask<object?> InvokeMethodAsync(HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        DateTimeOffset at = time.GetUtcNow();
        long started = time.GetTimestamp();
        EndpointPolicy policy = HubEvents.PolicyOf(invocationContext);
        string? intent = null;
        if (policy.Mode == DeliveryMode.Guaranteed)
        {
            EventDraft draft = events.Describe(invocationContext, policy, at) with { Kind = EventKind.Intent, Outcome = Outcome.Unknown };
            intent = await intents.RecordAsync(draft, invocationContext.Context.ConnectionAborted).ConfigureAwait(false);
            if (intent is null)
            {
                Record(invocationContext, policy, at, started, null, Outcome.Failure, "the intent could not be recorded");
                throw new HubException("What this call does must be recorded before it is done, and that is not possible now. Nothing was done.");
            }
        }

        try
        {
            object? result = await next(invocationContext).ConfigureAwait(false);
            if (policy.Named || options.Value.Scope == AuditScope.Everything)
            {
                Record(invocationContext, policy, at, started, intent, Outcome.Success, null);
            }

            return result;
        }
        catch (Exception fault)
        {
            Record(invocationContext, policy, at, started, intent, Outcome.Failure, fault.GetType().FullName);
            throw;
        }
    }

    public async Task OnConnectedAsync(HubLifetimeContext context, Func<HubLifetimeContext, Task> next)
    {
        await next(context).ConfigureAwait(false);
        RecordConnection(context, "signalr.connect", Operation.Connect, null);
    }

    public async Task OnDisconnectedAsync(HubLifetimeContext context, Exception? exception, Func<HubLifetimeContext, Exception?, Task> next)
    {
        await next(context, exception).ConfigureAwait(false);
        RecordConnection(context, "signalr.disconnect", Operation.Other, exception);
    }

    private void RecordConnection(HubLifetimeContext context, string action, Operation operation, Exception? exception)
    {
        if (context.Hub.GetType().GetCustomAttribute<AuditAttribute>(inherit: true) is null && options.Value.Scope != AuditScope.Everything)
        {
            return;
        }

        outbox.Record(
            events.Describe(context.Context, action, time.GetUtcNow()) with
            {
                Category = Category.Session,
                Operation = operation,
                OutcomeReason = Bounded.Text(exception?.GetType().FullName, 1_024),
                Labels = System.Collections.Immutable.ImmutableDictionary<string, string>.Empty.Add("hub", Bounded.Text(context.Hub.GetType().Name, 256)!),
            },
            mode: null);
    }

    private void Record(HubInvocationContext invocation, EndpointPolicy policy, DateTimeOffset at, long started, string? intent, Outcome outcome, string? reason)
    {
        EventDraft draft = events.Describe(invocation, policy, at);
        outbox.Record(
            draft with
            {
                Kind = intent is null ? null : EventKind.Outcome,
                RelatesTo = intent,
                Outcome = outcome,
                OutcomeReason = Bounded.Text(reason, 1_024),
                Request = draft.Request! with { DurationMs = (long)time.GetElapsedTime(started).TotalMilliseconds },
            },
            policy.Mode is DeliveryMode.Guaranteed ? DeliveryMode.Durable : policy.Mode);
    }
}
