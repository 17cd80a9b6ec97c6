using System.Collections.Concurrent;
using System.Text.Json;
using Indelible.Client.Recording;

namespace Indelible.Client.Tests.Recording;

/// <summary><see cref="DeliveryMode.Durable"/>, while the server, the wire, the disk or the process itself fails.</summary>
public sealed class DurableTests() : DeliveryTests(DeliveryMode.Durable)
{
    [Fact]
    public async Task While_the_server_is_down_events_are_taken_and_arrive_when_it_is_back()
    {
        Wire.Refuse();
        await using AuditClient client = Open();
        await RecordAsync(client, "a", 300);
        Assert.True(client.Health.SpoolBytes > 0);
        await Recorded.UntilAsync(() => client.Health.State == AuditClientState.Delayed);

        Wire.Mend();

        Assert.True(await client.FlushAsync(Recorded.Patience));
        await Recorded.UntilAsync(() => client.Health.State == AuditClientState.Healthy);
        await AssertExactlyAsync("a", 300);
    }

    [Fact]
    public async Task While_the_server_hangs_nobody_waits_for_it()
    {
        Wire.Swallow();
        await using AuditClient client = Open(options => options.RequestTimeout = TimeSpan.FromSeconds(30));
        await Recorded.UntilAsync(() => Wire.Connections > 0);

        // They return though the request ahead of them is still waiting: the wire gives nothing back before it is mended.
        await RecordAsync(client, "a", 100);
        Assert.True(client.Health.SpoolBytes > 0);

        Wire.Mend();
        Assert.True(await client.FlushAsync(Recorded.Patience));
        await AssertExactlyAsync("a", 100);
    }

    [Fact]
    public async Task An_answer_that_is_lost_doubles_nothing()
    {
        Wire.SwallowAnswers();
        await using AuditClient client = Open(options => options.RequestTimeout = TimeSpan.FromMilliseconds(300));
        await RecordAsync(client, "a", 50);
        await Recorded.UntilAsync(async () => (await Recorded.EntriesAsync(Server)).Of("test.run").Count > 0);
        Assert.True(client.Health.SpoolBytes > 0);

        Wire.Mend();

        Assert.True(await client.FlushAsync(Recorded.Patience));
        await AssertExactlyAsync("a", 50);
    }

    [Fact]
    public async Task A_server_killed_again_and_again_under_load_loses_and_doubles_nothing()
    {
        await using AuditClient client = Open();
        for (int round = 0; round < 4; round++)
        {
            Task load = RecordAsync(client, $"r{round}", 400);
            await Server.KillAsync();
            await load;
            await Server.StartAsync();
        }

        Assert.True(await client.FlushAsync(Recorded.Patience));
        IReadOnlyList<JsonElement> entries = await Recorded.EntriesAsync(Server);
        Assert.Equal(1600, entries.Of("test.run").Count);
        Assert.Equal(entries.Count, entries.Select(Recorded.Id).Distinct().Count());
        Assert.Equal(entries.Select(Recorded.Sequence).Order(), entries.Select(Recorded.Sequence));
    }

