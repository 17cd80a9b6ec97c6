using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Proofs;
using Indelible.Server.Tests.Api;
using Indelible.Verification;
using Xunit;

namespace Indelible.Server.Tests.Export;

/// <summary>Exports over HTTP: what is in them, what their manifests say, what is entered of them, and how one that is cut off is known.</summary>
public sealed class ExportTests(TestServer server) : IClassFixture<TestServer>
{
    [Fact]
    public async Task Everything_that_matches_comes_in_ascending_index_a_line_each()
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(2_500);

        Exported export = await Exported.TakeAsync(log, "?q=request.status:3");

        int[] wanted = [.. Enumerable.Range(0, 2_500).Where(i => i % 7 == 3)];
        Assert.Equal(wanted, export.Items.Select(item => item.GetProperty("index").GetInt32()));
        Assert.Equal(export.Lines.Count, export.Manifest.Count);
        Assert.EndsWith("\n", export.Answer.Text, StringComparison.Ordinal);
        Assert.Equal("application/x-ndjson", export.Answer.ContentHeaders.ContentType?.MediaType);
        Assert.StartsWith(log.Name + "-", export.Answer.ContentHeaders.ContentDisposition?.FileName?.Trim('"'), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_is_what_search_has_as_an_item()
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync($"[{TestLog.Event("a", ("actor.name", "\"Zoë\""), ("data", """{"x":[1,2.5,"\u202e"]}"""))},{TestLog.Event("b")}]");

        Exported export = await Exported.TakeAsync(log, "");

        JsonElement page = (await log.GetAsync("events?order=asc")).Json;
        Assert.Equal(page.GetProperty("items").EnumerateArray().Select(item => item.GetRawText()), export.Lines);
        Assert.All(export.Items, item => Assert.Equal(item.GetProperty("leaf_hash").GetString(), TreeHasher.Leaf(Encoding.UTF8.GetBytes(item.GetProperty("entry").GetRawText())).ToBase64()));
    }

    [Fact]
    public async Task The_manifest_says_what_was_asked_for_and_describes_the_bytes()
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(300);

        Exported export = await Exported.TakeAsync(log, "?q=time:today+OR+actor:u-1&from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z&as_of=200");

        ExportManifest manifest = export.Manifest;
        Assert.Equal((log.Name, log.Origin, "ndjson", false, 200, 200), (manifest.Log, manifest.Origin, manifest.Format, manifest.Proofs, manifest.AsOf, manifest.Count));
        Assert.Equal(("2026-01-01T00:00:00.0000000Z", "2027-01-01T00:00:00.0000000Z"), (manifest.From, manifest.To));
        Assert.DoesNotContain("today", manifest.Query, StringComparison.Ordinal);
        Assert.Contains("actor.id:u-1", manifest.Query, StringComparison.Ordinal);
        Assert.Equal(("all", "shown", true, null), (manifest.Rows, manifest.Personal, manifest.IsComplete, manifest.Broken));
        Assert.Equal((export.Answer.Bytes.Length, Convert.ToHexStringLower(SHA256.HashData(export.Answer.Bytes))), (manifest.Bytes, manifest.Sha256));
        Assert.True(manifest.Started <= manifest.Ended);
        VerifiedCheckpoint checkpoint = VerifiedCheckpoint.Verify(Encoding.UTF8.GetBytes(manifest.Checkpoint), log.Origin, Ed25519NoteVerifier.FromVkey(log.Vkey));
        Assert.True(checkpoint.Head.Size >= 200);
        Assert.Equal("200", export.Answer.Headers.GetValues("Indelible-As-Of").Single());
    }

    [Fact]
    public async Task The_same_size_gives_the_same_bytes_whatever_came_since()
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(300);
        Exported first = await Exported.TakeAsync(log, "?format=csv");
        await log.FillAsync(50);

        Exported again = await Exported.TakeAsync(log, $"?format=csv&as_of={first.Manifest.AsOf}");

        Assert.Equal(first.Answer.Bytes, again.Answer.Bytes);
        Assert.Equal(first.Manifest.Sha256, again.Manifest.Sha256);
        Assert.Equal(350, (await Exported.TakeAsync(log, "")).Manifest.Count);
    }

    [Fact]
    public async Task Over_HTTP_2_the_digest_comes_behind_the_body()
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(3);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"api/logs/{log.Name}/export") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", log.ReaderKey);

        using HttpResponseMessage response = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);

        byte[] body = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        Assert.Equal($"sha-256=:{Convert.ToBase64String(SHA256.HashData(body))}:", response.TrailingHeaders.GetValues("Content-Digest").Single());
    }

    [Fact]
    public async Task With_proofs_each_entry_is_proven_against_the_checkpoint_of_the_manifest()
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(700);

        Exported export = await Exported.TakeAsync(log, "?q=request.status:2&proofs=true");

        TreeHead head = VerifiedCheckpoint.Verify(Encoding.UTF8.GetBytes(export.Manifest.Checkpoint), log.Origin, Ed25519NoteVerifier.FromVkey(log.Vkey)).Head;
        Assert.NotEmpty(export.Items);
        Assert.All(export.Items, item =>
        {
            Hash[] proof = [.. item.GetProperty("proof").EnumerateArray().Select(hash => new Hash(hash.GetBytesFromBase64()))];
            Assert.True(InclusionProof.Verify(TreeHasher.Leaf(Encoding.UTF8.GetBytes(item.GetProperty("entry").GetRawText())), item.GetProperty("index").GetInt64(), head, proof));
        });
    }

    [Theory]
    [InlineData("?format=xml", "format")]
    [InlineData("?format=csv&proofs=true", "proofs")]
    [InlineData("?proofs=maybe", "proofs")]
    [InlineData("?fields=time", "fields")]
    [InlineData("?format=csv&fields=time,nosuch", "fields")]
    [InlineData("?format=csv&fields=actor,actor.id", "fields")]
    [InlineData("?format=parquet&fields=time,", "fields")]
    [InlineData("?as_of=4", "as_of")]
    [InlineData("?as_of=-1", "as_of")]
    [InlineData("?from=yesterday", "from")]
    [InlineData("?q=a&q=b", "q")]
    public async Task What_cannot_be_exported_is_refused_before_anything_is_entered(string parameters, string pointer)
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(3);
        long trail = server.Engine.Find("_access")!.Size;

        (await log.GetAsync("export" + parameters)).ShouldBeProblem(400, "invalid-parameter", pointer);

        Assert.Equal(trail, server.Engine.Find("_access")!.Size);
    }

    [Fact]
    public async Task A_query_that_cannot_be_read_is_refused_with_the_place()
    {
        TestLog log = await server.NewLogAsync();
        (await log.GetAsync("export?q=" + Uri.EscapeDataString("actor:("))).ShouldBeProblem(400, "invalid-query", "q");
    }

    [Fact]
    public async Task Beginning_and_end_are_in_the_trail_and_what_was_asked_for_is_encrypted()
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(30);

        Exported export = await Exported.TakeAsync(log, "?q=" + Uri.EscapeDataString("actor.name:\"Ada Lovelace\" OR request.status:1") + "&format=csv");

        IReadOnlyList<JsonElement> trail = Exported.TrailOf(server, export.Manifest.Id);
        Assert.Equal(["indelible.log.export", "indelible.log.export.end"], trail.Select(entry => entry.GetProperty("action").GetString()));
        Assert.All(trail, entry => Assert.Equal((log.Name, "success"), (entry.GetProperty("targets")[0].GetProperty("id").GetString(), entry.GetProperty("outcome").GetString())));
        JsonElement began = trail[0].GetProperty("data");
        Assert.Equal((30, "csv"), (began.GetProperty("as_of").GetInt32(), began.GetProperty("format").GetString()));
        Assert.DoesNotContain("lovelace", trail[0].GetRawText(), StringComparison.OrdinalIgnoreCase);
        JsonElement ended = trail[1].GetProperty("data");
        Assert.Equal((export.Manifest.Count, export.Manifest.Sha256, true), (ended.GetProperty("count").GetInt64(), ended.GetProperty("sha256").GetString(), ended.GetProperty("complete").GetBoolean()));
    }

    [Fact]
    public async Task A_log_without_entries_and_a_query_without_results_are_exported_as_that()
    {
        TestLog log = await server.NewLogAsync();
        Exported empty = await Exported.TakeAsync(log, "");
        Assert.Equal((0, 0, true), (empty.Manifest.AsOf, empty.Answer.Bytes.Length, empty.Manifest.IsComplete));
        await log.FillAsync(3);

        Exported none = await Exported.TakeAsync(log, "?q=needle&format=csv&fields=time,actor");

        Assert.Equal(["time,actor.id\r"], none.Lines);
        Assert.Equal(0, none.Manifest.Count);
    }

    [Fact]
    public async Task Who_may_see_some_rows_and_no_personal_values_takes_those_and_the_manifest_says_so()
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync($"[{TestLog.Event("a", ("actor.name", "\"Ada Lovelace\""))},{TestLog.Event("b", ("actor.name", "\"Bob Marley\""), ("outcome", "\"failure\""))}]");
        Answer made = await server.PostAsync("api/keys", server.AdminKey, $$"""{"kind":"reader","logs":["{{log.Name}}"],"rows":"outcome:failure","personal":"hidden"}""");
        string key = made.Json.GetProperty("key").GetString()!;

        foreach (string format in (string[])["ndjson", "csv", "parquet", "ocsf"])
        {
            Exported export = await Exported.TakeAsync(log, "?format=" + format, key);
            Assert.Equal((1, "limited", "masked"), (export.Manifest.Count, export.Manifest.Rows, export.Manifest.Personal));
            Assert.DoesNotContain("Bob Marley", export.Answer.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("Ada Lovelace", export.Answer.Text, StringComparison.Ordinal);
        }

        Assert.Equal(0, (await Exported.TakeAsync(log, "?q=Bob", key)).Manifest.Count);
        Assert.Equal(1, (await Exported.TakeAsync(log, "?q=Bob")).Manifest.Count);
    }

    [Fact]
    public async Task A_manifest_is_for_whoever_exported_and_for_that_log()
    {
        TestLog log = await server.NewLogAsync();
        TestLog other = await server.NewLogAsync();
        Exported export = await Exported.TakeAsync(log, "");
        string path = $"exports/{export.Manifest.Id}";

        (await server.GetAsync($"api/logs/{log.Name}/{path}", (await server.NewKeyAsync("reader", log.Name)).Text)).ShouldBeProblem(404, "not-found");
        (await server.GetAsync($"api/logs/{other.Name}/{path}", (await server.NewKeyAsync("reader", other.Name, log.Name)).Text)).ShouldBeProblem(404, "not-found");
        (await log.GetAsync("exports/nosuch")).ShouldBeProblem(404, "not-found");
        Assert.Equal(200, (await log.GetAsync(path)).Status);
    }

    [Fact]
    public async Task A_reader_who_goes_away_ends_the_export_and_its_end_says_so()
    {
        TestLog log = await LargeAsync();
        HttpResponseMessage open = await OpenAsync(log, log.ReaderKey);
        string id = open.Headers.GetValues("Indelible-Export").Single();

        open.Dispose();

        JsonElement end = await Exported.EndOfAsync(server, id);
        Assert.Equal("failure", end.GetProperty("outcome").GetString());
        Assert.Equal((false, "client_gone"), (end.GetProperty("data").GetProperty("complete").GetBoolean(), end.GetProperty("data").GetProperty("broken").GetString()));
        ExportManifest manifest = await Exported.ManifestOfAsync(log, id);
        Assert.Equal((false, "client_gone"), (manifest.IsComplete, manifest.Broken));
        Assert.True(manifest.Count < log.Size);
    }

    [Fact]
    public async Task A_key_that_is_revoked_meanwhile_gets_no_more_and_no_proper_end()
    {
        TestLog log = await LargeAsync();
        (string id, string key) = await server.NewKeyAsync("reader", log.Name);
        using HttpResponseMessage open = await OpenAsync(log, key);
        string export = open.Headers.GetValues("Indelible-Export").Single();

        Assert.Equal(204, (await server.SendAsync(HttpMethod.Delete, "api/keys/" + id, server.AdminKey)).Status);

        await ShouldBreakAsync(open);
        JsonElement end = await Exported.EndOfAsync(server, export);
        Assert.Equal("access_changed", end.GetProperty("data").GetProperty("broken").GetString());
        Assert.True(end.GetProperty("data").GetProperty("count").GetInt64() < log.Size);
    }

    [Fact]
    public async Task A_grant_that_is_narrowed_meanwhile_ends_the_export()
    {
        TestLog log = await LargeAsync();
        string who = "export-" + log.Name;
        Assert.Equal(201, (await server.PostAsync("api/principals", server.AdminKey, $$"""{"name":"{{who}}","kind":"person"}""")).Status);
        Answer grant = await server.PostAsync("api/grants", server.AdminKey, $$"""{"principal":"{{who}}","role":"reader","logs":["{{log.Name}}"]}""");
        await server.PostAsync("api/grants", server.AdminKey, $$"""{"principal":"{{who}}","role":"reader","logs":["{{log.Name}}"],"rows":"outcome:failure"}""");
        string key = (await server.PostAsync("api/keys", server.AdminKey, $$"""{"kind":"reader","principal":"{{who}}"}""")).Json.GetProperty("key").GetString()!;
        using HttpResponseMessage open = await OpenAsync(log, key);

        Assert.Equal(204, (await server.SendAsync(HttpMethod.Delete, "api/grants/" + grant.Json.GetProperty("id").GetString(), server.AdminKey)).Status);

        await ShouldBreakAsync(open);
        Assert.Equal("access_changed", (await Exported.ManifestOfAsync(log, open.Headers.GetValues("Indelible-Export").Single(), key)).Broken);
    }

    [Fact]
    public async Task A_server_that_stops_cuts_exports_off_and_enters_that()
    {
        await using var own = new TestServer();
        await own.InitializeAsync();
        TestLog log = await LargeAsync(own);
        using HttpResponseMessage open = await OpenAsync(log, log.ReaderKey);
        string id = open.Headers.GetValues("Indelible-Export").Single();

        await own.StopAsync();

        await ShouldBreakAsync(open);
        await own.StartAsync();
        JsonElement end = await Exported.EndOfAsync(own, id);
        Assert.Equal("stopping", end.GetProperty("data").GetProperty("broken").GetString());
    }

    [Fact]
    public async Task A_tenant_may_have_only_so_many_exports_under_way()
    {
        TestLog log = await LargeAsync();
        var open = new List<HttpResponseMessage>();
        for (int i = 0; i < ServerLimits.ExportsPerTenant; i++)
        {
            open.Add(await OpenAsync(log, log.ReaderKey));
        }

        Answer refused = await log.GetAsync("export");
        Assert.Equal("exports", Assert.Single(refused.ShouldBeProblem(429, "busy")).GetProperty("code").GetString());
        Assert.Equal(200, (await (await server.NewLogAsync()).GetAsync("export")).Status);

        open.ForEach(response => response.Dispose());
        while ((refused = await log.GetAsync("export?q=needle")).Status == 429)
        {
            await Task.Yield();
        }

        Assert.Equal(200, refused.Status);
    }

    /// <summary>A log of so many bytes that nobody's buffers hold it.</summary>
    private async Task<TestLog> LargeAsync(TestServer? own = null)
    {
        TestLog log = await (own ?? server).NewLogAsync();
        string data = $$"""{"x":"{{new string('x', 7_000)}}","y":"{{new string('y', 7_000)}}"}""";
        for (int batch = 0; batch < 3; batch++)
        {
            string[] events = [.. Enumerable.Range(0, 1_000).Select(i => TestLog.Event(string.Create(CultureInfo.InvariantCulture, $"{batch}-{i}"), ("data", data)))];
            Assert.Equal(201, (await log.AppendAsync(string.Join('\n', events), "", "application/x-ndjson")).Status);
        }

        return log;
    }

    private static async Task<HttpResponseMessage> OpenAsync(TestLog log, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"api/logs/{log.Name}/export");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        HttpResponseMessage response = await log.Server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return response;
    }

    private static async Task ShouldBreakAsync(HttpResponseMessage open) =>
        await Assert.ThrowsAnyAsync<Exception>(() => open.Content.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken));
}
