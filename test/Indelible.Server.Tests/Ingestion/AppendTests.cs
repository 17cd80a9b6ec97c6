using System.Text;
using System.Text.Json;
using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Privacy;
using Indelible.Proofs;
using Indelible.Server.Tests.Api;
using Indelible.Verification;
using Xunit;

namespace Indelible.Server.Tests.Ingestion;

/// <summary>What becomes of good events: receipts, repeats, proofs, openings.</summary>
public sealed class AppendTests(TestServer server) : IClassFixture<TestServer>
{
    [Theory]
    [InlineData(false, "application/json", 1)]
    [InlineData(true, "application/json", 3)]
    [InlineData(false, "application/x-ndjson", 3)]
    public async Task Every_receipt_is_a_promise_that_verifies(bool array, string type, int count)
    {
        TestLog log = await server.NewLogAsync();
        string[] events = [.. Enumerable.Range(0, count).Select(i => TestLog.Event($"e-{i}"))];

        Answer answer = await log.AppendAsync(array ? $"[{string.Join(',', events)}]" : string.Join('\n', events), type: type);

        Assert.Equal(201, answer.Status);
        JsonElement[] receipts = [.. answer.Json.GetProperty("receipts").EnumerateArray()];
        Assert.Equal(count, receipts.Length);
        for (int i = 0; i < count; i++)
        {
            JsonElement receipt = receipts[i];
            Assert.Equal($"e-{i}", receipt.GetProperty("id").GetString());
            Assert.Equal(i, receipt.GetProperty("index").GetInt64());
            Assert.Equal("durable", receipt.GetProperty("status").GetString());
            ReceiptOf(receipt, answer).Verify(Ed25519NoteVerifier.FromVkey(server.ReceiptsVkey));
            Answer entry = await log.GetAsync($"events/{i}");
            Assert.Equal(TreeHasher.Leaf(entry.Bytes).ToBase64(), receipt.GetProperty("leaf_hash").GetString());
            Assert.Throws<VerificationException>(() =>
                (ReceiptOf(receipt, answer) with { Index = i + 1 }).Verify(Ed25519NoteVerifier.FromVkey(server.ReceiptsVkey)));
        }
    }

    [Fact]
    public async Task A_repeat_is_answered_with_the_place_of_the_first()
    {
        TestLog log = await server.NewLogAsync();
        string personal = TestLog.Event("a", ("actor.name", "\"Ann\""), ("source.ip", "\"192.0.2.7\""), ("data.original", """{"x":1}"""));
        Answer first = await log.AppendAsync($"[{personal},{TestLog.Event("b")}]");

        Answer again = await log.AppendAsync($"[{personal},{TestLog.Event("b")}]");
        Answer mixed = await log.AppendAsync($"[{TestLog.Event("c")},{TestLog.Event("b")}]");

        Assert.Equal(200, again.Status);
        Assert.Equal(201, mixed.Status);
        Assert.Equal(Places(first), Places(again));
        Assert.Equal([2L, 1L], mixed.Json.GetProperty("receipts").EnumerateArray().Select(receipt => receipt.GetProperty("index").GetInt64()));
        Assert.Equal(3, log.Size);
        Assert.All(again.Json.GetProperty("receipts").EnumerateArray(), receipt => ReceiptOf(receipt, again).Verify(Ed25519NoteVerifier.FromVkey(server.ReceiptsVkey)));

        static IEnumerable<string> Places(Answer answer) =>
            answer.Json.GetProperty("receipts").EnumerateArray().Select(r => $"{r.GetProperty("index")} {r.GetProperty("leaf_hash")} {r.GetProperty("received_at")}");
    }

    [Fact]
    public async Task A_repeat_is_known_after_sealing_and_after_a_restart()
    {
        await using var own = new TestServer();
        await own.InitializeAsync();
        TestLog log = await own.NewLogAsync();
        await log.FillAsync(600);
        await own.StopAsync();
        await own.StartAsync();

        Answer again = await log.AppendAsync(TestLog.Event("fill-3", ("request.status", "3")));
        Answer other = await log.AppendAsync(TestLog.Event("fill-3", ("request.status", "4")));

        Assert.Equal(200, again.Status);
        Assert.Equal(3, again.Json.GetProperty("receipts")[0].GetProperty("index").GetInt64());
        other.ShouldBeProblem(409, "id-conflict", "/id", 0);
        Assert.Equal(600, log.Size);
    }

    [Fact]
    public async Task The_order_of_members_makes_no_other_claim()
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync("""{"schema":"audit/1","id":"a","time":"2026-11-23T06:14:25Z","action":"x.y","outcome":"success","actor":{"id":"u","type":"user"},"service":{"name":"s"},"data":{"n":1.0}}""");

