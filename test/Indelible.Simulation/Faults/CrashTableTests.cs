using Indelible.Engine.Storage;
using Xunit;

namespace Indelible.Simulation.Faults;

/// <summary>The tables of <c>docs/design/crash-table.md</c>, found anew by every run and compared with the page.</summary>
public sealed class CrashTableTests
{
    private const int Rounds = 9;
    private const int Seed = 7;
    private const string WriteVariable = "INDELIBLE_WRITE_CRASH_TABLE";
    private static readonly int?[] s_keeps = [null, 1, 2];   // null: nothing stays that was not synced

    [Fact]
    public async Task Whatever_step_of_a_node_fails_or_is_the_last_before_a_crash_nothing_promised_is_lost()
    {
        using PreparedFolder prepared = await PreparedFolder.CreateAsync(entries: 200);
        DiskOperation[] steps = [.. (await OperationsAsync(prepared)).Where(step => step.Changes)];
        CrashTable table = await CrashTable.MakeAsync(CrashTable.OfChanges, steps, (step, fault) => TryAsync(prepared, step, fault));
        Compare("From start to stop", table);
    }

    [Fact]
    public async Task Whatever_a_node_cannot_read_or_open_nothing_promised_is_lost()
    {
        using PreparedFolder prepared = await PreparedFolder.CreateAsync(entries: 200);
        DiskOperation[] steps =
        [
            .. (await OperationsAsync(prepared)).Where(step => !step.Changes).GroupBy(StepName.Of)
                .SelectMany(same => same.Take(3).Concat(same.Skip(3).TakeLast(3))).OrderBy(step => step.Number),
        ];
        CrashTable table = await CrashTable.MakeAsync(CrashTable.OfReads, steps, (step, fault) => TryAsync(prepared, step, fault));
        Compare("Reading", table);
    }

    [Fact]
    public async Task A_folder_whose_making_was_cut_short_opens_or_is_refused_as_unfinished()
    {
        var sample = new SimulatedDisk();
        Assert.Null(await InitialiseAsync(sample));
        DiskOperation[] steps = [.. sample.Operations.Where(step => step.Changes)];
        CrashTable table = await CrashTable.MakeAsync(CrashTable.OfChanges, steps, TryInitialiseAsync);
        Compare("indelible init", table);
    }

    private static async Task<IReadOnlyList<DiskOperation>> OperationsAsync(PreparedFolder prepared)
    {
        SimulatedNode node = prepared.Node(Seed);
        var workload = new Workload(node);
        await workload.RunAsync(Rounds);
        Assert.Empty(workload.Unknown);
        return node.Disk.Operations;
    }

    private static async Task<string> TryAsync(PreparedFolder prepared, DiskOperation step, DiskFault fault)
    {
        SimulatedNode node = prepared.Node(Seed);
        node.Disk.Faults = operation => operation.Number == step.Number ? fault : DiskFault.None;
        var workload = new Workload(node);
        await workload.RunAsync(Rounds);
        Assert.Equal(step, node.Disk.Operations[step.Number]);
        var found = new HashSet<bool>();
        bool isCrash = fault is DiskFault.CrashBefore or DiskFault.CrashAfter;
        foreach (int? keep in isCrash ? s_keeps : s_keeps[..2])
        {
            SimulatedDisk crashed = node.Disk.Clone();
            crashed.Crash(keep is { } seed ? new Random((seed * 10_000) + step.Number) : null);
            found.UnionWith(await Recovery.CheckAsync(node.After(crashed), workload.Unknown, verifies: keep == 1));
        }

        if (isCrash)
        {
            return (workload.Unknown.Count, found.Count) switch
            {
                (0, _) => "nothing waits",
                (_, 2) => "in the log or not",
                _ => found.Single() ? "in the log" : "not in the log",
            };
        }

        node.Disk.Kill();
        await Recovery.CheckAsync(node.After(node.Disk), workload.Unknown, verifies: true);
        return workload.Outcome();
    }

