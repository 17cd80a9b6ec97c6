using Indelible.Engine.Sequencing;
using Indelible.Engine.Storage;
using Xunit;

namespace Indelible.Simulation.Faults;

/// <summary>Faults that deserve a name: those that once lost something, and those that a node has to outlast.</summary>
public sealed class FaultTests
{
    [Fact]
    public Task A_segment_whose_name_may_be_lost_is_made_to_stay_before_its_entries_are_given_up() => AssertSurvivesAsync(
        DiskFault.FailsButPersists, operation => operation.Kind == DiskOperationKind.Move && operation.Target!.EndsWith(".segment", StringComparison.Ordinal));

    [Theory]
    [InlineData("/data/logs")]
    [InlineData("/data/logs/a")]
    [InlineData("/data/logs/c")]
    public Task A_folder_that_may_be_lost_is_made_to_stay_before_entries_are_moved_into_it(string folder) => AssertSurvivesAsync(
        DiskFault.Fails, operation => operation.Kind == DiskOperationKind.SyncFolder && operation.Path == folder);

    [Fact]
    public Task A_signing_key_that_may_be_lost_is_made_to_stay_before_it_signs() => AssertSurvivesAsync(
        DiskFault.FailsButPersists, operation => operation.Kind == DiskOperationKind.Move && operation.Target == "/data/keys/c.key");

    [Fact]
    public async Task A_recycled_journal_file_is_not_written_over_while_a_crash_can_bring_back_its_old_name()
    {
        using PreparedFolder prepared = await PreparedFolder.CreateAsync(entries: 200);
        SimulatedNode node = prepared.Node(seed: 7);
        await node.OpenAsync();
        bool isRecycled = false;
        bool hasFailed = false;
        node.Disk.Faults = operation =>
        {
            // The file is renamed, but its name cannot be synced; the machine stops when the next file is about to get its own.
            DiskFault fault = isRecycled && !hasFailed && operation.Kind == DiskOperationKind.SyncFolder ? DiskFault.Fails
                : hasFailed && operation.Kind == DiskOperationKind.Move && operation.Path.EndsWith("spare", StringComparison.Ordinal) ? DiskFault.CrashBefore
                : DiskFault.None;
            hasFailed |= fault == DiskFault.Fails;
            isRecycled |= operation.Kind == DiskOperationKind.Move && operation.Target!.EndsWith("spare", StringComparison.Ordinal);
            return fault;
        };
        for (int round = 0; !node.Disk.HasStopped; round++)
        {
            Task<AppendResult> queued = node.QueueAsync(SimulatedNode.Events("a", 1000 + (12 * round), 12));
            await node.Engine.SequenceAsync();
            Assert.True(queued.IsCompleted);
            if (queued.IsCompletedSuccessfully)
            {
                node.Promises.Acknowledge(node.Engine, SimulatedNode.Events("a", 1000 + (12 * round), 12), await queued);
            }

            await node.Engine.SealAsync();
        }

        Assert.True(hasFailed);
        await node.CrashAsync(null);
        await Recovery.CheckAsync(node, [], verifies: true);
    }

