using System.Globalization;
using System.Text.Json;
using CsCheck;
using Indelible.Engine.Access;
using Indelible.Server.Tests.Api;
using Xunit;
using static Indelible.Server.Tests.Indexing.IndexedServer;

namespace Indelible.Server.Tests.Indexing;

/// <summary>What the server answers by its indexes is what looking at every entry gives, whatever state the indexes are in.</summary>
public sealed class IndexedAnswersTests
{
    private const int Events = 620;
    private const int Queries = 25;

    private static readonly Gen<World> s_world =
        from events in Shadow.Event.Array[Events]
        from queries in Shadow.Query.Array[Queries]
        from fields in Shadow.Field.Array[Queries]
        select new World(events, queries, fields);

    // One thread, and few worlds, since each has a server that starts several times. Where it fails, the seed is in the message; it goes into seed: below.
    [Fact]
    public Task Answers_are_those_of_a_scan_in_every_state_of_the_indexes() => s_world.SampleAsync(CompareStatesAsync, iter: 2, threads: 1);

    [Fact]
    public Task A_byte_flipped_in_an_index_file_changes_no_answer_and_the_file_is_made_anew() => s_world.SampleAsync(CompareFlippedAsync, iter: 1, threads: 1);

    private static async Task CompareStatesAsync(World world)
    {
        await using TestServer server = await StartNewAsync();
        TestLog log = await server.NewLogAsync();
        var asker = new Asker(server, log, world);

        // While the log grows: chunks in memory, full, sealed, and being written.
        for (int from = 0; from < Events; from += 155)
        {
            await AppendAsync(log, world, from, from + 155);
            await asker.AskAsync($"at {from + 155} entries", every: 4);
        }

        await server.SettleAsync();
        await asker.AskAsync("when indexing has caught up", every: 1);
        await server.RestartAsync();
        await asker.AskAsync("at once after a start", every: 3);
        await server.SettleAsync();
        await asker.AskAsync("after a start", every: 2);
        await server.RestartAsync(() => Directory.Delete(Path.Combine(server.Folder, "logs", log.Name, "index"), recursive: true));
        await asker.AskAsync("at once after a start without files", every: 3);
        await server.SettleAsync();
        await asker.AskAsync("after the files were made anew", every: 1);
    }

    private static async Task CompareFlippedAsync(World world)
    {
        await using TestServer server = await StartNewAsync();
        TestLog log = await server.NewLogAsync();
        await AppendAsync(log, world, 0, Events);
        await server.SettleAsync();
        var asker = new Asker(server, log, world);
        string[] files = [.. Directory.EnumerateFiles(Path.Combine(server.Folder, "logs", log.Name, "index")).Order(StringComparer.Ordinal)];
        byte[][] whole = [.. files.Select(File.ReadAllBytes)];
        Assert.Equal(4, files.Length);

        for (int round = 0; round < 8; round++)
        {
            int part = round;
            await server.RestartAsync(() =>
            {
                foreach ((string file, byte[] bytes) in files.Zip(whole))
                {
                    byte[] flipped = [.. bytes];
                    flipped[(int)((long)bytes.Length * part / 8) + (part * 7 % 13)] ^= (byte)(1 << (part % 8));
                    File.Delete(file);
                    File.WriteAllBytes(file, flipped);
                }
            });
            await server.SettleAsync();
            await asker.AskAsync($"with flipped bytes, round {round}", every: 1);
            await server.SettleAsync();
            await asker.AskAsync($"afterwards, round {round}", every: 5);
            JsonElement answer = await log.FindAllAsync("*");
            Assert.Equal(Events, answer.GetProperty("indexed").GetInt64());
        }
    }

    private static async Task AppendAsync(TestLog log, World world, int from, int to)
    {
        Answer answer = await log.AppendAsync($"[{string.Join(',', Enumerable.Range(from, to - from).Select(i => world.Events[i](i)))}]");
        Assert.True(answer.Status == 201, answer.Text);
    }

    private sealed record World(Func<long, string>[] Events, string[] Queries, string[] Fields);

