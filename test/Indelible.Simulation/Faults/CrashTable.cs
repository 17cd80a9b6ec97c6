using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Indelible.Engine;
using Indelible.Engine.Sequencing;
using Xunit;

namespace Indelible.Simulation.Faults;

/// <summary>Every step that changes a disk in a fixed piece of a node's life, each spoiled in every way, and what came of it.</summary>
internal sealed class CrashTable
{
    /// <summary>What can be wrong with a step, in the order of the table's columns.</summary>
    public static readonly DiskFault[] Faults = [DiskFault.Fails, DiskFault.FailsButPersists, DiskFault.CrashBefore, DiskFault.CrashAfter];

    private const int Rounds = 9;
    private static readonly int?[] s_keeps = [null, 1, 2];
    private readonly List<string> _order = [];                                                        // step names as they come first
    private readonly Dictionary<string, int> _times = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Step, DiskFault Fault), ConcurrentDictionary<string, bool>> _outcomes = new();
    private readonly ConcurrentQueue<string> _broken = new();

    /// <summary>Runs that were made.</summary>
    public int Runs { get; private set; }

    /// <summary>What did not hold: step, fault and failure.</summary>
    public IReadOnlyCollection<string> Broken => _broken;

    /// <summary>Spoils every step of the workload on <paramref name="prepared"/>.</summary>
    public static async Task<CrashTable> MakeAsync(PreparedFolder prepared)
    {
        SimulatedNode sample = prepared.Node(seed: 7);
        var workload = new Workload(sample);
        await workload.RunAsync(Rounds);
        Assert.Empty(workload.Unknown);
        var table = new CrashTable();
        DiskOperation[] steps = [.. sample.Disk.Operations.Where(operation => operation.Changes)];
        foreach (DiskOperation step in steps)
        {
            table.Count(StepName.Of(step));
        }

        var cases = steps.SelectMany(step => FaultsOf(step).Select(fault => (Step: step, Fault: fault))).ToArray();
        table.Runs = cases.Length;
        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (item, _) =>
        {
            try
            {
                await table.TryAsync(prepared, item.Step, item.Fault);
            }
            catch (Exception e)
            {
                table._broken.Enqueue($"{item.Fault} of {item.Step}: {e}");
            }
        });
        return table;
    }

    /// <summary>The table as it stands in the documents.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder("| step | times | fails | fails, but was done | crash before | crash after |\n|---|---|---|---|---|---|\n");
        foreach (string step in _order)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {step} | {_times[step]} |");
            foreach (DiskFault fault in Faults)
            {
                IEnumerable<string> found = _outcomes.TryGetValue((step, fault), out ConcurrentDictionary<string, bool>? seen) ? seen.Keys : ["does not hold"];
                text.Append(' ').AppendJoin("; ", found.Order(StringComparer.Ordinal)).Append(" |");
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    /// <summary>Besides the columns of the table: half a write, a disk without room, pages lost by a failed sync. They come to what "fails" comes to.</summary>
    private static IEnumerable<DiskFault> FaultsOf(DiskOperation step) => step.Kind switch
    {
        DiskOperationKind.Write => [.. Faults, DiskFault.WritesShort, DiskFault.DiskFull],
        DiskOperationKind.Sync => [.. Faults, DiskFault.LosesPages],
        _ => Faults,
    };

    private void Count(string step)
    {
        if (!_times.TryAdd(step, 1))
        {
            _times[step]++;
        }
        else
        {
            _order.Add(step);
        }
    }

    private async Task TryAsync(PreparedFolder prepared, DiskOperation step, DiskFault fault)
    {
        SimulatedNode node = prepared.Node(seed: 7);
        node.Disk.Faults = operation => operation.Number == step.Number ? fault : DiskFault.None;
        var workload = new Workload(node);
        await workload.RunAsync(Rounds);
        Assert.Equal(step, node.Disk.Operations[step.Number]);
        bool isCrash = fault is DiskFault.CrashBefore or DiskFault.CrashAfter;
        var inLog = new HashSet<bool>();
        foreach (int? keep in s_keeps)
        {
            SimulatedDisk disk = node.Disk.Clone();
            disk.Crash(keep is { } seed ? new Random((seed * 10_000) + step.Number) : null);
            await RecoverAsync(new SimulatedNode(disk.Reopen(), node.VaultFile, step.Number) { Promises = node.Promises.Clone() }, workload.Unknown, inLog, verifies: keep == 1);
        }

        if (!isCrash)
        {
            node.Disk.Kill();
            await RecoverAsync(new SimulatedNode(node.Disk.Reopen(), node.VaultFile, step.Number) { Promises = node.Promises.Clone() }, workload.Unknown, inLog, verifies: true);
        }

        string outcome = isCrash ? AfterCrash(workload, inLog) : WhileRunning(node, workload);
        _outcomes.GetOrAdd((StepName.Of(step), fault), _ => new ConcurrentDictionary<string, bool>(StringComparer.Ordinal)).TryAdd(outcome, true);
    }

    /// <summary>
    /// Opens what a disk kept, compares it with every promise, sends again what had no answer, goes on, and stops the machine once
    /// more, so that nothing can rest on what was only seen.
    /// </summary>
    private static async Task RecoverAsync(SimulatedNode node, IReadOnlyList<SentEvent> unknown, HashSet<bool> inLog, bool verifies)
    {
        await node.OpenAsync();
        node.Look();
        foreach (IGrouping<string, SentEvent> request in unknown.GroupBy(sent => sent.Log))
        {
            AppendResult again = await node.AppendAsync([.. request]);
            AppendStatus status = Assert.Single(again.Events.Select(e => e.Status).Distinct());
            inLog.Add(status == AppendStatus.Repeated);
        }

        if (node.Engine.Find("c") is null)
        {
            await node.Engine.CreateLogAsync("c", isPublic: false, [], new AppendCaller("app", "", 0, "test", null), CancellationToken.None);
        }

        await node.AppendAsync(SimulatedNode.Events("a", 5000, 3));
        await node.AppendAsync(SimulatedNode.Events("c", 5000, 1));
        await node.AppendAsync(SimulatedNode.Events("b", 5000, 1));
        await node.Engine.PublishAsync();
        await node.Engine.SealAsync();
        Assert.Null(node.Engine.Failure);
        node.Look();
        if (verifies)
        {
            await node.VerifyAsync();
        }

        await node.CrashAsync(null);
        await node.OpenAsync();
        node.Look();
        await node.CloseAsync();
    }

    private static string WhileRunning(SimulatedNode node, Workload workload)
    {
        var seen = new List<string>();
        void Add(bool was, string what)
        {
            if (was)
            {
                seen.Add(what);
            }
        }

        Add(workload.WasNotOpened, "the start is refused");
        Add(node.Logged.Has(1101), "the node stops");
        Add(node.Logged.Has(1201), "publishing stops");
        Add(node.Logged.Has(1303), "sealing stops");
        Add(node.Logged.Has(1102), "the group is refused");
        Add(node.Logged.Has(1202), "publishing is put off");
        Add(node.Logged.Has(1304), "sealing is put off");
        Add(workload.LogWasNotMade && !node.Logged.Has(1101), "the log is not made");
        return seen.Count == 0 ? "nothing" : string.Join(", ", seen);
    }

    private static string AfterCrash(Workload workload, HashSet<bool> inLog) => (workload.Unknown.Count, inLog.Count) switch
    {
        (0, _) => "nothing waits",
        (_, 2) => "in the log or not",
        _ => inLog.Single() ? "in the log" : "not in the log",
    };
}
