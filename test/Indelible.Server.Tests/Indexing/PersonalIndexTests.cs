using System.Text;
using System.Text.Json;
using Indelible.Engine;
using Indelible.Engine.Privacy;
using Indelible.Engine.Storage;
using Indelible.Server.Tests.Api;
using Xunit;
using static Indelible.Server.Tests.Indexing.IndexedServer;

namespace Indelible.Server.Tests.Indexing;

/// <summary>Personal values are indexed apart: for those who may see them, encrypted on the disk, and given up before a person is erased.</summary>
public sealed class PersonalIndexTests
{
    [Theory]
    [InlineData("hidden", null)]
    [InlineData("on_request", null)]
    [InlineData("hidden", "data.n>=0")]
    public async Task Who_may_not_see_personal_values_finds_nothing_by_them_at_any_door(string personal, string? rows)
    {
        await using TestServer server = await StartNewAsync();
        TestLog log = await server.NewLogAsync();
        await log.AppendManyAsync(600);
        await server.SettleAsync();
        string key = await KeyAsync(server, log, personal, rows);

        foreach (string query in (string[])["actor.name:P300", "actor.name:Person", "P300", "\"person 3\"", "actor.name:P3*", "actor.name=\"Person 0 P300\""])
        {
            Answer found = await server.GetAsync($"api/logs/{log.Name}/events?q={Uri.EscapeDataString(query)}", key);
            Answer counted = await server.GetAsync($"api/logs/{log.Name}/counts?by=actor.name&q={Uri.EscapeDataString(query)}", key);
            Assert.True(found.Status == 200, found.Text);
            Assert.Equal(0, found.Json.GetProperty("total").GetProperty("value").GetInt64());
            Assert.Equal(0, counted.Json.GetProperty("total").GetProperty("value").GetInt64());
            Assert.Empty(counted.Json.GetProperty("values").EnumerateArray());
        }

        Answer all = await server.GetAsync($"api/logs/{log.Name}/counts?by=actor.name", key);
        Assert.Equal(600, all.Json.GetProperty("total").GetProperty("value").GetInt64());
        Assert.Empty(all.Json.GetProperty("values").EnumerateArray());
        Assert.DoesNotContain("Person 0", all.Text, StringComparison.Ordinal);
        using EventReader tail = await EventReader.OpenAsync(server, log.Name, key, $"?after=0&q={Uri.EscapeDataString("actor.name:P300 OR id:e-599")}");
        Assert.Equal(599, (await tail.NextAsync()).Id);
    }

    [Fact]
    public async Task Who_may_see_personal_values_finds_by_them_through_their_index_in_memory_and_in_files()
    {
        await using TestServer server = await StartNewAsync();
        TestLog log = await server.NewLogAsync();
        await log.AppendManyAsync(600);
        await server.SettleAsync();

        Assert.Equal([300], await log.IndexesFoundAsync("actor.name:P300"));
        Assert.Equal([570], await log.IndexesFoundAsync("P570"));
        Assert.Equal([5], await log.IndexesFoundAsync("\"person 0 p5\""));
        JsonElement counted = (await log.GetAsync("counts?by=actor.name&top=3&q=" + Uri.EscapeDataString("actor.name:P30*"))).Json;
        Assert.Equal(11, counted.GetProperty("total").GetProperty("value").GetInt64());
        Assert.Equal("Person 0 P30", counted.GetProperty("values")[0].GetProperty("value").GetString());

        // Opened by the searches, and nothing but a search opens it.
        Assert.NotEqual(0, server.IndexesOf().PersonalMemoryBytes);
        await server.RestartAsync();
        await server.SettleAsync();
        Assert.Equal(0, server.IndexesOf().PersonalMemoryBytes);
        Assert.Equal([300], await log.IndexesFoundAsync("actor.name:P300"));
        Assert.NotEqual(0, server.IndexesOf().PersonalMemoryBytes);
    }

