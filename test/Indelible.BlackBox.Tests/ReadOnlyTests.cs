using System.Text.Json;

namespace Indelible.BlackBox.Tests;

/// <summary>A data folder on a volume that nobody may write, and one of another user.</summary>
public sealed class ReadOnlyTests
{
    [Fact]
    public async Task On_a_volume_that_cannot_be_written_no_server_starts_and_everything_verifies()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        using (HttpClient writer = server.Client(server.WriterKey))
        {
            using HttpResponseMessage taken = await writer.PostAsync("/api/logs/main/events?ack=published", ServerProcess.Events(Enumerable.Range(0, 300).Select(i => $"e-{i}")));
            Assert.True(taken.IsSuccessStatusCode);
        }

        await server.KillAsync();   // Killed, so that the vault and the journal are as a crash leaves them.
        Assert.SkipUnless((await ReadOnlyAsync(server.Data, "/bin/true")).Code == 0, "This machine lets nobody mount a volume read-only, not even in a name space of his own.");

        Finished refused = (await ReadOnlyAsync(server.Data, Command.Metadata("Command"), "serve", "--data", server.Data, "--urls", server.Url)).ShouldEnd(2);
        Assert.Contains("cannot be written", refused.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", refused.Errors, StringComparison.Ordinal);
        Finished verified = (await ReadOnlyAsync(server.Data, Command.Metadata("Command"), "verify", "--vkey", server.Vkey, "--data", server.Data, "--json")).ShouldEnd(0);
        using JsonDocument report = JsonDocument.Parse(verified.Output);
        Assert.Equal(300, report.RootElement.GetProperty("entries").GetInt64());
        string backup = Path.Combine(server.Folder, "backup");
        (await ReadOnlyAsync(server.Data, Command.Metadata("Command"), "backup", "--data", server.Data, "--to", backup)).ShouldEnd(0);

        await server.StartAsync();
        Assert.Equal(0, await server.StopAsync());
    }

    [Fact]
    public async Task A_folder_of_another_user_is_not_taken_for_one_that_was_never_made()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only the superuser can become another user.");
        string folder = Directory.CreateTempSubdirectory("indelible-test-").FullName;
        try
        {
            string data = Path.Combine(folder, "data");
            (await Command.ProgramAsync("/bin/chmod", null, "755", folder)).ShouldEnd(0);
            (await Command.RunAsync("init", "--data", data)).ShouldEnd(0);
            foreach (string mode in (string[])["700", "755", "777"])
            {
                (await Command.ProgramAsync("/bin/chmod", null, mode, data)).ShouldEnd(0);
                Finished refused = await Command.ProgramAsync("/usr/bin/setpriv", null, "--reuid=65534", "--regid=65534", "--clear-groups", Command.Metadata("Command"), "serve", "--data", data);
                Assert.Contains("denied", refused.ShouldEnd(2).Errors, StringComparison.Ordinal);
                Assert.DoesNotContain("init", refused.Errors, StringComparison.Ordinal);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Runs a program that sees a folder as a volume that cannot be written.</summary>
    private static Task<Finished> ReadOnlyAsync(string folder, params string[] program) => Command.ProgramAsync(
        "/usr/bin/unshare", null, ["--user", "--map-root-user", "--mount", "sh", "-c", "mount --bind \"$0\" \"$0\" && mount -o remount,ro,bind \"$0\" && exec \"$@\"", folder, .. program]);
}
