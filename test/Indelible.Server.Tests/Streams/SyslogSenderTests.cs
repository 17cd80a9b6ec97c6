using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Channels;
using Indelible.Server.Streams;
using Indelible.Server.Tests.Api;
using Indelible.Server.Tests.Attacks;
using Xunit;

namespace Indelible.Server.Tests.Streams;

/// <summary>What counts as lost when a syslog connection breaks, over real TLS to a receiver that breaks it when it is told to.</summary>
public sealed class SyslogSenderTests : IAsyncLifetime
{
    private readonly ForwardClock _clock = new();
    private readonly TestAuthority _authority = new("CN=collectors", TimeProvider.System.GetUtcNow());
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Channel<bool> _woken = Channel.CreateUnbounded<bool>();
    private X509Certificate2 _certificate = null!;
    private SyslogSender _sender = null!;

    public ValueTask InitializeAsync()
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 signed = _authority.Sign(["localhost"], now.AddHours(-1), now.AddHours(1), [TestAuthority.ForServers]);
        _certificate = X509CertificateLoader.LoadPkcs12(signed.Export(X509ContentType.Pfx), null);
        _listener.Start();
        var target = new SyslogTarget("localhost", ((IPEndPoint)_listener.LocalEndpoint).Port, 8_192, new StreamTrust([X509Certificate2.CreateFromPem(_authority.Pem)], null));
        _sender = new SyslogSender(target, "audit.example", _clock, () => _woken.Writer.TryWrite(true));
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _sender.DisposeAsync();
        _listener.Dispose();
        _certificate.Dispose();
        _authority.Dispose();
    }

    [Fact]
    public async Task However_late_a_break_is_noticed_what_nothing_was_acknowledged_behind_is_lost()
    {
        Task<Taker> accepting = AcceptAsync();
        await SendAsync(0);
        using Taker taker = await accepting;
        _clock.Advance(TimeSpan.FromMinutes(5));

        await BreakAsync(taker);

        Assert.Equal([("main", 0L)], _sender.TakeLost());
        Assert.Empty(_sender.TakeLost());
    }

    [Fact]
    public async Task What_something_was_acknowledged_behind_for_long_enough_is_not_lost()
    {
        Task<Taker> accepting = AcceptAsync();
        await SendAsync(0);
        using Taker taker = await accepting;
        _clock.Advance(ServerLimits.StreamDoubt);
        await SendAsync(1);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await SendAsync(2);
        _clock.Advance(TimeSpan.FromMinutes(5));

        await BreakAsync(taker);

        Assert.Equal([("main", 1L)], _sender.TakeLost());
    }

    [Fact]
    public async Task However_soon_a_connection_breaks_behind_what_was_taken_that_is_lost()
    {
        for (int i = 0; i < 300; i++)
        {
            Task<Taker> accepting = AcceptAsync();
            Task<SendResult> sending = _sender.SendAsync(Batch(i), TestContext.Current.CancellationToken);
            using (Taker taker = await accepting)
            {
                await taker.Stream.ReadExactlyAsync(new byte[1], TestContext.Current.CancellationToken);
            }

            SendResult result = await sending;
            await WokenAsync();
            Assert.Equal(result.Outcome == SendOutcome.Taken ? [("main", (long)i)] : [], _sender.TakeLost());
        }
    }

    private static StreamBatch Batch(long index) =>
        new("main", index, index + 1, [new StreamItem("main", index, $"audit.example/logs/main#{index}", Encoding.UTF8.GetBytes("{}"), new StreamItemFacts("2026-11-23T06:14:25Z", "invoice.read", false, null))]);

    private async Task SendAsync(long index) => Assert.Equal(SendOutcome.Taken, (await _sender.SendAsync(Batch(index), TestContext.Current.CancellationToken)).Outcome);

    private async Task<Taker> AcceptAsync()
    {
        Socket socket = await _listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, TestContext.Current.CancellationToken);
        return new Taker(socket, stream);
    }

    private async Task BreakAsync(Taker taker)
    {
        taker.Dispose();
        await WokenAsync();
    }

    private async Task WokenAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await _woken.Reader.ReadAsync(timeout.Token);
    }

    /// <summary>A connection, which breaks when it is disposed of.</summary>
    private sealed record Taker(Socket Socket, SslStream Stream) : IDisposable
    {
        public void Dispose() => Socket.Dispose();
    }
}
