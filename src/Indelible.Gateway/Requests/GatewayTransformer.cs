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
    /// <summary>By these, applications let a proxy say that they were asked for something else.</summary>
    private static readonly string[] s_rewriting = ["Forwarded", "X-Forwarded-Prefix", "X-Original-URL", "X-Rewrite-URL"];

    private readonly GatewaySettings _settings;
    private readonly IPNetwork[] _proxies;
    private readonly IPNetwork[] _headerProxies;
    private readonly string[] _own;        // in the one spelling that names are compared in
    private readonly string[] _received;   // headers of the proxy in front, which go no further

    /// <param name="settings">The settings.</param>
    public GatewayTransformer(GatewaySettings settings)
    {
        _settings = settings;
        _proxies = [.. settings.TrustedProxies.Select(IPNetwork.Parse)];
        _headerProxies = [.. (settings.Identity.Header?.From ?? []).Select(IPNetwork.Parse)];
        _received = settings.Identity.Header is { } header ? [header.User, header.Roles ?? header.User] : [];
        _own = [.. ((string?[])[settings.Identity.SendUser, settings.Identity.SendRoles, settings.Identity.Header?.User, settings.Identity.Header?.Roles]).OfType<string>().Select(Plain)];
    }

    /// <summary>Takes away what only the gateway, or the proxy in front, may say. Before anybody reads it.</summary>
    public void Strip(HttpContext context)
    {
        bool isFromProxy = _headerProxies.Length > 0 && TrustedHeaderHandler.IsFrom(context.Connection.RemoteIpAddress, _headerProxies);
        List<string>? forged = null;
        foreach (KeyValuePair<string, Microsoft.Extensions.Primitives.StringValues> header in context.Request.Headers)
        {
            foreach (string own in _own)
            {
                // Some servers take X_User for X-User. As the proxy spells it, its header counts.
                if (IsSpelling(header.Key, own) && !(isFromProxy && _received.Contains(header.Key, StringComparer.OrdinalIgnoreCase)))
                {
                    (forged ??= []).Add(header.Key);
                }
            }
        }

        foreach (string name in forged ?? [])
        {
            context.Request.Headers.Remove(name);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken).ConfigureAwait(false);
        HttpRequestHeaders headers = proxyRequest.Headers;
        foreach (string name in _received)
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
        bool believes = _proxies.Length > 0 && TrustedHeaderHandler.IsFrom(httpContext.Connection.RemoteIpAddress, _proxies);
        string remote = httpContext.Connection.RemoteIpAddress?.ToString() ?? "unknown";
        Set("X-Forwarded-For", believes && Came("X-Forwarded-For") is { } chain ? $"{chain}, {remote}" : remote);
        Set("X-Forwarded-Proto", (believes ? Came("X-Forwarded-Proto") : null) ?? httpContext.Request.Scheme);
        Set("X-Forwarded-Host", (believes ? Came("X-Forwarded-Host") : null) ?? httpContext.Request.Host.Value);
        if (!believes)
        {
            foreach (string name in s_rewriting)
            {
                headers.Remove(name);
            }
        }

        string? Came(string name) => httpContext.Request.Headers.TryGetValue(name, out var value) && value.ToString() is { Length: > 0 } text ? text : null;

        void Set(string name, string? value)
        {
            if (httpContext.Request.Headers.ContainsKey(name))
            {
                headers.Remove(name);
            }

            if (value is { Length: > 0 })
            {
                headers.TryAddWithoutValidation(name, value);
            }
        }
    }

    /// <summary>Whether a name is another under some spelling, without making a text of it.</summary>
    private static bool IsSpelling(string name, string plain)
    {
        if (name.Length != plain.Length)
        {
            return false;
        }

        for (int i = 0; i < name.Length; i++)
        {
            if ((name[i] == '_' ? '-' : char.ToLowerInvariant(name[i])) != plain[i])
            {
                return false;
            }
        }

        return true;
    }

    private static string Plain(string name) => name.Replace('_', '-').ToLowerInvariant();
}
