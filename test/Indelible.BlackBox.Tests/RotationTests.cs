using System.Text.Json;

namespace Indelible.BlackBox.Tests;

/// <summary><c>indelible keys rotate</c>, and every command that verifies what a rotated key has signed.</summary>
public sealed class RotationTests
{
    private const string Vouched = "rotation vouched by the old key only";

    [Fact]
    public async Task Every_command_follows_the_handovers_from_the_key_that_it_is_given()
    {
        await using var at = await BackedUp.CreateAsync();
        ServerProcess server = at.Server;
        await at.AppendAsync(0, 300);
        string state = at.Path("state");
        string served = server.Url + "/logs/main";
        (await Command.RunAsync("verify", "--vkey", server.Vkey, "--url", served, "--key", server.ReaderKey, "--state", state, "--init-state")).ShouldEnd(0);
        string receipts = at.Path("receipts");
        await AppendAsync(server, "before", receipts);
        string second = await RotateAsync(server, "--log", "main");
        string newReceipts = await RotateAsync(server, "--receipts");
        await AppendAsync(server, "between", receipts);
        string third = await RotateAsync(server, "--log", "main");
        await at.AppendAsync(400, 10);
        string exported = at.Path("exported");
        (await Command.RunAsync("export", "--log", "main", "--format", "tiles", "--out", exported, "--url", server.Url, "--key", server.ReaderKey)).ShouldEnd(0);
        string[][] sources = [["--url", served, "--key", server.ReaderKey], ["--dir", exported], ["--data", server.Data]];
        foreach (string vkey in (string[])[server.Vkey, second, third])
        {
            foreach (string[] source in sources)
            {
                string pinned = vkey == second ? newReceipts : server.ReceiptsVkey;
                Finished verified = (await Command.RunAsync(["verify", "--vkey", vkey, "--receipts", receipts, "--receipts-vkey", pinned, .. source])).ShouldEnd(0);
                Assert.Contains(Vouched, verified.Output, StringComparison.Ordinal);
                Assert.Contains("2 of 2 receipts", verified.Output, StringComparison.Ordinal);
            }
        }

        // One state goes on under the old key, and under the new one that was learned meanwhile.
        foreach (string vkey in (string[])[third, server.Vkey, third])
        {
            (await Command.RunAsync("verify", "--vkey", vkey, "--url", served, "--key", server.ReaderKey, "--state", state)).ShouldEnd(0);
        }

        // One entry, under a checkpoint of the third key.
        using HttpClient reader = server.Client(server.ReaderKey);
        string entry = at.Path("entry");
        string proof = at.Path("proof");
        await File.WriteAllBytesAsync(entry, await reader.GetByteArrayAsync("/api/logs/main/events/3"));
        await File.WriteAllBytesAsync(proof, await reader.GetByteArrayAsync("/api/logs/main/events/3/proof"));
        (await Command.RunAsync("verify", "--vkey", third, "--entry", entry, "--proof", proof)).ShouldEnd(0);
        (await Command.RunAsync("verify", "--vkey", server.Vkey, "--entry", entry, "--proof", proof)).ShouldEnd(1);
        Assert.Contains(Vouched, (await Command.RunAsync("verify", "--vkey", server.Vkey, "--entry", entry, "--proof", proof, "--handovers", Path.Combine(exported, "handovers"))).ShouldEnd(0).Output, StringComparison.Ordinal);

        // Without the handovers nothing leads from the old key on.
        File.Delete(Path.Combine(exported, "handovers"));
        Assert.Contains("the handover to the one that signed is missing", (await Command.RunAsync("verify", "--vkey", server.Vkey, "--dir", exported)).ShouldEnd(1).Output, StringComparison.Ordinal);
        (await Command.RunAsync("verify", "--vkey", third, "--dir", exported)).ShouldEnd(0);
    }

