using System.Text;
using Indelible.Engine.Privacy;
using Indelible.Engine.Reading;
using Indelible.Engine.Storage;
using Xunit;

namespace Indelible.Engine.Tests;

/// <summary>The master key is exchanged: whatever moment it is broken off at, one of the two keys opens everything, and the node goes on.</summary>
public sealed class MasterKeyRewrapTests
{
    private const string PointOfNoReturn = "the new key has its name";

    [Fact]
    public async Task Broken_off_behind_any_step_the_folder_opens_under_one_key_and_the_other_is_gone()
    {
        await using Node sample = await Node.CreateAsync();
        await sample.CloseAsync();
        string[] steps = [.. new MasterKeyRewrap(new DataFolder(sample.Data), RandomSource.System).Steps()];
        await sample.OpenAsync();
        Assert.Contains(PointOfNoReturn, steps);
        Assert.True(steps.Length > 10);
        for (int last = 0; last < steps.Length; last++)
        {
            await using Node node = await Node.CreateAsync();
            await node.AppendAsync("main", 0, 20);
            await node.Engine.RotateLogKeyAsync(node.Log(), new AppendCaller("key:custodian", "", 0, "test", null), CancellationToken.None);
            string vkey = node.Log().Settings.Vkey;
            byte[] entry = node.Log().Decrypt(node.Log().ReadEntry(3));
            await node.CloseAsync();
            byte[] old = await File.ReadAllBytesAsync(MasterKeyOf(node));
            Assert.Equal(steps[last], new MasterKeyRewrap(new DataFolder(node.Data), RandomSource.System).Steps().ElementAt(last));
            bool isBehind = last >= Array.IndexOf(steps, PointOfNoReturn);
            byte[] found = await File.ReadAllBytesAsync(MasterKeyOf(node));
            Assert.Equal(isBehind, !old.AsSpan().SequenceEqual(found));

            // Whoever verifies before the next start does not take it for damage.
            Assert.Empty(FolderCheck.Run(new DataFolder(node.Data), "main", vkey, null).Faults);
            await node.OpenAsync();
            Assert.Equal(vkey, node.Log().Settings.Vkey);
            Assert.Equal(entry, node.Log().Decrypt(node.Log().ReadEntry(3)));
            Assert.Contains("Name of u-1", Encoding.UTF8.GetString(entry), StringComparison.Ordinal);
            await node.AppendAsync("main", 100, 2);
            await node.CheckAsync("main", 23);
            await node.CloseAsync();
            Assert.False(File.Exists(MasterKeyOf(node) + ".next"));
            Assert.DoesNotContain(Directory.EnumerateFiles(node.Data, "*", SearchOption.AllDirectories), path => path.EndsWith(".rewrapped", StringComparison.Ordinal));
            Assert.Equal(!isBehind, Directory.EnumerateFiles(node.Data, "*", SearchOption.AllDirectories).Any(path => File.ReadAllBytes(path).AsSpan().IndexOf(old) >= 0));
            FolderFindings findings = FolderCheck.Run(new DataFolder(node.Data), "main", vkey, null);
            Assert.Empty(findings.Faults);
            Assert.Contains(findings.Checked, done => done.StartsWith("the vault is whole, and the 1 data keys", StringComparison.Ordinal));

            // And once more, from wherever it is.
            MasterKeyRewrap again = MasterKeyRewrap.Run(new DataFolder(node.Data), RandomSource.System);
            Assert.Equal((5, 1), (again.SigningKeys, again.DataKeys));
            await node.OpenAsync();
            Assert.Equal(entry, node.Log().Decrypt(node.Log().ReadEntry(3)));
        }
    }

    [Fact]
    public async Task A_folder_that_a_node_runs_on_keeps_its_key()
    {
        await using Node node = await Node.CreateAsync();
        byte[] old = await File.ReadAllBytesAsync(MasterKeyOf(node));
        StorageException refused = Assert.Throws<StorageException>(() => MasterKeyRewrap.Run(new DataFolder(node.Data), RandomSource.System));
        Assert.Equal(StorageOutcome.NothingChanged, refused.Outcome);
        Assert.Equal(old, await File.ReadAllBytesAsync(MasterKeyOf(node)));
    }

    [Fact]
    public async Task A_key_that_does_not_open_keeps_the_master_key_from_being_exchanged()
    {
        await using Node node = await Node.CreateAsync();
        await node.CloseAsync();
        byte[] old = await File.ReadAllBytesAsync(MasterKeyOf(node));
        string key = Path.Combine(node.Data, "keys", "main.key");
        byte[] whole = await File.ReadAllBytesAsync(key);
        byte[] altered = [.. whole];
        altered[20] ^= 1;
        await File.WriteAllBytesAsync(key, altered);
        Assert.Throws<StorageException>(() => MasterKeyRewrap.Run(new DataFolder(node.Data), RandomSource.System));
        Assert.Equal(old, await File.ReadAllBytesAsync(MasterKeyOf(node)));
        await File.WriteAllBytesAsync(key, whole);
        await node.OpenAsync();
    }

    private static string MasterKeyOf(Node node) => Path.Combine(node.Data, "master.key");
}
