using System.Net;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Indelible.Gateway.Identities;

/// <summary>What the header scheme believes.</summary>
internal sealed class TrustedHeaderOptions : AuthenticationSchemeOptions
{
    /// <summary>The settings.</summary>
    public HeaderSettings Header { get; set; } = new();
}

/// <summary>Knows a caller by a header that a proxy in front has set. From anybody else, the header is taken away before this is asked.</summary>
internal sealed class TrustedHeaderHandler(IOptionsMonitor<TrustedHeaderOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<TrustedHeaderOptions>(options, logger, encoder)
{
    /// <summary>The scheme's name.</summary>
    public const string Name = "header";

    /// <summary>Whether an address lies in one of these networks.</summary>
    public static bool IsFrom(IPAddress? address, IEnumerable<IPNetwork> networks)
    {
        IPAddress? plain = address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
        return plain is not null && networks.Any(network => network.Contains(plain));
    }

    /// <inheritdoc/>
    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        HeaderSettings header = Options.Header;
        if (!IsFrom(Context.Connection.RemoteIpAddress, header.From.Select(IPNetwork.Parse)) || !Request.Headers.TryGetValue(header.User, out var user))
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        if (user.Count != 1 || string.IsNullOrWhiteSpace(user[0]))
        {
            return Task.FromResult(AuthenticateResult.Fail("The header that names the caller is there twice, or empty."));
        }

        var claims = new List<Claim> { new("sub", user[0]!) };
        if (header.Roles is not null)
        {
            claims.AddRange(Request.Headers[header.Roles].SelectMany(line => (line ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Select(role => new Claim("roles", role)));
        }

        var identity = new ClaimsIdentity(claims, Name, "sub", "roles");
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Name)));
    }
}