    [Fact]
    public async Task On_a_full_disk_groups_are_refused_and_heads_and_segments_wait_until_there_is_room()
    {
        using PreparedFolder prepared = await PreparedFolder.CreateAsync(entries: 200);
        SimulatedNode node = prepared.Node(seed: 7);
        await node.OpenAsync();
        node.Disk.Quota = node.Disk.UsedBytes;
        int next = 1000;
        int appended = 0;
        var refused = new List<SentEvent>();
        for (int round = 0; round < 6; round++, next += 12)
        {
            IReadOnlyList<SentEvent> sent = SimulatedNode.Events("a", next, 12);
            try
            {
                await node.AppendAsync(sent);
                appended++;
            }
            catch (NotWrittenException)
            {
                node.Promises.NeverAppended(sent);
                refused.AddRange(sent);
            }

            await node.Engine.PublishAsync();
            await node.Engine.SealAsync();
            node.Look();
        }

        Assert.True(appended > 0, "what fits into the journal's file is taken");
        Assert.NotEmpty(refused);
        Assert.All([1102, 1202, 1304], id => Assert.True(node.Logged.Has(id), $"nothing was logged under {id}"));
        Assert.Null(node.Engine.Failure);

        node.Disk.Quota = long.MaxValue;
        node.Promises.Sent(refused);
        AppendResult again = await node.AppendAsync(refused);
        Assert.All(again.Events, e => Assert.Equal(AppendStatus.Appended, e.Status));
        await node.Engine.PublishAsync();
        await node.Engine.SealAsync();
        Assert.Null(node.Engine.Failure);
        Assert.Equal(node.Engine.Find("a")!.Size, node.Engine.Find("a")!.Checkpoint.Head.Size);
        Assert.Equal(SimulatedNode.SegmentSize, node.Engine.Find("a")!.SealedSize);
        node.Look();
        await node.VerifyAsync();
        await node.CrashAsync(null);
        await Recovery.CheckAsync(node, [], verifies: true);
    }

    [Fact]
    public async Task Without_file_handles_groups_are_refused_and_segments_wait_until_there_are_some()
    {
        using PreparedFolder prepared = await PreparedFolder.CreateAsync(entries: 230);
        SimulatedNode node = prepared.Node(seed: 7);
        await node.OpenAsync();
        node.Disk.Faults = operation => operation.Kind is DiskOperationKind.Open or DiskOperationKind.Create ? DiskFault.TooManyFiles : DiskFault.None;
        int refused = 0;
        for (int round = 0; round < 6; round++)
        {
            try
            {
                await node.AppendAsync(SimulatedNode.Events("a", 1000 + (12 * round), 12));
            }
            catch (NotWrittenException)
            {
                refused++;
            }

            await node.Engine.PublishAsync();
            await node.Engine.SealAsync();
        }

        Assert.True(refused > 0);
        Assert.Null(node.Engine.Failure);
        node.Disk.Faults = _ => DiskFault.None;
        await node.AppendAsync(SimulatedNode.Events("a", 2000, 40));
        await node.Engine.PublishAsync();
        await node.Engine.SealAsync();
        Assert.Null(node.Engine.Failure);
        Assert.Equal(SimulatedNode.SegmentSize, node.Engine.Find("a")!.SealedSize);
        node.Look();
        await node.CrashAsync(null);
        await Recovery.CheckAsync(node, [], verifies: true);
    }

    [Fact]
    public async Task A_segment_that_was_named_and_could_not_be_opened_is_taken_by_the_next_round()
    {
        using PreparedFolder prepared = await PreparedFolder.CreateAsync(entries: 230);
        SimulatedNode node = prepared.Node(seed: 7);
        await node.OpenAsync();
        await node.AppendAsync(SimulatedNode.Events("a", 1000, 40));
        node.Disk.Faults = operation =>
            operation.Kind == DiskOperationKind.Open && operation.Path.EndsWith(".segment", StringComparison.Ordinal) ? DiskFault.TooManyFiles : DiskFault.None;
        await node.Engine.SealAsync();
        Assert.Equal(0, node.Engine.Find("a")!.SealedSize);
        Assert.Null(node.Engine.Failure);
        node.Disk.Faults = _ => DiskFault.None;
        await node.Engine.SealAsync();
        Assert.Equal(SimulatedNode.SegmentSize, node.Engine.Find("a")!.SealedSize);
        node.Look();
        await node.CloseAsync();
    }

