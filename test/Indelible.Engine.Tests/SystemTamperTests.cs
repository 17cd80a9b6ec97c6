using System.Text;
using Indelible.Engine.Access;
using Indelible.Engine.Configuration;
using Indelible.Engine.Storage;
using Xunit;

namespace Indelible.Engine.Tests;

/// <summary>Whoever holds the disk and changes the configuration, forwards or back, gets a node that does not start.</summary>
public sealed class SystemTamperTests
{
    private static readonly AppendCaller s_system = new("indelible", "", 0, "test", null);

    [Fact]
    public async Task The_configuration_alone_set_back_to_before_a_key_was_revoked_is_refused()
    {
        await using Node node = await Node.CreateAsync(null, "busy");
        (ApiKey key, _) = await node.Engine.Administration.CreateKeyAsync(new NewKey(KeyKind.Writer, ["busy"]), s_system, CancellationToken.None);
        long appended = await FillAsync(node, 0);
        string system = Path.Combine(node.Data, "logs", "_system");
        string copy = Path.Combine(node.Folder, "copy");
        await node.CloseAsync();
        CopyFolder(system, copy);
        await node.OpenAsync();
        await node.Engine.Administration.RevokeKeyAsync(key.Id, s_system, CancellationToken.None);
        await FillAsync(node, appended);
        await node.ReopenAsync();
        Assert.True(node.Engine.System.Keys[key.Id].IsRevoked);
        await node.CloseAsync();

        Directory.Delete(system, recursive: true);
        CopyFolder(copy, system);

        StorageException refused = await Assert.ThrowsAsync<StorageException>(node.OpenAsync);
        Assert.Contains("_system", refused.Message, StringComparison.Ordinal);
        Assert.Equal(StorageOutcome.Damaged, refused.Outcome);
    }

    [Theory]
    [InlineData("\"role\":\"reader\"", "\"role\":\"writer\"", "An entry was changed")]
    [InlineData("\"main\"],\"personal\":\"hidden\"", "\"main\"],\"personal\":\"shown_\"", "not a configuration entry")]
    [InlineData("indelible.grant.create", "indelible.grant.creates", null)]
    [InlineData("indelible.grant.create", "indelible.grant.enable", "does not know")]
    public async Task An_entry_of_the_configuration_changed_with_all_checksums_made_anew_is_refused(string from, string to, string? message)
    {
        await using Node node = await Node.CreateAsync();
        await node.Engine.Administration.CreatePrincipalAsync("ada", PrincipalKind.Person, s_system, CancellationToken.None);
        await node.Engine.Administration.GrantAsync(new NewGrant("ada", Role.Reader, ["main"]) { Personal = PersonalView.Hidden }, s_system, CancellationToken.None);
        await node.CloseAsync();
        string path = Directory.EnumerateFiles(Path.Combine(node.Data, "journal"), "*.journal").Single();
        byte[] bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        int at = bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(from));
        Assert.True(at > 0, "It is in the journal.");
        Encoding.UTF8.GetBytes(to).CopyTo(bytes.AsSpan(at));
        ForgedJournal.Reseal(bytes);
        await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);

        StorageException refused = await Assert.ThrowsAsync<StorageException>(node.OpenAsync);

        Assert.Contains(message ?? "_system", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Appends to another log until what <c>_system</c> has is out of the journal.</summary>
    private static async Task<long> FillAsync(Node node, long from)
    {
        for (int round = 0; round < 30; round++)
        {
            await node.AppendAsync("busy", from, 200);
            from += 200;
        }

        string journal = Path.Combine(node.Data, "journal");
        await node.WaitUntilAsync(
            () => node.Log("busy").SealedSize == from / Node.SegmentSize * Node.SegmentSize && Directory.EnumerateFiles(journal, "*.journal").Count() <= 3, "the journal is trimmed");
        Assert.True(Directory.EnumerateFiles(Path.Combine(node.Data, "logs", "_system", "tail")).Any());
        return from;
    }

    private static void CopyFolder(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
