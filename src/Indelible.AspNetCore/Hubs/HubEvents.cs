using System.Collections.Immutable;
using System.Reflection;
using System.Security.Claims;
using Indelible.AspNetCore.Requests;
using Indelible.Client.Recording;
using Indelible.Events.Producing;
using Microsoft.AspNetCore.SignalR;

namespace Indelible.AspNetCore.Hubs;

/// <summary>Makes events of what is done through hubs. Thread-safe.</summary>
internal sealed class HubEvents(RequestEvents events, AuditOutbox outbox, TimeProvider time)
{
    /// <summary>Records that a hub's method was refused.</summary>
    public void Denied(HubInvocationContext invocation, ClaimsPrincipal user, string? policy, string? unmet)
    {
        EndpointPolicy audit = PolicyOf(invocation);
        EventDraft draft = Describe(invocation, audit, time.GetUtcNow()) with
        {
            Actor = events.Actors.Read(user),
            Outcome = Outcome.Failure,
            Decision = new Decision { Effect = DecisionEffect.Deny, Policy = policy ?? audit.AuthorizationNames, Rule = unmet },
        };
        outbox.Record(audit.Named ? draft : draft with { Category = Category.Authorization }, audit.Mode is DeliveryMode.Guaranteed ? DeliveryMode.Durable : audit.Mode);
    }

    public static EndpointPolicy PolicyOf(HubInvocationContext invocation)
    {
        EndpointPolicy policy = EndpointPolicy.None with
        {
            AuthorizationNames = Decisions.RequirementNames.Of(
                [.. invocation.HubMethod.GetCustomAttributes(inherit: true).OfType<Microsoft.AspNetCore.Authorization.IAuthorizeData>()]),
        };
        if (invocation.Hub.GetType().GetCustomAttribute<AuditAttribute>(inherit: true) is { } ofHub)
        {
            policy = policy.With(ofHub);
        }

        return invocation.HubMethod.GetCustomAttribute<AuditAttribute>(inherit: true) is { } ofMethod ? policy.With(ofMethod) : policy;
    }

    public EventDraft Describe(HubInvocationContext invocation, EndpointPolicy policy, DateTimeOffset at)
    {
        EventDraft draft = Describe(invocation.Context, policy.Action ?? "signalr.invoke", at) with
        {
            Category = policy.Category ?? (policy.Action is null ? Category.Application : null),
            Operation = policy.Operation ?? (policy.Action is { } action ? RequestEvents.OperationOf(action) : Operation.Execute),
            Targets = TargetsOf(invocation, policy),
        };
        string method = Bounded.Text($"{invocation.Hub.GetType().Name}.{invocation.HubMethodName}", 256)!;
        draft = draft with { Request = (draft.Request ?? new Request()) with { Protocol = "signalr", Method = "INVOKE", Status = null }, Labels = draft.Labels.SetItem("hub_method", method) };
        return policy.DataSubject is { } name && Argument(invocation, name) is { } subject ? draft.About(Bounded.Text(subject, 128)!) : draft;
    }

    public EventDraft Describe(HubCallerContext caller, string action, DateTimeOffset at)
    {
        var draft = new EventDraft
        {
            Action = action,
            Time = at,
            Actor = events.Actors.Read(caller.User),
            Authentication = WithSession(events.Actors.ReadAuthentication(caller.User), caller.ConnectionId),
        };
        if (caller.GetHttpContext() is not { } context)
        {
            return draft;
        }

        EventDraft filled = events.Fill(draft, context, context.Features.Get<RequestAudit>());
        return filled with { Request = filled.Request! with { Protocol = "signalr" } };
    }

    /// <summary>The connection binds the calls of one client together; it is the session where the claims name none.</summary>
    private static Authentication WithSession(Authentication? known, string connection) =>
        known is { SessionId: not null } ? known : (known ?? new()) with { SessionId = Bounded.Text(connection, 128) };

    private ImmutableArray<Target> TargetsOf(HubInvocationContext invocation, EndpointPolicy policy)
    {
        if (policy.TargetType is not { } type)
        {
            return [];
        }

        string name = policy.TargetId ?? "id";
        return Argument(invocation, name) is { } id ? [new Target { Type = type, Id = events.IdOf(name, id), Classification = policy.Classification }] : [];
    }

    private static string? Argument(HubInvocationContext invocation, string name)
    {
        ParameterInfo[] parameters = invocation.HubMethod.GetParameters();
        int at = 0;
        foreach (ParameterInfo parameter in parameters)
        {
            // Tokens and injected services are no arguments.
            if (at >= invocation.HubMethodArguments.Count)
            {
                break;
            }

            if (string.Equals(parameter.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                return Convert.ToString(invocation.HubMethodArguments[at], System.Globalization.CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : null;
            }

            at += parameter.ParameterType == typeof(CancellationToken) ? 0 : 1;
        }

        return null;
    }
}
