using System.Globalization;
using Indelible.Simulation.Faults;

namespace Indelible.Simulation;

/// <summary>A data folder to begin runs from: made once, copied for each.</summary>
internal sealed class PreparedFolder : IDisposable
{
    private readonly string _folder;
    private readonly SimulatedDisk _disk;
    private int _nodes;

    private PreparedFolder(string folder, SimulatedDisk disk)
    {
        _folder = folder;
        _disk = disk;
    }

    private string VaultFile => Path.Combine(_folder, "vault.db");

    /// <summary>Makes a folder with logs <c>a</c> and <c>b</c>, of which <c>a</c> has <paramref name="entries"/> entries and <c>b</c> one.</summary>
    public static async Task<PreparedFolder> CreateAsync(int entries)
    {
        string folder = TemporaryFolder();
        var node = new SimulatedNode(new SimulatedDisk(), Path.Combine(folder, "vault.db"), seed: 1);
        await node.InitialiseAsync("a", "b");
        await node.OpenAsync();
        await node.AppendAsync(SimulatedNode.Events("b", 0, 1));

        // Ids of every length that a run will use: each length has a person, and each person a key.
        await node.AppendAsync([.. Enumerable.Range(1, 12).Select(length => SimulatedNode.Event("b", new string('p', length)))]);
        await node.AppendAsync([.. Enumerable.Range(1, 12).Select(length => SimulatedNode.Event("a", new string('p', length)))]);
        for (int i = 0; i < entries; i += 25)
        {
            await node.AppendAsync(SimulatedNode.Events("a", i, Math.Min(25, entries - i)));
            await node.Engine.SealAsync();
        }

        await node.CloseAsync();
        node.Disk.Crash(null);
        return new PreparedFolder(folder, node.Disk);
    }

    /// <summary>A node, still closed, on a copy of the folder.</summary>
    public SimulatedNode Node(int seed)
    {
        // A vault of its own: another run, at the same time, may draw a key for the same person of a log that both make.
        string vault = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"vault-{Interlocked.Increment(ref _nodes)}.db"));
        File.Copy(VaultFile, vault);
        return new SimulatedNode(_disk.Clone(), vault, seed);
    }

    /// <summary>A folder of the machine's, in memory where it has such: for the vault.</summary>
    public static string TemporaryFolder()
    {
        const string Memory = "/dev/shm";
        string path = Path.Combine(Directory.Exists(Memory) ? Memory : Path.GetTempPath(), "indelible-simulation-" + Path.GetRandomFileName());
        return Directory.CreateDirectory(path).FullName;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