    [Fact]
    public async Task What_a_killed_process_recorded_is_delivered_by_the_next_one()
    {
        Wire.Refuse();
        var recorded = new ConcurrentDictionary<string, bool>();
        for (int round = 0; round < 3; round++)
        {
            await using Recorder recorder = Recorder.Start(Server, Wire.Url, Spool, DeliveryMode.Durable, $"k{round}", 1_000_000, 8);
            await Recorded.UntilAsync(() => recorder.Recorded.Count > 200 * (round + 1));
            await recorder.KillAsync();
            foreach (string id in recorder.Recorded.Keys)
            {
                Assert.True(recorded.TryAdd(id, true));
            }
        }

        Wire.Mend();
        await using (AuditClient client = Open())
        {
            await Recorded.UntilAsync(() => client.Health is { SpoolBytes: 0, LastReceipt: not null });
        }

        IReadOnlyList<JsonElement> entries = await Recorded.EntriesAsync(Server);
        HashSet<string> there = [.. entries.Select(Recorded.Id)];
        Assert.Equal(entries.Count, there.Count);
        Assert.Subset(there, recorded.Keys.ToHashSet());

        // Each life names the one before it, and how far that came.
        JsonElement[] starts = [.. entries.Of("audit.producer.started").Where(entry => entry.GetProperty("service").GetProperty("name").GetString() == "recorder")];
        Assert.Equal(3, starts.Length);
        Assert.False(starts[0].TryGetProperty("data", out _));
        for (int life = 1; life < starts.Length; life++)
        {
            string before = starts[life - 1].GetProperty("producer").GetProperty("stream_id").GetString()!;
            JsonElement data = starts[life].GetProperty("data");
            Assert.Equal(before, starts[life].GetProperty("producer").GetProperty("previous_stream").GetString());
            Assert.False(data.GetProperty("previous_ended").GetBoolean());
            Assert.Equal(
                entries.Where(entry => entry.GetProperty("producer").GetProperty("stream_id").GetString() == before).Max(Recorded.Sequence),
                starts[life].GetProperty("producer").GetProperty("previous_seq").GetInt64());
        }
    }

    [Fact]
    public async Task A_process_killed_while_it_delivers_doubles_nothing()
    {
        var recorded = new ConcurrentDictionary<string, bool>();
        for (int round = 0; round < 3; round++)
        {
            await using Recorder recorder = Recorder.Start(Server, Server.Url, Spool, DeliveryMode.Durable, $"k{round}", 1_000_000, 8);
            await Recorded.UntilAsync(() => recorder.Recorded.Count > 300);
            await recorder.KillAsync();
            foreach (string id in recorder.Recorded.Keys)
            {
                recorded[id] = true;
            }
        }

        await using (AuditClient client = Open())
        {
            await Recorded.UntilAsync(() => client.Health is { SpoolBytes: 0, LastReceipt: not null });
        }

        IReadOnlyList<JsonElement> entries = await Recorded.EntriesAsync(Server);
        HashSet<string> there = [.. entries.Select(Recorded.Id)];
        Assert.Equal(entries.Count, there.Count);
        Assert.Subset(there, recorded.Keys.ToHashSet());
    }

    [Fact]
    public async Task A_living_process_delivers_what_a_dead_one_left_and_leaves_the_living_alone()
    {
        Wire.Refuse();
        await using AuditClient first = Open();
        await using AuditClient second = Open();
        await RecordAsync(first, "a", 20);
        await RecordAsync(second, "b", 20);
        Assert.NotEqual(first.StreamId, second.StreamId);

        Wire.Mend();

        Assert.True(await first.FlushAsync(Recorded.Patience));
        Assert.True(await second.FlushAsync(Recorded.Patience));
        IReadOnlyList<JsonElement> entries = await Recorded.EntriesAsync(Server);
        Assert.Equal(["test-1", "test-1#2"], entries.Select(entry => entry.GetProperty("service").GetProperty("instance_id").GetString()).Distinct().Order());
        Assert.Equal(40, entries.Of("test.run").Count);
    }

    [Fact]
    public async Task A_full_spool_that_blocks_waits_for_room_and_then_fails()
    {
        Wire.Refuse();
        await using AuditClient client = Open(options =>
        {
            options.SpoolBytes = 64 * 1024;
            options.SpoolFullWait = TimeSpan.FromMilliseconds(50);
        });
        AuditNotRecordedException? refused = await FillAsync(client);
        Assert.NotNull(refused);
        Assert.False(refused.MayBeLogged);
        Assert.Contains("spool is full", refused.Message, StringComparison.Ordinal);
        Assert.Equal(AuditClientState.Full, client.Health.State);

        Wire.Mend();
        Assert.True(await client.FlushAsync(Recorded.Patience));
        await client.RecordAsync(Recorded.Draft("after"));
        Assert.True(await client.FlushAsync(Recorded.Patience));
        IReadOnlyList<JsonElement> entries = await Recorded.EntriesAsync(Server);
        Assert.DoesNotContain(refused.EventId, entries.Select(Recorded.Id));
        Assert.Contains("after", entries.Select(Recorded.Id));
        Assert.Equal([50, 80], entries.Of("audit.spool.filling").Select(entry => entry.GetProperty("data").GetProperty("percent").GetInt32()));
    }

