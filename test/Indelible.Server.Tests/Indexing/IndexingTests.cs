using System.Collections.Concurrent;
using System.Text.Json;
using Indelible.Server.Tests.Api;
using Xunit;
using static Indelible.Server.Tests.Indexing.IndexedServer;

namespace Indelible.Server.Tests.Indexing;

/// <summary>Indexes are kept beside a log as it grows, is sealed, stops, and loses its files.</summary>
public sealed class IndexingTests
{
    [Fact]
    public async Task Every_event_is_found_as_soon_as_it_is_acknowledged_while_others_append_and_segments_are_sealed()
    {
        await using TestServer server = await StartNewAsync();
        TestLog log = await server.NewLogAsync();
        var found = new ConcurrentBag<long>();

        await Parallel.ForAsync(0, 4, async (writer, _) =>
        {
            for (int i = 0; i < 60; i++)
            {
                string[] events = [.. Enumerable.Range(0, 9).Select(n => TestLog.Event($"w{writer}-{i}-{n}", ("data.n", $"{n}"), ("actor.name", $"\"Word{writer}x{i}x{n}\"")))];
                Answer answer = await log.AppendAsync($"[{string.Join(',', events)}]");
                long index = answer.Json.GetProperty("receipts")[7].GetProperty("index").GetInt64();
                string query = (i % 3) switch { 0 => $"id:w{writer}-{i}-7", 1 => $"actor.name:Word{writer}x{i}x7", _ => $"data.n:7 Word{writer}x{i}x7" };
                Assert.Equal([index], await log.IndexesFoundAsync(query));
                found.Add(index);
            }
        });

        Assert.Equal(240, found.Distinct().Count());
        await server.SettleAsync();
        Assert.Equal(8, server.FilesOf(log.Name).List(isPersonal: false).Count);
        Assert.Equal(8, server.FilesOf(log.Name).List(isPersonal: true).Count);
    }