    [Fact]
    public async Task No_index_file_holds_a_personal_value_in_clear()
    {
        await using TestServer server = await StartNewAsync();
        TestLog log = await server.NewLogAsync();
        await log.AppendManyAsync(512);
        await server.SettleAsync();

        string[] files = [.. Directory.EnumerateFiles(Path.Combine(server.Folder, "logs", log.Name, "index"))];

        Assert.Equal(4, files.Length);
        foreach (string file in files)
        {
            string text = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
            Assert.DoesNotContain("Person", text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("p300", text, StringComparison.OrdinalIgnoreCase);
            Assert.False(File.GetUnixFileMode(file).HasFlag(UnixFileMode.OtherRead));
        }
    }

    [Fact]
    public async Task Personal_indexes_are_gone_while_a_person_is_erased_and_made_anew_afterwards()
    {
        await using TestServer server = await StartNewAsync();
        TestLog log = await server.NewLogAsync();
        TestLog other = await server.NewLogAsync();
        await log.AppendManyAsync(600);
        await other.AppendManyAsync(256);
        await server.SettleAsync();
        Assert.Equal([300], await log.IndexesFoundAsync("actor.name:P300"));
        Assert.NotEqual(0, server.IndexesOf().PersonalMemoryBytes);

        await server.IndexesOf().ForgetAsync(server.Engine.Find(log.Name)!, async () =>
        {
            Assert.Empty(server.FilesOf(log.Name).List(isPersonal: true));
            Assert.Equal(0, server.IndexesOf().PersonalMemoryBytes);
            Assert.Equal([300], await log.IndexesFoundAsync("actor.name:P300"));
            Assert.Equal([570], await log.IndexesFoundAsync("actor.name:P570"));
            await log.AppendManyAsync(300);
            Assert.Equal([700], await log.IndexesFoundAsync("actor.name:P700"));
            await server.SettleAsync();
            Assert.Empty(server.FilesOf(log.Name).List(isPersonal: true));
        });
        await server.SettleAsync();

        Assert.Equal([0, 256, 512], server.FilesOf(log.Name).List(isPersonal: true));
        Assert.Equal([0], server.FilesOf(other.Name).List(isPersonal: true));
        Assert.Equal([300], await log.IndexesFoundAsync("actor.name:P300"));
        Assert.Equal([800], await log.IndexesFoundAsync("actor.name:P800"));
        Assert.NotEqual(0, server.IndexesOf().PersonalMemoryBytes);
    }

    [Fact]
    public async Task After_the_master_key_was_exchanged_personal_indexes_are_made_anew_under_another_key()
    {
        await using TestServer server = await StartNewAsync();
        TestLog log = await server.NewLogAsync();
        await log.AppendManyAsync(512);
        await server.SettleAsync();
        string path = server.FilesOf(log.Name).PathOf(0, isPersonal: true);
        byte[] before = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);

        await server.RestartAsync(() =>
        {
            MasterKeyRewrap.Run(new DataFolder(server.Folder), RandomSource.System);
            Assert.Empty(server.FilesOf(log.Name).List(isPersonal: true));

            // As a copy from elsewhere would: it does not open, and is not believed.
            File.WriteAllBytes(path, before);
        });
        await server.SettleAsync();

        Assert.Equal([100], await log.IndexesFoundAsync("actor.name:P100"));
        await server.SettleAsync();
        Assert.NotEqual(before, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        Assert.Equal([100], await log.IndexesFoundAsync("actor.name:P100"));
        Assert.Equal([0, 256], server.FilesOf(log.Name).List(isPersonal: true));
    }

    private static async Task<string> KeyAsync(TestServer server, TestLog log, string personal, string? rows)
    {
        Answer made = await server.PostAsync("api/keys", server.AdminKey, $$"""{"role":"reader","logs":["{{log.Name}}"],"personal":"{{personal}}"{{(rows is null ? "" : $",\"rows\":\"{rows}\"")}}}""");
        Assert.True(made.Status == 201, made.Text);
        return made.Json.GetProperty("key").GetString()!;
    }
}