    [Fact]
    public async Task Who_waits_for_room_goes_on_when_there_is_some()
    {
        Wire.Refuse();
        await using AuditClient client = Open(options =>
        {
            options.SpoolBytes = 64 * 1024;
            options.SpoolFullWait = Recorded.Patience;
        });
        Task load = RecordAsync(client, "a", 500);
        await Recorded.UntilAsync(() => client.Health.State == AuditClientState.Full);

        Wire.Mend();

        await load;
        Assert.True(await client.FlushAsync(Recorded.Patience));
        await AssertExactlyAsync("a", 500);
    }

    [Fact]
    public async Task A_full_spool_that_denies_fails_at_once()
    {
        Wire.Refuse();
        await using AuditClient client = Open(options =>
        {
            (options.SpoolBytes, options.WhenSpoolFull, options.SpoolFullWait) = (64 * 1024, WhenSpoolFull.Deny, TimeSpan.FromMinutes(5));
        });

        AuditNotRecordedException? refused = await FillAsync(client);

        Assert.NotNull(refused);
        Assert.False(refused.MayBeLogged);
        Assert.True(client.RecordAsync(Recorded.Draft("d")).AsTask() is { IsFaulted: true });
    }

    [Fact]
    public async Task A_caller_that_cancels_ends_its_waiting_alone()
    {
        Wire.Refuse();
        await using AuditClient client = Open(options => (options.SpoolBytes, options.SpoolFullWait) = (64 * 1024, TimeSpan.FromMinutes(5)));
        Task[] calls = [.. Enumerable.Range(0, 500).Select(i => client.RecordAsync(Recorded.Draft($"a-{i}")).AsTask())];
        await Recorded.UntilAsync(() => client.Health.State == AuditClientState.Full);
        using var cancel = new CancellationTokenSource();
        Task waiting = client.RecordAsync(Recorded.Draft("cancelled"), cancel.Token).AsTask();
        Assert.False(waiting.IsCompleted);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Wire.Mend();
        await Task.WhenAll(calls);
        Assert.True(await client.FlushAsync(Recorded.Patience));
        await AssertExactlyAsync("a", 500);
    }

