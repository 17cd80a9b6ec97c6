using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using Indelible.Merkle;

namespace Indelible.BlackBox.Tests;

/// <summary><c>indelible backup</c>: beside a running server, whole or not at all, and refused when a byte of it was changed.</summary>
public sealed class BackupTests
{
    [Fact]
    public async Task Backups_made_at_full_speed_hold_everything_acknowledged_before_they_began()
    {
        await using var at = await BackedUp.CreateAsync();
        var acknowledged = new ConcurrentQueue<(long Index, string Leaf)>();
        using var stop = new CancellationTokenSource();
        Task[] clients = [.. Enumerable.Range(0, 3).Select(client => LoadAsync(at.Server, $"c{client}", acknowledged, stop.Token))];
        var before = new List<(long Index, string Leaf)[]>();
        for (int round = 0; round < 5; round++)
        {
            int enough = acknowledged.Count + 400;
            while (acknowledged.Count < enough && !clients.Any(client => client.IsCompleted))
            {
                await Task.Yield();
            }

            before.Add([.. acknowledged]);
            (await Command.RunAsync("backup", "--data", at.Server.Data, "--to", at.Path($"backup{round}"), "--vkey", at.Server.Vkey)).ShouldEnd(0);
        }

        await stop.CancelAsync();
        await Task.WhenAll(clients);
        Assert.True(before.All(known => known.Length > 0));
        for (int round = 0; round < before.Count; round++)
        {
            string data = at.Path($"restored{round}");
            (await at.RestoreAsync($"backup{round}", "--to", data, "--nothing-signed-since")).ShouldEnd(0);
            await using ServerProcess restored = await at.Server.SucceedAsync(data, null);
            (await Command.RunAsync("verify", "--vkey", at.Server.Vkey, "--data", data)).ShouldEnd(0);
            using HttpClient http = restored.Client(restored.ReaderKey);
            foreach ((long index, string leaf) in before[round].Where((_, i) => i % 7 == 0).Append(before[round].MaxBy(known => known.Index)))
            {
                byte[] entry = await http.GetByteArrayAsync($"/api/logs/main/events/{index}");
                Assert.Equal(leaf, TreeHasher.Leaf(entry).ToBase64());
            }
        }
    }

