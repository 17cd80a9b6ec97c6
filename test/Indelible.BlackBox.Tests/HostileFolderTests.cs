using System.Diagnostics;
using System.Net;
using Microsoft.Data.Sqlite;

namespace Indelible.BlackBox.Tests;

/// <summary>A folder in which somebody put what is no file, or names made to deceive: the command says so, and neither hangs nor repeats it.</summary>
public sealed class HostileFolderTests
{
    [Fact]
    public async Task A_pipe_or_a_device_in_the_place_of_any_file_is_named_and_never_opened()
    {
        await using ServerProcess server = await FilledAsync();
        string[] files = [.. Directory.EnumerateFiles(server.Data, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        Assert.Contains(files, file => file.EndsWith(".segment", StringComparison.Ordinal));
        Assert.Contains(files, file => file.EndsWith("vault.db", StringComparison.Ordinal));

        // Indexes are no evidence: nothing of them is believed, and what is no file is not looked at and made anew.
        string index = files.First(file => file.EndsWith(".index", StringComparison.Ordinal));
        File.Move(index, index + ".aside");
        (await Command.ProgramAsync("/usr/bin/mkfifo", null, index)).ShouldEnd(0);
        Assert.Contains(Path.GetFileName(index), (await Command.RunAsync("verify", "--vkey", server.Vkey, "--data", server.Data)).ShouldEnd(0).Output, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(index), (await Command.RunAsync("index", "--check", "--data", server.Data)).ShouldEnd(0).Output, StringComparison.Ordinal);
        File.Move(index + ".aside", index, overwrite: true);
        foreach (string file in files.Where(file => Path.GetFileName(file) is not ("lock" or "place" or "heads.lock" or "last-uses.json") && Path.GetFileName(Path.GetDirectoryName(file)) != "index"))
        {
            foreach (string[] make in (string[][])[["/usr/bin/mkfifo", "-m", "600"], ["/bin/ln", "-s", "/dev/zero"]])
            {
                File.Move(file, file + ".aside");
                (await Command.ProgramAsync(make[0], null, [.. make[1..], file])).ShouldEnd(0);
                Finished verified = await Command.RunAsync("verify", "--vkey", server.Vkey, "--data", server.Data);
                Assert.True(verified.Code is 1 or 3, $"{file}: {verified.Code} {verified.Output}");

                // A device that everybody can read is refused as a key before its kind is looked at.
                Assert.True(verified.Output.Contains(" is no file but a ", StringComparison.Ordinal) || verified.Output.Contains("read by others", StringComparison.Ordinal), $"{file}: {verified.Output}");
                Finished served = await Command.RunAsync("serve", "--data", server.Data, "--urls", "http://127.0.0.1:0/no-such-path");
                Assert.True(served.Code != 0, file);
                File.Delete(file);
                File.Move(file + ".aside", file);
            }
        }

        (await Command.RunAsync("verify", "--vkey", server.Vkey, "--data", server.Data)).ShouldEnd(0);
    }

    [Fact]
    public async Task A_pipe_in_an_exported_log_is_named()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        await AppendAsync(server, 0, 300);
        string exported = Path.Combine(server.Folder, "exported");
        (await Command.RunAsync("export", "--format", "tiles", "--out", exported, "--url", server.Url, "--key", server.ReaderKey)).ShouldEnd(0);
        string[] verify = ["verify", "--vkey", server.Vkey, "--dir", exported];
        (await Command.RunAsync(verify)).ShouldEnd(0);
        foreach ((string name, int code) in ((string, int)[])[("checkpoint", 3), ("tile/0/000", 1), ("tile/entries/000", 1)])
        {
            string file = Path.Combine(exported, name);
            File.Move(file, file + ".aside");
            (await Command.ProgramAsync("/usr/bin/mkfifo", null, file)).ShouldEnd(0);
            Assert.Contains("a pipe", (await Command.RunAsync(verify)).ShouldEnd(code).Output, StringComparison.Ordinal);
            File.Move(file + ".aside", file, overwrite: true);
        }
    }

    [Fact]
    public async Task Links_in_a_circle_are_named_and_not_followed_and_no_name_writes_a_line_of_its_own()
    {
        await using ServerProcess server = await FilledAsync();
        Directory.CreateSymbolicLink(Path.Combine(server.Data, "logs", "circle"), server.Data);
        await File.WriteAllTextAsync(Path.Combine(server.Data, "x\nVALID: forged\u202E\u0085\u2028line"), "");
        Finished verified = (await Command.RunAsync("verify", "--vkey", server.Vkey, "--data", server.Data)).ShouldEnd(0);
        Assert.Contains("logs/circle", verified.Output, StringComparison.Ordinal);
        Assert.Contains("forged", verified.Output, StringComparison.Ordinal);
        string[] lines = verified.Output.TrimEnd('\n').Split('\n');
        Assert.StartsWith("VALID: ", lines[0], StringComparison.Ordinal);
        Assert.All(lines[1..], line => Assert.Matches("^  (checked |not checked) ", line));
        Assert.DoesNotContain(verified.Output, c => c is '\u202E' or '\u0085' or '\u2028');
    }

    [Fact]
    public async Task A_vault_that_never_ends_is_not_asked()
    {
        await using ServerProcess server = await FilledAsync();
        string vault = Path.Combine(server.Data, "vault.db");
        await using (var database = new SqliteConnection($"Data Source={vault};Pooling=False"))
        {
            database.Open();
            await using SqliteCommand command = database.CreateCommand();
            command.CommandText = """
                DROP TABLE subject_keys;
                CREATE VIEW subject_keys AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT '' AS origin, '' AS subject, n AS kid, x'00' AS wrapped FROM r;
                """;
            await command.ExecuteNonQueryAsync();
        }

        Assert.Contains("other things than the table", (await Command.RunAsync("verify", "--vkey", server.Vkey, "--data", server.Data)).ShouldEnd(1).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_limit_on_the_size_of_files_stops_the_node_and_loses_nothing()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        await AppendAsync(server, 0, 300);
        Assert.Equal(0, await server.StopAsync());

        // The signal that comes with the limit ends a process that does not ignore it: a kill like any other.
        using Process limited = Command.Start(
            "/bin/bash", ["-c", "trap '' XFSZ; exec \"$@\"", "bash", Command.Metadata("Command"), "serve", "--data", server.Data, "--urls", server.Url, "--log-level", "None"]);
        Assert.StartsWith("Indelible serves", await limited.StandardOutput.ReadLineAsync() ?? "(nothing)", StringComparison.Ordinal);
        (await Command.ProgramAsync("/usr/bin/prlimit", null, "--pid", $"{limited.Id}", "--fsize=4096")).ShouldEnd(0);
        using (HttpClient writer = server.Client(server.WriterKey))
        {
            using HttpResponseMessage refused = await writer.PostAsync("/api/logs/main/events", ServerProcess.Events("late"));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        }

        limited.Kill();
        await limited.WaitForExitAsync();
        await server.StartAsync();
        await AppendAsync(server, 300, 10);
        (await Command.RunAsync("verify", "--vkey", server.Vkey, "--data", server.Data)).ShouldEnd(0);
    }

    /// <summary>A folder with segments, a tail and a quarantine's worth of neighbours, its server stopped.</summary>
    private static async Task<ServerProcess> FilledAsync()
    {
        ServerProcess server = await ServerProcess.CreateAsync();
        await AppendAsync(server, 0, 300);
        string segments = Path.Combine(server.Data, "logs", "main", "segments");
        while (!Directory.Exists(segments) || Directory.GetFiles(segments, "*.segment").Length < 1)
        {
            await Task.Yield();
        }

        Assert.Equal(0, await server.StopAsync());
        return server;
    }

    private static async Task AppendAsync(ServerProcess server, int first, int count)
    {
        using HttpClient writer = server.Client(server.WriterKey);
        using HttpResponseMessage response = await writer.PostAsync(
            "/api/logs/main/events?ack=published", ServerProcess.Events(Enumerable.Range(first, count).Select(i => $"e-{i}")));
        Assert.True(response.IsSuccessStatusCode, $"{response.StatusCode}");
    }
}
