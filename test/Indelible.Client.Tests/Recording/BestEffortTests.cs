using System.Text.Json;
using Indelible.Client.Recording;

namespace Indelible.Client.Tests.Recording;

/// <summary><see cref="DeliveryMode.BestEffort"/>: never waits, never grows, never loses in silence.</summary>
public sealed class BestEffortTests() : DeliveryTests(DeliveryMode.BestEffort)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task While_the_server_is_down_or_hangs_no_call_waits_and_the_oldest_go(bool hangs)
    {
        if (hangs)
        {
            Wire.Swallow();
        }
        else
        {
            Wire.Refuse();
        }

        const int Count = 2_000;
        await using (AuditClient client = Open(options =>
        {
            options.BestEffortBytes = 64 * 1024;
            options.RequestTimeout = TimeSpan.FromMilliseconds(500);
        }))
        {
            for (int i = 0; i < Count; i++)
            {
                Assert.True(client.RecordAsync(Recorded.Draft($"b-{i}")).AsTask().IsCompletedSuccessfully);
            }

            Assert.InRange(client.Health.Dropped, 1, Count - 1);
            Wire.Mend();
            Assert.True(await client.FlushAsync(Recorded.Patience));
        }

        IReadOnlyList<JsonElement> entries = await Recorded.EntriesAsync(Server);
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
        Wire.Refuse();
        await using (AuditClient client = Open())
        {
            await client.RecordAsync(Recorded.Draft("b"));
        }

        Wire.Mend();
        await using AuditClient next = Open();
        await Recorded.UntilAsync(() => next.Health is { SpoolBytes: 0, LastReceipt: not null });
        IReadOnlyList<JsonElement> entries = await Recorded.EntriesAsync(Server);
        Assert.Equal("b", Assert.Single(entries.Of("test.run")).Id());
        JsonElement second = entries.Of("audit.producer.started")[1];
        Assert.True(second.GetProperty("data").GetProperty("previous_ended").GetBoolean());
        Assert.Equal(3, second.GetProperty("producer").GetProperty("previous_seq").GetInt64());
    }

    [Fact]
    public async Task An_answer_that_is_lost_doubles_nothing()
    {
        await using AuditClient client = Open(options => options.RequestTimeout = TimeSpan.FromMilliseconds(500));
        Assert.True(await client.FlushAsync(Recorded.Patience));
        Wire.SwallowAnswers();
        await RecordAsync(client, "b", 50);
        await Recorded.UntilAsync(async () => (await Recorded.EntriesAsync(Server)).Of("test.run").Count > 0);

        Wire.Mend();

        Assert.True(await client.FlushAsync(Recorded.Patience));
        Assert.Equal(0, client.Health.Dropped);
        await AssertExactlyAsync("b", 50);
    }

    [Fact]
    public async Task A_server_killed_again_and_again_under_load_loses_and_doubles_nothing_that_memory_holds()
    {
        await using AuditClient client = Open();
        for (int round = 0; round < 3; round++)
        {
            await RecordAsync(client, $"r{round}", 300);
            await Server.KillAsync();
            await RecordAsync(client, $"s{round}", 300);
            await Server.StartAsync();
        }

        Assert.True(await client.FlushAsync(Recorded.Patience));
        Assert.Equal(0, client.Health.Dropped);
        IReadOnlyList<JsonElement> entries = await Recorded.EntriesAsync(Server);
        Assert.Equal(1800, entries.Of("test.run").Count);
        Assert.Equal(entries.Count, entries.Select(Recorded.Id).Distinct().Count());
        Assert.Equal(entries.Select(Recorded.Sequence).Order(), entries.Select(Recorded.Sequence));
    }

    [Fact]
    public async Task What_waited_out_an_outage_arrives_in_order_among_the_durable_ones()
    {
        Wire.Refuse();
        await using AuditClient client = Open(options => options.BatchEvents = 10);
        for (int i = 0; i < 200; i++)
        {
            await client.RecordAsync(Recorded.Draft($"b-{i}"), i % 3 == 0 ? DeliveryMode.Durable : DeliveryMode.BestEffort);
        }

        await Recorded.UntilAsync(() => client.Health.State == AuditClientState.Delayed);
        Wire.Mend();

        Assert.True(await client.FlushAsync(Recorded.Patience));
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"b-{i}"), (await Recorded.EntriesAsync(Server)).Of("test.run").Select(Recorded.Id));
    }

    [Fact]
    public async Task What_a_killed_process_held_in_memory_is_gone_and_its_numbers_are_missing()
    {
        await using (Recorder recorder = Recorder.Start(Server, Wire.Url, Spool, DeliveryMode.BestEffort, "k", 1_000_000, 4))
        {
            await Recorded.UntilAsync(async () => (await Recorded.EntriesAsync(Server)).Of("test.run").Count > 0);
            await recorder.KillAsync();
            IReadOnlyList<JsonElement> entries = await Recorded.EntriesAsync(Server);
            string[] there = [.. entries.Of("test.run").Select(Recorded.Id)];
            Assert.Equal(there.Length, there.Distinct().Count());
            Assert.NotEmpty(recorder.Recorded.Keys.Except(there));   // It promised nothing, and says nothing.
        }

        await using AuditClient next = Open(options => options.InstanceId = "recorder");
        await Recorded.UntilAsync(async () => (await Recorded.EntriesAsync(Server)).Of("audit.producer.started").Count == 2);
        IReadOnlyList<JsonElement> after = await Recorded.EntriesAsync(Server);
        JsonElement second = after.Of("audit.producer.started")[1];
        string stream = second.GetProperty("producer").GetProperty("previous_stream").GetString()!;
        Assert.Equal(after.Of("audit.producer.started")[0].GetProperty("producer").GetProperty("stream_id").GetString(), stream);
        Assert.False(second.GetProperty("data").GetProperty("previous_ended").GetBoolean());
    }

    [Fact]
    public async Task A_key_that_is_refused_keeps_what_memory_holds_and_says_so()
    {
        await using (AuditClient client = Open(options => options.Key = "ind_w_" + new string('A', 43)))
        {
            await RecordAsync(client, "b", 10);
            await Recorded.UntilAsync(() => client.Health.State == AuditClientState.Refused);
            Assert.Equal(0, client.Health.Dropped);
        }

        await using AuditClient mended = Open();
        await Recorded.UntilAsync(() => mended.Health is { SpoolBytes: 0, LastReceipt: not null });
        await AssertExactlyAsync("b", 10);
    }

    [Fact]
    public async Task An_event_that_the_server_will_never_take_is_a_dead_letter_and_holds_up_nobody()
    {
        await using AuditClient client = Open();
        await client.RecordAsync(Recorded.Draft("same") with { Message = "one" });
        Assert.True(await client.FlushAsync(Recorded.Patience));
        await client.RecordAsync(Recorded.Draft("same") with { Message = "another" });
        await client.RecordAsync(Recorded.Draft("next"));
        await Recorded.UntilAsync(async () => (await Recorded.EntriesAsync(Server)).Of("audit.events.refused").Count > 0);
        Assert.True(await client.FlushAsync(Recorded.Patience));

        Assert.Equal(["same", "next"], (await Recorded.EntriesAsync(Server)).Of("test.run").Select(Recorded.Id));
        using JsonDocument letter = JsonDocument.Parse(Assert.Single(await File.ReadAllLinesAsync(Path.Combine(Spool, "dead-letters.jsonl"))));
        Assert.Equal("another", letter.RootElement.GetProperty("event").GetProperty("message").GetString());
    }

    [Fact]
    public async Task Receipts_under_another_key_settle_nothing()
    {
        await using ServerProcess stranger = await ServerProcess.CreateAsync();
        await using (AuditClient client = Open(options => options.ReceiptsVkey = stranger.ReceiptsVkey))
        {
            await RecordAsync(client, "b", 3);
            await Recorded.UntilAsync(() => client.Health.State == AuditClientState.Contradicted);
            Assert.Null(client.Health.LastReceipt);
        }

        // They were held on to, and what believes the right key delivers them under the same ids.
        Directory.Delete(Path.Combine(Spool, "evidence"), recursive: true);
        await using AuditClient mended = Open();
        await Recorded.UntilAsync(() => mended.Health is { SpoolBytes: 0, LastReceipt: not null });
        await AssertExactlyAsync("b", 3);
    }

    [Theory]
    [InlineData(WhenSpoolFull.Block)]
    [InlineData(WhenSpoolFull.Deny)]
    [InlineData(WhenSpoolFull.DropAndCount)]
    public async Task A_spool_without_room_does_not_matter(WhenSpoolFull whenFull)
    {
        Wire.Refuse();
        await using AuditClient client = Open(options =>
        {
            (options.SpoolBytes, options.WhenSpoolFull, options.SpoolFullWait) = (64 * 1024, whenFull, TimeSpan.FromMilliseconds(50));
        });
        await FillAsync(client);
        long dropped = client.Health.Dropped;

        for (int i = 0; i < 100; i++)
        {
            Assert.True(client.RecordAsync(Recorded.Draft($"b-{i}")).AsTask().IsCompletedSuccessfully);
        }

        Assert.Equal(dropped, client.Health.Dropped);
        Wire.Mend();
        Assert.True(await client.FlushAsync(Recorded.Patience));
        Assert.Equal(
            Enumerable.Range(0, 100).Select(i => $"b-{i}"),
            (await Recorded.EntriesAsync(Server)).Of("test.run").Select(Recorded.Id).Where(id => id.StartsWith("b-", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Without_a_disk_for_the_spool_events_pass_all_the_same()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The limit on a file's size is Linux's.");
        await using Recorder recorder = Recorder.Start(
            Server, Server.Url, Spool, DeliveryMode.BestEffort, "b", 100, 1, WhenSpoolFull.Deny, fileBlocks: 8);
        Assert.Equal(0, await recorder.EndAsync());

        Assert.Equal(100, recorder.Recorded.Count);
        Assert.Equal(recorder.Recorded.Keys.Order(), (await Recorded.EntriesAsync(Server)).Of("test.run").Select(Recorded.Id).Order());
    }
}
