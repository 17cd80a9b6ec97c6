using System.Collections.Immutable;
using Indelible.Engine.Configuration;
using Indelible.Engine.Sequencing;
using Indelible.Engine.Sources;
using Xunit;

namespace Indelible.Engine.Tests.Sources;

public sealed class SourcesOfNodeTests
{
    private static readonly AppendCaller s_admin = new("admin", "", 0, "test", null);

    [Fact]
    public async Task A_stream_belongs_to_the_principal_that_began_it()
    {
        await using Node node = await Node.CreateAsync(null, "main", "other");
        await node.AppendAsync("main", [new Producing("s", 1).ToClaim("a")]);
        AppendResult refused = await node.AppendAsync("main", [new Producing("t", 1).ToClaim("m-1"), new Producing("s", 2).ToClaim("m-2")], principal: "mallory");
        AppendedEvent taken = Assert.Single(refused.Events);
        Assert.True(refused.Refused);
        Assert.Equal((AppendStatus.StreamTaken, 1, "m-2", -1L), (taken.Status, taken.Item, taken.Id, taken.Index));
        Assert.Equal(1, node.Log().Size);

        // What was refused with it has begun nothing, and the stream may go on in another log.
        AppendResult partial = await node.AppendAsync("main", [new Producing("s", 2).ToClaim("m-2"), new Producing("u", 1).ToClaim("m-3")], partial: true, principal: "mallory");
        Assert.Equal([AppendStatus.StreamTaken, AppendStatus.Appended], partial.Events.Select(e => e.Status));
        Assert.Equal(AppendStatus.Appended, (await node.AppendAsync("main", [new Producing("t", 1).ToClaim("b")])).Events[0].Status);
        Assert.Equal(AppendStatus.Appended, (await node.AppendAsync("other", [new Producing("s", 1).ToClaim("m-4")], principal: "mallory")).Events[0].Status);
        Assert.Equal(AppendStatus.Repeated, (await node.AppendAsync("main", [new Producing("s", 1).ToClaim("a")])).Events[0].Status);
        await node.ReopenAsync();
        Assert.True((await node.AppendAsync("main", [new Producing("s", 3).ToClaim("m-5")], principal: "mallory")).Refused);
        await node.CheckAsync("main", 3);
    }

