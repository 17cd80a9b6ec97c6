using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace Indelible.Server.Tests.Api;

/// <summary>Logs and keys over the API.</summary>
public sealed class ConfigurationTests(TestServer server) : IClassFixture<TestServer>
{
    private long SystemSize => server.Engine.Find("_system")!.Size;

    [Theory]
    [InlineData("")]
    [InlineData("Upper")]
    [InlineData("_ours")]
    [InlineData("_system")]
    [InlineData("name.i2")]
    [InlineData("name.i007")]
    [InlineData("a/b")]
    [InlineData("a b")]
    [InlineData("-a")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData(".hidden")]
    [InlineData("a\n")]
    [InlineData("a\u0000")]
    [InlineData("ä")]
    [InlineData("a%2fb")]
    [InlineData("a+b")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task Refuses_a_name_that_no_log_may_have(string name)
    {
        long before = SystemSize;

        Answer answer = await server.PostAsync("api/logs", server.AdminKey, new JsonObject { ["name"] = name }.ToJsonString());

        answer.ShouldBeProblem(400, "invalid-parameter", "/name");
        Assert.Equal(before, SystemSize);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("0")]
    [InlineData("a..b")]
    [InlineData("tenant.payments-eu")]
    [InlineData("name.i")]
    [InlineData("i2")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task Makes_a_log_of_an_allowed_name_that_works_at_once(string name)
    {
        Answer made = await server.PostAsync("api/logs", server.AdminKey, new JsonObject { ["name"] = name }.ToJsonString());

        Assert.True(made.Status == 201, made.Text);
        Assert.Equal($"{TestServer.Host}/logs/{name}", made.Json.GetProperty("origin").GetString());
        Assert.StartsWith($"{TestServer.Host}/logs/{name}+", made.Json.GetProperty("vkey").GetString(), StringComparison.Ordinal);
        Assert.False(made.Json.GetProperty("public").GetBoolean());
        (_, string key) = await server.NewKeyAsync("writer", name);
        Assert.Equal(201, (await server.PostAsync($"api/logs/{name}/events?ack=published", key, TestLog.Event("a"))).Status);
    }

    [Fact]
    public async Task Refuses_a_second_log_of_the_same_name()
    {
        TestLog log = await server.NewLogAsync();
        long before = SystemSize;

        (await server.PostAsync("api/logs", server.AdminKey, $$"""{"name":"{{log.Name}}","public":true}""")).ShouldBeProblem(409, "conflict");

        Assert.Equal(before, SystemSize);
        Assert.Equal(401, (await log.GetTileAsync("checkpoint", null)).Status);
    }

    [Theory]
    [InlineData("/api/logs", "", "invalid-body")]
    [InlineData("/api/logs", "null", "invalid-body")]
    [InlineData("/api/logs", "[]", "invalid-body")]
    [InlineData("/api/logs", "{", "invalid-body")]
    [InlineData("/api/logs", """{"name":5}""", "invalid-body")]
    [InlineData("/api/logs", """{"name":"new","publik":true}""", "invalid-body")]
    [InlineData("/api/logs", """{"name":"new","name":"newer"}""", "invalid-body")]
    [InlineData("/api/logs", """{"name":"new","public":"yes"}""", "invalid-body")]
    [InlineData("/api/logs", """{"name":"\ud800"}""", "invalid-body")]
    [InlineData("/api/logs", """{}""", "invalid-parameter")]
    [InlineData("/api/logs", """{"name":null}""", "invalid-parameter")]
    [InlineData("/api/logs", """{"name":"new","personal":["data"]}""", "invalid-parameter")]
    [InlineData("/api/logs", """{"name":"new","personal":[null]}""", "invalid-parameter")]
    [InlineData("/api/logs", """{"name":"new","personal":["/time"]}""", "invalid-parameter")]
    [InlineData("/api/keys", "{}", "invalid-parameter")]
    [InlineData("/api/keys", """{"kind":"owner","logs":["main"]}""", "invalid-parameter")]
    [InlineData("/api/keys", """{"kind":"reader"}""", "invalid-parameter")]
    [InlineData("/api/keys", """{"kind":"writer","logs":[]}""", "invalid-parameter")]
    [InlineData("/api/keys", """{"kind":"reader","logs":["nosuch"]}""", "invalid-parameter")]
    [InlineData("/api/keys", """{"kind":"reader","logs":[null]}""", "invalid-parameter")]
    [InlineData("/api/keys", """{"kind":"writer","logs":[null]}""", "invalid-parameter")]
    [InlineData("/api/keys", """{"kind":"writer","logs":["_access"]}""", "invalid-parameter")]
    [InlineData("/api/keys", """{"kind":"writer","logs":["main"],"expires":"tomorrow"}""", "invalid-parameter")]
    [InlineData("/api/keys", """{"kind":"writer","logs":["main"],"expires":"2001-01-01T00:00:00Z"}""", "invalid-parameter")]
    [InlineData("/api/keys", """{"kind":"writer","logs":["main"],"principal":""}""", "invalid-parameter")]
    [InlineData("/api/keys", """{"kind":"writer","logs":["main"],"principal":"a\u0000b"}""", "invalid-parameter")]
    [InlineData("/api/keys", """{"kind":"writer","logs":["main"],"principal":"a\u202eb"}""", "invalid-parameter")]
    [InlineData("/api/keys", """{"kind":"writer","logs":["main"],"principal":"\ud800"}""", "invalid-body")]
    [InlineData("/api/keys", """{"kind":"writer","logs":["main"],"principal":"indelible"}""", "invalid-parameter")]
    [InlineData("/api/keys", """{"kind":"writer","logs":["main"],"id":"ind_w_000000000000"}""", "invalid-body")]
    public async Task Refuses_what_cannot_be_configured_and_changes_nothing(string path, string body, string problem)
    {
        long before = SystemSize;

        (await server.PostAsync(path, server.AdminKey, body)).ShouldBeProblem(400, problem);

        Assert.Equal(before, SystemSize);
    }

    [Fact]
    public async Task Refuses_more_personal_pointers_than_a_configuration_entry_holds()
    {
        var wanted = new JsonObject { ["name"] = "many", ["personal"] = new JsonArray([.. Enumerable.Range(0, 300).Select(i => (JsonNode)$"/data/field{i}")]) };

        Assert.Equal(400, (await server.PostAsync("api/logs", server.AdminKey, wanted.ToJsonString())).Status);

        Assert.Null(server.Engine.Failure);
        Assert.Null(server.Engine.Find("many"));
    }

    [Fact]
    public async Task Refuses_a_body_that_is_no_JSON_by_its_type()
    {
        (await server.PostAsync("api/logs", server.AdminKey, """{"name":"new"}""", "text/plain")).ShouldBeProblem(415, "unsupported-media-type");
    }

    [Fact]
    public async Task A_name_of_a_log_that_is_not_there_comes_back_cleaned()
    {
        Answer answer = await server.PostAsync("api/keys", server.AdminKey, $$"""{"kind":"reader","logs":["main","x\r\n\u001b[31m{{new string('y', 5_000)}}"]}""");

        answer.ShouldBeProblem(400, "invalid-parameter", "/logs/1");
        Assert.InRange(answer.Text.Length, 1, 700);
        Assert.DoesNotContain("\\u001b", answer.Text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Revoking_a_key_that_is_not_there_is_a_problem_and_twice_is_not()
    {
        (string id, _) = await server.NewKeyAsync("reader", "main");

        (await server.SendAsync(HttpMethod.Delete, "api/keys/ind_r_000000000000", server.AdminKey)).ShouldBeProblem(404, "not-found");
        Assert.Equal(204, (await server.SendAsync(HttpMethod.Delete, "api/keys/" + id, server.AdminKey)).Status);
        long before = SystemSize;
        Assert.Equal(204, (await server.SendAsync(HttpMethod.Delete, "api/keys/" + id, server.AdminKey)).Status);
        Assert.Equal(before, SystemSize);
    }

    [Fact]
    public async Task A_keys_text_is_in_the_answer_that_makes_it_and_nowhere_else()
    {
        TestLog log = await server.NewLogAsync();
        (string id, string text) = await server.NewKeyAsync("writer", log.Name);
        (_, string system) = await server.NewKeyAsync("reader", "_system", "_access");
        await server.PostAsync(log.Events, text, TestLog.Event("a"));

        Answer list = await server.GetAsync("api/keys", server.AdminKey);
        Answer entries = await server.GetAsync("api/logs/_system/events?limit=1000", system);

        JsonElement listed = list.Json.GetProperty("keys").EnumerateArray().Single(key => key.GetProperty("id").GetString() == id);
        Assert.Equal("writer", listed.GetProperty("kind").GetString());
        Assert.False(listed.TryGetProperty("key", out _));
        Assert.Contains(id, entries.Text, StringComparison.Ordinal);
        foreach (string secret in (string[])[text, log.ReaderKey, system, server.AdminKey])
        {
            Assert.DoesNotContain(secret[6..], list.Text, StringComparison.Ordinal);
            Assert.DoesNotContain(secret[6..], entries.Text, StringComparison.Ordinal);
            byte[] raw = Encoding.ASCII.GetBytes(secret[6..]);
            byte[] decoded = Convert.FromBase64String(secret[6..].Replace('-', '+').Replace('_', '/') + "=");
            foreach (string file in Directory.EnumerateFiles(server.Folder, "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) is not ("lock" or "heads.lock")))
            {
                using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
                byte[] bytes = new byte[stream.Length];
                stream.ReadExactly(bytes);
                Assert.True(bytes.AsSpan().IndexOf(raw) < 0 && bytes.AsSpan().IndexOf(decoded) < 0, $"A key's text is in {file}.");
            }
        }
    }

    [Fact]
    public async Task Keys_of_one_principal_share_their_ids()
    {
        TestLog log = await server.NewLogAsync();
        string first = await NewAsync();
        string second = await NewAsync();
        Assert.Equal(201, (await server.PostAsync(log.Events, first, TestLog.Event("a"))).Status);

        Assert.Equal(200, (await server.PostAsync(log.Events, second, TestLog.Event("a"))).Status);
        Assert.Equal(409, (await server.PostAsync(log.Events, second, TestLog.Event("a", ("outcome", "\"failure\"")))).Status);

        async Task<string> NewAsync() => (await server.PostAsync(
            "api/keys", server.AdminKey, $$"""{"kind":"writer","logs":["{{log.Name}}"],"principal":"app"}""")).Json.GetProperty("key").GetString()!;
    }

    [Fact]
    public async Task Every_change_is_an_entry_that_says_who_made_it()
    {
        TestLog log = await server.NewLogAsync();
        (_, string system) = await server.NewKeyAsync("reader", "_system");

        JsonElement found = (await server.GetAsync("api/logs/_system/events?q=" + Uri.EscapeDataString("action:indelible.log.create"), system)).Json;

        JsonElement entry = found.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("entry"))
            .Single(item => item.GetProperty("data").GetProperty("name").GetString() == log.Name);
        Assert.Equal("administrator", entry.GetProperty("actor").GetProperty("id").GetString());
        Assert.StartsWith("ind_a_", entry.GetProperty("auth").GetProperty("credential_id").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logs_and_keys_made_at_the_same_time_are_all_made()
    {
        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => server.PostAsync("api/logs", server.AdminKey, $$"""{"name":"race-{{i % 10}}"}""")));

        Assert.Equal(10, answers.Count(answer => answer.Status == 201));
        Assert.Equal(10, answers.Count(answer => answer.Status == 409));
        Assert.Null(server.Engine.Failure);
    }
}