    [Fact]
    public async Task All_of_a_log_is_indexed_once_indexing_has_caught_up_and_again_after_a_start()
    {
        await using TestServer server = await StartNewAsync();
        TestLog log = await server.NewLogAsync();
        await log.AppendManyAsync(700);
        await server.SettleAsync();

        JsonElement before = await log.FindAllAsync("actor:u-3 \"even quarters\"");
        await server.RestartAsync();
        await server.SettleAsync();
        JsonElement after = await log.FindAllAsync("actor:u-3 \"even quarters\"");

        Assert.Equal(700, before.GetProperty("indexed").GetInt64());
        Assert.Equal(700, after.GetProperty("indexed").GetInt64());
        Assert.Equal([0, 256], server.FilesOf(log.Name).List(isPersonal: false));
        Assert.Equal(before.GetProperty("items").GetRawText(), after.GetProperty("items").GetRawText());
        Assert.NotEqual(0, after.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task A_file_that_is_missing_is_made_anew_by_the_start()
    {
        await using TestServer server = await StartNewAsync();
        TestLog log = await server.NewLogAsync();
        await log.AppendManyAsync(600);
        await server.SettleAsync();
        string path = server.FilesOf(log.Name).PathOf(0, isPersonal: false);
        byte[] made = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);

        await server.RestartAsync(() => Directory.Delete(Path.GetDirectoryName(path)!, recursive: true));
        List<long> meanwhile = await log.IndexesFoundAsync("actor:u-3");
        await server.SettleAsync();

        Assert.Equal(made, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        Assert.Equal([0, 256], server.FilesOf(log.Name).List(isPersonal: true));
        Assert.Equal(600, (await log.FindAllAsync("actor:u-3")).GetProperty("indexed").GetInt64());
        Assert.Equal([.. Enumerable.Range(0, 600).Where(i => i % 9 == 3).Select(i => (long)i).Reverse()], meanwhile);
    }

    [Theory]
    [InlineData("half")]
    [InlineData("empty")]
    [InlineData("other")]
    [InlineData("folder")]
    [InlineData("link")]
    public async Task What_is_no_whole_index_of_these_entries_is_not_believed_and_made_anew(string what)
    {
        await using TestServer server = await StartNewAsync();
        TestLog log = await server.NewLogAsync();
        await log.AppendManyAsync(600);
        await server.SettleAsync();
        string path = server.FilesOf(log.Name).PathOf(0, isPersonal: false);
        string other = server.FilesOf(log.Name).PathOf(256, isPersonal: false);
        byte[] made = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);

        await server.RestartAsync(() =>
        {
            File.Delete(path);
            switch (what)
            {
                case "half":
                    File.WriteAllBytes(path, made[..(made.Length / 2)]);
                    File.WriteAllBytes(path + ".new", made[..(made.Length / 3)]);
                    break;
                case "empty":
                    File.WriteAllBytes(path, []);
                    break;
                case "other":
                    File.Copy(other, path);
                    break;
                case "link":
                    File.CreateSymbolicLink(path, other);
                    break;
                default:
                    Directory.CreateDirectory(path);
                    break;
            }
        });
        List<long> meanwhile = await log.IndexesFoundAsync("actor:u-3");
        await server.SettleAsync();
        if (what == "folder")
        {
            // What somebody put there is not taken away; as soon as he has, the file is made.
            Directory.Delete(path);
            server.Clock.Advance(TimeSpan.FromHours(1));
            await log.AppendManyAsync(1);
            await server.SettleAsync();
        }

        List<long> afterwards = await log.IndexesFoundAsync("actor:u-3");

        Assert.Equal(made, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        Assert.False(File.Exists(path + ".new"));
        Assert.Equal([.. Enumerable.Range(0, 600).Where(i => i % 9 == 3).Select(i => (long)i).Reverse()], meanwhile);
        Assert.Equal(meanwhile, afterwards.Where(index => index < 600));
    }

    [Fact]
    public async Task Without_room_for_a_file_events_are_appended_and_found_and_the_file_is_written_when_there_is_room()
    {
        await using TestServer server = await StartNewAsync();
        TestLog log = await server.NewLogAsync();
        string folder = Path.GetDirectoryName(server.FilesOf(log.Name).PathOf(0, isPersonal: false))!;
        Directory.CreateDirectory(Path.GetDirectoryName(folder)!);
        await File.WriteAllTextAsync(folder, "no folder can be here", TestContext.Current.CancellationToken);

        await log.AppendManyAsync(600);
        await server.SettleAsync();
        JsonElement without = await log.FindAllAsync("actor:u-3");
        File.Delete(folder);
        server.Clock.Advance(TimeSpan.FromHours(1));
        await log.AppendManyAsync(1);
        await server.SettleAsync();
        JsonElement with = await log.FindAllAsync("actor:u-3");

        Assert.Equal(67, without.GetProperty("items").GetArrayLength());

        // A chunk that is sealed before it was indexed is indexed in its file alone, and until there is one looked at.
        Assert.Contains(without.GetProperty("indexed").GetInt64(), (long[])[600, 344]);
        Assert.Equal(67, with.GetProperty("items").GetArrayLength());
        Assert.Equal(601, with.GetProperty("indexed").GetInt64());
        Assert.Equal([0, 256], server.FilesOf(log.Name).List(isPersonal: false));
    }

    [Fact]
    public async Task A_log_that_found_no_room_in_memory_is_found_by_its_entries_and_indexed_when_its_segment_is_sealed()
    {
        await using TestServer server = await StartNewAsync(("index_memory_mib", "0"));
        TestLog log = await server.NewLogAsync();

        await log.AppendManyAsync(300);
        await server.SettleAsync();
        JsonElement found = await log.FindAllAsync("actor:u-3");

        Assert.Equal(33, found.GetProperty("items").GetArrayLength());
        Assert.Equal(256, found.GetProperty("indexed").GetInt64());
    }

    [Fact]
    public async Task When_many_logs_have_too_much_in_memory_those_used_longest_ago_give_up_and_come_back_when_they_are_asked()
    {
        await using TestServer server = await StartNewAsync(("index_memory_mib", "1"));
        var logs = new List<TestLog>();
        for (int i = 0; i < 24; i++)
        {
            TestLog log = await server.NewLogAsync();
            await log.AppendManyAsync(255);
            logs.Add(log);
        }

        await server.SettleAsync();
        JsonElement first = await logs[0].FindAllAsync("actor:u-3");
        JsonElement last = await logs[^1].FindAllAsync("actor:u-3");
        await server.SettleAsync();
        JsonElement again = await logs[0].FindAllAsync("actor:u-3");

        Assert.Equal(0, first.GetProperty("indexed").GetInt64());
        Assert.Equal(255, last.GetProperty("indexed").GetInt64());
        Assert.Equal(255, again.GetProperty("indexed").GetInt64());
        Assert.Equal(first.GetProperty("items").GetRawText(), again.GetProperty("items").GetRawText());
        Assert.Equal(28, first.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task Metrics_tell_what_is_indexed_and_what_is_not()
    {
        await using TestServer server = await StartNewAsync();
        TestLog log = await server.NewLogAsync();
        await log.AppendManyAsync(300);
        await server.SettleAsync();

        string metrics = (await server.GetAsync("metrics")).Text;

        Assert.Contains("indelible_index_running{otel_scope_name=\"Indelible\"} 1", metrics, StringComparison.Ordinal);
        Assert.Contains($"indelible_index_entries{{otel_scope_name=\"Indelible\",log=\"{log.Name}\"}} 300", metrics, StringComparison.Ordinal);
        Assert.Contains($"indelible_index_lag{{otel_scope_name=\"Indelible\",log=\"{log.Name}\"}} 0", metrics, StringComparison.Ordinal);
        Assert.Contains($"indelible_index_files_total{{otel_scope_name=\"Indelible\",log=\"{log.Name}\",why=\"new\"}} 1", metrics, StringComparison.Ordinal);
        Assert.Matches("indelible_index_memory_bytes\\{[^}]*\\} [1-9]", metrics);
    }

    [Fact]
    public async Task Without_indexes_everything_is_found_by_its_entries()
    {
        await using TestServer server = await StartNewAsync(("index", "false"));
        TestLog log = await server.NewLogAsync();
        await log.AppendManyAsync(300);

        JsonElement found = await log.FindAllAsync("actor:u-3");

        Assert.Equal(0, found.GetProperty("indexed").GetInt64());
        Assert.Equal(33, found.GetProperty("items").GetArrayLength());
        Assert.Empty(server.FilesOf(log.Name).List(isPersonal: false));
    }
}
