using System.Text;
using Indelible.Engine.Access;
using Indelible.Engine.Configuration;
using Indelible.Engine.Sequencing;
using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Privacy;
using Indelible.Proofs;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Indelible.Engine.Tests;

public sealed class AppendTests
{
    [Fact]
    public async Task Appended_events_are_durable_proven_and_promised()
    {
        await using Node node = await Node.CreateAsync();
        AppendResult result = await node.AppendAsync("main", 0, 20);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => (long)i), result.Events.Select(e => e.Index));
        Ed25519NoteVerifier receiptsKey = Ed25519NoteVerifier.FromVkey(node.Made.Settings.ReceiptsVkey);
        foreach (AppendedEvent e in result.Events)
        {
            ReceiptOf(node, result, e).Verify(receiptsKey);
            Assert.Throws<VerificationException>(() => (ReceiptOf(node, result, e) with { Index = e.Index + 1 }).Verify(receiptsKey));
        }

        await node.CheckAsync("main", 20);
    }

    [Fact]
    public async Task A_repeat_gives_the_same_entry_and_another_claim_under_the_id_a_conflict()
    {
        await using Node node = await Node.CreateAsync();
        AppendedEvent first = (await node.AppendAsync("main", [Node.ClaimOf("a")])).Events[0];
        AppendResult again = await node.AppendAsync("main", [Node.ClaimOf("a"), Node.ClaimOf("b"), Node.ClaimOf("b")]);
        Assert.Equal([AppendStatus.Repeated, AppendStatus.Appended, AppendStatus.Repeated], again.Events.Select(e => e.Status));
        Assert.Equal((first.Index, first.LeafHash, first.ClaimHash, first.ReceivedAt), (again.Events[0].Index, again.Events[0].LeafHash, again.Events[0].ClaimHash, again.Events[0].ReceivedAt));
        Assert.Equal(1, again.Events[2].Index);
        ReceiptOf(node, again, again.Events[0]).Verify(Ed25519NoteVerifier.FromVkey(node.Made.Settings.ReceiptsVkey));

        AppendResult refused = await node.AppendAsync("main", [Node.ClaimOf("c"), Node.ClaimOf("a", note: "other")]);
        Assert.True(refused.Refused);
        Assert.Equal(0, Assert.Single(refused.Events).Index);
        Assert.Equal(2, node.Log().Size);

        AppendResult partial = await node.AppendAsync("main", [Node.ClaimOf("c"), Node.ClaimOf("a", actor: "u-2"), Node.ClaimOf("d")], partial: true);
        Assert.Equal([AppendStatus.Appended, AppendStatus.Conflict, AppendStatus.Appended], partial.Events.Select(e => e.Status));
        Assert.Equal([2, 0, 3], partial.Events.Select(e => e.Index));
        await node.CheckAsync("main", 4);
    }

    [Fact]
    public async Task An_id_belongs_to_a_principal_and_a_log()
    {
        await using Node node = await Node.CreateAsync(null, "main", "other");
        await node.AppendAsync("main", [Node.ClaimOf("a")]);
        Assert.Equal(AppendStatus.Appended, (await node.AppendAsync("main", [Node.ClaimOf("a", note: "other")], principal: "app-2")).Events[0].Status);
        Assert.Equal(AppendStatus.Appended, (await node.AppendAsync("other", [Node.ClaimOf("a", note: "other")])).Events[0].Status);
        Assert.Equal(AppendStatus.Repeated, (await node.AppendAsync("main", [Node.ClaimOf("a")])).Events[0].Status);
    }

    [Fact]
    public async Task A_conflict_takes_back_what_its_request_had_added_to_the_group()
    {
        await using Node node = await Node.CreateAsync();
        Task<AppendResult>[] racing =
        [
            .. Enumerable.Range(0, 40).Select(i => node.AppendAsync("main", i % 2 == 0
                ? [Node.ClaimOf($"ok-{i}")]
                : [Node.ClaimOf($"never-{i}"), Node.ClaimOf("x", note: "1"), Node.ClaimOf("x", note: "2")])),
        ];
        AppendResult[] results = await Task.WhenAll(racing);
        Assert.All(results.Where((_, i) => i % 2 == 1), result => Assert.True(result.Refused));
        Assert.Equal(Enumerable.Range(0, 20).Select(i => (long)i), results.Where((_, i) => i % 2 == 0).Select(result => result.Events[0].Index).Order());
        await node.CheckAsync("main", 20);
        Assert.DoesNotContain("never-", string.Concat(Enumerable.Range(0, 20).Select(i => Encoding.UTF8.GetString(node.Log().ReadEntry(i).Span))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_callers_at_once_get_distinct_indexes_without_a_gap()
    {
        await using Node node = await Node.CreateAsync(null, "main", "other");
        Task<AppendResult>[] racing = [.. Enumerable.Range(0, 400).Select(i => Task.Run(() => node.AppendAsync(i % 3 == 0 ? "other" : "main", [Node.ClaimOf($"e-{i}"), Node.ClaimOf($"f-{i}")])))];
        AppendResult[] results = await Task.WhenAll(racing);
        Assert.Equal(Enumerable.Range(0, 532).Select(i => (long)i), results.Where((_, i) => i % 3 != 0).SelectMany(result => result.Events).Select(e => e.Index).Order());
        await node.CheckAsync("main", 532);
        await node.CheckAsync("other", 268);
    }

    [Fact]
    public async Task Times_of_receipt_never_go_back_when_the_clock_does()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero)) { AutoAdvanceAmount = TimeSpan.FromMilliseconds(1) };
        await using Node node = await Node.CreateAsync(time);
        AppendedEvent before = (await node.AppendAsync("main", [Node.ClaimOf("a")])).Events[0];
        time.AdjustTime(new DateTimeOffset(2026, 11, 23, 11, 0, 0, TimeSpan.Zero));
        AppendedEvent after = (await node.AppendAsync("main", [Node.ClaimOf("b")])).Events[0];
        Assert.Equal(before.ReceivedAt, after.ReceivedAt);
        Assert.Equal(after.LeafHash, TreeHasher.Leaf(node.Log().ReadEntry(1).Span));
        time.AdjustTime(new DateTimeOffset(2026, 11, 23, 13, 0, 0, TimeSpan.Zero));
        AppendedEvent later = (await node.AppendAsync("main", [Node.ClaimOf("c")])).Events[0];
        Assert.True(string.CompareOrdinal(later.ReceivedAt, after.ReceivedAt) > 0);
    }

    [Fact]
    public async Task Personal_values_are_nowhere_on_disk_in_clear_and_open_for_those_who_may()
    {
        await using Node node = await Node.CreateAsync();
        await node.AppendAsync("main", [Node.ClaimOf("a", actor: "u-77")]);
        ReadOnlyMemory<byte> entry = node.Log().ReadEntry(0);
        Assert.Contains("Name of u-77", Encoding.UTF8.GetString(node.Log().Decrypt(entry)), StringComparison.Ordinal);
        Opening opening = node.Log().Open(entry).Single(o => o.Pointer == "/actor/name");
        Assert.Equal("\"Name of u-77\"", Encoding.UTF8.GetString(opening.Value.Span));
        await node.CloseAsync();
        byte[] needle = "Name of u-77"u8.ToArray();
        foreach (string file in Directory.EnumerateFiles(node.Data, "*", SearchOption.AllDirectories))
        {
            Assert.True(File.ReadAllBytes(file).AsSpan().IndexOf(needle) < 0, file);
        }
    }

    [Fact]
    public async Task A_revoked_key_appends_nothing_more()
    {
        await using Node node = await Node.CreateAsync();
        var admin = new AppendCaller("admin", "", 0, "test", null);
        (ApiKey key, _) = await node.Engine.Administration.CreateKeyAsync(new NewKey(KeyKind.Writer, ["main"]), admin, CancellationToken.None);
        var writer = new AppendCaller(key.Principal, key.Id, node.Engine.System.Size, "test", null);
        await node.Engine.AppendAsync(node.Log(), [Node.ClaimOf("a")], writer, AppendOptions.Default, CancellationToken.None);
        await node.Engine.Administration.RevokeKeyAsync(key.Id, admin, CancellationToken.None);
        await Assert.ThrowsAsync<AuthorisationLostException>(() => node.Engine.AppendAsync(node.Log(), [Node.ClaimOf("b")], writer, AppendOptions.Default, CancellationToken.None));
        Assert.Equal(1, node.Log().Size);
        await node.ReopenAsync();
        Assert.True(node.Engine.System.Keys[key.Id].IsRevoked);
    }

    [Fact]
    public async Task A_key_that_ends_while_its_request_is_on_its_way_appends_nothing_more()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 6, 0, 0, TimeSpan.Zero));
        await using Node node = await Node.CreateAsync(time);
        (ApiKey key, _) = await node.Engine.Administration.CreateKeyAsync(
            new NewKey(KeyKind.Writer, ["main"]) { Expires = time.GetUtcNow() + TimeSpan.FromHours(1) }, new AppendCaller("admin", "", 0, "test", null), CancellationToken.None);
        var writer = new AppendCaller(key.Principal, key.Id, node.Engine.System.Size, "test", null);
        await node.Engine.AppendAsync(node.Log(), [Node.ClaimOf("a")], writer, AppendOptions.Default, CancellationToken.None);
        time.Advance(TimeSpan.FromHours(1));
        await Assert.ThrowsAsync<AuthorisationLostException>(() => node.Engine.AppendAsync(node.Log(), [Node.ClaimOf("b")], writer, AppendOptions.Default, CancellationToken.None));
        Assert.Equal(1, node.Log().Size);
    }

    [Fact]
    public async Task A_caller_who_goes_away_does_not_take_his_events_with_him()
    {
        await using Node node = await Node.CreateAsync();
        using var leaving = new CancellationTokenSource();
        var caller = new AppendCaller("app", "", 0, "test", null);
        Task<AppendResult> appending = node.Engine.AppendAsync(node.Log(), [Node.ClaimOf("a")], caller, AppendOptions.Default, leaving.Token);
        await leaving.CancelAsync();
        await Task.WhenAny(appending);
        await node.AppendAsync("main", [Node.ClaimOf("b")]);
        await node.CheckAsync("main", 2);
    }

    [Fact]
    public async Task An_administrator_who_goes_away_while_a_log_is_made_leaves_it_made_or_not_and_the_folder_whole()
    {
        await using Node node = await Node.CreateAsync();
        var admin = new AppendCaller("admin", "", 0, "test", null);
        for (int i = 0; i < 20; i++)
        {
            using var leaving = new CancellationTokenSource();
            Task<LogReader> making = node.Engine.CreateLogAsync($"log-{i}", false, [], admin, leaving.Token);
            await leaving.CancelAsync();
            await Task.WhenAny(making);
            if (node.Engine.Find($"log-{i}") is null)
            {
                await node.Engine.CreateLogAsync($"log-{i}", false, [], admin, CancellationToken.None);
            }
        }

        await node.ReopenAsync();
        Assert.Equal(20, node.Engine.Logs.Count(log => log.Settings.Name.StartsWith("log-", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Logs_and_keys_that_cannot_be_are_refused()
    {
        await using Node node = await Node.CreateAsync();
        var admin = new AppendCaller("admin", "", 0, "test", null);
        long before = node.Engine.System.Size;
        foreach (string name in new[] { "", "_own", "Upper", "a b", "-a", "a/b", "a.i2", "x.i10", new string('a', 64), "ä" })
        {
            await Assert.ThrowsAsync<ArgumentException>(() => node.Engine.CreateLogAsync(name, false, [], admin, CancellationToken.None));
        }

        await Assert.ThrowsAsync<ConfigurationConflictException>(() => node.Engine.CreateLogAsync("main", false, [], admin, CancellationToken.None));
        await Assert.ThrowsAsync<ArgumentException>(() => node.Engine.CreateLogAsync("other", false, ["/actor/id"], admin, CancellationToken.None));
        await Assert.ThrowsAsync<ArgumentException>(() => node.Engine.Administration.CreateKeyAsync(new NewKey(KeyKind.Writer, ["_system"]), admin, CancellationToken.None));
        await Assert.ThrowsAsync<ArgumentException>(() => node.Engine.Administration.CreateKeyAsync(new NewKey(KeyKind.Reader, ["none"]), admin, CancellationToken.None));
        await Assert.ThrowsAsync<ArgumentException>(() => node.Engine.Administration.CreateKeyAsync(new NewKey(KeyKind.Reader, []), admin, CancellationToken.None));
        await Assert.ThrowsAsync<KeyNotFoundException>(() => node.Engine.Administration.RevokeKeyAsync("ind_w_none", admin, CancellationToken.None));
        Assert.Equal(before, node.Engine.System.Size);
        Assert.NotNull(await node.Engine.CreateLogAsync("a.i2b", false, ["/data/secret"], admin, CancellationToken.None));
    }

    private static DurableReceipt ReceiptOf(Node node, AppendResult result, AppendedEvent e) => new(
        node.Log().Settings.Origin, e.Index, e.LeafHash, e.ReceivedAt, e.Id, e.ReceiptPosition, result.Receipts!.PathOf(e.ReceiptPosition), Encoding.UTF8.GetBytes(result.Receipts.Note));
}
