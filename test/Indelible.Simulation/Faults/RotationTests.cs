using Indelible.Engine;
using Indelible.Engine.Rotation;
using Indelible.Engine.Sequencing;
using Indelible.Keys;
using Indelible.Notes;
using Indelible.Rotation;
using Indelible.Verification;
using Xunit;

namespace Indelible.Simulation.Faults;

/// <summary>Every step of a rotation spoiled in every way: the node goes on with one key, which signs nothing that another was to sign.</summary>
public sealed class RotationTests
{
    private const int Seed = 7;
    private static readonly AppendCaller s_caller = new("key:custodian", "", 0, "test", null);
    private static readonly int?[] s_keeps = [null, 1, 2];   // null: nothing stays that was not synced

    [Theory]
    [InlineData("a", "Rotating a log's key")]
    [InlineData("_system", "Rotating the key of _system")]
    public async Task Whatever_step_of_a_rotation_fails_or_is_the_last_before_a_crash_the_log_goes_on_with_one_key(string log, string heading)
    {
        using PreparedFolder prepared = await PreparedFolder.CreateAsync(entries: 20);
        var sample = new Run(prepared.Node(Seed), log);
        await sample.RotateAsync(null, DiskFault.None);
        Assert.True(sample.Rotated is { OldKeyDestroyed: true }, sample.Failure?.ToString());
        DiskOperation[] steps = [.. sample.Node.Disk.Operations.Skip(sample.Begin).Take(sample.End - sample.Begin).Where(step => step.Changes)];
        CrashTable table = await CrashTable.MakeAsync(CrashTable.OfChanges, steps, (step, fault) => TryAsync(prepared, log, step, fault));
        CrashTableTests.Compare(heading, table);
    }

    [Fact]
    public async Task A_next_key_that_is_lost_before_the_handover_is_made_anew()
    {
        using PreparedFolder prepared = await PreparedFolder.CreateAsync(entries: 20);
        SimulatedNode node = prepared.Node(Seed);
        await node.OpenAsync();
        string old = node.Engine.Find("a")!.Settings.Vkey;
        node.Disk.Faults = operation => operation.Kind == DiskOperationKind.Write && operation.Path.Contains("checkpoints", StringComparison.Ordinal) ? DiskFault.CrashBefore : DiskFault.None;
        await Assert.ThrowsAnyAsync<Exception>(() => node.Engine.RotateLogKeyAsync(node.Engine.Find("a")!, s_caller, CancellationToken.None));
        await node.CrashAsync(null);
        node.Disk.Delete("/data/keys/a.key.next");
        node.Disk.SyncFolder("/data/keys");
        await node.OpenAsync();
        node.Look();
        string next = node.Engine.Find("a")!.Settings.Vkey;
        Assert.NotEqual(old, next);
        await Run.CheckAsync(node, "a", old, next);
        await node.CloseAsync();
    }

