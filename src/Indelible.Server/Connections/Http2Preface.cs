using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Indelible.Connections;

/// <summary>Lets HTTP/2 and HTTP/1 share a port without TLS: what a connection speaks is seen by its first bytes. RFC 9113, 3.3 and 3.4.</summary>
/// <remarks>
/// Kestrel takes a connection without TLS for HTTP/1, since nothing was agreed on it. A client with prior knowledge begins with a preface
/// that no HTTP/1 request can begin with; for such a connection the agreement is put where Kestrel looks for it. Nothing is encrypted, and
/// requests say <c>http</c> as their scheme.
/// </remarks>
internal sealed class Http2Preface(ConnectionDelegate next)
{
    // As long as the headers of a request may take.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);
    private static readonly byte[] s_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    /// <summary>Has every endpoint recognise it.</summary>
    public static void Use(KestrelServerOptions kestrel)
    {
        // The agreement implies TLS to Kestrel, which then would want "https" as the requests' scheme.
        kestrel.AllowAlternateSchemes = true;

        // Endpoints speak both by default; said once more, Kestrel would warn that without TLS they do not.
        kestrel.ConfigureEndpointDefaults(endpoint => ((IConnectionBuilder)endpoint).Use(next => new Http2Preface(next).RunAsync));
    }

    private async Task RunAsync(ConnectionContext connection)
    {
        if (await BeginsWithPrefaceAsync(connection))
        {
            connection.Features.Set<ITlsConnectionFeature>(new NoTls());
            connection.Features.Set<ITlsApplicationProtocolFeature>(new PriorKnowledge());
        }

        await next(connection);
    }

    /// <summary>Looks at the first bytes and leaves them where they are. Who sends none is left to HTTP/1, whose own limits of time then hold.</summary>
    private static async Task<bool> BeginsWithPrefaceAsync(ConnectionContext connection)
    {
        PipeReader input = connection.Transport.Input;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed);
        patience.CancelAfter(s_patience);
        try
        {
            while (true)
            {
                ReadResult read = await input.ReadAsync(patience.Token);
                long there = Math.Min(read.Buffer.Length, s_preface.Length);
                byte[] first = read.Buffer.Slice(0, there).ToArray();
                bool fits = first.AsSpan().SequenceEqual(s_preface.AsSpan(0, (int)there));
                if (!fits || there == s_preface.Length || read.IsCompleted)
                {
                    input.AdvanceTo(read.Buffer.Start);
                    return fits && there == s_preface.Length;
                }

                input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            }
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private sealed class PriorKnowledge : ITlsApplicationProtocolFeature
    {
        public ReadOnlyMemory<byte> ApplicationProtocol { get; } = "h2"u8.ToArray();
    }

    private sealed class NoTls : ITlsConnectionFeature
    {
        public System.Security.Cryptography.X509Certificates.X509Certificate2? ClientCertificate { get; set; }

        public Task<System.Security.Cryptography.X509Certificates.X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult(ClientCertificate);
    }
}
