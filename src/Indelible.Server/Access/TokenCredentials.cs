using System.Security.Cryptography;
using System.Text;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Configuration;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Indelible.Server.Access;

/// <summary>Judges tokens (JWT) of the issuers that the configuration believes. Thread-safe.</summary>
/// <remarks>
/// Nothing is asked of the network, and nothing of the token decides what it is judged by: issuer and audience choose the entry of the configuration, and that
/// names algorithms and keys. All that is cheap is looked at first; a request costs one verification of a signature at most.
/// </remarks>
internal sealed class TokenCredentials(LogEngine engine)
{
    private static readonly JsonWebTokenHandler s_handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = ServerLimits.TokenBytes };
    private readonly CredentialMemory _memory = new();

    /// <summary>The caller whom a token speaks for; null where it is not believed, or he was granted nothing.</summary>
    /// <param name="presented">Untrusted.</param>
    /// <param name="address">Where from.</param>
    public Caller? Find(string presented, string? address)
    {
        if (presented.Length > ServerLimits.TokenBytes)
        {
            return null;
        }

        Authorities authorities = engine.Authorities;
        DateTimeOffset now = engine.Time.GetUtcNow();
        string sha256 = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(presented)));
        KnownCredential? known = _memory.Find(sha256, authorities.State.Size, now);
        if (known is null && Judge(presented, authorities.State, now) is { } found)
        {
            _memory.Keep(sha256, authorities.State.Size, known = found);
        }

        return known is not null && authorities.Of(known.CredentialId, known.Principal, now) is { } authority
            ? new Caller(known.Principal, known.CredentialId, authority, authorities.State.Size, address, known.Ends)
            : null;
    }

    private static KnownCredential? Judge(string presented, SystemState state, DateTimeOffset now) =>
        TokenEnvelope.TryRead(presented) is { } token
        && state.Issuers.Values.Where(known => known.Name == token.Issuer && token.Audiences.Contains(known.Audience)).Take(2).ToArray() is [{ } issuer]
        && issuer.Algorithms.Contains(token.Algorithm)
        && IsOfNow(token, now)
        && PrincipalOf(token, issuer) is { } principal
        && TokenKeys.Of(issuer).Find(token.KeyId, token.Algorithm) is { } key
        && IsSigned(presented, token.Algorithm, issuer, key)
            ? new KnownCredential(principal, Authorities.TokenMark + issuer.Id, token.Expires)
            : null;

    /// <summary>Whether the token holds now, by our clock. The issuer's may be ahead of it by the skew; the end is the end.</summary>
    private static bool IsOfNow(TokenEnvelope token, DateTimeOffset now) =>
        now < token.Expires
        && token.IssuedAt <= now + ServerLimits.ClockSkew
        && !(token.NotBefore > now + ServerLimits.ClockSkew)
        && token.Expires - token.IssuedAt <= ServerLimits.TokenLifetime;

    private static string? PrincipalOf(TokenEnvelope token, Issuer issuer)
    {
        if (token.TextOf(issuer.PrincipalClaim) is not { Length: > 0 } name)
        {
            return null;
        }

        // The prefix settles the tenant; that a name below it settles another is not left to how names are read.
        string principal = issuer.Prefix + name;
        return Principal.FaultOf(principal) is null && Tenant.OfPrincipal(principal) == Tenant.OfPrincipal(issuer.Prefix) && !Principal.IsOfKey(principal) ? principal : null;
    }

    private static bool IsSigned(string presented, string algorithm, Issuer issuer, JsonWebKey key)
    {
        var wanted = new TokenValidationParameters
        {
            ValidIssuer = issuer.Name,
            ValidAudience = issuer.Audience,
            IgnoreTrailingSlashWhenValidatingAudience = false,
            ValidAlgorithms = [algorithm],
            IssuerSigningKeyResolver = (_, _, _, _) => [key],
            TryAllIssuerSigningKeys = false,
            RequireSignedTokens = true,
            RequireExpirationTime = true,

            // Settled above: the library would ask the machine's clock.
            LifetimeValidator = (_, _, _, _) => true,
        };

        // Everything that it needs is here, so nothing in there waits.
        return s_handler.ValidateTokenAsync(presented, wanted).GetAwaiter().GetResult().IsValid;
    }
}
