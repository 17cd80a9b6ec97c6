using System.Net;
using System.Security.Claims;
using System.Text;
using Indelible.AspNetCore.Requests;
using Indelible.Events.Producing;
using Indelible.Gateway.Rules;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace Indelible.Gateway.Requests;

/// <summary>Every request: who is it, may it, record it, pass it on.</summary>
internal sealed class GatewayMiddleware
{
    private const string Policy = "gateway";
    private readonly GatewaySettings _settings;
    private readonly RuleStore _rules;
    private readonly IntentPolicy _intents;
    private readonly IHttpForwarder _forwarder;
    private readonly GatewayTransformer _transformer;
    private readonly IReadOnlyList<string> _schemes;
    private readonly TimeProvider _time;
    private readonly HttpMessageInvoker _client;
    private readonly ForwarderRequestConfig _requests;
    private readonly ForwarderRequestConfig _calls;   // of gRPC

    /// <param name="next">Nothing: this is the last.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="intents">Records requests before they are passed on.</param>
    /// <param name="forwarder">Passes them on.</param>
    /// <param name="transformer">Says who they are from.</param>
    /// <param name="schemes">How callers are known.</param>
    /// <param name="client">The connections to the application.</param>
    /// <param name="time">The clock that rules go by.</param>
    public GatewayMiddleware(
        RequestDelegate next,
        GatewaySettings settings,
        RuleStore rules,
        IntentPolicy intents,
        IHttpForwarder forwarder,
        GatewayTransformer transformer,
        IdentitySchemes schemes,
        HttpMessageInvoker client,
        TimeProvider time)
    {
        _ = next;
        _settings = settings;
        _rules = rules;
        _intents = intents;
        _forwarder = forwarder;
        _transformer = transformer;
        _schemes = schemes.Names;
        _client = client;
        _time = time;
        bool isPlain = new Uri(settings.To).Scheme == Uri.UriSchemeHttp;
        _requests = new ForwarderRequestConfig
        {
            ActivityTimeout = TimeSpan.FromSeconds(settings.IdleSeconds),
            Version = isPlain ? HttpVersion.Version11 : HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        _calls = _requests with { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
    }

    public async Task InvokeAsync(HttpContext context)
    {
        RequestAudit audit = context.Features.Get<RequestAudit>() ?? throw new InvalidOperationException("The recording of requests is not in the pipeline.");
        _transformer.Strip(context);
        if (PathGuard.FaultOf(context) is { } fault)
        {
            Decide(audit, "path", DecisionEffect.Deny, fault);
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "The path can be read in two ways", $"The request was refused: {fault}.").ConfigureAwait(false);
            return;
        }

        (ClaimsPrincipal? user, string? failure) = await IdentifyAsync(context).ConfigureAwait(false);
        context.User = user ?? new ClaimsPrincipal(new ClaimsIdentity());
        if (failure is not null || (user is null && _settings.Identity.Required))
        {
            Decide(audit, "identity", DecisionEffect.Challenge, failure ?? "nobody is known by this request");
            await ChallengeAsync(context).ConfigureAwait(false);
            return;
        }

        RuleVerdict verdict = _rules.Current.Decide(context.Request, context.User, _time.GetUtcNow());
        context.SetEndpoint(verdict.Endpoint);
        context.Request.RouteValues = verdict.Values;
        Decide(audit, verdict.Rule, verdict.Effect, null);
        audit.Authorized = verdict.Endpoint.Metadata.GetMetadata<Microsoft.AspNetCore.Authorization.IAuthorizeData>() is not null;
        audit.Settle(context);
        switch (verdict.Effect)
        {
            case DecisionEffect.Challenge:
                await ChallengeAsync(context).ConfigureAwait(false);
                break;
            case DecisionEffect.Deny:
                await RefuseAsync(context, StatusCodes.Status403Forbidden, "The request is not allowed", "A rule of the gateway denies it.").ConfigureAwait(false);
                break;
            case var _ when verdict.IsFirst && !await _intents.AllowAsync(context).ConfigureAwait(false):
                await IntentPolicy.RefuseAsync(context).ConfigureAwait(false);
                break;
            default:
                await ForwardAsync(context).ConfigureAwait(false);
                break;
        }
    }

    private static void Decide(RequestAudit audit, string rule, DecisionEffect effect, string? reason)
    {
        audit.Decision = new Decision { Effect = effect, Policy = Policy, Rule = rule, Reason = reason };
        audit.Denied = effect != DecisionEffect.Allow;
    }

    private static Task ChallengeAsync(HttpContext context)
    {
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return RefuseAsync(context, StatusCodes.Status401Unauthorized, "Who are you?", "This needs a caller who is known.");
    }

    private static async Task RefuseAsync(HttpContext context, int status, string title, string detail)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/problem+json";

        // The application's answers keep their own; these are the gateway's.
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        string json = $$"""{"type":"urn:indelible:gateway-refused","title":"{{title}}","status":{{status}},"detail":"{{System.Text.Encodings.Web.JavaScriptEncoder.Default.Encode(detail)}}"}""";
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(json), context.RequestAborted).ConfigureAwait(false);
    }

    private async Task<(ClaimsPrincipal? User, string? Failure)> IdentifyAsync(HttpContext context)
    {
        foreach (string scheme in _schemes)
        {
            AuthenticateResult result = await context.AuthenticateAsync(scheme).ConfigureAwait(false);
            if (result.Succeeded)
            {
                return (result.Principal, null);
            }

            // What was shown and is not believed is not passed over for what else there is.
            if (result.Failure is not null)
            {
                return (null, $"what the scheme {scheme} was shown is not believed");
            }
        }

        return (null, null);
    }

    private async Task ForwardAsync(HttpContext context)
    {
        // gRPC is HTTP/2 or nothing. Without TLS there is no agreeing on it, so that it is known beforehand; everything else goes as HTTP/1.1.
        bool isGrpc = context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true;
        await _forwarder.SendAsync(context, _settings.To, _client, isGrpc ? _calls : _requests, _transformer).ConfigureAwait(false);
    }
}

/// <summary>How callers are known, in the order in which they are asked.</summary>
internal sealed record IdentitySchemes(IReadOnlyList<string> Names);
