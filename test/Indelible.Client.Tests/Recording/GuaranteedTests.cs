using System.Text.Json;
using Indelible.Client.Recording;
using Indelible.Keys;

namespace Indelible.Client.Tests.Recording;

/// <summary><see cref="DeliveryMode.Guaranteed"/>: a verified receipt, or an exception that says what may be.</summary>
public sealed class GuaranteedTests : IAsyncLifetime
{
    private ServerProcess _server = null!;
    private Wire _wire = null!;

    private string Spool => Path.Combine(_server.Folder, "spool");

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

    [Fact]
    public async Task Many_callers_at_once_each_get_the_receipt_of_their_own_event()
    {
        await using AuditClient client = Open(options => options.GuaranteedBudget = Recorded.Patience);

        RecordResult[] results = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => client.RecordAsync(Recorded.Draft($"g-{i}")).AsTask()));

        Ed25519NoteVerifier key = Ed25519NoteVerifier.FromVkey(_server.ReceiptsVkey);
        Assert.All(results, (result, i) =>
        {
            Assert.Equal($"g-{i}", result.Receipt!.Id);
            result.Receipt.Verify(key);
        });
        IReadOnlyList<JsonElement> entries = await Recorded.EntriesAsync(_server);
        Assert.All(results, result => Assert.Equal(result.Id, entries[(int)result.Receipt!.Index].Id()));
    }

    [Fact]
    public async Task A_server_that_is_down_fails_the_call_and_nothing_of_it_is_ever_logged()
    {
        _wire.Refuse();
        await using AuditClient client = Open();
        AuditNotRecordedException refused = await Assert.ThrowsAsync<AuditNotRecordedException>(() => client.RecordAsync(Recorded.Draft("g")).AsTask());
        Assert.False(refused.MayBeLogged);
        Assert.Equal("g", refused.EventId);

        _wire.Mend();
        Assert.True(await client.FlushAsync(Recorded.Patience));
        IReadOnlyList<JsonElement> entries = await Recorded.EntriesAsync(_server);
        Assert.Empty(entries.Of("test.run"));

        // That it was tried is on record, and explains the number that is missing.
        JsonElement said = Assert.Single(entries.Of("audit.event.unconfirmed"));
        Assert.Equal("g", said.GetProperty("relates_to").GetString());
        Assert.False(said.GetProperty("data").GetProperty("may_be_logged").GetBoolean());
        Assert.DoesNotContain(said.GetProperty("data").GetProperty("seq").GetInt64(), entries.Select(Recorded.Sequence));
    }

    [Fact]
    public async Task A_server_that_hangs_fails_the_call_within_its_budget()
    {
        _wire.Swallow();
        await using AuditClient client = Open(options => options.RequestTimeout = TimeSpan.FromSeconds(30));

        AuditNotRecordedException unknown = await Assert.ThrowsAsync<AuditNotRecordedException>(() => client.RecordAsync(Recorded.Draft("g")).AsTask());

        Assert.True(unknown.MayBeLogged);
        Assert.Contains("no receipt within", unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_is_lost_is_told_as_what_may_be_and_noted_in_the_log()
    {
        await using AuditClient client = Open(options => options.GuaranteedBudget = TimeSpan.FromSeconds(2));
        Assert.True(await client.FlushAsync(Recorded.Patience));
        _wire.SwallowAnswers();

        AuditNotRecordedException unknown = await Assert.ThrowsAsync<AuditNotRecordedException>(() => client.RecordAsync(Recorded.Draft("g")).AsTask());

        Assert.True(unknown.MayBeLogged);
        _wire.Mend();
        Assert.True(await client.FlushAsync(Recorded.Patience));
        IReadOnlyList<JsonElement> entries = await Recorded.EntriesAsync(_server);
        Assert.Equal("g", Assert.Single(entries.Of("test.run")).Id());
        JsonElement said = Assert.Single(entries.Of("audit.event.unconfirmed"));
        Assert.Equal("g", said.GetProperty("relates_to").GetString());
        Assert.Equal("annotation", said.GetProperty("kind").GetString());
    }

    [Fact]
    public async Task A_server_that_restarts_within_the_budget_is_waited_for()
    {
        await using AuditClient client = Open(options => options.GuaranteedBudget = Recorded.Patience);
        await client.RecordAsync(Recorded.Draft("before"));
        await _server.KillAsync();
        Task<RecordResult> call = client.RecordAsync(Recorded.Draft("g")).AsTask();

        await _server.StartAsync();

        Assert.Equal("g", (await call).Receipt!.Id);
        Assert.Single(await Recorded.EntriesAsync(_server), entry => entry.Id() == "g");
    }

    [Fact]
    public async Task An_outages_backlog_does_not_hold_up_a_call()
    {
        _wire.Refuse();
        await using AuditClient client = Open(options =>
        {
            options.GuaranteedBudget = TimeSpan.FromSeconds(20);
            options.BatchEvents = 10;
        });
        await Task.WhenAll(Enumerable.Range(0, 5_000).Select(i => client.RecordAsync(Recorded.Draft($"d-{i}"), DeliveryMode.Durable).AsTask()));
        _wire.Mend();

        Assert.NotNull((await client.RecordAsync(Recorded.Draft("g"))).Receipt);
    }

    [Fact]
    public async Task A_refused_key_fails_the_call_at_once()
    {
        await using AuditClient client = Open(options =>
        {
            options.Key = "ind_w_" + new string('A', 43);
            options.GuaranteedBudget = TimeSpan.FromMinutes(5);
        });

        AuditNotRecordedException refused = await Assert.ThrowsAsync<AuditNotRecordedException>(() => client.RecordAsync(Recorded.Draft("g")).AsTask());

        Assert.False(refused.MayBeLogged);
        Assert.Contains("401", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_spool_without_room_does_not_matter()
    {
        await using AuditClient client = Open(options =>
        {
            options.SpoolBytes = 64 * 1024;
            options.WhenSpoolFull = WhenSpoolFull.Deny;
            options.GuaranteedBudget = Recorded.Patience;
        });
        _wire.Refuse();
        await Assert.ThrowsAsync<AuditNotRecordedException>(async () =>
        {
            for (int i = 0; ; i++)
            {
                await client.RecordAsync(Recorded.Draft($"f-{i}"), DeliveryMode.Durable);
            }
        });
        _wire.Mend();

        Assert.NotNull((await client.RecordAsync(Recorded.Draft("g"))).Receipt);
    }

    [Fact]
    public async Task A_caller_that_cancels_waits_no_longer_and_the_event_arrives_all_the_same()
    {
        _wire.Swallow();
        await using AuditClient client = Open(options =>
        {
            options.GuaranteedBudget = TimeSpan.FromMinutes(5);
            options.RequestTimeout = TimeSpan.FromMilliseconds(200);
        });
        using var cancel = new CancellationTokenSource();
        Task call = client.RecordAsync(Recorded.Draft("g"), cancel.Token).AsTask();
        await Recorded.UntilAsync(() => _wire.Connections > 0);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);

        _wire.Mend();
        await Recorded.UntilAsync(async () => (await Recorded.EntriesAsync(_server)).Any(entry => entry.Id() == "g"));
        Assert.True(await client.FlushAsync(Recorded.Patience));
        Assert.Single((await Recorded.EntriesAsync(_server)).Of("test.run"));
    }

    [Fact]
    public async Task What_a_killed_process_was_told_is_recorded_is_in_the_log()
    {
        await using Recorder recorder = Recorder.Start(_server, _server.Url, Spool, DeliveryMode.Guaranteed, "k", 1_000_000, 8);
        await Recorded.UntilAsync(() => recorder.Recorded.Count > 100);
        await recorder.KillAsync();

        string[] there = [.. (await Recorded.EntriesAsync(_server)).Of("test.run").Select(Recorded.Id)];
        Assert.Equal(there.Length, there.Distinct().Count());
        Assert.Subset(there.ToHashSet(), recorder.Recorded.Keys.ToHashSet());
    }

    private AuditClient Open(Action<AuditClientOptions>? configure = null)
    {
        AuditClientOptions options = Recorded.Options(_server, Spool, _wire.Url);
        options.DefaultMode = DeliveryMode.Guaranteed;
        options.ShutdownWait = TimeSpan.FromMilliseconds(500);
        configure?.Invoke(options);
        return new AuditClient(options);
    }
}
