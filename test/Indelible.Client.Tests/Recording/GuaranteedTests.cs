using System.Text.Json;
using Indelible.Client.Recording;
using Indelible.Keys;

namespace Indelible.Client.Tests.Recording;

/// <summary><see cref="DeliveryMode.Guaranteed"/>: a verified receipt, or an exception that says what may be.</summary>
public sealed class GuaranteedTests() : DeliveryTests(DeliveryMode.Guaranteed)
{
    [Fact]
    public async Task Many_callers_at_once_each_get_the_receipt_of_their_own_event()
    {
        await using AuditClient client = Open(options => options.GuaranteedBudget = Recorded.Patience);

        RecordResult[] results = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => client.RecordAsync(Recorded.Draft($"g-{i}")).AsTask()));

        Ed25519NoteVerifier key = Ed25519NoteVerifier.FromVkey(Server.ReceiptsVkey);
        Assert.All(results, (result, i) =>
        {
            Assert.Equal($"g-{i}", result.Receipt!.Id);
            result.Receipt.Verify(key);
        });
        IReadOnlyList<JsonElement> entries = await Recorded.EntriesAsync(Server);
        Assert.All(results, result => Assert.Equal(result.Id, entries[(int)result.Receipt!.Index].Id()));
    }

    [Fact]
    public async Task A_server_that_is_down_fails_the_call_and_nothing_of_it_is_ever_logged()
    {
        Wire.Refuse();
        await using AuditClient client = Open();
        AuditNotRecordedException refused = await Assert.ThrowsAsync<AuditNotRecordedException>(() => client.RecordAsync(Recorded.Draft("g")).AsTask());
        Assert.False(refused.MayBeLogged);
        Assert.Equal("g", refused.EventId);

        Wire.Mend();
        Assert.True(await client.FlushAsync(Recorded.Patience));
        IReadOnlyList<JsonElement> entries = await Recorded.EntriesAsync(Server);
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
        Wire.Swallow();
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
        Wire.SwallowAnswers();

        AuditNotRecordedException unknown = await Assert.ThrowsAsync<AuditNotRecordedException>(() => client.RecordAsync(Recorded.Draft("g")).AsTask());

        Assert.True(unknown.MayBeLogged);
        Wire.Mend();
        Assert.True(await client.FlushAsync(Recorded.Patience));
        IReadOnlyList<JsonElement> entries = await Recorded.EntriesAsync(Server);
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
        await Server.KillAsync();
        Task<RecordResult> call = client.RecordAsync(Recorded.Draft("g")).AsTask();

        await Server.StartAsync();

        Assert.Equal("g", (await call).Receipt!.Id);
        Assert.Single(await Recorded.EntriesAsync(Server), entry => entry.Id() == "g");
    }

    [Fact]
    public async Task An_outages_backlog_does_not_hold_up_a_call()
    {
        Wire.Refuse();
        await using AuditClient client = Open(options =>
        {
            options.GuaranteedBudget = TimeSpan.FromSeconds(20);
            options.BatchEvents = 10;
        });
        await Task.WhenAll(Enumerable.Range(0, 5_000).Select(i => client.RecordAsync(Recorded.Draft($"d-{i}"), DeliveryMode.Durable).AsTask()));
        Wire.Mend();

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

    [Theory]
    [InlineData(WhenSpoolFull.Block)]
    [InlineData(WhenSpoolFull.Deny)]
    [InlineData(WhenSpoolFull.DropAndCount)]
    public async Task A_spool_without_room_does_not_matter(WhenSpoolFull whenFull)
    {
        await using AuditClient client = Open(options =>
        {
            (options.SpoolBytes, options.WhenSpoolFull, options.SpoolFullWait) = (64 * 1024, whenFull, TimeSpan.FromMilliseconds(50));
            options.GuaranteedBudget = Recorded.Patience;
        });
        Wire.Refuse();
        Assert.Equal(whenFull == WhenSpoolFull.DropAndCount, await FillAsync(client) is null);
        Wire.Mend();

        Assert.NotNull((await client.RecordAsync(Recorded.Draft("g"))).Receipt);
    }

    [Fact]
    public async Task A_caller_that_cancels_waits_no_longer_and_the_event_arrives_all_the_same()
    {
        Wire.Swallow();
        await using AuditClient client = Open(options =>
        {
            options.GuaranteedBudget = TimeSpan.FromMinutes(5);
            options.RequestTimeout = TimeSpan.FromMilliseconds(200);
        });
        using var cancel = new CancellationTokenSource();
        Task call = client.RecordAsync(Recorded.Draft("g"), cancel.Token).AsTask();
        await Recorded.UntilAsync(() => Wire.Connections > 0);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);

        Wire.Mend();
        await Recorded.UntilAsync(async () => (await Recorded.EntriesAsync(Server)).Any(entry => entry.Id() == "g"));
        Assert.True(await client.FlushAsync(Recorded.Patience));
        Assert.Single((await Recorded.EntriesAsync(Server)).Of("test.run"));
    }

    [Fact]
    public async Task A_call_that_waits_when_the_process_ends_fails_and_says_what_may_be()
    {
        Wire.Swallow();
        AuditClient client = Open(options => options.GuaranteedBudget = TimeSpan.FromMinutes(5));
        Task call = client.RecordAsync(Recorded.Draft("g")).AsTask();
        await Recorded.UntilAsync(() => Wire.Swallowed > 0);

        await client.DisposeAsync();

        AuditNotRecordedException ended = await Assert.ThrowsAsync<AuditNotRecordedException>(() => call);
        Assert.Equal("g", ended.EventId);
        Assert.Contains("ended", ended.Message, StringComparison.Ordinal);

        // The next process delivers what was said of it, and that it was the last.
        Wire.Mend();
        await using AuditClient next = Open();
        await Recorded.UntilAsync(() => next.Health is { SpoolBytes: 0, LastReceipt: not null });
        IReadOnlyList<JsonElement> entries = await Recorded.EntriesAsync(Server);
        Assert.Empty(entries.Of("test.run"));
        Assert.Equal("g", Assert.Single(entries.Of("audit.event.unconfirmed")).GetProperty("relates_to").GetString());
        IEnumerable<JsonElement> first = entries.Where(entry => entry.GetProperty("producer").GetProperty("stream_id").GetString() == client.StreamId);
        Assert.Equal("audit.producer.stopped", first.MaxBy(Recorded.Sequence).Action());
    }

    [Fact]
    public async Task An_event_that_is_refused_for_ever_fails_the_call_with_the_reason()
    {
        await using AuditClient client = Open(options => options.GuaranteedBudget = TimeSpan.FromMinutes(5));
        await client.RecordAsync(Recorded.Draft("same") with { Message = "one" });

        AuditNotRecordedException refused = await Assert.ThrowsAsync<AuditNotRecordedException>(
            () => client.RecordAsync(Recorded.Draft("same") with { Message = "another" }).AsTask());

        Assert.False(refused.MayBeLogged);
        Assert.Contains("conflict", refused.Message, StringComparison.Ordinal);
        Assert.Equal("one", Assert.Single((await Recorded.EntriesAsync(Server)).Of("test.run")).GetProperty("message").GetString());
        Assert.False(File.Exists(Path.Combine(Spool, "dead-letters.jsonl")));
    }

    [Fact]
    public async Task A_receipt_under_another_key_is_none()
    {
        await using ServerProcess stranger = await ServerProcess.CreateAsync();
        await using AuditClient client = Open(options =>
        {
            options.ReceiptsVkey = stranger.ReceiptsVkey;
            options.GuaranteedBudget = TimeSpan.FromMinutes(5);
        });

        AuditNotRecordedException untrusted = await Assert.ThrowsAsync<AuditNotRecordedException>(() => client.RecordAsync(Recorded.Draft("g")).AsTask());

        Assert.True(untrusted.MayBeLogged);
        Assert.Equal(AuditClientState.Contradicted, client.Health.State);
    }

    [Fact]
    public async Task A_disk_that_takes_nothing_more_does_not_matter()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The limit on a file's size is Linux's.");
        await using Recorder recorder = Recorder.Start(Server, Server.Url, Spool, DeliveryMode.Guaranteed, "g", 100, 1, WhenSpoolFull.Deny, fileBlocks: 8);
        Assert.Equal(0, await recorder.EndAsync());

        Assert.Equal(100, recorder.Recorded.Count);
        Assert.Equal(recorder.Recorded.Keys.Order(), (await Recorded.EntriesAsync(Server)).Of("test.run").Select(Recorded.Id).Order());
    }

    [Fact]
    public async Task What_a_killed_process_was_told_is_recorded_is_in_the_log()
    {
        await using Recorder recorder = Recorder.Start(Server, Server.Url, Spool, DeliveryMode.Guaranteed, "k", 1_000_000, 8);
        await Recorded.UntilAsync(() => recorder.Recorded.Count > 100);
        await recorder.KillAsync();

        string[] there = [.. (await Recorded.EntriesAsync(Server)).Of("test.run").Select(Recorded.Id)];
        Assert.Equal(there.Length, there.Distinct().Count());
        Assert.Subset(there.ToHashSet(), recorder.Recorded.Keys.ToHashSet());
    }
}
