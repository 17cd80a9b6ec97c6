using System.Collections.Concurrent;
using Indelible.Client.Recording;
using Microsoft.AspNetCore.Http;

namespace Indelible.Client.Tests.Recording;

/// <summary>How the client speaks to the server: protocol, compression, and the server's wish to be asked later.</summary>
public sealed class TransportTests : IAsyncLifetime
{
    private ServerProcess _server = null!;

    private string Spool => Path.Combine(_server.Folder, "spool");

    public async ValueTask InitializeAsync() => _server = await ServerProcess.CreateAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task By_TLS_it_speaks_compressed_HTTP_2()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only there can a process of its own be told whom to trust.");
        await using Front front = await Front.StartAsync(_server.Url, tls: true);
        string trusted = Path.Combine(_server.Folder, "trusted.pem");
        front.SaveCertificate(trusted);
        await using Recorder recorder = Recorder.Start(
            _server, front.Url, Spool, DeliveryMode.Durable, "t", 100, 4, environment: [("SSL_CERT_FILE", trusted)]);
        Assert.Equal(0, await recorder.EndAsync());

        Assert.Equal(400, (await Recorded.EntriesAsync(_server)).Of("test.run").Select(Recorded.Id).Distinct().Count());
        Assert.All(front.Appends, append => Assert.Equal("HTTP/2", append.Protocol));
        Assert.Contains("gzip", front.Appends.Select(append => append.Encoding));
    }

    [Fact]
    public async Task A_connection_that_died_in_silence_is_not_used_for_ever()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only there can a process of its own be told whom to trust.");
        await using Front front = await Front.StartAsync(_server.Url, tls: true);
        await using var wire = new Wire(front.Url);
        string trusted = Path.Combine(_server.Folder, "trusted.pem");
        front.SaveCertificate(trusted);
        await using Recorder recorder = Recorder.Start(
            _server, $"https://localhost:{new Uri(wire.Url).Port}", Spool, DeliveryMode.Durable, "t", 1_000_000, 1, environment: [("SSL_CERT_FILE", trusted)]);
        await Recorded.UntilAsync(() => !front.Appends.IsEmpty);

        wire.Deaden();
        int before = front.Appends.Count;

        await Recorded.UntilAsync(() => front.Appends.Count > before + 5);
        await recorder.KillAsync();
    }

    [Fact]
    public async Task A_server_whose_certificate_nobody_vouches_for_gets_nothing()
    {
        await using Front front = await Front.StartAsync(_server.Url, tls: true);
        AuditClientOptions options = Recorded.Options(_server, Spool, front.Url);
        options.ShutdownWait = TimeSpan.Zero;
        await using var client = new AuditClient(options);
        await client.RecordAsync(Recorded.Draft("a"));

        await Recorded.UntilAsync(() => client.Health.State == AuditClientState.Delayed);

        Assert.Empty(front.Appends);
        Assert.True(client.Health.SpoolBytes > 0);
    }

    [Theory]
    [InlineData(429, "3000", 3_000)]
    [InlineData(503, "3000", 3_000)]
    [InlineData(503, "date", 3_000)]
    [InlineData(429, "31536000", 3_600)]   // A year is a mistake: an hour.
    public async Task A_server_that_asks_for_time_gets_it(int status, string retryAfter, int seconds)
    {
        var time = new HurriedTime(TimeSpan.FromSeconds(2_900));
        await using Front front = await Front.StartAsync(_server.Url);
        bool isAsked = false;
        front.Intercept = context =>
        {
            if (isAsked)
            {
                return false;
            }

            isAsked = true;
            context.Response.StatusCode = status;
            context.Response.Headers.RetryAfter = retryAfter == "date" ? time.GetUtcNow().AddSeconds(3_001).ToString("R") : retryAfter;
            return true;
        };
        AuditClientOptions options = Recorded.Options(_server, Spool, front.Url);
        await using (var client = new AuditClient(options, time: time))
        {
            await client.RecordAsync(Recorded.Draft("a"));
            Assert.True(await client.FlushAsync(Recorded.Patience));
        }

        Assert.InRange(Assert.Single(time.Skipped).TotalSeconds, seconds - 1, seconds + 1);
        Assert.Equal("a", Assert.Single((await Recorded.EntriesAsync(_server)).Of("test.run")).Id());
    }

    [Fact]
    public async Task A_guaranteed_call_does_not_wait_for_a_server_that_asks_for_more_time_than_it_has()
    {
        await using Front front = await Front.StartAsync(_server.Url);
        front.Intercept = context =>
        {
            context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            context.Response.Headers.RetryAfter = "3000";
            return true;
        };
        AuditClientOptions options = Recorded.Options(_server, Spool, front.Url);
        options.GuaranteedBudget = TimeSpan.FromMinutes(5);
        options.ShutdownWait = TimeSpan.Zero;
        await using var client = new AuditClient(options);

        AuditNotRecordedException refused = await Assert.ThrowsAsync<AuditNotRecordedException>(
            () => client.RecordAsync(Recorded.Draft("g"), DeliveryMode.Guaranteed).AsTask());

        Assert.False(refused.MayBeLogged);
        Assert.Contains("429", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>The system's clock, but long waits are over at once; it keeps how long they would have been.</summary>
    private sealed class HurriedTime(TimeSpan isLong) : TimeProvider
    {
        public ConcurrentQueue<TimeSpan> Skipped { get; } = new();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime < isLong || dueTime > TimeSpan.FromHours(2))
            {
                return base.CreateTimer(callback, state, dueTime, period);
            }

            Skipped.Enqueue(dueTime);
            return base.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
