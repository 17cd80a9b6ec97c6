using System.Security.Claims;
using Indelible.AspNetCore.Hubs;
using Indelible.AspNetCore.Requests;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.SignalR;

namespace Indelible.AspNetCore.Decisions;

/// <summary>Notes the decisions that the application asks for, with the policy's name and what was not met.</summary>
/// <remarks>
/// They become part of the request's event rather than events of their own: a page that asks which buttons to show decides much and denies nobody. A hub's method that is refused has no request of its
/// own, and is an event.
/// </remarks>
internal sealed class AuditedAuthorizationService(IAuthorizationService inner, IHttpContextAccessor accessor, HubEvents hubs) : IAuthorizationService
{
    public async Task<AuthorizationResult> AuthorizeAsync(ClaimsPrincipal user, object? resource, IEnumerable<IAuthorizationRequirement> requirements)
    {
        AuthorizationResult result = await inner.AuthorizeAsync(user, resource, requirements).ConfigureAwait(false);
        Note(user, resource, null, result);
        return result;
    }

    public async Task<AuthorizationResult> AuthorizeAsync(ClaimsPrincipal user, object? resource, string policyName)
    {
        AuthorizationResult result = await inner.AuthorizeAsync(user, resource, policyName).ConfigureAwait(false);
        Note(user, resource, policyName, result);
        return result;
    }

    private void Note(ClaimsPrincipal user, object? resource, string? policy, AuthorizationResult result)
    {
        string? unmet = result.Failure is { } failure ? RequirementNames.Of(failure) : null;
        if (resource is HubInvocationContext invocation)
        {
            if (!result.Succeeded)
            {
                hubs.Denied(invocation, user, policy, unmet);
            }

            return;
        }

        // The authorisation middleware asks with the context itself (or the endpoint); its result handler tells of that.
        if (resource is not (HttpContext or Endpoint) && accessor.HttpContext?.Features.Get<RequestAudit>() is { } audit)
        {
            audit.Add(new RequestAudit.Check(Bounded.Text(policy, 256), result.Succeeded, unmet));
        }
    }
}