    [Fact]
    public async Task A_byte_flipped_in_any_file_of_a_backup_is_named_and_nothing_is_restored()
    {
        await using var at = await BackedUp.CreateAsync();
        await at.AppendAsync(0, 600);
        await at.SealedAsync(2);
        (await at.BackUpAsync("backup")).ShouldEnd(0);
        string[] files = [.. Directory.EnumerateFiles(at.Path("backup"), "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) != "backup.lock")];
        foreach (string kind in new[] { "indelible-backup.json", "indelible.json", "vault.db", "main.key", "_receipts.key", "0000000000000256.segment", "0000000000000512.tail" })
        {
            string file = files.Single(file => Path.GetFileName(file) == kind);
            File.SetAttributes(file, FileAttributes.Normal);
            byte[] bytes = await File.ReadAllBytesAsync(file);
            foreach (int place in new[] { bytes.Length / 2, bytes.Length - 1 })
            {
                byte[] flipped = [.. bytes];
                flipped[place] ^= 1;
                await File.WriteAllBytesAsync(file, flipped);
                Finished refused = (await at.RestoreAsync("backup", "--to", at.Path("none"), "--nothing-signed-since")).ShouldEnd(1);
                Assert.Contains(kind, refused.Errors, StringComparison.Ordinal);
                Assert.False(Directory.Exists(at.Path("none")));
            }

            await File.WriteAllBytesAsync(file, bytes);
        }

        File.Delete(files.First(file => file.EndsWith(".segment", StringComparison.Ordinal)));
        Assert.Contains("missing", (await at.RestoreAsync("backup", "--check")).ShouldEnd(1).Errors, StringComparison.Ordinal);
        (await at.BackUpAsync("backup")).ShouldEnd(0);
        (await at.RestoreAsync("backup", "--check")).ShouldEnd(0);
    }

    [Fact]
    public async Task Whoever_keeps_a_backup_cannot_make_it_say_something_else()
    {
        await using var at = await BackedUp.CreateAsync();
        await at.AppendAsync(0, 5);
        (await at.BackUpAsync("backup")).ShouldEnd(0);
        string manifest = Path.Combine(at.Path("backup"), "indelible-backup.json");
        string[] lines = await File.ReadAllLinesAsync(manifest);
        string text = string.Join('\n', lines[..^2]).Replace("\"entries\": 5", "\"entries\": 4", StringComparison.Ordinal) + "\n" + lines[^2] + "\n";
        await File.WriteAllTextAsync(manifest, text + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text))) + "\n");
        Assert.Contains("seal", (await at.RestoreAsync("backup", "--check")).ShouldEnd(1).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_folder_makes_no_backup_and_leaves_the_last_one_as_it_was()
    {
        await using var at = await BackedUp.CreateAsync();
        await at.AppendAsync(0, 300);
        await at.SealedAsync(1);
        (await at.BackUpAsync("backup")).ShouldEnd(0);
        await at.AppendAsync(300, 300);
        await at.SealedAsync(2);
        Assert.Equal(0, await at.Server.StopAsync());
        string segment = Path.Combine(at.Server.Data, "logs", "main", "segments", "0000000000000256.segment");
        File.SetAttributes(segment, FileAttributes.Normal);
        byte[] bytes = await File.ReadAllBytesAsync(segment);
        bytes[1_000] ^= 1;
        await File.WriteAllBytesAsync(segment, bytes);
        Assert.Contains("main/segments/0000000000000256.segment is damaged", (await at.BackUpAsync("backup")).ShouldEnd(1).Errors, StringComparison.Ordinal);
        Assert.Contains("300 entries", (await at.RestoreAsync("backup", "--check")).ShouldEnd(0).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_backup_copies_only_what_is_new_and_nothing_is_readable_by_others()
    {
        await using var at = await BackedUp.CreateAsync();
        await at.AppendAsync(0, 600);
        await at.SealedAsync(2);
        Assert.Contains("2 segments copied", (await at.BackUpAsync("backup")).ShouldEnd(0).Output, StringComparison.Ordinal);
        await at.AppendAsync(600, 300);
        await at.SealedAsync(3);
        Assert.Contains("1 segments copied", (await at.BackUpAsync("backup")).ShouldEnd(0).Output, StringComparison.Ordinal);
        Assert.Contains("900 entries", (await at.RestoreAsync("backup", "--check")).ShouldEnd(0).Output, StringComparison.Ordinal);
        Assert.Single(Directory.GetDirectories(Path.Combine(at.Path("backup"), "state")));
        foreach (string path in Directory.EnumerateFileSystemEntries(at.Path("backup"), "*", SearchOption.AllDirectories).Append(at.Path("backup")).Append(at.MasterKey).Where(path => Path.GetFileName(path) != "backup.lock"))
        {
            Assert.False(IsOpenToOthers(path), path);
        }

        Assert.DoesNotContain(Directory.EnumerateFiles(at.Path("backup"), "*", SearchOption.AllDirectories), file => file.Contains("master", StringComparison.Ordinal));
        byte[] key = await File.ReadAllBytesAsync(at.MasterKey);
        Assert.All(Directory.EnumerateFiles(at.Path("backup"), "*", SearchOption.AllDirectories), file => Assert.True(File.ReadAllBytes(file).AsSpan().IndexOf(key) < 0, file));
        (await Command.RunAsync("backup", "--data", at.Server.Data, "--to", at.Path("backup"), "--with-master-key", Path.Combine(at.Path("backup"), "key"))).ShouldEnd(2);
    }

    [Fact]
    public async Task A_backup_changes_nothing_in_the_data_folder()
    {
        await using var at = await BackedUp.CreateAsync();
        await at.AppendAsync(0, 300);
        await at.SealedAsync(1);
        Assert.Equal(0, await at.Server.StopAsync());
        string[] before = Describe(at.Server.Data);
        (await at.BackUpAsync("backup")).ShouldEnd(0);
        Assert.Equal(before, Describe(at.Server.Data));
    }

    [Fact]
    public async Task A_backup_that_was_broken_off_leaves_the_one_before_as_it_was()
    {
        await using var at = await BackedUp.CreateAsync();
        await at.AppendAsync(0, 600);
        await at.SealedAsync(2);
        (await at.BackUpAsync("backup")).ShouldEnd(0);
        await at.AppendAsync(600, 600);
        await at.SealedAsync(4);
        foreach (int killAfterFiles in new[] { 0, 3, 9 })
        {
            using System.Diagnostics.Process process = Command.Start(Command.Metadata("Command"), ["backup", "--data", at.Server.Data, "--to", at.Path("backup")]);
            string next = Path.Combine(at.Path("backup"), "state", "0000000000000002");
            while (!process.HasExited && FilesIn(next) < killAfterFiles)
            {
                await Task.Yield();
            }

            process.Kill();
            await process.WaitForExitAsync();
            Finished check = (await at.RestoreAsync("backup", "--check")).ShouldEnd(0);
            if (!File.ReadAllText(Path.Combine(at.Path("backup"), "indelible-backup.json")).Contains("state/0000000000000001", StringComparison.Ordinal))
            {
                break;   // It was faster than the kill: there is a new backup, as whole as the one before.
            }

            Assert.Contains("600 entries", check.Output, StringComparison.Ordinal);
        }

        // What a run may leave behind, at worst.
        Directory.CreateDirectory(Path.Combine(at.Path("backup"), "state", "0000000000000009"));
        await File.WriteAllTextAsync(Path.Combine(at.Path("backup"), "state", "0000000000000009", "indelible.json"), "half");
        await File.WriteAllTextAsync(Path.Combine(at.Path("backup"), "logs", "main", "segments", "0000000000000512.segment.new"), "half");
        (await at.BackUpAsync("backup")).ShouldEnd(0);
        Assert.Contains("1200 entries", (await at.RestoreAsync("backup", "--check")).ShouldEnd(0).Output, StringComparison.Ordinal);
        Assert.Single(Directory.GetDirectories(Path.Combine(at.Path("backup"), "state")));
    }

    [Fact]
    public async Task A_full_disk_makes_no_backup_and_leaves_the_last_one_as_it_was()
    {
        await using var at = await BackedUp.CreateAsync();
        string mount = at.Path("small");
        Directory.CreateDirectory(mount);
        Assert.SkipUnless(Environment.UserName == "root", "a small disk can be mounted by root alone");
        Finished mounted = await Command.ProgramAsync("/bin/mount", null, "-t", "tmpfs", "-o", "size=384k,mode=700", "tmpfs", mount);
        Assert.SkipUnless(mounted.Code == 0, "a small disk cannot be mounted here: " + mounted.Errors);
        try
        {
            string backup = Path.Combine(mount, "backup");
            string[] command = ["backup", "--data", at.Server.Data, "--to", backup];
            (await Command.RunAsync(command)).ShouldEnd(0);
            await at.AppendAsync(0, 3000);
            Finished full = await Command.RunAsync(command);
            Assert.NotEqual(0, full.Code);
            Assert.Contains("There is no new backup", full.Errors, StringComparison.Ordinal);
            (await Command.RunAsync("restore", "--from", backup, "--check", "--master-key", Path.Combine(at.Server.Data, "master.key"))).ShouldEnd(0);
        }
        finally
        {
            await Command.ProgramAsync("/bin/umount", null, mount);
        }
    }

    [Fact]
    public async Task A_backup_never_takes_the_place_of_one_that_knows_more_or_of_another_folder()
    {
        await using var at = await BackedUp.CreateAsync();
        await at.AppendAsync(0, 5);
        (await at.BackUpAsync("old")).ShouldEnd(0);
        await at.AppendAsync(5, 5);
        (await at.BackUpAsync("backup")).ShouldEnd(0);
        (await at.RestoreAsync("old", "--to", at.Path("back"), "--nothing-signed-since")).ShouldEnd(0);
        Assert.Contains("set back", (await Command.RunAsync("backup", "--data", at.Path("back"), "--to", at.Path("backup"))).ShouldEnd(2).Errors, StringComparison.Ordinal);
        (await Command.RunAsync("init", "--data", at.Path("other"))).ShouldEnd(0);
        (await Command.RunAsync("backup", "--data", at.Path("other"), "--to", at.Path("backup"))).ShouldEnd(1);
        (await Command.RunAsync("backup", "--data", at.Path("other"), "--to", at.Path("back"))).ShouldEnd(2);
        (await Command.RunAsync("backup", "--data", at.Path("other"), "--to", Path.Combine(at.Path("other"), "inside"))).ShouldEnd(2);
        Assert.Contains("10 entries", (await at.RestoreAsync("backup", "--check")).ShouldEnd(0).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pinned_key_that_is_not_the_log_s_makes_no_backup()
    {
        await using var at = await BackedUp.CreateAsync();
        await at.AppendAsync(0, 5);
        Finished other = (await Command.RunAsync("init", "--data", at.Path("other"), "--json")).ShouldEnd(0);
        using JsonDocument json = JsonDocument.Parse(other.Output);
        string vkey = json.RootElement.GetProperty("logs").EnumerateArray().Single(log => log.GetProperty("name").GetString() == "main").GetProperty("vkey").GetString()!;
        (await Command.RunAsync("backup", "--data", at.Server.Data, "--to", at.Path("backup"), "--vkey", vkey)).ShouldEnd(1);
        Assert.False(File.Exists(Path.Combine(at.Path("backup"), "indelible-backup.json")));
    }

    private static bool IsOpenToOthers(string path) => !OperatingSystem.IsWindows()
        && (File.GetUnixFileMode(path) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute | UnixFileMode.GroupWrite)) != 0;

    /// <summary>How many files the folder holds, and -1 where it is not there, or its owner takes it away while we look.</summary>
    private static int FilesIn(string folder)
    {
        try
        {
            return Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Count();
        }
        catch (DirectoryNotFoundException)
        {
            return -1;
        }
    }

    private static string[] Describe(string folder) =>
        [.. Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(path =>
            $"{path} {File.GetLastWriteTimeUtc(path):O} {(File.Exists(path) ? Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path))) : "")}")];

    private static async Task LoadAsync(ServerProcess server, string name, ConcurrentQueue<(long, string)> acknowledged, CancellationToken stop)
    {
        using HttpClient http = server.Client(server.WriterKey);
        for (int sent = 0; !stop.IsCancellationRequested; sent++)
        {
            using HttpResponseMessage response = await http.PostAsync(
                "/api/logs/main/events", ServerProcess.Events(Enumerable.Range(0, 20).Select(i => $"{name}-{sent}-{i}")), CancellationToken.None);
            Assert.Equal(HttpStatusCode.Created, response.StatusCode);
            using JsonDocument answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(CancellationToken.None));
            foreach (JsonElement receipt in answer.RootElement.GetProperty("receipts").EnumerateArray())
            {
                acknowledged.Enqueue((receipt.GetProperty("index").GetInt64(), receipt.GetProperty("leaf_hash").GetString()!));
            }
        }
    }
}

/// <summary>A server with a place beside it for backups and what is restored from them.</summary>
internal sealed class BackedUp : IAsyncDisposable
{
    private BackedUp(ServerProcess server)
    {
        Server = server;
    }

    public ServerProcess Server { get; }

    public string MasterKey => Path("the.key");

    public static async Task<BackedUp> CreateAsync() => new(await ServerProcess.CreateAsync());

    public string Path(string name) => System.IO.Path.Combine(Server.Folder, name);

    public Task<Finished> BackUpAsync(string name) => Command.RunAsync("backup", "--data", Server.Data, "--to", Path(name), "--with-master-key", MasterKey);

    public Task<Finished> RestoreAsync(string name, params string[] more) => Command.RunAsync(
        ["restore", "--from", Path(name), "--master-key", File.Exists(MasterKey) ? MasterKey : System.IO.Path.Combine(Server.Data, "master.key"), .. more]);

    public Task AppendAsync(int first, int count) => AppendAsync(Server, "main", first, count);

    public static async Task AppendAsync(ServerProcess server, string log, int first, int count)
    {
        using HttpClient http = server.Client(server.WriterKey);
        using HttpResponseMessage response = await http.PostAsync(
            $"/api/logs/{log}/events?ack=published", ServerProcess.Events(Enumerable.Range(first, count).Select(i => $"e-{i}")));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    public async Task SealedAsync(int segments)
    {
        string folder = System.IO.Path.Combine(Server.Data, "logs", "main", "segments");
        while (!Directory.Exists(folder) || Directory.GetFiles(folder, "*.segment").Length < segments)
        {
            await Task.Yield();
        }
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