    [Fact]
    public async Task Backup_and_restore_keep_the_handovers_and_a_rotation_after_the_backup_finishes_the_log()
    {
        await using var at = await BackedUp.CreateAsync();
        ServerProcess server = at.Server;
        await at.AppendAsync(0, 300);
        string second = await RotateAsync(server, "--log", "main");
        string receipts = await RotateAsync(server, "--receipts");
        string system = await RotateAsync(server, "--log", "_system");
        await at.AppendAsync(300, 10);
        (await at.BackUpAsync("backup")).ShouldEnd(0);
        (await Command.RunAsync("backup", "--data", server.Data, "--to", at.Path("backup"), "--vkey", server.Vkey, "--vkey", system)).ShouldEnd(0);
        Assert.Equal(0, await server.StopAsync());

        // Nothing was signed but the node's stop: what was restored goes on, under the same keys.
        (await at.RestoreAsync("backup", "--to", at.Path("same"), "--nothing-signed-since", "--vkey", server.Vkey)).ShouldEnd(0);
        await using (ServerProcess restored = await server.SucceedAsync(at.Path("same"), null))
        {
            await BackedUp.AppendAsync(restored, "main", 310, 5);
            string lines = at.Path("restored-receipts");
            await AppendAsync(restored, "restored", lines, server.ReceiptsVkey);
            foreach (string vkey in (string[])[server.Vkey, second])
            {
                (await Command.RunAsync("verify", "--vkey", vkey, "--url", restored.Url + "/logs/main", "--key", restored.ReaderKey, "--receipts", lines, "--receipts-vkey", server.ReceiptsVkey)).ShouldEnd(0);
            }

            Assert.Equal(0, await restored.StopAsync());
        }

        // Rotated after the backup: more was signed than the backup holds, and by a key that it does not have.
        await server.StartAsync();
        string third = await RotateAsync(server, "--log", "main");
        await RotateAsync(server, "--receipts");
        Assert.Equal(0, await server.StopAsync());
        string store = Path.Combine(server.Data, "checkpoints");
        Finished made = (await at.RestoreAsync("backup", "--to", at.Path("older"), "--checkpoint-folder", store, "--accept-loss", "--json")).ShouldEnd(0);
        using JsonDocument done = JsonDocument.Parse(made.Output);
        JsonElement main = done.RootElement.GetProperty("logs").EnumerateArray().Single(log => log.GetProperty("name").GetString() == "main");
        Assert.Equal("main.i2", main.GetProperty("successor").GetString());
        string fresh = done.RootElement.GetProperty("receipts_vkey").GetString()!;
        Assert.NotEqual(receipts, fresh);
        await using ServerProcess older = await server.SucceedAsync(at.Path("older"), store);
        await BackedUp.AppendAsync(older, "main.i2", 500, 5);
        string vkeyOfNext = main.GetProperty("successor_vkey").GetString()!;
        string[] verify = ["verify", "--vkey", vkeyOfNext, "--url", older.Url + "/logs/main.i2", "--key", older.ReaderKey, "--accept-incarnation"];
        (await Command.RunAsync([.. verify, "--old-vkey", second])).ShouldEnd(0);
        (await Command.RunAsync([.. verify, "--old-vkey", third])).ShouldEnd(1);

        // The log that goes on is rotated like any other.
        await RotateAsync(older, "--log", "main.i2");
        await BackedUp.AppendAsync(older, "main.i2", 505, 5);
        (await Command.RunAsync([.. verify, "--old-vkey", second])).ShouldEnd(0);
        string refused = (await Command.RunAsync("keys", "rotate", "--log", "main", "--url", older.Url, "--key", await older.NewCustodianAsync())).ShouldEnd(2).Errors;
        Assert.Contains("signs nothing any more", refused, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_one_key_is_rotated_at_a_time_and_the_command_says_which()
    {
        (await Command.RunAsync("keys", "rotate")).ShouldEnd(2);
        (await Command.RunAsync("keys", "rotate", "--log", "main", "--receipts")).ShouldEnd(2);
        (await Command.RunAsync("verify", "--vkey", "x", "--handovers", "y", "--dir", "z")).ShouldEnd(2);
    }

    private static async Task<string> RotateAsync(ServerProcess server, params string[] which)
    {
        Finished done = (await Command.RunAsync(["keys", "rotate", .. which, "--url", server.Url, "--key", await server.NewCustodianAsync(), "--json"])).ShouldEnd(0);
        using JsonDocument json = JsonDocument.Parse(done.Output);
        return json.RootElement.GetProperty("new_vkey").GetString()!;
    }

    private static async Task AppendAsync(ServerProcess server, string id, string receipts, string? pinned = null)
    {
        string file = receipts + ".events";
        await File.WriteAllTextAsync(file, await ServerProcess.Events(id).ReadAsStringAsync());
        (await Command.RunAsync("append", file, "--log", "main", "--ack", "published", "--receipts", receipts, "--receipts-vkey", pinned ?? server.ReceiptsVkey, "--url", server.Url, "--key", server.WriterKey)).ShouldEnd(0);
    }
}