    [Fact]
    public async Task A_key_that_handed_the_log_over_is_refused_when_it_comes_back()
    {
        using PreparedFolder prepared = await PreparedFolder.CreateAsync(entries: 20);
        SimulatedNode node = prepared.Node(Seed);
        byte[] old = node.Disk.ReadWhole("/data/keys/a.key", 1000);
        await node.OpenAsync();
        await node.Engine.RotateLogKeyAsync(node.Engine.Find("a")!, s_caller, CancellationToken.None);
        await node.CloseAsync();
        node.Disk.WriteWhole("/data/keys/a.key", old);
        node.Disk.Kill();
        SimulatedNode restarted = node.After(node.Disk);
        Assert.Contains("signs nothing any more", (await Assert.ThrowsAsync<Engine.Storage.StorageException>(restarted.OpenAsync)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_of_the_old_key_is_left_on_the_disk()
    {
        using PreparedFolder prepared = await PreparedFolder.CreateAsync(entries: 20);
        SimulatedNode node = prepared.Node(Seed);
        byte[] old = node.Disk.ReadWhole("/data/keys/a.key", 1000);
        await node.OpenAsync();
        var overwritten = new List<DiskOperation>();
        node.Disk.Faults = operation =>
        {
            if (operation.Path == "/data/keys/a.key" && operation.Kind is DiskOperationKind.Write or DiskOperationKind.Sync)
            {
                overwritten.Add(operation);
            }

            return DiskFault.None;
        };
        await node.Engine.RotateLogKeyAsync(node.Engine.Find("a")!, s_caller, CancellationToken.None);
        Assert.Equal([DiskOperationKind.Write, DiskOperationKind.Sync], overwritten.Select(operation => operation.Kind));
        Assert.DoesNotContain(node.Disk.FilesBelow("/data"), path => node.Disk.ReadWhole(path, 1 << 24).AsSpan().IndexOf(old) >= 0);
        await node.CloseAsync();
    }

    private static async Task<string> TryAsync(PreparedFolder prepared, string log, DiskOperation step, DiskFault fault)
    {
        var run = new Run(prepared.Node(Seed), log);
        await run.RotateAsync(step, fault);
        Assert.Equal(step, run.Node.Disk.Operations[step.Number]);
        bool isCrash = fault is DiskFault.CrashBefore or DiskFault.CrashAfter;
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (int? keep in isCrash ? s_keeps : s_keeps[..2])
        {
            SimulatedDisk crashed = run.Node.Disk.Clone();
            crashed.Crash(keep is { } seed ? new Random((seed * 10_000) + step.Number) : null);
            found.Add(await run.RecoverAsync(run.Node.After(crashed)));
        }

        if (isCrash)
        {
            return string.Join(" or ", found.Order(StringComparer.Ordinal));
        }

        run.Node.Disk.Kill();
        await run.RecoverAsync(run.Node.After(run.Node.Disk));
        return run.Outcome();
    }

    /// <summary>A node that rotates one log's key once, and what became of it.</summary>
    private sealed class Run(SimulatedNode node, string log)
    {
        private string _old = "";

        public SimulatedNode Node { get; } = node;

        /// <summary>The number of the first operation of the rotation, and the one behind the last.</summary>
        public int Begin { get; private set; }

        public int End { get; private set; }

        public KeyRotated? Rotated { get; private set; }

        public Exception? Failure { get; private set; }

        public async Task RotateAsync(DiskOperation? step, DiskFault fault)
        {
            await Node.OpenAsync();
            _old = Node.Engine.Find(log)!.Settings.Vkey;
            await Node.AppendAsync(SimulatedNode.Events("a", 1000, 3));
            await Node.Engine.PublishAsync();
            Node.Promises.SeeHeads(Node.Engine);
            Begin = Node.Disk.Operations.Count;
            Node.Disk.Faults = operation => operation.Number == step?.Number ? fault : DiskFault.None;
            try
            {
                Rotated = await Node.Engine.RotateLogKeyAsync(Node.Engine.Find(log)!, s_caller, CancellationToken.None);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or NodeStoppedException or NotWrittenException)
            {
                Failure = e;
            }

            End = Node.Disk.Operations.Count;
            if (Node.Disk.HasStopped)
            {
                return;
            }

            // Whatever failed, the node is asked to go on; what it shows binds it.
            Node.Promises.SeeHeads(Node.Engine);
            try
            {
                await Node.AppendAsync(SimulatedNode.Events("a", 2000, 2));
            }
            catch (NodeStoppedException)
            {
                // It has failed, and takes nothing.
            }

            await Node.Engine.PublishAsync();
            Node.Promises.SeeHeads(Node.Engine);
        }

        public string Outcome() => Rotated is { OldKeyDestroyed: true } ? "nothing"
            : Rotated is not null ? "the old key's file stays until the next start"
            : Node.Logged.Has(1201) ? "publishing stops"
            : Node.Logged.Has(1101) ? "the node stops"
            : Node.Logged.Has(1202) ? "publishing is put off"
            : "the key is not rotated";

        /// <summary>Opens what the disk kept; whatever was begun is finished, and both keys' verifiers believe the log.</summary>
        public async Task<string> RecoverAsync(SimulatedNode next)
        {
            await next.OpenAsync();
            next.Look();
            string found = next.Engine.Find(log)!.Settings.Vkey;
            await CheckAsync(next, log, _old, found);
            if (found == _old)
            {
                Assert.Null(Rotated);
                KeyRotated again = await next.Engine.RotateLogKeyAsync(next.Engine.Find(log)!, s_caller, CancellationToken.None);
                await CheckAsync(next, log, _old, again.NewVkey);
            }
            else
            {
                Assert.Equal(found, Rotated?.NewVkey ?? found);
            }

            // Once more, losing what was not synced: nothing may rest on what was only seen.
            await next.CrashAsync(null);
            await next.OpenAsync();
            next.Look();
            Assert.NotEqual(_old, next.Engine.Find(log)!.Settings.Vkey);
            await next.CloseAsync();
            return found == _old ? "not rotated" : "rotated";
        }

        /// <summary>Goes on, and verifies from outside by every key that the log ever had.</summary>
        public static async Task CheckAsync(SimulatedNode node, string log, string first, string current)
        {
            await node.AppendAsync(SimulatedNode.Events("a", 3000 + (int)node.Engine.Find("a")!.Size, 2));
            await node.Engine.PublishAsync();
            Assert.Null(node.Engine.Failure);
            node.Look();
            LogReader reader = node.Engine.Find(log)!;
            Assert.Equal(current, reader.Settings.Vkey);
            Assert.Equal(reader.Size, reader.Checkpoint.Head.Size);
            Assert.False(node.Disk.Exists($"/data/keys/{log}.key.next") && first != current);
            KeyChain chain = KeyChain.Of(VerifierKey.Parse(first), NoteVerifiers.OfLog).With(reader.Handovers.Span);
            Assert.Equal(current, chain.Current.ToString());
            foreach (VerifierKey key in chain.Keys)
            {
                VerificationReport report = await node.VerifyAsync(log, key.ToString());
                Assert.True(report.Verdict == Verdict.Valid, string.Join(Environment.NewLine, report.Faults.Concat(report.Unclear)));
            }
        }
    }
}
