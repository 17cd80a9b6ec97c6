using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Indelible.Connections;

/// <summary>The certificate of a server, from PEM files that are read anew when they change: renewing one needs no restart. Thread-safe.</summary>
/// <remarks>
/// New connections get what the files hold, within a second. Files that cannot be used (half replaced, or a key that belongs to another
/// certificate) change nothing: the one before stays, and a warning says why. Open connections keep theirs.
/// </remarks>
internal sealed partial class TlsCertificate
{
    private const int MaxFileBytes = 1 << 20;
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_soon = TimeSpan.FromDays(14);

    private readonly string _certificatePath;
    private readonly string _keyPath;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private byte[] _seen;
    private long _looked;
    private volatile SslStreamCertificateContext _current;

    /// <summary>Reads the files.</summary>
    /// <param name="certificatePath">The certificate, and behind it those that lead to its authority, in PEM.</param>
    /// <param name="keyPath">Its private key, in PEM, without a password.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told of renewals.</param>
    /// <exception cref="FormatException">They hold no certificate and its key; the message names the file.</exception>
    /// <exception cref="IOException">They cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read them.</exception>
    public TlsCertificate(string certificatePath, string keyPath, TimeProvider time, ILogger logger)
    {
        _certificatePath = certificatePath;
        _keyPath = keyPath;
        _time = time;
        _logger = logger;
        (byte[] certificate, byte[] key) = ReadFiles();
        _seen = DigestOf(certificate, key);
        _current = Make(certificate, key);
        _looked = time.GetTimestamp();
        Tell();
    }

    /// <summary>Has connections use it, and TLS 1.2 at least.</summary>
    public void Use(HttpsConnectionAdapterOptions https)
    {
        https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;

        // Kestrel wants a certificate or a selector; what is sent is set last, with the chain behind it.
        https.ServerCertificateSelector = (_, _) => Current().TargetCertificate;
        https.OnAuthenticate = (_, ssl) =>
        {
            ssl.ServerCertificateSelectionCallback = null;
            ssl.ServerCertificateContext = Current();
        };
    }

    private SslStreamCertificateContext Current()
    {
        lock (_gate)
        {
            if (_time.GetElapsedTime(_looked) >= s_lookEvery)
            {
                _looked = _time.GetTimestamp();
                Look();
            }
        }

        return _current;
    }

    private void Look()
    {
        try
        {
            (byte[] certificate, byte[] key) = ReadFiles();
            byte[] digest = DigestOf(certificate, key);
            if (digest.AsSpan().SequenceEqual(_seen))
            {
                return;
            }

            _seen = digest;   // What cannot be used is told of once.
            _current = Make(certificate, key);
            Tell();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            LogNotRenewed(_certificatePath, e.Message);
        }
    }

    private (byte[] Certificate, byte[] Key) ReadFiles() => (Read(_certificatePath), Read(_keyPath));

    private static byte[] Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        return file.Length is > 0 and <= MaxFileBytes ? ReadAll(file) : throw new FormatException($"{path} is no PEM file: it has {file.Length} bytes.");
    }

    private static byte[] ReadAll(FileStream file)
    {
        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    private static byte[] DigestOf(byte[] certificate, byte[] key) => SHA256.HashData([.. SHA256.HashData(certificate), .. SHA256.HashData(key)]);

    private SslStreamCertificateContext Make(byte[] certificate, byte[] key)
    {
        var chain = new X509Certificate2Collection();
        try
        {
            chain.ImportFromPem(System.Text.Encoding.UTF8.GetString(certificate));
        }
        catch (CryptographicException e)
        {
            throw new FormatException($"{_certificatePath}: {e.Message}");
        }

        if (chain.Count == 0)
        {
            throw new FormatException($"{_certificatePath} holds no certificate in PEM.");
        }

        try
        {
            X509Certificate2 own = X509Certificate2.CreateFromPem(chain[0].ExportCertificatePem(), System.Text.Encoding.UTF8.GetString(key));
            chain.RemoveAt(0);
            return SslStreamCertificateContext.Create(own, chain, offline: true);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            // Nothing of the file's content is told: it is a secret.
            throw new FormatException($"{_keyPath} does not hold the private key of {_certificatePath}, in PEM and without a password.");
        }
    }

    private void Tell()
    {
        DateTimeOffset end = _current.TargetCertificate.NotAfter;
        LogUsed(_certificatePath, end);
        if (end - _time.GetUtcNow() < s_soon)
        {
            LogEndsSoon(_certificatePath, end);
        }
    }

    [LoggerMessage(2101, LogLevel.Information, "Connections use the certificate of {Path}, valid until {End:u}")]
    private partial void LogUsed(string path, DateTimeOffset end);

    [LoggerMessage(2102, LogLevel.Warning, "The certificate of {Path} ends at {End:u}. Replace the files; no restart is needed")]
    private partial void LogEndsSoon(string path, DateTimeOffset end);

    [LoggerMessage(2103, LogLevel.Warning, "The certificate of {Path} was changed and cannot be used; the one before stays in use. {Why}")]
    private partial void LogNotRenewed(string path, string why);
}