    [Fact]
    public async Task Of_principals_that_race_for_a_stream_one_has_it_and_the_others_nothing()
    {
        await using Node node = await Node.CreateAsync();
        for (int round = 0; round < 20; round++)
        {
            AppendResult[] results = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(
                () => node.AppendAsync("main", [new Producing("s" + round, 1 + (i / 2)).ToClaim($"e-{round}-{i}")], principal: "p" + (i % 2)))));
            int[] taken = [.. Enumerable.Range(0, 8).Where(i => !results[i].Refused).Select(i => i % 2).Distinct()];
            Assert.Single(taken);
            Assert.Equal(4, results.Count(result => result.Refused));
        }

        Assert.All(Sources(node).SelectMany(source => source.Streams), stream => Assert.Equal((4L, 0L, 0L), (stream.Events, stream.Missing, stream.Foreign)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_a_restart_the_sources_are_what_they_were(bool isCacheKept)
    {
        await using Node node = await Node.CreateAsync();
        var random = new Random(7);
        for (int i = 0; i < 40; i++)
        {
            await node.AppendAsync("main", [.. Enumerable.Range(0, 50).Select(j => new Producing(
                "s" + random.Next(30), random.Next(1, 200), random.Next(60) == 0, Instance: "i" + random.Next(5), Highest: random.Next(20) == 0 ? random.Next(1, 300) : null).ToClaim($"e-{i}-{j}"))]);
        }

        await node.WaitUntilAsync(() => node.Log().SealedSize >= 1_792, "sealed");
        byte[] before = node.Log().State.Sources.Save().Bytes.ToArray();
        await node.CloseAsync();
        string cache = Path.Combine(node.Data, "logs", "main", "sources.cache");
        Assert.True(File.Exists(cache));
        if (!isCacheKept)
        {
            File.Delete(cache);
        }

        await node.OpenAsync();
        Assert.Equal(isCacheKept ? 2_000 : 0, node.Log().State.Sources.KeptSize);
        Assert.Equal(before, node.Log().State.Sources.Save().Bytes.ToArray());
        await node.AppendAsync("main", [new Producing("s1", 1_000).ToClaim("last")]);
        byte[] after = node.Log().State.Sources.Save().Bytes.ToArray();
        await node.ReopenAsync();
        Assert.Equal(after, node.Log().State.Sources.Save().Bytes.ToArray());
    }

    [Fact]
    public async Task A_file_that_is_not_of_this_log_or_not_whole_is_passed_over()
    {
        await using Node node = await Node.CreateAsync(null, "main", "other");
        foreach (string log in new[] { "main", "other" })
        {
            await node.AppendAsync(log, [.. Enumerable.Range(1, 1_100).Select(i => new Producing("s-" + log, 2 * i).ToClaim($"{log}-{i}"))]);
        }

        byte[] before = node.Log().State.Sources.Save().Bytes.ToArray();
        await node.CloseAsync();
        string file = Path.Combine(node.Data, "logs", "main", "sources.cache");
        byte[] whole = File.ReadAllBytes(file);
        byte[] foreign = File.ReadAllBytes(Path.Combine(node.Data, "logs", "other", "sources.cache"));
        var flipped = new List<byte[]> { foreign, whole[..^1], whole[..40], Array.Empty<byte>(), (byte[])[.. whole, 0] };
        foreach (int at in new[] { 3, 11, 20, 30, 57, 60, 200, whole.Length - 5 })
        {
            byte[] copy = [.. whole];
            copy[at] ^= 1;
            flipped.Add(copy);
        }

        foreach (byte[] bytes in flipped)
        {
            File.WriteAllBytes(file, bytes);
            await node.OpenAsync();
            Assert.Equal(before, node.Log().State.Sources.Save().Bytes.ToArray());
            await node.CloseAsync();
        }

        await node.OpenAsync();
        Assert.Equal(1_100, node.Log().State.Sources.KeptSize);
    }

    [Fact]
    public async Task Entries_that_cannot_be_read_leave_the_view_incomplete_and_the_node_running()
    {
        // A segment of four blocks: a start reads the first and the last of them for the window of ids.
        await using Node node = await Node.CreateAsync(segmentSize: 1_024);
        await node.AppendAsync("main", [.. Enumerable.Range(1, 1_030).Select(i => new Producing("s", i).ToClaim($"e-{i}"))]);
        await node.WaitUntilAsync(() => node.Log().SealedSize == 1_024, "sealed");
        await node.CloseAsync();
        File.Delete(Path.Combine(node.Data, "logs", "main", "sources.cache"));
        string segment = Assert.Single(Directory.GetFiles(Path.Combine(node.Data, "logs", "main", "segments")));
        File.SetAttributes(segment, FileAttributes.Normal);
        byte[] bytes = File.ReadAllBytes(segment);
        bytes[bytes.Length * 3 / 8] ^= 0x40;
        File.WriteAllBytes(segment, bytes);
        await node.OpenAsync();
        SourcesPage page = node.Log().ReadSources(null, 10);
        Assert.Equal((256L, 1_030L, 256L), (page.Unread, page.Size, page.Missing));
        await node.AppendAsync("main", [new Producing("s", 1_031).ToClaim("more")]);
        Assert.Equal(1_031, node.Log().ReadSources(null, 10).Size);
        await node.CloseAsync();
        Assert.False(File.Exists(Path.Combine(node.Data, "logs", "main", "sources.cache")));
    }

    [Fact]
    public async Task Expected_sources_are_configuration_and_survive_a_restart()
    {
        await using Node node = await Node.CreateAsync();
        var wanted = new ExpectedSource("main", "ehr", null, "ehr", "ehr-1", TimeSpan.FromMinutes(1), default);
        await node.Engine.ExpectSourceAsync(wanted, s_admin, CancellationToken.None);
        await node.Engine.ExpectSourceAsync(wanted with { Name = "other", Service = "nobody" }, s_admin, CancellationToken.None);
        await node.Engine.ExpectSourceAsync(wanted with { Interval = TimeSpan.FromMinutes(2) }, s_admin, CancellationToken.None);
        Assert.Null(node.Log().LastOf(wanted));
        await node.AppendAsync("main", [new Producing("s", 1).ToClaim("a"), new Producing("s", 1, Instance: "else").ToClaim("b")]);
        Assert.Equal(0, node.Log().LastOf(wanted)!.Value.Index);
        await node.Engine.ForgetSourceAsync("main", "other", s_admin, CancellationToken.None);
        await Assert.ThrowsAsync<KeyNotFoundException>(() => node.Engine.ForgetSourceAsync("main", "other", s_admin, CancellationToken.None));
        await node.ReopenAsync();
        ExpectedSource kept = Assert.Single(node.Engine.System.Expected.Values);
        Assert.Equal(("ehr", TimeSpan.FromMinutes(2)), (kept.Name, kept.Interval));
        Assert.NotEqual(default, kept.Since);
        Assert.True(kept.IsOf("main.i2"));
        Assert.False(kept.IsOf("maine"));

        foreach (ExpectedSource bad in new[]
        {
            wanted with { Name = "" }, wanted with { Name = "A" }, wanted with { Name = new string('a', 65) }, wanted with { Interval = TimeSpan.Zero },
            wanted with { Interval = TimeSpan.FromDays(400) }, wanted with { Service = "" }, wanted with { Service = null, Instance = null }, wanted with { Log = "none" },
        })
        {
            await Assert.ThrowsAsync<ArgumentException>(() => node.Engine.ExpectSourceAsync(bad, s_admin, CancellationToken.None));
        }
    }

    [Fact]
    public async Task Refused_events_are_added_up_over_restarts()
    {
        await using Node node = await Node.CreateAsync();
        await node.Engine.NoteRefusedAsync([Refused("main", "app", ("missing", 2), ("bad-format", 1)), Refused("other", "app", ("missing", 5))]);
        await node.ReopenAsync();
        await node.Engine.NoteRefusedAsync([Refused("main", "app", ("missing", 1))]);
        await node.ReopenAsync();
        RefusedEvents main = node.Engine.ReadRefused().Single(count => count.Log == "main");
        Assert.Equal([("bad-format", 1L), ("missing", 3L)], main.Reasons.Select(reason => (reason.Key, reason.Value)));
        Assert.Equal(5, node.Engine.ReadRefused().Single(count => count.Log == "other").Reasons["missing"]);
    }

    private static RefusedEvents Refused(string log, string principal, params (string Reason, long Count)[] reasons) =>
        new(log, principal, reasons.ToImmutableSortedDictionary(reason => reason.Reason, reason => reason.Count, StringComparer.Ordinal));

    private static IReadOnlyList<SourceView> Sources(Node node) => node.Log().ReadSources(null, 1_000).Sources;
}
