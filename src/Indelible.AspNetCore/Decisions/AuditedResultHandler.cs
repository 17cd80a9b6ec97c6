using Indelible.AspNetCore.Requests;
using Indelible.Events.Producing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;

namespace Indelible.AspNetCore.Decisions;

/// <summary>Notes what the authorisation middleware decided: the policy, and the requirements that were not met.</summary>
internal sealed class AuditedResultHandler(IAuthorizationMiddlewareResultHandler inner, RequestEvents events) : IAuthorizationMiddlewareResultHandler
{
    public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (context.Features.Get<RequestAudit>() is { } audit)
        {
            Note(context, audit, policy, authorizeResult);
        }

        return inner.HandleAsync(next, context, policy, authorizeResult);
    }

    private void Note(HttpContext context, RequestAudit audit, AuthorizationPolicy policy, PolicyAuthorizationResult result)
    {
        audit.Authorized = true;
        audit.Settle(context);
        string? name = events.PolicyOf(context, audit).AuthorizationNames ?? RequirementNames.Of(policy.Requirements);
        if (result.Succeeded)
        {
            audit.Decision = new Decision { Effect = DecisionEffect.Allow, Policy = name };
            return;
        }

        audit.Denied = true;
        string? reasons = result.AuthorizationFailure is { } failure ? string.Join("; ", failure.FailureReasons.Select(reason => reason.Message)) : null;
        audit.Decision = new Decision
        {
            Effect = result.Challenged ? DecisionEffect.Challenge : DecisionEffect.Deny,
            Policy = name,
            Rule = result.AuthorizationFailure is { } unmet ? RequirementNames.Of(unmet) : result.Challenged ? RequirementNames.Of(policy.Requirements) : null,
            Reason = reasons is not null && Secrets.SecretsDictionary.KindOf(reasons) is null ? Bounded.Text(reasons, 1_024) : null,
        };
    }
}
