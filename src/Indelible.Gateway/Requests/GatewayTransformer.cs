using System.Net;
using System.Net.Http.Headers;
using System.Security.Claims;
using Indelible.Gateway.Identities;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace Indelible.Gateway.Requests;

/// <summary>What the application gets: the request as it came, but who it is from as the gateway knows it.</summary>
internal sealed class GatewayTransformer : HttpTransformer
{
    private readonly GatewaySettings _settings;
    private readonly IPNetwork[] _proxies;
    private readonly string[] _own;

    /// <param name="settings">The settings.</param>
    public GatewayTransformer(GatewaySettings settings)
    {
        _settings = settings;
        _proxies = [.. settings.TrustedProxies.Select(IPNetwork.Parse)];
        _own = [.. ((string?[])[settings.Identity.SendUser, settings.Identity.SendRoles, settings.Identity.Header?.User, settings.Identity.Header?.Roles]).OfType<string>().Select(Plain)];
    }

    /// <summary>Takes away what only the gateway, or the proxy in front, may say. Before anybody reads it.</summary>
    public void Strip(HttpContext context)
    {
        bool isFromProxy = _settings.Identity.Header is { } header && TrustedHeaderHandler.IsFrom(context.Connection.RemoteIpAddress, header.From.Select(IPNetwork.Parse));
        foreach (string name in context.Request.Headers.Keys.ToArray())
        {
            // Some servers take X_User for X-User.
            bool isSpelled = string.Equals(name, _settings.Identity.Header?.User, StringComparison.OrdinalIgnoreCase) || string.Equals(name, _settings.Identity.Header?.Roles, StringComparison.OrdinalIgnoreCase);
            if (_own.Contains(Plain(name)) && !(isFromProxy && isSpelled))
            {
                context.Request.Headers.Remove(name);
            }
        }
    }

    /// <inheritdoc/>
    public override async ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken).ConfigureAwait(false);
        HttpRequestHeaders headers = proxyRequest.Headers;
        foreach (string name in (string[])[_settings.Identity.SendUser, _settings.Identity.SendRoles, .. _settings.Identity.Header is { } header ? (string[])[header.User, header.Roles ?? header.User] : []])
        {
            headers.Remove(name);
        }

        ClaimsPrincipal user = httpContext.User;
        if (user.Identity is ClaimsIdentity { IsAuthenticated: true, Name: { Length: > 0 } name1 } identity)
        {
            headers.TryAddWithoutValidation(_settings.Identity.SendUser, Uri.EscapeDataString(name1).Replace("%40", "@", StringComparison.Ordinal));
            string[] roles = [.. user.FindAll(identity.RoleClaimType).Select(role => Uri.EscapeDataString(role.Value))];
            if (roles.Length > 0)
            {
                headers.TryAddWithoutValidation(_settings.Identity.SendRoles, string.Join(',', roles));
            }
        }

        // The application sees the host that the caller named, and one chain of addresses that it can believe.
        headers.Host = httpContext.Request.Host.Value;
        bool believes = TrustedHeaderHandler.IsFrom(httpContext.Connection.RemoteIpAddress, _proxies);
        string remote = httpContext.Connection.RemoteIpAddress?.ToString() ?? "unknown";
        Set("X-Forwarded-For", believes && Came("X-Forwarded-For") is { } chain ? $"{chain}, {remote}" : remote);
        Set("X-Forwarded-Proto", (believes ? Came("X-Forwarded-Proto") : null) ?? httpContext.Request.Scheme);
        Set("X-Forwarded-Host", (believes ? Came("X-Forwarded-Host") : null) ?? httpContext.Request.Host.Value);
        if (!believes)
        {
            headers.Remove("Forwarded");
            headers.Remove("X-Forwarded-Prefix");
            headers.Remove("X-Original-URL");
            headers.Remove("X-Rewrite-URL");
        }

        string? Came(string name) => httpContext.Request.Headers.TryGetValue(name, out var value) && value.ToString() is { Length: > 0 } text ? text : null;

        void Set(string name, string? value)
        {
            headers.Remove(name);
            if (value is { Length: > 0 })
            {
                headers.TryAddWithoutValidation(name, value);
            }
        }
    }

    private static string Plain(string name) => name.Replace('_', '-').ToLowerInvariant();
}
