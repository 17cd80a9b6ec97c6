using System.Net;
using System.Text.Json;

namespace Indelible.BlackBox.Tests;

/// <summary><c>indelible restore</c>: whatever is restored, no origin is ever signed with two histories.</summary>
public sealed class RestoreTests
{
    [Fact]
    public async Task An_old_backup_never_goes_on_with_an_origin_of_which_more_was_signed()
    {
        await using var at = await BackedUp.CreateAsync();
        await at.AppendAsync(0, 300);
        (await at.BackUpAsync("backup")).ShouldEnd(0);
        await at.AppendAsync(300, 5);
        Assert.Equal(0, await at.Server.StopAsync());
        string store = Path.Combine(at.Server.Data, "checkpoints");
        string data = at.Path("restored");
        Finished made = (await at.RestoreAsync("backup", "--to", data, "--checkpoint-folder", store, "--approved-by", "Ada Lovelace", "--json")).ShouldEnd(0);
        Dictionary<string, JsonElement> logs = LogsOf(made);
        Assert.Equal("main.i2", logs["main"].GetProperty("successor").GetString());
        Assert.Equal(305, logs["main"].GetProperty("signed").GetInt64());
        Assert.False(logs["_system"].TryGetProperty("successor", out _));
        Assert.False(File.Exists(Path.Combine(data, "keys", "main.key")));
        string vkey = logs["main"].GetProperty("successor_vkey").GetString()!;

        await using ServerProcess restored = await at.Server.SucceedAsync(data, store);
        using HttpClient writer = restored.Client(restored.WriterKey);
        using HttpResponseMessage refused = await writer.PostAsync("/api/logs/main/events", ServerProcess.Events("e-300"));
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        string problem = await refused.Content.ReadAsStringAsync();
        Assert.Contains("urn:indelible:log-frozen", problem, StringComparison.Ordinal);
        Assert.Contains("main.i2", problem, StringComparison.Ordinal);
        await BackedUp.AppendAsync(restored, "main.i2", 300, 5);

        // The finished log is what it was under its last checkpoint in the backup; nothing larger is ever shown of it.
        using HttpClient reader = restored.Client(restored.ReaderKey);
        Assert.StartsWith("localhost:7480/logs/main\n300\n", await reader.GetStringAsync("/logs/main/checkpoint"), StringComparison.Ordinal);
        (await Command.RunAsync("verify", "--vkey", restored.Vkey, "--url", restored.Url + "/logs/main", "--key", restored.ReaderKey)).ShouldEnd(0);

        using JsonDocument first = JsonDocument.Parse(await reader.GetStringAsync("/api/logs/main.i2/events/0"));
        Assert.Equal("indelible.incarnation", first.RootElement.GetProperty("action").GetString());
        JsonElement facts = first.RootElement.GetProperty("data");
        Assert.Equal("Ada Lovelace", facts.GetProperty("approved_by").GetString());
        Assert.Equal(300, facts.GetProperty("restored").GetProperty("size").GetInt64());
        Assert.Equal(5, facts.GetProperty("gap").GetProperty("entries").GetInt64());

        string state = at.Path("state");
        string[] verify = ["verify", "--vkey", vkey, "--url", restored.Url + "/logs/main.i2", "--key", restored.ReaderKey, "--state", state];
        Assert.Contains("--accept-incarnation", (await Command.RunAsync([.. verify, "--init-state"])).ShouldEnd(1).Output, StringComparison.Ordinal);
        Assert.False(File.Exists(state));
        (await Command.RunAsync([.. verify, "--init-state", "--accept-incarnation", "--old-vkey", restored.Vkey])).ShouldEnd(0);
        (await Command.RunAsync([.. verify, "--accept-incarnation", "--old-vkey", restored.ReceiptsVkey])).ShouldEnd(1);
        (await Command.RunAsync([.. verify, "--old-vkey", restored.Vkey])).ShouldEnd(1);

        // A run that goes on from an earlier one asks entry 0 too.
        await BackedUp.AppendAsync(restored, "main.i2", 305, 300);
        string[] goingOn = [.. verify, "--incremental"];
        (await Command.RunAsync([.. goingOn, "--accept-incarnation", "--old-vkey", restored.Vkey])).ShouldEnd(0);
        Assert.Contains("earlier runs", (await Command.RunAsync([.. goingOn, "--accept-incarnation", "--old-vkey", restored.Vkey])).ShouldEnd(0).Output, StringComparison.Ordinal);
        (await Command.RunAsync([.. goingOn, "--accept-incarnation", "--old-vkey", restored.ReceiptsVkey])).ShouldEnd(1);
        (await Command.RunAsync([.. goingOn, "--old-vkey", restored.Vkey])).ShouldEnd(1);
        (await Command.RunAsync("verify", "--vkey", restored.Vkey, "--old-vkey", restored.ReceiptsVkey, "--url", restored.Url + "/logs/main", "--key", restored.ReaderKey)).ShouldEnd(1);

        // The store remembers the new log, so that the same backup never makes another of the same name.
        Assert.Equal(0, await restored.StopAsync());
        Finished again = (await at.RestoreAsync("backup", "--check", "--checkpoint-folder", store, "--json")).ShouldEnd(0);
        Assert.Equal("main.i3", LogsOf(again)["main"].GetProperty("successor").GetString());
    }

