using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Indelible.Connections;

/// <summary>A certificate that vouches for itself, to try TLS with: nobody trusts it who was not given it.</summary>
public static class DevelopmentCertificate
{
    /// <summary>The certificate's file in its folder.</summary>
    public const string CertificateFile = "certificate.pem";

    /// <summary>The private key's file, its owner's alone.</summary>
    public const string KeyFile = "key.pem";

    private const int ValidDays = 365;

    /// <summary>Makes one, for this machine's names, and writes both files.</summary>
    /// <param name="folder">Made if it is not there.</param>
    /// <param name="host">A further name or address by which the server is reached, with or without a port.</param>
    /// <param name="time">Its year begins an hour ago.</param>
    /// <returns>The certificate's path.</returns>
    /// <exception cref="IOException">There is one already, or the folder cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write there.</exception>
    public static string Write(string folder, string host, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Indelible development", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        if (Uri.TryCreate("https://" + host, UriKind.Absolute, out Uri? uri) && !uri.IsLoopback)
        {
            if (IPAddress.TryParse(uri.Host, out IPAddress? address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(uri.IdnHost);
            }
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        DateTimeOffset now = time.GetUtcNow();
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddHours(-1), now.AddDays(ValidDays));

        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, CertificateFile);
        WriteOwn(Path.Combine(folder, KeyFile), key.ExportPkcs8PrivateKeyPem() + "\n");
        WriteOwn(path, certificate.ExportCertificatePem() + "\n");
        return path;
    }

    private static void WriteOwn(string path, string text)
    {
        var how = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            how.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var writer = new StreamWriter(path, how);
        writer.Write(text);
    }
}
