using System.Collections.Concurrent;
using System.Security.Claims;
using Indelible.AspNetCore.Identities;
using Indelible.AspNetCore.Requests;
using Indelible.Client.Recording;
using Indelible.Events.Producing;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;

namespace Indelible.AspNetCore.SignIns;

/// <summary>Makes events of sign-ins, sign-outs and failures. Thread-safe.</summary>
internal sealed class AuthenticationEvents(RequestEvents events, AuditOutbox outbox)
{
    private static readonly ConcurrentDictionary<Type, string?> s_methods = new();

    /// <summary>What the framework's own handlers say when a ticket is refused; other texts may hold anything and are not repeated.</summary>
    private static readonly Dictionary<string, string> s_reasons = new(StringComparer.Ordinal)
    {
        ["Ticket expired"] = "ticket expired",
        ["Unprotect ticket failed"] = "ticket not readable",
        ["No principal."] = "ticket rejected",
        ["SessionId missing"] = "session missing",
        ["Identity missing in session store"] = "session ended",
    };

    public async Task SignedInAsync(HttpContext context, string? scheme, ClaimsPrincipal principal, AuthenticationProperties? properties)
    {
        RequestAudit? audit = context.Features.Get<RequestAudit>();
        Actor actor = events.Actors.Read(principal);
        string? remote = null;
        _ = properties?.Items.TryGetValue(".AuthScheme", out remote);
        string action = scheme switch
        {
            // Identity's cookies on the way to a sign-in: not yet one.
            "Identity.TwoFactorUserId" => "auth.second_factor.asked",
            "Identity.TwoFactorRememberMe" => "auth.second_factor.remembered",
            "Identity.External" => "auth.external",
            _ => IsSame(context.User, actor) ? "auth.refresh" : "auth.login",
        };
        Authentication authentication = (events.Actors.ReadAuthentication(principal) ?? new()) with
        {
            Method = await MethodAsync(context, remote ?? scheme).ConfigureAwait(false),
        };
        Record(audit, events.Identity(context, audit, action, Operation.Login, actor, authentication) with
        {
            Decision = action == "auth.second_factor.asked" ? new Decision { Effect = DecisionEffect.Challenge } : null,
        });
    }

    public async Task SignedOutAsync(HttpContext context, string? scheme)
    {
        // Signing out also clears the cookies of half-finished sign-ins, and signs out who was not in: nothing ended.
        if (scheme is "Identity.TwoFactorUserId" or "Identity.External" or "Identity.TwoFactorRememberMe" || context.User.Identity is not { IsAuthenticated: true })
        {
            return;
        }

        RequestAudit? audit = context.Features.Get<RequestAudit>();
        Authentication authentication = (events.Actors.ReadAuthentication(context.User) ?? new()) with { Method = await MethodAsync(context, scheme).ConfigureAwait(false) };
        Record(audit, events.Identity(context, audit, "auth.logout", Operation.Logout, events.Actors.Read(context.User), authentication));
    }

    /// <summary>A credential that came with a request was refused. Once per request and scheme: a handler gives the same answer each time.</summary>
    public async Task RefusedAsync(HttpContext context, string? scheme, Exception failure)
    {
        RequestAudit? audit = context.Features.Get<RequestAudit>();
        if (audit is not null)
        {
            audit.FailedSchemes ??= [];
            if (audit.FailedSchemes.Contains(scheme ?? ""))
            {
                return;
            }

            audit.FailedSchemes.Add(scheme ?? "");
        }

        string? method = await MethodAsync(context, scheme).ConfigureAwait(false);
        EventDraft draft = events.Identity(context, audit, "auth.authenticate", Operation.Login, ActorReader.Anonymous, new() { Method = method });
        outbox.Record(draft with { Outcome = Outcome.Failure, OutcomeReason = ReasonOf(failure) }, mode: null);
    }

    /// <summary>A sign-in was refused.</summary>
    /// <param name="context">The request.</param>
    /// <param name="method">How it was tried.</param>
    /// <param name="actorId">Whose account it was tried on; null where no such account is known.</param>
    /// <param name="reason">Why: a word of ours, or an exception's type.</param>
    public void Failed(HttpContext context, string? method, string? actorId, string reason)
    {
        RequestAudit? audit = context.Features.Get<RequestAudit>();
        Actor actor = Bounded.Text(actorId, 256) is { } id ? new Actor { Id = id, Type = ActorType.User } : new Actor { Id = "unknown", Type = ActorType.Unknown };
        EventDraft draft = events.Identity(context, audit, "auth.login", Operation.Login, actor, new() { Method = Bounded.Text(method, 64) });
        Record(audit, draft with { Outcome = Outcome.Failure, OutcomeReason = Bounded.Text(reason, 1_024), Decision = new Decision { Effect = DecisionEffect.Deny } });
    }

    public static string ReasonOf(Exception failure) =>
        s_reasons.TryGetValue(failure.Message, out string? reason) ? reason : Bounded.Text((failure is AggregateException { InnerException: { } inner } ? inner : failure).GetType().FullName, 1_024)!;

    /// <summary>How a scheme identifies, by the kind of its handler; the scheme's own name for kinds that are not known.</summary>
    public static async ValueTask<string?> MethodAsync(HttpContext context, string? scheme)
    {
        if (context.RequestServices.GetService(typeof(IAuthenticationSchemeProvider)) is not IAuthenticationSchemeProvider schemes)
        {
            return Bounded.Text(scheme, 64);
        }

        AuthenticationScheme? found = scheme is null
            ? await schemes.GetDefaultAuthenticateSchemeAsync().ConfigureAwait(false)
            : await schemes.GetSchemeAsync(scheme).ConfigureAwait(false);
        return Bounded.Text(found is null ? scheme : s_methods.GetOrAdd(found.HandlerType, MethodOf) ?? found.Name, 64);
    }

    private static string? MethodOf(Type? handler)
    {
        for (; handler is not null; handler = handler.BaseType)
        {
            switch (handler.Name)
            {
                case "OpenIdConnectHandler":
                    return "oidc";
                case "JwtBearerHandler" or "BearerTokenHandler":
                    return "bearer";
                case "CookieAuthenticationHandler":
                    return "cookie";
                case "CertificateAuthenticationHandler":
                    return "mtls";
                case "NegotiateHandler":
                    return "negotiate";
                default:
                    break;
            }
        }

        return null;
    }

    private bool IsSame(ClaimsPrincipal? user, Actor actor) =>
        user?.Identity is { IsAuthenticated: true } && events.Actors.Read(user).Id == actor.Id;

    private void Record(RequestAudit? audit, EventDraft draft)
    {
        if (audit is not null)
        {
            audit.Spoken = true;
        }

        outbox.Record(draft, mode: null);
    }
}
