using System.Security.Claims;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Indelible.Gateway.Identities;

/// <summary>What the certificate scheme believes.</summary>
internal sealed class ClientCertificateOptions : AuthenticationSchemeOptions
{
    /// <summary>The authorities that sign callers' certificates; none where the thumbprints alone count.</summary>
    public X509Certificate2Collection Authorities { get; set; } = [];

    /// <summary>SHA-256 thumbprints; empty where the authorities alone count.</summary>
    public IReadOnlyList<byte[]> Thumbprints { get; set; } = [];
}

/// <summary>Knows a caller by the certificate of its connection: its subject.</summary>
internal sealed class ClientCertificateHandler(IOptionsMonitor<ClientCertificateOptions> options, ILoggerFactory logger, UrlEncoder encoder, TimeProvider time)
    : AuthenticationHandler<ClientCertificateOptions>(options, logger, encoder)
{
    /// <summary>The scheme's name.</summary>
    public const string Name = "certificate";

    private const string ClientUse = "1.3.6.1.5.5.7.3.2";   // id-kp-clientAuth

    /// <inheritdoc/>
    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        X509Certificate2? certificate = await Context.Connection.GetClientCertificateAsync(Context.RequestAborted).ConfigureAwait(false);
        if (certificate is null)
        {
            return AuthenticateResult.NoResult();
        }

        if (FaultOf(certificate) is { } fault)
        {
            return AuthenticateResult.Fail(fault);
        }

        Claim[] claims = [new("sub", certificate.Subject), new("jti", certificate.SerialNumber)];
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity(claims, Name, "sub", "roles")), Name));
    }

    private string? FaultOf(X509Certificate2 certificate)
    {
        byte[] thumbprint = certificate.GetCertHash(HashAlgorithmName.SHA256);
        if (Options.Thumbprints.Count > 0 && !Options.Thumbprints.Any(known => CryptographicOperations.FixedTimeEquals(known, thumbprint)))
        {
            return "The certificate is none of those that are known.";
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = time.GetUtcNow().UtcDateTime;
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientUse));
        chain.ChainPolicy.CustomTrustStore.AddRange(Options.Authorities);
        if (Options.Authorities.Count == 0)
        {
            // Pinned itself: it is its own authority, and its times still count.
            chain.ChainPolicy.CustomTrustStore.Add(certificate);
            chain.ChainPolicy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
        }

        return chain.Build(certificate) ? null : $"The certificate is not believed: {string.Join(", ", chain.ChainStatus.Select(status => status.Status).Distinct())}.";
    }
}