    [Fact]
    public async Task An_event_delivered_again_to_the_log_that_goes_on_is_found_where_it_was_logged_first()
    {
        await using var at = await BackedUp.CreateAsync();
        await at.AppendAsync(0, 300);
        (await at.BackUpAsync("backup")).ShouldEnd(0);
        await at.AppendAsync(300, 1);
        Assert.Equal(0, await at.Server.StopAsync());
        string store = Path.Combine(at.Server.Data, "checkpoints");
        (await at.RestoreAsync("backup", "--to", at.Path("restored"), "--checkpoint-folder", store)).ShouldEnd(0);
        await using ServerProcess restored = await at.Server.SucceedAsync(at.Path("restored"), store);
        using HttpClient writer = restored.Client(restored.WriterKey);
        foreach (string ack in new[] { "durable", "published" })
        {
            using HttpResponseMessage repeated = await writer.PostAsync($"/api/logs/main.i2/events?ack={ack}", ServerProcess.Events("e-7", "e-299"));
            Assert.Equal(HttpStatusCode.OK, repeated.StatusCode);
            using JsonDocument answer = JsonDocument.Parse(await repeated.Content.ReadAsStringAsync());
            JsonElement[] receipts = [.. answer.RootElement.GetProperty("receipts").EnumerateArray()];
            Assert.Equal([("main", 7L), ("main", 299L)], receipts.Select(receipt => (receipt.GetProperty("log").GetString()!, receipt.GetProperty("index").GetInt64())));
            Assert.All(receipts, receipt => Assert.Equal(ack == "published", receipt.TryGetProperty("checkpoint", out _)));
        }

        using var other = new StringContent("""{"schema":"audit/1","id":"e-7","time":"2026-11-23T06:14:25Z","action":"test.other","outcome":"success","actor":{"id":"u-1","type":"user"},"service":{"name":"tests"}}""", System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage conflict = await writer.PostAsync("/api/logs/main.i2/events", other);
        Assert.Equal(HttpStatusCode.Conflict, conflict.StatusCode);
        Assert.Contains("entry 7 of log main", await conflict.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        // What was lost with the node is new to the log that goes on.
        using HttpResponseMessage lost = await writer.PostAsync("/api/logs/main.i2/events", ServerProcess.Events("e-300"));
        Assert.Equal(HttpStatusCode.Created, lost.StatusCode);
    }

    [Fact]
    public async Task A_node_that_moves_goes_on_with_every_log()
    {
        await using var at = await BackedUp.CreateAsync();
        await at.AppendAsync(0, 300);
        Assert.Equal(0, await at.Server.StopAsync());
        (await at.BackUpAsync("backup")).ShouldEnd(0);
        string store = Path.Combine(at.Server.Data, "checkpoints");
        string data = at.Path("moved");
        Finished made = (await at.RestoreAsync("backup", "--to", data, "--checkpoint-folder", store, "--json")).ShouldEnd(0);
        Assert.All(LogsOf(made).Values, log => Assert.False(log.TryGetProperty("successor", out _)));
        await using ServerProcess moved = await at.Server.SucceedAsync(data, store);
        await BackedUp.AppendAsync(moved, "main", 300, 300);
        (await Command.RunAsync("verify", "--vkey", moved.Vkey, "--data", data, "--checkpoint-folder", store)).ShouldEnd(0);
        using HttpClient writer = moved.Client(moved.WriterKey);
        using HttpResponseMessage repeated = await writer.PostAsync("/api/logs/main/events", ServerProcess.Events("e-7"));
        Assert.Equal(HttpStatusCode.OK, repeated.StatusCode);

        // The old folder is behind its own store now: it can never run again.
        (await Command.RunAsync("serve", "--data", at.Server.Data, "--urls", $"http://127.0.0.1:{Command.FreePort()}")).ShouldEnd(2);
    }

    [Fact]
    public async Task Where_the_checkpoint_store_is_lost_every_log_is_finished_and_keys_go_on_working()
    {
        await using var at = await BackedUp.CreateAsync();
        await at.AppendAsync(0, 300);
        (await at.BackUpAsync("backup")).ShouldEnd(0);
        Assert.Contains("--accept-loss", (await at.RestoreAsync("backup", "--to", at.Path("restored"))).ShouldEnd(2).Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(at.Path("restored")));
        await at.Server.KillAsync();
        (await at.RestoreAsync("backup", "--to", at.Path("restored"), "--accept-loss")).ShouldEnd(0);
        await using (ServerProcess restored = await at.Server.SucceedAsync(at.Path("restored"), null))
        {
            await BackedUp.AppendAsync(restored, "main.i2", 300, 300);
            (await Command.RunAsync("keys", "create", "--kind", "reader", "--log", "main.i2", "--url", restored.Url, "--key", restored.AdminKey)).ShouldEnd(0);
            (await Command.RunAsync("logs", "create", "more", "--url", restored.Url, "--key", restored.AdminKey)).ShouldEnd(0);
            (await Command.RunAsync("backup", "--data", at.Path("restored"), "--to", at.Path("second"))).ShouldEnd(0);
            Assert.Equal(0, await restored.StopAsync());
        }

        (await Command.RunAsync("verify", "--vkey", at.Server.Vkey, "--data", at.Path("restored"))).ShouldEnd(0);

        // And once more: a line of three, in which every event is still known.
        Finished third = (await at.RestoreAsync("second", "--to", at.Path("third"), "--accept-loss", "--json")).ShouldEnd(0);
        Dictionary<string, JsonElement> logs = LogsOf(third);
        Assert.Equal("main.i3", logs["main.i2"].GetProperty("successor").GetString());
        Assert.Equal("_system.i3", logs["_system.i2"].GetProperty("successor").GetString());
        Assert.False(logs["main"].TryGetProperty("successor", out _));
        await using ServerProcess last = await at.Server.SucceedAsync(at.Path("third"), null);
        using HttpClient writer = last.Client(last.WriterKey);
        using HttpResponseMessage repeated = await writer.PostAsync("/api/logs/main.i3/events", ServerProcess.Events("e-7", "e-400", "e-600"));
        Assert.Equal(HttpStatusCode.Created, repeated.StatusCode);
        using JsonDocument answer = JsonDocument.Parse(await repeated.Content.ReadAsStringAsync());
        Assert.Equal(["main", "main.i2", "main.i3"], answer.RootElement.GetProperty("receipts").EnumerateArray().Select(receipt => receipt.GetProperty("log").GetString()));
        Assert.Equal(0, await last.StopAsync());
        (await Command.RunAsync("backup", "--data", at.Path("third"), "--to", at.Path("second"))).ShouldEnd(0);
    }

    [Fact]
    public async Task A_head_that_somebody_kept_is_asked_as_well_and_a_false_history_is_never_continued()
    {
        await using var at = await BackedUp.CreateAsync();
        await at.AppendAsync(0, 10);
        (await at.BackUpAsync("backup")).ShouldEnd(0);
        await at.AppendAsync(10, 5);
        string kept = at.Path("kept.checkpoint");
        using (HttpClient reader = at.Server.Client(at.Server.ReaderKey))
        {
            await File.WriteAllTextAsync(kept, await reader.GetStringAsync("/logs/main/checkpoint"));
        }

        Dictionary<string, JsonElement> logs = LogsOf((await at.RestoreAsync("backup", "--check", "--known-head", kept, "--nothing-signed-since", "--json")).ShouldEnd(0));
        Assert.Equal("main.i2", logs["main"].GetProperty("successor").GetString());
        Assert.Equal(15, logs["main"].GetProperty("signed").GetInt64());

        // Somebody vouched wrongly, and the log forked: the one branch convicts the other.
        (await at.RestoreAsync("backup", "--to", at.Path("fork"), "--nothing-signed-since")).ShouldEnd(0);
        await using (ServerProcess fork = await at.Server.SucceedAsync(at.Path("fork"), null))
        {
            await BackedUp.AppendAsync(fork, "main", 100, 5);
            (await Command.RunAsync("backup", "--data", at.Path("fork"), "--to", at.Path("forked"))).ShouldEnd(0);
        }

        Finished refused = (await at.RestoreAsync("forked", "--to", at.Path("none"), "--nothing-signed-since", "--known-head", kept)).ShouldEnd(1);
        Assert.Contains("no true history", refused.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(at.Path("none"), "indelible.json")));
        await File.WriteAllTextAsync(kept, (await File.ReadAllTextAsync(kept)).Replace("\n15\n", "\n14\n", StringComparison.Ordinal));
        (await at.RestoreAsync("backup", "--check", "--known-head", kept)).ShouldEnd(1);
    }

    [Fact]
    public async Task A_restore_that_cannot_be_right_makes_nothing()
    {
        await using var at = await BackedUp.CreateAsync();
        await at.AppendAsync(0, 10);
        (await at.BackUpAsync("backup")).ShouldEnd(0);
        string full = at.Path("full");
        Directory.CreateDirectory(full);
        await File.WriteAllTextAsync(Path.Combine(full, "mine"), "mine");
        (await at.RestoreAsync("backup", "--to", full, "--nothing-signed-since")).ShouldEnd(2);
        Assert.Equal(["mine"], Directory.EnumerateFileSystemEntries(full).Select(Path.GetFileName));

        (await at.RestoreAsync("backup", "--to", Path.Combine(at.Path("backup"), "inside"), "--nothing-signed-since")).ShouldEnd(2);
        byte[] key = await File.ReadAllBytesAsync(at.MasterKey);
        key[0] ^= 1;
        string wrong = at.Path("wrong.key");
        File.Copy(at.MasterKey, wrong);
        await File.WriteAllBytesAsync(wrong, key);
        Finished refused = (await Command.RunAsync("restore", "--from", at.Path("backup"), "--to", at.Path("none"), "--master-key", wrong, "--nothing-signed-since")).ShouldEnd(1);
        Assert.Contains("master key", refused.Errors, StringComparison.Ordinal);
        (await Command.RunAsync("restore", "--from", at.Path("backup"), "--to", at.Path("none"), "--master-key", at.Path("nokey"), "--nothing-signed-since")).ShouldEnd(1);

        // A store that is in use belongs to a node that is not lost; one that knows less than the backup is an old copy.
        string store = Path.Combine(at.Server.Data, "checkpoints");
        Assert.Contains("Stop it first", (await at.RestoreAsync("backup", "--to", at.Path("none"), "--checkpoint-folder", store)).ShouldEnd(2).Errors, StringComparison.Ordinal);
        Assert.Equal(0, await at.Server.StopAsync());
        string old = at.Path("oldstore");
        Directory.CreateDirectory(old);
        File.Copy(Path.Combine(store, "heads"), Path.Combine(old, "heads"));
        await at.Server.StartAsync();
        await at.AppendAsync(10, 10);
        (await at.BackUpAsync("backup")).ShouldEnd(0);
        Assert.Contains("old copy", (await at.RestoreAsync("backup", "--to", at.Path("none"), "--checkpoint-folder", old)).ShouldEnd(1).Errors, StringComparison.Ordinal);
        (await Command.RunAsync("restore", "--from", at.Path("nothing"), "--check", "--master-key", at.MasterKey)).ShouldEnd(2);
        (await at.RestoreAsync("backup")).ShouldEnd(2);
        Assert.False(Directory.Exists(at.Path("none")));
    }

    private static Dictionary<string, JsonElement> LogsOf(Finished finished)
    {
        using JsonDocument json = JsonDocument.Parse(finished.Output);
        return json.RootElement.GetProperty("logs").EnumerateArray().ToDictionary(log => log.GetProperty("name").GetString()!, log => log.Clone());
    }
}