    private static async Task<string> TryInitialiseAsync(DiskOperation step, DiskFault fault)
    {
        string folder = PreparedFolder.TemporaryFolder();
        try
        {
            var disk = new SimulatedDisk { Faults = operation => operation.Number == step.Number ? fault : DiskFault.None };
            string vault = Path.Combine(folder, "vault.db");
            Exception? failure = await InitialiseAsync(disk, vault);
            Assert.Equal(step, disk.Operations[step.Number]);
            var outcomes = new HashSet<bool>();
            foreach (int? keep in s_keeps)
            {
                SimulatedDisk crashed = disk.Clone();
                crashed.Crash(keep is { } seed ? new Random((seed * 10_000) + step.Number) : null);
                outcomes.Add(await OpensAsync(crashed.Reopen(), vault));
            }

            if (fault is not (DiskFault.CrashBefore or DiskFault.CrashAfter))
            {
                disk.Kill();
                outcomes.Add(await OpensAsync(disk.Reopen(), vault));
            }

            Assert.True(failure is not null || !outcomes.Contains(false), "init succeeded, and the folder does not open");
            return (failure is null ? "succeeds; " : "") + (outcomes.Count == 2 ? "opens or is unfinished" : outcomes.Single() ? "opens" : "unfinished");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<Exception?> InitialiseAsync(SimulatedDisk disk)
    {
        string folder = PreparedFolder.TemporaryFolder();
        try
        {
            return await InitialiseAsync(disk, Path.Combine(folder, "vault.db"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<Exception?> InitialiseAsync(SimulatedDisk disk, string vault)
    {
        try
        {
            await new SimulatedNode(disk, vault, Seed).InitialiseAsync("a");
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Engine.Sequencing.NodeStoppedException or Engine.Sequencing.NotWrittenException)
        {
            return e;
        }
    }

    /// <summary>Whether a folder opens and works; if not, it must be one that was never finished.</summary>
    private static async Task<bool> OpensAsync(SimulatedDisk disk, string vault)
    {
        var node = new SimulatedNode(disk, vault, Seed);
        try
        {
            await node.OpenAsync();
        }
        catch (StorageException e)
        {
            Assert.Equal(StorageOutcome.NothingChanged, e.Outcome);
            Assert.Contains("is not an Indelible data folder", e.Message, StringComparison.Ordinal);
            return false;
        }

        await node.AppendAsync(SimulatedNode.Events("a", 0, 3));
        await node.Engine.PublishAsync();
        node.Look();
        await node.VerifyAsync();
        await node.CloseAsync();
        return true;
    }

    internal static void Compare(string heading, CrashTable table)
    {
        Assert.True(table.Broken.Count == 0, $"{table.Broken.Count} of {table.Runs}:{Environment.NewLine}{string.Join(Environment.NewLine, table.Broken.Take(20))}");
        string page = File.ReadAllText(PagePath());
        string found = table.ToMarkdown();
        int begin = page.IndexOf($"\n## {heading}\n", StringComparison.Ordinal);
        Assert.True(begin >= 0, $"the page has no part '{heading}'");
        int tableBegin = page.IndexOf("\n|", begin, StringComparison.Ordinal) + 1;
        int tableEnd = page.IndexOf("|\n\n", tableBegin, StringComparison.Ordinal) is int end and >= 0 ? end + 2 : page.Length;
        if (Environment.GetEnvironmentVariable(WriteVariable) is not null)
        {
            File.WriteAllText(PagePath(), page[..tableBegin] + found + page[tableEnd..]);
            return;
        }

        Assert.True(
            page[tableBegin..tableEnd] == found,
            $"'{heading}' in docs/design/crash-table.md is not what was found. If that is meant, run this test with {WriteVariable}=1.{Environment.NewLine}{found}");
    }

    private static string PagePath()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Indelible.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return Path.Combine(folder ?? throw new InvalidOperationException("The tests run outside of the repository."), "docs", "design", "crash-table.md");
    }
}
