using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Indelible.Server.Tests.Attacks;

/// <summary>Somebody who signs certificates.</summary>
internal sealed class TestAuthority : IDisposable
{
    public const string ForClients = "1.3.6.1.5.5.7.3.2";

    public const string ForServers = "1.3.6.1.5.5.7.3.1";

    private static long s_serial;

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;

    /// <param name="name">Its name.</param>
    /// <param name="now">A day before and after this its certificate holds.</param>
    /// <param name="above">Who vouches for it; itself where nobody does.</param>
    public TestAuthority(string name, DateTimeOffset now, TestAuthority? above = null)
    {
        var request = new CertificateRequest(name, _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        DateTimeOffset from = now - TimeSpan.FromDays(1);
        DateTimeOffset to = now + TimeSpan.FromDays(1);
        _certificate = above is null ? request.CreateSelfSigned(from, to) : request.Create(above._certificate.SubjectName, above.Generator, from, to, NextSerial());
    }

    public string Pem => _certificate.ExportCertificatePem();

    private X509SignatureGenerator Generator => X509SignatureGenerator.CreateForECDsa(_key);

    /// <summary>Signs a certificate.</summary>
    /// <param name="dnsNames">What it is for.</param>
    /// <param name="from">When it begins.</param>
    /// <param name="to">When it ends.</param>
    /// <param name="uses">What it may be used for; none says nothing of it.</param>
    /// <param name="isAuthority">Whether it may sign others.</param>
    public X509Certificate2 Sign(string[] dnsNames, DateTimeOffset from, DateTimeOffset to, string[] uses, bool isAuthority = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = RequestOf("CN=service", key, dnsNames, uses, isAuthority);
        using X509Certificate2 signed = request.Create(_certificate.SubjectName, Generator, from, to, NextSerial());
        return signed.CopyWithPrivateKey(key);
    }

    public static X509Certificate2 SelfSigned(string subject, DateTimeOffset from, DateTimeOffset to, params string[] uses)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return RequestOf(subject, key, ["service.example"], uses, false).CreateSelfSigned(from, to);
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
    }

    private static byte[] NextSerial() => BitConverter.GetBytes(System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(Interlocked.Increment(ref s_serial)));

    private static CertificateRequest RequestOf(string subject, ECDsa key, string[] dnsNames, string[] uses, bool isAuthority)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, critical: true));
        if (dnsNames.Length > 0)
        {
            var names = new SubjectAlternativeNameBuilder();
            foreach (string name in dnsNames)
            {
                names.AddDnsName(name);
            }

            request.CertificateExtensions.Add(names.Build());
        }

        if (uses.Length > 0)
        {
            var oids = new OidCollection();
            foreach (string use in uses)
            {
                oids.Add(new Oid(use));
            }

            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(oids, critical: false));
        }

        return request;
    }
}