    [Theory]
    [InlineData((int)DiskFault.Fails)]
    [InlineData((int)DiskFault.FailsButPersists)]
    [InlineData((int)DiskFault.LosesPages)]
    public async Task After_a_sync_of_unknown_outcome_nothing_is_taken_until_the_node_is_opened_anew(int fault)
    {
        using PreparedFolder prepared = await PreparedFolder.CreateAsync(entries: 10);
        SimulatedNode node = prepared.Node(seed: 7);
        await node.OpenAsync();
        int syncs = 0;
        node.Disk.Faults = operation => operation.Kind == DiskOperationKind.Sync && syncs++ == 0 ? (DiskFault)fault : DiskFault.None;
        IReadOnlyList<SentEvent> sent = SimulatedNode.Events("a", 1000, 5);
        NodeStoppedException unknown = await Assert.ThrowsAsync<NodeStoppedException>(() => node.AppendAsync(sent));
        Assert.True(unknown.OutcomeUnknown);
        for (int i = 0; i < 3; i++)
        {
            NodeStoppedException refused = await Assert.ThrowsAsync<NodeStoppedException>(() => node.AppendAsync(SimulatedNode.Events("b", 1000 + i, 1)));
            Assert.False(refused.OutcomeUnknown);
            node.Promises.NeverAppended(SimulatedNode.Events("b", 1000 + i, 1));
        }

        Assert.Equal(1, syncs);
        await node.KillAsync();
        await Recovery.CheckAsync(node, sent, verifies: true);
    }

    [Fact]
    public async Task A_node_that_finds_no_room_still_stops_as_asked()
    {
        using PreparedFolder prepared = await PreparedFolder.CreateAsync(entries: 10);
        SimulatedNode node = prepared.Node(seed: 7);
        await node.OpenAsync();
        node.Disk.Faults = operation => operation.Kind is DiskOperationKind.Create or DiskOperationKind.Open ? DiskFault.DiskFull : DiskFault.None;
        while (true)
        {
            try
            {
                await node.AppendAsync(SimulatedNode.Events("a", 1000 + (int)node.Engine.Groups, 1));
            }
            catch (NotWrittenException)
            {
                break;
            }
        }

        await node.CloseAsync();
        node.Disk.Kill();
        await Recovery.CheckAsync(node.After(node.Disk), [], verifies: false);
    }

    [Fact]
    public async Task Making_a_log_without_room_changes_nothing_and_works_when_there_is_room()
    {
        using PreparedFolder prepared = await PreparedFolder.CreateAsync(entries: 10);
        SimulatedNode node = prepared.Node(seed: 7);
        await node.OpenAsync();
        node.Disk.Quota = node.Disk.UsedBytes;
        var caller = new Engine.AppendCaller("app", "", 0, "test", null);
        StorageException full = await Assert.ThrowsAsync<StorageException>(() => node.Engine.CreateLogAsync("c", false, [], caller, CancellationToken.None));
        Assert.Equal(StorageOutcome.NothingChanged, full.Outcome);
        node.Disk.Quota = long.MaxValue;
        await node.Engine.CreateLogAsync("c", false, [], caller, CancellationToken.None);
        await node.AppendAsync(SimulatedNode.Events("c", 0, 3));
        await node.CrashAsync(null);
        await Recovery.CheckAsync(node, [], verifies: true);
    }

    /// <summary>One fault; then a new node on the same machine, which goes on; then the machine stops.</summary>
    private static async Task AssertSurvivesAsync(DiskFault fault, Func<DiskOperation, bool> where)
    {
        using PreparedFolder prepared = await PreparedFolder.CreateAsync(entries: 200);
        SimulatedNode node = prepared.Node(seed: 7);
        bool hasStruck = false;
        node.Disk.Faults = operation =>
        {
            if (hasStruck || !where(operation))
            {
                return DiskFault.None;
            }

            hasStruck = true;
            return fault;
        };
        var workload = new Workload(node);
        await workload.RunAsync(rounds: 9);
        Assert.True(hasStruck);
        node.Disk.Kill();
        await Recovery.CheckAsync(node.After(node.Disk), workload.Unknown, verifies: true);
    }
}
