using System.Text.Json;

namespace Indelible.BlackBox.Tests;

/// <summary><c>indelible index</c>: looks at, makes and compares the search indexes of a folder that no server runs on.</summary>
public sealed class IndexTests
{
    [Fact]
    public async Task Says_what_there_is_makes_what_is_missing_and_names_what_was_altered()
    {
        await using ServerProcess server = await FilledAsync();
        (await Command.RunAsync("index", "--data", server.Data)).ShouldEnd(2);
        Assert.Equal(0, await server.StopAsync());
        string index = Path.Combine(server.Data, "logs", "main", "index");
        string first = Path.Combine(index, "0000000000000000.index");
        string second = Path.Combine(index, "0000000000000256.index");

        Assert.Equal(["sound", "sound", "sound", "sound"], await StatesAsync(server, 0));
        byte[] made = await File.ReadAllBytesAsync(first);
        File.Delete(first);
        File.SetAttributes(second, FileAttributes.Normal);
        await File.WriteAllBytesAsync(second, made);
        Assert.Equal(["missing", "sound", "unusable", "sound"], await StatesAsync(server, 0));
        Assert.Equal(["missing", "sound", "unusable", "sound"], await StatesAsync(server, 0, "--check"));
        Assert.Contains(second, (await Command.RunAsync("index", "--data", server.Data)).ShouldEnd(0).Output, StringComparison.Ordinal);

        Assert.Equal(["made", "made", "made", "made"], await StatesAsync(server, 0, "--rebuild"));
        Assert.Equal(made, await File.ReadAllBytesAsync(first));
        Assert.Equal(["sound", "sound", "sound", "sound"], await StatesAsync(server, 0, "--check"));
        Assert.Empty(Directory.EnumerateFiles(index, "*.new"));
        (await Command.RunAsync("index", "--data", server.Data, "--rebuild", "--check")).ShouldEnd(2);
        (await Command.RunAsync("index", "--data", server.Data, "--log", "nosuch")).ShouldEnd(2);
    }

    [Fact]
    public async Task Backup_verification_and_restore_pass_index_files_over_and_a_restored_folder_makes_its_own()
    {
        await using ServerProcess server = await FilledAsync();
        await File.WriteAllTextAsync(Path.Combine(server.Data, "logs", "main", "index", "notes.txt"), "somebody's");
        string backup = Path.Combine(server.Folder, "backup");
        string restored = Path.Combine(server.Folder, "restored");

        (await Command.RunAsync("backup", "--data", server.Data, "--to", backup)).ShouldEnd(0);
        (await Command.RunAsync("verify", "--vkey", server.Vkey, "--data", server.Data)).ShouldEnd(0);
        Assert.DoesNotContain(Directory.EnumerateFiles(backup, "*", SearchOption.AllDirectories), file => file.Contains("/index/", StringComparison.Ordinal));
        (await Command.RunAsync("restore", "--from", backup, "--to", restored, "--master-key", Path.Combine(server.Data, "master.key"), "--nothing-signed-since", "--approved-by", "a test")).ShouldEnd(0);
        Assert.False(Directory.Exists(Path.Combine(restored, "logs", "main", "index")));

        Assert.Equal(0, await server.StopAsync());
        await using ServerProcess again = await server.SucceedAsync(restored, null);
        await WaitForFilesAsync(restored);
    }

    private static async Task<ServerProcess> FilledAsync()
    {
        ServerProcess server = await ServerProcess.CreateAsync();
        using HttpClient http = server.Client(server.WriterKey);
        using HttpResponseMessage answer = await http.PostAsync("/api/logs/main/events", ServerProcess.Events(Enumerable.Range(0, 600).Select(i => $"e-{i}")));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        await WaitForFilesAsync(server.Data);
        return server;
    }

    private static async Task WaitForFilesAsync(string data)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        string index = Path.Combine(data, "logs", "main", "index");
        while (!Directory.Exists(index) || Directory.EnumerateFiles(index).Count(file => file.EndsWith(".index", StringComparison.Ordinal) || file.EndsWith(".personal", StringComparison.Ordinal)) < 4)
        {
            await Task.Yield();
            Assert.False(timeout.IsCancellationRequested, "There are no index files.");
        }
    }

    private static async Task<string[]> StatesAsync(ServerProcess server, int code, params string[] more)
    {
        Finished told = (await Command.RunAsync(["index", "--data", server.Data, "--log", "main", "--json", .. more])).ShouldEnd(code);
        using JsonDocument json = JsonDocument.Parse(told.Output);
        return [.. json.RootElement.GetProperty("logs")[0].GetProperty("files").EnumerateArray().Select(file => file.GetProperty("state").GetString()!)];
    }
}
