using System.Text.Json;
using Indelible.Client.Recording;

namespace Indelible.Client.Tests.Recording;

/// <summary><see cref="DeliveryMode.BestEffort"/>: never waits, never grows, never loses in silence.</summary>
public sealed class BestEffortTests : IAsyncLifetime
{
    private ServerProcess _server = null!;
    private Wire _wire = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await ServerProcess.CreateAsync();
        _wire = new Wire(_server.Url);
    }

    public async ValueTask DisposeAsync()
    {
        await _wire.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task While_the_server_is_down_or_hangs_no_call_waits_and_the_oldest_go(bool hangs)
    {
        if (hangs)
        {
            _wire.Swallow();
        }
        else
        {
            _wire.Refuse();
        }

        const int Count = 2_000;
        await using (AuditClient client = Open(options => options.BestEffortBytes = 64 * 1024))
        {
            for (int i = 0; i < Count; i++)
            {
                Assert.True(client.RecordAsync(Recorded.Draft($"b-{i}")).AsTask().IsCompletedSuccessfully);
            }

            Assert.InRange(client.Health.Dropped, 1, Count - 1);
            _wire.Mend();
            Assert.True(await client.FlushAsync(Recorded.Patience));
        }

        IReadOnlyList<JsonElement> entries = await Recorded.EntriesAsync(_server);
        IReadOnlyList<JsonElement> there = entries.Of("test.run");
        long dropped = entries.Of("audit.events.dropped").Sum(entry => entry.GetProperty("data").GetProperty("count").GetInt64());
        Assert.Equal(Count, there.Count + dropped);
        Assert.Contains($"b-{Count - 1}", there.Select(Recorded.Id));
        Assert.Equal(entries.Count, entries.Select(Recorded.Id).Distinct().Count());
        HashSet<long> numbers = [.. entries.Select(Recorded.Sequence)];
        Assert.Equal(dropped, Enumerable.Range(1, (int)numbers.Max()).Count(number => !numbers.Contains(number)));
    }

    [Fact]
    public async Task What_waits_at_the_end_of_the_process_waits_on_in_the_spool()
    {
        _wire.Refuse();
        await using (AuditClient client = Open())
        {
            await client.RecordAsync(Recorded.Draft("b"));
        }

        _wire.Mend();
        await using AuditClient next = Open();
        await Recorded.UntilAsync(() => next.Health is { SpoolBytes: 0, LastReceipt: not null });
        IReadOnlyList<JsonElement> entries = await Recorded.EntriesAsync(_server);
        Assert.Equal("b", Assert.Single(entries.Of("test.run")).Id());
        JsonElement second = entries.Of("audit.producer.started")[1];
        Assert.True(second.GetProperty("data").GetProperty("previous_ended").GetBoolean());
        Assert.Equal(3, second.GetProperty("producer").GetProperty("previous_seq").GetInt64());
    }

    [Fact]
    public async Task Without_a_disk_for_the_spool_events_pass_all_the_same()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The limit on a file's size is Linux's.");
        await using Recorder recorder = Recorder.Start(
            _server, _server.Url, Path.Combine(_server.Folder, "spool"), DeliveryMode.BestEffort, "b", 100, 1, WhenSpoolFull.Deny, fileBlocks: 8);
        Assert.Equal(0, await recorder.EndAsync());

        Assert.Equal(100, recorder.Recorded.Count);
        Assert.Equal(recorder.Recorded.Keys.Order(), (await Recorded.EntriesAsync(_server)).Of("test.run").Select(Recorded.Id).Order());
    }

    private AuditClient Open(Action<AuditClientOptions>? configure = null)
    {
        AuditClientOptions options = Recorded.Options(_server, Path.Combine(_server.Folder, "spool"), _wire.Url);
        options.DefaultMode = DeliveryMode.BestEffort;
        options.RequestTimeout = TimeSpan.FromMilliseconds(500);
        configure?.Invoke(options);
        return new AuditClient(options);
    }
}