    [Fact]
    public async Task What_waited_out_an_outage_arrives_in_order()
    {
        await Server.KillAsync();
        await using AuditClient client = Open(options => options.BatchEvents = 10);
        for (int i = 0; i < 100; i++)
        {
            await client.RecordAsync(Recorded.Draft($"a-{i}"));
        }

        await Recorded.UntilAsync(() => client.Health.State == AuditClientState.Delayed);
        await Server.StartAsync();

        Assert.True(await client.FlushAsync(Recorded.Patience));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"a-{i}"), (await Recorded.EntriesAsync(Server)).Of("test.run").Select(Recorded.Id));
    }

    [Fact]
    public async Task A_full_spool_that_drops_counts_and_says_so_in_the_log()
    {
        Wire.Refuse();
        await using (AuditClient client = Open(options =>
        {
            options.SpoolBytes = 64 * 1024;
            options.WhenSpoolFull = WhenSpoolFull.DropAndCount;
        }))
        {
            await RecordAsync(client, "a", 1_000);
            Assert.InRange(client.Health.Dropped, 1, 999);
            Wire.Mend();
            Assert.True(await client.FlushAsync(Recorded.Patience));
        }

        IReadOnlyList<JsonElement> entries = await Recorded.EntriesAsync(Server);
        long dropped = entries.Of("audit.events.dropped").Sum(entry => entry.GetProperty("data").GetProperty("count").GetInt64());
        Assert.Equal(1_000, entries.Of("test.run").Count + dropped);

        // Every number that is not there lies in a range that an event tells of.
        HashSet<long> numbers = [.. entries.Select(Recorded.Sequence)];
        long[] gaps = [.. Enumerable.Range(1, (int)numbers.Max()).Select(number => (long)number).Where(number => !numbers.Contains(number))];
        Assert.Equal(dropped, gaps.Length);
        Assert.All(gaps, number => Assert.Contains(
            entries.Of("audit.events.dropped"),
            entry => entry.GetProperty("data").GetProperty("from").GetInt64() <= number && number <= entry.GetProperty("data").GetProperty("to").GetInt64()));
    }

    [Theory]
    [InlineData(WhenSpoolFull.Block)]
    [InlineData(WhenSpoolFull.Deny)]
    [InlineData(WhenSpoolFull.DropAndCount)]
    public async Task A_disk_that_takes_nothing_more_refuses_or_drops_and_keeps_what_it_took(WhenSpoolFull whenFull)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The limit on a file's size is Linux's.");
        Wire.Refuse();

        // 8 blocks of 512 bytes: no file larger than 4 KiB.
        await using Recorder recorder = Recorder.Start(Server, Wire.Url, Spool, DeliveryMode.Durable, "d", 30, 1, whenFull, fileBlocks: 8);
        await Recorded.UntilAsync(() => recorder.Recorded.Count + recorder.Refused.Count + recorder.Unknown.Count == 30);
        await recorder.KillAsync();
        Assert.Empty(recorder.Unknown);
        Assert.Equal(whenFull != WhenSpoolFull.DropAndCount, !recorder.Refused.IsEmpty);

        Wire.Mend();
        await using (AuditClient client = Open())
        {
            await Recorded.UntilAsync(() => client.Health is { SpoolBytes: 0, LastReceipt: not null });
        }

        HashSet<string> there = [.. (await Recorded.EntriesAsync(Server)).Of("test.run").Select(Recorded.Id)];
        Assert.NotEmpty(there);
        if (whenFull == WhenSpoolFull.DropAndCount)
        {
            Assert.ProperSubset(recorder.Recorded.Keys.ToHashSet(), there);
        }
        else
        {
            Assert.Equal(recorder.Recorded.Keys.Order(), there.Order());
        }
    }

    [Fact]
    public async Task A_key_that_is_refused_keeps_everything_and_says_so()
    {
        string good = Server.WriterKey;
        await using (AuditClient client = Open(options => options.Key = "ind_w_" + new string('A', 43)))
        {
            await RecordAsync(client, "a", 10);
            await Recorded.UntilAsync(() => client.Health.State == AuditClientState.Refused);
            Assert.Contains("401", client.Health.Detail, StringComparison.Ordinal);
        }

        await using AuditClient mended = Open(options => options.Key = good);
        await Recorded.UntilAsync(() => mended.Health is { SpoolBytes: 0, LastReceipt: not null });
        await AssertExactlyAsync("a", 10);
    }

    [Fact]
    public async Task What_waits_when_the_process_ends_is_delivered_first_or_waits_on_in_the_spool()
    {
        await using (AuditClient client = Open(options => options.ShutdownWait = Recorded.Patience))
        {
            await RecordAsync(client, "a", 300);
        }

        IReadOnlyList<JsonElement> first = await Recorded.EntriesAsync(Server);
        Assert.Equal(300, first.Of("test.run").Count);
        Assert.Equal("audit.producer.stopped", first[^1].Action());

        Wire.Refuse();
        await using (AuditClient client = Open())
        {
            await RecordAsync(client, "b", 300);
        }

        Wire.Mend();
        await using AuditClient next = Open();
        await Recorded.UntilAsync(() => next.Health is { SpoolBytes: 0, LastReceipt: not null });
        IReadOnlyList<JsonElement> entries = await Recorded.EntriesAsync(Server);
        Assert.Equal(600, entries.Of("test.run").Select(Recorded.Id).Distinct().Count());
        Assert.Equal(600, entries.Of("test.run").Count);
        Assert.True(entries.Of("audit.producer.started")[^1].GetProperty("data").GetProperty("previous_ended").GetBoolean());
    }

    [Fact]
    public async Task Heartbeats_say_how_many_numbers_were_given_out()
    {
        await using AuditClient client = Open(options => options.HeartbeatInterval = TimeSpan.FromMilliseconds(100));
        await RecordAsync(client, "a", 5);
        IReadOnlyList<JsonElement> beats = [];
        await Recorded.UntilAsync(async () => (beats = (await Recorded.EntriesAsync(Server)).Of("audit.producer.heartbeat")).Count > 1);
        Assert.All(beats, beat => Assert.Equal(beat.Sequence(), beat.GetProperty("producer").GetProperty("highest").GetInt64()));
        Assert.All(beats, beat => Assert.Equal("heartbeat", beat.GetProperty("kind").GetString()));
    }

    [Fact]
    public async Task The_rest_of_a_stream_under_another_principals_key_waits_for_the_right_one()
    {
        await using (AuditClient client = Open())
        {
            await RecordAsync(client, "a", 1);
            Assert.True(await client.FlushAsync(Recorded.Patience));
            Wire.Refuse();
            await client.RecordAsync(Recorded.Draft("a-1"));
        }

        Wire.Mend();
        string another = await Server.NewKeyAsync("writer");
        await using (AuditClient client = Open(options => options.Key = another))
        {
            await Recorded.UntilAsync(() => client.Health.State == AuditClientState.Refused);
            Assert.Contains("another principal", client.Health.Detail, StringComparison.Ordinal);
            Assert.Equal(0, client.Health.Refused);
        }

        await using AuditClient mended = Open();
        await Recorded.UntilAsync(async () => (await Recorded.EntriesAsync(Server)).Of("test.run").Count == 2);
        await AssertExactlyAsync("a", 2);
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

        IReadOnlyList<JsonElement> entries = await Recorded.EntriesAsync(Server);
        Assert.Equal(["same", "next"], entries.Of("test.run").Select(Recorded.Id));
        Assert.Equal("same", Assert.Single(entries.Of("audit.events.refused")).GetProperty("data").GetProperty("first_id").GetString());
        using JsonDocument letter = JsonDocument.Parse(Assert.Single(await File.ReadAllLinesAsync(Path.Combine(Spool, "dead-letters.jsonl"))));
        Assert.Equal("another", letter.RootElement.GetProperty("event").GetProperty("message").GetString());
        Assert.StartsWith("conflict", letter.RootElement.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, client.Health.Refused);
    }

    [Fact]
    public async Task A_torn_end_and_damage_in_the_middle_lose_only_what_they_hit()
    {
        Wire.Refuse();
        await using (Recorder recorder = Recorder.Start(Server, Wire.Url, Spool, DeliveryMode.Durable, "d", 40, 1))
        {
            await Recorded.UntilAsync(() => recorder.Recorded.Count == 40);
            await recorder.KillAsync();
        }

        string file = Directory.EnumerateFiles(Spool, "*.events", SearchOption.AllDirectories).Single();
        byte[] bytes = await File.ReadAllBytesAsync(file);
        int hit = bytes.AsSpan().IndexOf("\"id\":\"d-0-20\""u8);
        bytes[hit + 7] ^= 1;
        await File.WriteAllBytesAsync(file, bytes[..^10]);

        Wire.Mend();
        await using AuditClient client = Open();
        await Recorded.UntilAsync(async () => (await Recorded.EntriesAsync(Server)).Of("audit.spool.damaged").Count > 0 && client.Health.SpoolBytes == 0);
        Assert.Equal(
            Enumerable.Range(0, 39).Where(i => i != 20).Select(i => $"d-0-{i}"),
            (await Recorded.EntriesAsync(Server)).Of("test.run").Select(Recorded.Id));
    }

    [Fact]
    public async Task The_spool_is_for_its_owner_alone()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no modes.");
            return;
        }

        Wire.Refuse();
        await using AuditClient client = Open();
        await RecordAsync(client, "a", 3);

        foreach (string file in Directory.EnumerateFiles(Spool, "*", SearchOption.AllDirectories))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }

        foreach (string folder in Directory.EnumerateDirectories(Spool, "*", SearchOption.AllDirectories).Append(Spool))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
        }
    }
}
