using System.Text.Json;
using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Proofs;
using Indelible.Tiles;
using Indelible.Verification;
using Xunit;

namespace Indelible.Server.Tests.Api;

/// <summary>Checkpoint, tiles, bundles, entries and proofs, as a stranger checks them.</summary>
public sealed class TileTests(TestServer server) : IClassFixture<TestServer>
{
    [Fact]
    public async Task The_served_log_verifies_from_outside_and_extends_what_was_verified_before()
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(300);
        (VerificationReport first, VerifiedCheckpoint? remembered, _) = await VerifyAsync(log, null);
        await log.FillAsync(700);

        (VerificationReport second, _, _) = await VerifyAsync(log, remembered);

        Assert.True(first.Verdict == Verdict.Valid, string.Join('\n', first.Faults));
        Assert.True(second.Verdict == Verdict.Valid, string.Join('\n', second.Faults));
        Assert.Equal(300, first.Entries);
        Assert.Equal(1_000, second.Entries);
    }

    [Fact]
    public async Task A_public_log_shows_checkpoint_and_tiles_to_anybody_and_entries_to_nobody()
    {
        TestLog log = await server.NewLogAsync(isPublic: true);
        await log.FillAsync(257);

        Answer checkpoint = await log.GetTileAsync("checkpoint", null);
        Answer tile = await log.GetTileAsync("tile/0/000", null);
        Answer bundle = await log.GetTileAsync("tile/entries/000", null);

        Assert.Equal(257, VerifiedCheckpoint.Verify(checkpoint.Bytes, log.Origin, Ed25519NoteVerifier.FromVkey(log.Vkey)).Head.Size);
        Assert.Equal("text/plain", checkpoint.ContentHeaders.ContentType?.MediaType);
        Assert.Contains("*", checkpoint.Headers.GetValues("Access-Control-Allow-Origin"));
        Assert.Equal(256 * 32, tile.Bytes.Length);
        Assert.True(tile.Headers.CacheControl!.Public);
        bundle.ShouldBeProblem(401, "unauthenticated");
        foreach (string spelling in (string[])["/tile/entries/000.p/1", "/tile//entries/000", "/tile/entries%2f000", "/tile/./entries/000", "/tile/%65ntries/000", "/tile/0/../entries/000"])
        {
            (int status, string answer) = await RawHttp.GetAsync(server.Url, $"/logs/{log.Name}{spelling}", null);
            Assert.True(status is 401 or 404, $"{spelling}: {status}");
            Assert.DoesNotContain("invoice.read", answer, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("tile/0/000", 200)]
    [InlineData("tile/0/001", 200)]
    [InlineData("tile/0/002.p/88", 200)]
    [InlineData("tile/0/002.p/1", 200)]
    [InlineData("tile/0/000.p/255", 200)]
    [InlineData("tile/1/000.p/2", 200)]
    [InlineData("tile/1/000.p/1", 200)]
    [InlineData("tile/entries/000", 200)]
    [InlineData("tile/entries/002.p/88", 200)]
    [InlineData("tile/0/002", 404)]
    [InlineData("tile/0/002.p/89", 404)]
    [InlineData("tile/0/002.p/0", 404)]
    [InlineData("tile/0/000.p/256", 404)]
    [InlineData("tile/0/000.p/01", 404)]
    [InlineData("tile/0/000.p/+1", 404)]
    [InlineData("tile/0/000.p/-1", 404)]
    [InlineData("tile/0/000.p/99999999999", 404)]
    [InlineData("tile/0/000.p", 404)]
    [InlineData("tile/0/000.p/", 404)]
    [InlineData("tile/0/000.p/1/", 404)]
    [InlineData("tile/0/000/", 404)]
    [InlineData("tile/0/003", 404)]
    [InlineData("tile/0/003.p/1", 404)]
    [InlineData("tile/1/000", 404)]
    [InlineData("tile/1/000.p/3", 404)]
    [InlineData("tile/2/000.p/1", 404)]
    [InlineData("tile/7/000.p/1", 404)]
    [InlineData("tile/63/000", 404)]
    [InlineData("tile/64/000", 404)]
    [InlineData("tile/00/000", 404)]
    [InlineData("tile/-1/000", 404)]
    [InlineData("tile/0/0", 404)]
    [InlineData("tile/0/0000", 404)]
    [InlineData("tile/0/x000/001", 404)]
    [InlineData("tile/0/x000/x000/001", 404)]
    [InlineData("tile/0/x001/x234/67", 404)]
    [InlineData("tile/0/x001/x234/067", 404)]
    [InlineData("tile/0/001/234", 404)]
    [InlineData("tile/0/x999/x999/x999/x999/x999/x999/999", 404)]
    [InlineData("tile/0/x009/x223/x372/x036/x854/x775/807", 404)]
    [InlineData("tile/0/x009/x223/x372/x036/x854/x775/808", 404)]
    [InlineData("tile/8/x009/x223/x372/x036/x854/x775/807.p/1", 404)]
    [InlineData("tile/entries/x009/x223/x372/x036/x854/x775/807", 404)]
    [InlineData("tile/entries/002", 404)]
    [InlineData("tile/entries/003.p/1", 404)]
    [InlineData("tile/entries/0", 404)]
    [InlineData("tile/entries", 404)]
    [InlineData("tile/", 404)]
    [InlineData("tile", 404)]
    [InlineData("tile/0", 404)]
    [InlineData("tile/0/٠٠٠", 404)]
    [InlineData("tile/0/%30%30%30", 200)]
    [InlineData("tile/../tile/0/000", 404)]
    [InlineData("tile/../../../../indelible.json", 404)]
    [InlineData("tile/%2e%2e/%2e%2e/%2e%2e/master.key", 404)]
    [InlineData("tile/..%2f..%2f..%2fmaster.key", 404)]
    [InlineData("tile/%2e%2e%2f%2e%2e%2fmaster.key", 404)]
    [InlineData("tile/..%5c..%5cmaster.key", 404)]
    [InlineData("tile/0/%252e%252e/master.key", 404)]
    [InlineData("tile/%00", 400)]
    public async Task A_tile_has_one_path_and_leads_nowhere_else(string path, int status)
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(600);

        (int actual, string answer) = await RawHttp.GetAsync(server.Url, $"/logs/{log.Name}/{(path.Contains('٠', StringComparison.Ordinal) ? Uri.EscapeDataString(path) : path)}", log.ReaderKey);

        Assert.True(actual == status, answer.Split('\n')[0]);
        if (status == 404)
        {
            Assert.Contains("urn:indelible:not-found", answer, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Tiles_and_bundles_agree_with_each_other()
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(300);

        byte[] tile = (await log.GetTileAsync("tile/0/001.p/44", log.ReaderKey)).Bytes;
        byte[] bundle = (await log.GetTileAsync("tile/entries/001.p/44", log.ReaderKey)).Bytes;

        Assert.True(EntryBundle.TryParse(bundle, 44, out ReadOnlyMemory<byte>[]? entries));
        Assert.Equal(tile, entries.SelectMany(entry => TreeHasher.Leaf(entry.Span).Bytes.ToArray()));
    }

    [Fact]
    public async Task Between_appending_and_publishing_nothing_wider_than_the_checkpoint_is_served()
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(5);
        await log.AppendAsync(TestLog.Event("later"));
        VerifiedCheckpoint checkpoint = VerifiedCheckpoint.Verify(
            (await log.GetTileAsync("checkpoint", log.ReaderKey)).Bytes, log.Origin, Ed25519NoteVerifier.FromVkey(log.Vkey));

        Assert.Equal(200, (await log.GetTileAsync(new TileId(0, 0, (int)checkpoint.Head.Size).Path, log.ReaderKey)).Status);
        Assert.Equal(404, (await log.GetTileAsync("tile/0/000.p/7", log.ReaderKey)).Status);
    }

    [Fact]
    public async Task An_entry_is_given_exactly_with_its_leaf_hash()
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(2);

        Answer entry = await log.GetAsync("events/1");

        Assert.Equal("application/json", entry.ContentHeaders.ContentType?.MediaType);
        Assert.Equal(TreeHasher.Leaf(entry.Bytes).ToBase64(), entry.Headers.GetValues("Indelible-Leaf-Hash").Single());
        Assert.True(entry.Headers.CacheControl!.NoStore);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("2")]
    [InlineData("9223372036854775807")]
    [InlineData("9223372036854775808")]
    [InlineData("99999999999999999999999")]
    [InlineData("x")]
    [InlineData("1.0")]
    [InlineData("1e0")]
    public async Task There_is_no_entry_outside_of_the_log(string index)
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(2);

        (await log.GetAsync("events/" + index)).ShouldBeProblem(404, "not-found");
        (await log.GetAsync($"events/{index}/proof")).ShouldBeProblem(404, "not-found");
    }

    [Fact]
    public async Task A_proof_waits_for_publication_and_verifies()
    {
        TestLog log = await server.NewLogAsync();
        for (int i = 0; i < 5; i++)
        {
            await log.AppendAsync(TestLog.Event($"e-{i}"));
            Answer proof = await log.GetAsync($"events/{i}/proof");
            Answer entry = await log.GetAsync($"events/{i}");

            VerifiedInclusion inclusion = TlogProof.Parse(proof.Bytes).Verify(entry.Bytes, log.Origin, Ed25519NoteVerifier.FromVkey(log.Vkey));

            Assert.Equal(i, inclusion.Index);
        }
    }

    [Fact]
    public async Task A_proof_is_given_against_a_checkpoint_that_is_kept_and_no_other()
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(3);
        await log.FillAsync(4);
        Answer entry = await log.GetAsync("events/2");

        Answer proof = await log.GetAsync("events/2/proof?size=3");

        Assert.Equal(3, TlogProof.Parse(proof.Bytes).Verify(entry.Bytes, log.Origin, Ed25519NoteVerifier.FromVkey(log.Vkey)).Checkpoint.Head.Size);
        (await log.GetAsync("events/2/proof?size=5")).ShouldBeProblem(404, "not-found");
        (await log.GetAsync("events/2/proof?size=2")).ShouldBeProblem(400, "invalid-parameter", "size");
        (await log.GetAsync("events/2/proof?size=8")).ShouldBeProblem(400, "invalid-parameter", "size");
        (await log.GetAsync("events/2/proof?size=-7")).ShouldBeProblem(400, "invalid-parameter", "size");
        (await log.GetAsync("events/2/proof?size=99999999999999999999")).ShouldBeProblem(400, "invalid-parameter", "size");
    }

    [Fact]
    public async Task Consistency_is_proven_between_any_two_published_sizes()
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(9);
        NoteVerifier key = Ed25519NoteVerifier.FromVkey(log.Vkey);
        TreeHead old = VerifiedCheckpoint.Verify((await log.GetTileAsync("checkpoint", log.ReaderKey)).Bytes, log.Origin, key).Head;
        await log.FillAsync(12);
        TreeHead head = VerifiedCheckpoint.Verify((await log.GetTileAsync("checkpoint", log.ReaderKey)).Bytes, log.Origin, key).Head;

        JsonElement answer = (await log.GetAsync("consistency?from=9")).Json;

        Assert.Equal(21, answer.GetProperty("to").GetInt64());
        Hash[] proof = [.. answer.GetProperty("proof").EnumerateArray().Select(text => Hash.TryParseBase64(text.GetString(), out Hash hash) ? hash : default)];
        Assert.True(ConsistencyProof.Verify(old, head, proof));
        Assert.Empty((await log.GetAsync("consistency?from=21&to=21")).Json.GetProperty("proof").EnumerateArray());
        Assert.Empty((await log.GetAsync("consistency?from=0&to=21")).Json.GetProperty("proof").EnumerateArray());
    }

    [Theory]
    [InlineData("", "from")]
    [InlineData("?from=", "from")]
    [InlineData("?from=3", "from")]
    [InlineData("?from=2&to=1", "from")]
    [InlineData("?from=1&to=3", "to")]
    [InlineData("?from=-1&to=2", "from")]
    [InlineData("?from=1&to=99999999999999999999", "to")]
    [InlineData("?from=one", "from")]
    public async Task Refuses_sizes_that_prove_nothing(string parameters, string pointer)
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(2);

        (await log.GetAsync("consistency" + parameters)).ShouldBeProblem(400, "invalid-parameter", pointer);
    }

    private async Task<VerificationResult> VerifyAsync(TestLog log, VerifiedCheckpoint? remembered)
    {
        var source = new HttpLogSource(server.Http, new Uri(server.Url, "logs/" + log.Name), log.ReaderKey);
        return await new LogVerifier(Ed25519NoteVerifier.FromVkey(log.Vkey), source, new VerificationRequest { Remembered = remembered }).VerifyAsync(TestContext.Current.CancellationToken);
    }
}
