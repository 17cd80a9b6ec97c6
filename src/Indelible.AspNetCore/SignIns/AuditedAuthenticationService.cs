using System.Security.Claims;
using Indelible.AspNetCore.Requests;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;

namespace Indelible.AspNetCore.SignIns;

/// <summary>Records sign-ins, sign-outs and refused credentials of every scheme, and notes who is forbidden; all else is the application's own service.</summary>
internal sealed class AuditedAuthenticationService(IAuthenticationService inner, AuthenticationEvents events) : IAuthenticationService
{
    public async Task<AuthenticateResult> AuthenticateAsync(HttpContext context, string? scheme)
    {
        AuthenticateResult result = await inner.AuthenticateAsync(context, scheme).ConfigureAwait(false);
        if (result.Failure is { } failure)
        {
            await events.RefusedAsync(context, scheme, failure).ConfigureAwait(false);
        }

        return result;
    }

    public Task ChallengeAsync(HttpContext context, string? scheme, AuthenticationProperties? properties) => inner.ChallengeAsync(context, scheme, properties);

    public Task ForbidAsync(HttpContext context, string? scheme, AuthenticationProperties? properties)
    {
        // A cookie scheme answers with a redirection: the status alone would not tell.
        if (context.Features.Get<RequestAudit>() is { } audit)
        {
            audit.Denied = true;
        }

        return inner.ForbidAsync(context, scheme, properties);
    }

    public async Task SignInAsync(HttpContext context, string? scheme, ClaimsPrincipal principal, AuthenticationProperties? properties)
    {
        await inner.SignInAsync(context, scheme, principal, properties).ConfigureAwait(false);
        await events.SignedInAsync(context, scheme, principal, properties).ConfigureAwait(false);
    }

    public async Task SignOutAsync(HttpContext context, string? scheme, AuthenticationProperties? properties)
    {
        await inner.SignOutAsync(context, scheme, properties).ConfigureAwait(false);
        await events.SignedOutAsync(context, scheme).ConfigureAwait(false);
    }
}