        Answer again = await log.AppendAsync("""{"data":{"n":1},"service":{"name":"s"},"actor":{"type":"user","id":"\u0075"},"outcome":"success","action":"x.y","time":"2026-11-23T06:14:25Z","id":"a","schema":"audit/1"}""");

        Assert.Equal(200, again.Status);
    }

    [Fact]
    public async Task A_published_answer_carries_proofs_that_verify()
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(5);

        Answer answer = await log.AppendAsync($"[{TestLog.Event("a")},{TestLog.Event("fill-2", ("request.status", "2"))},{TestLog.Event("b")}]", "?ack=published");

        VerifiedCheckpoint checkpoint = VerifiedCheckpoint.Verify(
            Encoding.UTF8.GetBytes(answer.Json.GetProperty("checkpoint").GetString()!), log.Origin, Ed25519NoteVerifier.FromVkey(log.Vkey));
        Assert.Equal([5L, 2L, 6L], answer.Json.GetProperty("receipts").EnumerateArray().Select(receipt => receipt.GetProperty("index").GetInt64()));
        foreach (JsonElement receipt in answer.Json.GetProperty("receipts").EnumerateArray())
        {
            Assert.Equal("published", receipt.GetProperty("status").GetString());
            long index = receipt.GetProperty("index").GetInt64();
            Answer entry = await log.GetAsync($"events/{index}");
            Assert.True(InclusionProof.Verify(TreeHasher.Leaf(entry.Bytes), index, checkpoint.Head, HashesOf(receipt.GetProperty("proof"))));
        }
    }

    [Theory]
    [InlineData("ack=witnessed", "ack")]
    [InlineData("ack=soon", "ack")]
    [InlineData("ack=durable&ack=published", "ack")]
    [InlineData("partial=yes", "partial")]
    [InlineData("partial=1", "partial")]
    [InlineData("openings=maybe", "openings")]
    [InlineData("original=none", "original")]
    public async Task Refuses_a_parameter_that_has_no_such_value(string parameter, string pointer)
    {
        TestLog log = await server.NewLogAsync();

        (await log.AppendAsync(TestLog.Event("a"), "?" + parameter)).ShouldBeProblem(400, "invalid-parameter", pointer);

        Assert.Equal(0, log.Size);
    }

    [Fact]
    public async Task Partial_tells_of_every_event_what_became_of_it()
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync(TestLog.Event("a"));

        Answer answer = await log.AppendAsync(
            $"[{TestLog.Event("a")},{TestLog.Event("a", ("outcome", "\"failure\""))},{TestLog.Event("b", ("time", null))},{TestLog.Event("c")},{TestLog.Event("c", ("outcome", "\"failure\""))}]", "?partial=true&ack=published");

        Assert.Equal(200, answer.Status);
        JsonElement[] results = [.. answer.Json.GetProperty("results").EnumerateArray()];
        Assert.Equal(["repeated", "conflict", "invalid", "appended", "conflict"], results.Select(result => result.GetProperty("status").GetString()));
        Assert.Equal([1, 2, 4], results.Where(result => result.TryGetProperty("errors", out _)).Select(result => result.GetProperty("errors")[0].GetProperty("item").GetInt32()));
        Assert.Equal(0, results[0].GetProperty("receipt").GetProperty("index").GetInt64());
        Assert.Equal(1, results[3].GetProperty("receipt").GetProperty("index").GetInt64());
        ReceiptOf(results[3].GetProperty("receipt"), answer).Verify(Ed25519NoteVerifier.FromVkey(server.ReceiptsVkey));
        Assert.Equal(2, log.Size);
    }

    [Theory]
    [InlineData("")]
    [InlineData("&ack=published&openings=true")]
    public async Task Partial_of_nothing_good_appends_nothing(string more)
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync(TestLog.Event("a"));

        Answer answer = await log.AppendAsync($"[{TestLog.Event("a", ("outcome", "\"failure\""))},{{}}]", "?partial=true" + more);

        Assert.Equal(200, answer.Status);
        Assert.Equal(["conflict", "invalid"], answer.Json.GetProperty("results").EnumerateArray().Select(result => result.GetProperty("status").GetString()));
        Assert.Equal(JsonValueKind.Null, answer.Json.GetProperty("receipt_note").ValueKind);
        Assert.Equal(1, log.Size);
    }

    [Fact]
    public async Task Personal_values_are_sealed_and_their_openings_verify()
    {
        TestLog log = await server.NewLogAsync();
        string personal = TestLog.Event("a", ("actor.name", "\"Zoë Müller\""), ("source.ip", "\"192.0.2.7\""), ("data.original", """{"secret":"s3cr3t"}"""));

        Answer answer = await log.AppendAsync(personal, "?openings=true");

        Answer entry = await log.GetAsync("events/0");
        Assert.DoesNotContain("Müller", entry.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("192.0.2.7", entry.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t", entry.Text, StringComparison.Ordinal);
        JsonElement[] openings = [.. answer.Json.GetProperty("receipts")[0].GetProperty("openings").EnumerateArray()];
        JsonElement[] later = [.. (await log.GetAsync("events/0?openings=true")).Json.GetProperty("openings").EnumerateArray()];
        Assert.Equal(openings.Select(opening => opening.GetRawText()), later.Select(opening => opening.GetRawText()));
        Assert.Superset(new HashSet<string> { "/actor/name", "/source/ip", "/data/original" }, openings.Select(opening => opening.GetProperty("pointer").GetString()!).ToHashSet());
        foreach (JsonElement json in openings)
        {
            string pointer = json.GetProperty("pointer").GetString()!;
            JsonElement place = pointer.Split('/').Skip(1).Aggregate(entry.Json, (at, name) => at.GetProperty(name));
            Assert.True(SealedValue.TryParse(Encoding.UTF8.GetBytes(place.GetRawText()), out SealedValue? value), pointer);
            byte[] r = Convert.FromBase64String(json.GetProperty("r").GetString()!.Replace('-', '+').Replace('_', '/') + "=");
            var opening = new Opening(pointer, Encoding.UTF8.GetBytes(json.GetProperty("value").GetRawText()), r);
            Assert.True(opening.VerifyCommitment(log.Origin, "a", value.Commitment), pointer);
        }

        Answer clear = await log.GetAsync("events/0?view=clear");
        Assert.Equal("Zoë Müller", clear.Json.GetProperty("actor").GetProperty("name").GetString());
        Assert.Equal("clear", clear.Headers.GetValues("Indelible-View").Single());
    }

    [Fact]
    public async Task The_original_stays_readable_only_where_that_was_asked_for()
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync(TestLog.Event("a", ("data.original", """{"k":"visible"}""")), "?original=clear");
        await log.AppendAsync(TestLog.Event("b", ("data.original", """{"k":"visible"}""")), "?original=personal");

        Assert.Contains("visible", (await log.GetAsync("events/0")).Text, StringComparison.Ordinal);
        Assert.DoesNotContain("visible", (await log.GetAsync("events/1")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_at_once_get_an_index_each_and_all_of_it_verifies()
    {
        TestLog log = await server.NewLogAsync();

        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 400).Select(i => log.AppendAsync(TestLog.Event($"e-{i}"))));

        Assert.All(answers, answer => Assert.Equal(201, answer.Status));
        Assert.Equal(Enumerable.Range(0, 400).Select(i => (long)i), answers.Select(answer => answer.Json.GetProperty("receipts")[0].GetProperty("index").GetInt64()).Order());
        await log.FillAsync(1);
        var source = new HttpLogSource(server.Http, new Uri(server.Url, "logs/" + log.Name), log.ReaderKey);
        (VerificationReport report, _, _) = await new LogVerifier(Ed25519NoteVerifier.FromVkey(log.Vkey), source).VerifyAsync(TestContext.Current.CancellationToken);
        Assert.True(report.Verdict == Verdict.Valid, string.Join('\n', report.Faults));
    }

    [Fact]
    public async Task Of_many_that_send_the_same_event_at_once_one_appends_it()
    {
        TestLog log = await server.NewLogAsync();
        string twice = TestLog.Event("a", ("actor.name", "\"Ann\""));

        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => log.AppendAsync(twice)));

        Assert.Single(answers, answer => answer.Status == 201);
        Assert.Equal(49, answers.Count(answer => answer.Status == 200));
        Assert.Equal(1, log.Size);
    }

    private static Hash[] HashesOf(JsonElement hashes) =>
        [.. hashes.EnumerateArray().Select(text => Hash.TryParseBase64(text.GetString(), out Hash hash) ? hash : throw new FormatException(text.GetRawText()))];

    private static DurableReceipt ReceiptOf(JsonElement receipt, Answer answer) => new(
        receipt.GetProperty("origin").GetString()!,
        receipt.GetProperty("index").GetInt64(),
        Hash.TryParseBase64(receipt.GetProperty("leaf_hash").GetString(), out Hash leaf) ? leaf : default,
        receipt.GetProperty("received_at").GetString()!,
        receipt.GetProperty("id").GetString()!,
        receipt.GetProperty("position").GetInt64(),
        HashesOf(receipt.GetProperty("path")),
        Encoding.UTF8.GetBytes(answer.Json.GetProperty("receipt_note").GetString()!));
}
