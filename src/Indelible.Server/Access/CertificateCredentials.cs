using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Indelible.Server.Access;

/// <summary>Judges the certificate that a client's connection showed, by the certificates that the configuration believes. Thread-safe.</summary>
/// <remarks>
/// TLS proves that the client holds the certificate's key and judges nothing else: whom it speaks for is configuration, which may change while a connection is open.
/// What a proxy says of a certificate in a header counts for nothing.
/// </remarks>
internal sealed class CertificateCredentials(LogEngine engine)
{
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";   // id-kp-clientAuth

    private static readonly ConditionalWeakTable<TrustedCertificate, X509Certificate2Collection> s_authorities = [];

    private readonly CredentialMemory _memory = new();

    /// <summary>Has connections ask for a client's certificate while any is believed: a browser would bother its user with the question.</summary>
    public static void Use(HttpsConnectionAdapterOptions https, LogEngine engine)
    {
        Action<Microsoft.AspNetCore.Connections.ConnectionContext, SslServerAuthenticationOptions>? before = https.OnAuthenticate;
        https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
        https.ClientCertificateValidation = (_, _, _) => true;
        https.OnAuthenticate = (connection, ssl) =>
        {
            before?.Invoke(connection, ssl);
            ssl.ClientCertificateRequired = !engine.System.Certificates.IsEmpty;

            // A certificate can name addresses where more of its chain is to be had: a stranger's must not make us go there.
            ssl.CertificateChainPolicy = new X509ChainPolicy { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck };
        };
    }

    /// <summary>The caller whom the connection's certificate speaks for; null where it showed none, none that is believed, or he was granted nothing.</summary>
    public Caller? Find(HttpContext context)
    {
        if (context.Connection.ClientCertificate is not { } certificate)
        {
            return null;
        }

        Authorities authorities = engine.Authorities;
        DateTimeOffset now = engine.Time.GetUtcNow();
        string sha256 = Convert.ToHexStringLower(SHA256.HashData(certificate.RawDataMemory.Span));
        KnownCredential? known = _memory.Find(sha256, authorities.State.Size, now);
        if (known is null && Judge(certificate, sha256, authorities.State, now) is { } found)
        {
            _memory.Keep(sha256, authorities.State.Size, known = found);
        }

        return known is not null && authorities.Of(known.CredentialId, known.Principal, now) is { } authority
            ? new Caller(known.Principal, known.CredentialId, authority, authorities.State.Size, Authenticator.AddressOf(context), known.Ends)
            : null;
    }

    /// <summary>The certificates of an authority: its own, and behind it those between it and the clients'.</summary>
    /// <param name="pem">In PEM.</param>
    /// <exception cref="FormatException">They are not, or the first cannot vouch for others.</exception>
    public static X509Certificate2Collection ReadAuthority(string pem)
    {
        var read = new X509Certificate2Collection();
        try
        {
            read.ImportFromPem(pem);
        }
        catch (CryptographicException)
        {
            throw new FormatException("it cannot be read");
        }

        if (read.Count is 0 or > ServerLimits.AuthorityCertificates || pem.Contains("PRIVATE KEY", StringComparison.Ordinal))
        {
            throw new FormatException($"1 to {ServerLimits.AuthorityCertificates} certificates, and nothing else");
        }

        foreach (X509Certificate2 one in read)
        {
            if (one.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is not { CertificateAuthority: true })
            {
                throw new FormatException($"'{VisibleText.Excerpt(one.Subject)}' is not the certificate of an authority");
            }
        }

        return read[0].SubjectName.RawData.AsSpan().SequenceEqual(read[0].IssuerName.RawData)
            ? read
            : throw new FormatException("the first certificate is the authority's own, which vouches for itself; those between it and the clients' come behind it");
    }

    private static KnownCredential? Judge(X509Certificate2 certificate, string sha256, SystemState state, DateTimeOffset now)
    {
        DateTimeOffset ends = certificate.NotAfter.ToUniversalTime();
        if (now < certificate.NotBefore.ToUniversalTime() || now >= ends || !IsForClients(certificate))
        {
            return null;
        }

        // The certificate itself, before any authority; and nobody's where two entries would have it be different callers'.
        TrustedCertificate[] vouching = [.. state.Certificates.Values.Where(known => known.Sha256 == sha256)];
        if (vouching.Length == 0)
        {
            string[] names = [.. NamesOf(certificate)];
            vouching = names.Length > ServerLimits.CertificateNames
                ? []
                : [.. state.Certificates.Values.Where(known => known.DnsName is { } name && names.Contains(name, StringComparer.OrdinalIgnoreCase) && IsVouchedFor(certificate, known, now))];
        }

        return vouching is [{ } one] ? new KnownCredential(one.Principal, Authorities.CertificateMark + one.Id, ends) : null;
    }

    private static IEnumerable<string> NamesOf(X509Certificate2 certificate)
    {
        try
        {
            return [.. certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(names => names.EnumerateDnsNames())];
        }
        catch (CryptographicException)
        {
            return [];
        }
    }

    private static bool IsForClients(X509Certificate2 certificate) => certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().All(use => use.EnhancedKeyUsages.Cast<Oid>().Any(oid => oid.Value == ClientUse));

    private static bool IsVouchedFor(X509Certificate2 certificate, TrustedCertificate known, DateTimeOffset now)
    {
        X509Certificate2Collection authority = s_authorities.GetValue(known, static trusted => ReadAuthority(trusted.Authority!));
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority[0]);
        chain.ChainPolicy.ExtraStore.AddRange(authority);
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientUse));
        return chain.Build(certificate) && chain.ChainElements[^1].Certificate.RawDataMemory.Span.SequenceEqual(authority[0].RawDataMemory.Span);
    }
}