    /// <summary>Asks the server, and compares with the scan.</summary>
    private sealed class Asker(TestServer server, TestLog log, World world)
    {
        private static readonly (string Kind, string? Rows, string Personal)[] s_eyes =
        [
            ("whole, in clear", null, "shown"),
            ("whole, hidden", null, "hidden"),
            ("some rows, in clear", "outcome:failure OR data.n>20", "shown"),
        ];

        private static readonly string[] s_orders = ["desc", "asc", "time"];
        private readonly Dictionary<string, string> _keys = [];

        public async Task AskAsync(string state, int every)
        {
            for (int i = 0; i < world.Queries.Length; i += every)
            {
                (string kind, string? rows, string personal) = s_eyes[i % s_eyes.Length];
                string about = $"{state}, {kind}: {world.Queries[i]}";
                Oracle expected = await Oracle.AskAsync(log, new Sight(rows, null, personal == "shown" ? PersonalView.Shown : PersonalView.Hidden), world.Queries[i]);
                string key = await KeyAsync(kind, rows, personal);
                await CheckSearchAsync(key, expected, world.Queries[i], s_orders[i % s_orders.Length], about);
                await CheckCountsAsync(key, expected, world.Queries[i], world.Fields[i], $"{about} by {world.Fields[i]}");
            }
        }

        private async Task<string> KeyAsync(string kind, string? rows, string personal)
        {
            if (!_keys.TryGetValue(kind, out string? key))
            {
                string body = $$"""{"role":"reader","logs":["{{log.Name}}"],"personal":"{{personal}}"{{(rows is null ? "" : $",\"rows\":\"{rows}\"")}}}""";
                Answer made = await server.PostAsync("api/keys", server.AdminKey, body);
                Assert.True(made.Status == 201, made.Text);
                _keys[kind] = key = made.Json.GetProperty("key").GetString()!;
            }

            return key;
        }

        private async Task CheckSearchAsync(string key, Oracle expected, string query, string order, string about)
        {
            var found = new List<long>();
            string? cursor = null;
            long total = -1;
            do
            {
                Answer page = await server.GetAsync($"api/logs/{log.Name}/events?limit=170&order={order}&q={Uri.EscapeDataString(query)}{(cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor))}", key);
                Assert.True(page.Status == 200, $"{about}: {page.Text}");
                found.AddRange(page.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("index").GetInt64()));
                cursor = page.Json.GetProperty("next").GetString();
                total = page.Json.GetProperty("total").GetProperty("exact").GetBoolean() ? page.Json.GetProperty("total").GetProperty("value").GetInt64() : total;
            }
            while (cursor is not null);

            Assert.Equal($"{about}, {order}: {string.Join(' ', expected.Found(order))}, {expected.Total} in all", $"{about}, {order}: {string.Join(' ', found)}, {total} in all");
        }

        private async Task CheckCountsAsync(string key, Oracle expected, string query, string by, string about)
        {
            Answer answer = await server.GetAsync($"api/logs/{log.Name}/counts?by={by}&q={Uri.EscapeDataString(query)}", key);
            Assert.True(answer.Status == 200, $"{about}: {answer.Text}");
            JsonElement counts = answer.Json;
            string histogram = string.Join(' ', counts.GetProperty("histogram").EnumerateArray().Select(one => string.Create(
                CultureInfo.InvariantCulture, $"{one.GetProperty("from").GetDateTimeOffset().UtcTicks}={one.GetProperty("count").GetInt64()}")));
            string values = string.Join(' ', counts.GetProperty("values").EnumerateArray().Select(one => $"{one.GetProperty("value").GetString()}={one.GetProperty("count").GetInt64()}"));
            Assert.Equal($"{about}: {expected.Total}", $"{about}: {counts.GetProperty("total").GetProperty("value").GetInt64()}");
            Assert.Equal($"{about}: {expected.Histogram(counts.GetProperty("interval_seconds").GetInt64())}", $"{about}: {histogram}");
            Assert.Equal($"{about}: {expected.Values(by, 20)}", $"{about}: {values} others {counts.GetProperty("other_values").GetInt64()} distinct {counts.GetProperty("distinct").GetInt64()}");
        }
    }
}
