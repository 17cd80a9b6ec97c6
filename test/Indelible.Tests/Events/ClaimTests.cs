using System.Text;
using Indelible.Events;
using Xunit;

namespace Indelible.Tests.Events;

public class ClaimTests
{
    private static readonly string s_long = new('x', 9_000);

    [Fact]
    public void Accepts_the_least_and_the_most_that_the_schema_knows()
    {
        Claim least = Samples.Claim(Samples.Minimal);
        Claim most = Samples.Claim(Samples.Full);

        Assert.Equal(("e-1", "u-1", "2026-11-23T06:14:25Z", "invoice.read"), (least.Id, least.ActorId, least.Time, least.Action));
        Assert.Equal("u-8472", most.ActorId);
        Assert.True(CanonicalJson.IsCanonical(most.CanonicalBytes.Span));
        Assert.Equal(CanonicalJson.Canonicalize(Encoding.UTF8.GetBytes(Samples.Full)), most.CanonicalBytes.ToArray());
    }

    [Theory]
    [InlineData("schema")]
    [InlineData("id")]
    [InlineData("time")]
    [InlineData("action")]
    [InlineData("outcome")]
    [InlineData("actor")]
    [InlineData("actor.id")]
    [InlineData("actor.type")]
    [InlineData("service")]
    [InlineData("service.name")]
    public void Refuses_an_event_without_a_required_member(string path) =>
        AssertFault(Samples.With(path, null), "missing", "/" + path.Replace('.', '/'));

    [Theory]
    [InlineData("schema", "\"audit/2\"", "bad-format")]
    [InlineData("schema", "\"audit/1#\"", "bad-format")]
    [InlineData("schema", "\"audit/1#a.b\"", "bad-format")]
    [InlineData("schema", "\"audit/1#a.b@0\"", "bad-format")]
    [InlineData("schema", "\"audit/1#a.b@x\"", "bad-format")]
    [InlineData("schema", "\"audit/10\"", "bad-format")]
    [InlineData("id", "\"\"", "bad-format")]
    [InlineData("id", "\"a b\"", "bad-format")]
    [InlineData("id", "\"a/b\"", "bad-format")]
    [InlineData("id", "7", "wrong-type")]
    [InlineData("id", "null", "wrong-type")]
    [InlineData("time", "\"2026-02-30T00:00:00Z\"", "bad-format")]
    [InlineData("time", "\"2026-11-23T24:00:00Z\"", "bad-format")]
    [InlineData("time", "\"2026-11-23T06:14:60Z\"", "bad-format")]
    [InlineData("time", "\"2026-11-23T06:14:25+00:00\"", "bad-format")]
    [InlineData("time", "\"2026-11-23t06:14:25z\"", "bad-format")]
    [InlineData("time", "\"2026-11-23T06:14:25.Z\"", "bad-format")]
    [InlineData("time", "\"2026-11-23T06:14:25.12345678Z\"", "too-long")]
    [InlineData("time", "\"2026-11-23 06:14:25Z\"", "bad-format")]
    [InlineData("time", "\"0000-11-23T06:14:25Z\"", "bad-format")]
    [InlineData("observed_time", "\"2026-11-23T06:14:24.9999999Z\"", "bad-format")]
    [InlineData("kind", "\"Event\"", "bad-format")]
    [InlineData("action", "\"Invoice.read\"", "bad-format")]
    [InlineData("action", "\"invoice..read\"", "bad-format")]
    [InlineData("action", "\"invoice.read.\"", "bad-format")]
    [InlineData("action", "\"a.b.c.d.e.f.g.h.i\"", "bad-format")]
    [InlineData("category", "\"data\"", "bad-format")]
    [InlineData("operation", "\"get\"", "bad-format")]
    [InlineData("outcome", "\"ok\"", "bad-format")]
    [InlineData("actor.id", "\"\"", "bad-format")]
    [InlineData("actor.type", "\"robot\"", "bad-format")]
    [InlineData("actor", "[]", "wrong-type")]
    [InlineData("actor.privileged", "\"yes\"", "wrong-type")]
    [InlineData("actor.roles", "\"nurse\"", "wrong-type")]
    [InlineData("actor.nick", "\"x\"", "unknown-member")]
    [InlineData("color", "1", "unknown-member")]
    [InlineData("received_at", "\"2026-11-23T06:14:25Z\"", "reserved-member")]
    [InlineData("ingest", "{}", "reserved-member")]
    [InlineData("salt", "\"x\"", "reserved-member")]
    [InlineData("$pii", "{}", "reserved-member")]
    [InlineData("source.ip", "\"192.0.2.07\"", "bad-format")]
    [InlineData("source.ip", "\"192.0.2\"", "bad-format")]
    [InlineData("source.ip", "\"192.0.2.256\"", "bad-format")]
    [InlineData("source.ip", "\"192.0.2.7.1\"", "bad-format")]
    [InlineData("source.ip", "\"192.0.2.7:80\"", "bad-format")]
    [InlineData("source.ip", "\"2001:DB8::1\"", "bad-format")]
    [InlineData("source.ip", "\"2001:db8:0:0::1\"", "bad-format")]
    [InlineData("source.ip", "\"[2001:db8::1]\"", "bad-format")]
    [InlineData("source.ip", "\"fe80::1%eth0\"", "bad-format")]
    [InlineData("source.ip", "\"host\"", "bad-format")]
    [InlineData("source.port", "65536", "bad-format")]
    [InlineData("source.port", "-1", "bad-format")]
    [InlineData("request.status", "200.5", "bad-format")]
    [InlineData("request.status", "1e-7", "bad-format")]
    [InlineData("request.bytes_out", "9007199254740992", "bad-number")]
    [InlineData("trace.trace_id", "\"4BF92F3577B34DA6A3CE929D0E0E4736\"", "bad-format")]
    [InlineData("trace.trace_id", "\"00000000000000000000000000000000\"", "bad-format")]
    [InlineData("trace.span_id", "\"00f067aa0ba902\"", "bad-format")]
    [InlineData("producer.seq", "0", "bad-format")]
    [InlineData("data", "[]", "wrong-type")]
    [InlineData("data", "null", "wrong-type")]
    [InlineData("labels.a", "1", "wrong-type")]
    [InlineData("data.$x", "1", "reserved-member")]
    [InlineData("data.a", "{\"$redacted\":1}", "reserved-member", "/data/a/$redacted")]
    [InlineData("data.a", "{\"$redacted\":\"x\",\"b\":1}", "reserved-member", "/data/a/$redacted")]
    [InlineData("data.original", "{\"a\":[{\"$pii\":{}}]}", "reserved-member", "/data/original/a/0/$pii")]
    [InlineData("data.original", "{\"\\u0024pii\":{}}", "reserved-member", "/data/original/$pii")]
    [InlineData("message", "\"\\ud800\"", "bad-string")]
    [InlineData("targets", "[{\"type\":\"Invoice\",\"id\":\"1\"}]", "bad-format", "/targets/0/type")]
    [InlineData("targets", "[{\"type\":\"invoice\",\"id\":\"1\",\"href\":\"javascript:1\"}]", "bad-format", "/targets/0/href")]
    [InlineData("targets", "[{\"type\":\"invoice\",\"id\":\"1\",\"classification\":\"secret\"}]", "bad-format", "/targets/0/classification")]
    [InlineData("targets", "[{\"type\":\"invoice\"}]", "missing", "/targets/0/id")]
    [InlineData("targets", "[1]", "wrong-type", "/targets/0")]
    [InlineData("changes", "[{\"path\":\"a\",\"op\":\"add\"}]", "bad-format", "/changes/0/path")]
    [InlineData("changes", "[{\"path\":\"/a~2\",\"op\":\"add\"}]", "bad-format", "/changes/0/path")]
    [InlineData("changes", "[{\"path\":\"/a\",\"op\":\"move\"}]", "bad-format", "/changes/0/op")]
    [InlineData("actor.on_behalf_of", "[{\"name\":\"x\"}]", "missing", "/actor/on_behalf_of/0/id")]
    public void Refuses_a_member_that_is_not_as_the_schema_says(string path, string json, string code, string? pointer = null) =>
        AssertFault(Samples.With(path, json), code, pointer ?? "/" + path.Replace('.', '/'));

    [Theory]
    [InlineData("source.ip", "\"2001:db8::1\"")]
    [InlineData("source.ip", "\"::\"")]
    [InlineData("source.ip", "\"::ffff:192.0.2.1\"")]
    [InlineData("source.ip", "\"0.0.0.0\"")]
    [InlineData("source.ip", "\"2001:db8:0:1:1:1:1:1\"")]
    [InlineData("time", "\"2024-02-29T23:59:59.1Z\"")]
    [InlineData("action", "\"a_b-c.d.e.f.g.h\"")]
    [InlineData("actor.type", "\"unknown\"")]
    [InlineData("data.a", "{\"$redacted\":\"secret\"}")]
    [InlineData("schema", "\"audit/1#a.b@12\"")]
    [InlineData("targets", "[]")]
    [InlineData("targets", "[{\"type\":\"http.endpoint\",\"id\":\"1\"}]")]
    public void Accepts(string path, string json) => Samples.Claim(Samples.With(path, json));

    [Theory]
    [InlineData("id", 128)]
    [InlineData("actor.id", 256)]
    [InlineData("actor.name", 256)]
    [InlineData("actor.issuer", 512)]
    [InlineData("outcome_code", 64)]
    [InlineData("outcome_reason", 1_024)]
    [InlineData("decision.policy", 256)]
    [InlineData("auth.session_id", 128)]
    [InlineData("source.user_agent", 512)]
    [InlineData("service.name", 128)]
    [InlineData("request.method", 32)]
    [InlineData("request.path", 2_048)]
    [InlineData("message", 1_024)]
    [InlineData("labels.a", 256)]
    [InlineData("data.a", 8_192)]
    public void Texts_end_at_their_limit(string path, int most)
    {
        Samples.Claim(Samples.With(path, $"\"{s_long[..most]}\""));

        AssertFault(Samples.With(path, $"\"{s_long[..(most + 1)]}\""), "too-long", "/" + path.Replace('.', '/'));
    }

    [Fact]
    public void Lengths_are_counted_in_characters_not_bytes()
    {
        Samples.Claim(Samples.With("message", $"\"{new string('é', 1_024)}\""));

        AssertFault(Samples.With("message", $"\"{new string('é', 1_025)}\""), "too-long", "/message");
    }

    [Theory]
    [InlineData("actor.roles", "\"r\"", 64)]
    [InlineData("actor.on_behalf_of", "{\"id\":\"a\"}", 8)]
    [InlineData("targets", "{\"type\":\"a\",\"id\":\"1\"}", 32)]
    [InlineData("data_subjects", "\"s\"", 64)]
    [InlineData("source.forwarded_for", "\"s\"", 16)]
    [InlineData("changes", "{\"path\":\"\",\"op\":\"add\"}", 256)]
    [InlineData("data.a", "1", 256)]
    public void Arrays_end_at_their_limit(string path, string item, int most)
    {
        Samples.Claim(Samples.With(path, $"[{string.Join(",", Enumerable.Repeat(item, most))}]"));

        AssertFault(Samples.With(path, $"[{string.Join(",", Enumerable.Repeat(item, most + 1))}]"), "too-many", "/" + path.Replace('.', '/'));
    }

    [Fact]
    public void Labels_end_at_their_limit()
    {
        string labels = string.Join(",", Enumerable.Range(0, 33).Select(i => $"\"k{i}\":\"v\""));

        AssertFault(Samples.With("labels", $"{{{labels}}}"), "too-many", "/labels");
        AssertFault(Samples.With("labels", $"{{\"{s_long[..65]}\":\"v\"}}"), "too-long", "/labels/" + s_long[..65]);
    }

    [Fact]
    public void Own_data_nests_eight_levels_and_originals_thirty_two()
    {
        Samples.Claim(Samples.With("data.a", Nested(7)));
        Samples.Claim(Samples.With("data.original", Nested(32)));

        AssertFault(Samples.With("data.a", Nested(8)), "too-deep", "/data/a" + string.Concat(Enumerable.Repeat("/0", 7)));
        AssertFault(Samples.With("data.original", Nested(33)), "too-deep", "/data/original" + string.Concat(Enumerable.Repeat("/0", 32)));
    }

    [Fact]
    public void Own_data_and_change_values_end_at_their_size()
    {
        string items = string.Join(",", Enumerable.Repeat($"\"{s_long[..100]}\"", 200));
        string original = string.Join(",", Enumerable.Repeat($"\"{s_long}\"", 6));

        AssertFault(Samples.With("data.a", $"[{items}]"), "too-long", "/data");
        Samples.Claim(Samples.With("data.original", $"[{original}]"));
        AssertFault(Samples.With("data.original", $"[{original},{original}]"), "too-long", "");
        AssertFault(Samples.With("changes", $$"""[{"path":"/a","op":"add","new":"{{s_long[..2_047]}}"}]"""), "too-long", "/changes/0/new");
    }

    [Fact]
    public void An_agent_must_be_named_and_followers_must_say_whom_they_follow()
    {
        AssertFault(Samples.With("actor.type", "\"ai_agent\""), "missing", "/actor/agent");
        AssertFault(Samples.With("kind", "\"outcome\""), "missing", "/relates_to");
        AssertFault(Samples.With("kind", "\"correction\""), "missing", "/relates_to");
        AssertFault(Samples.With("kind", "\"annotation\""), "missing", "/relates_to");
        Samples.Claim(Samples.With("kind", "\"intent\""));
    }

    [Theory]
    [InlineData("actor.name", "\"A\"")]
    [InlineData("source.ip", "\"192.0.2.1\"")]
    [InlineData("actor.on_behalf_of", "[{\"id\":\"a\",\"name\":\"A\"}]")]
    public void A_signed_event_may_hold_nothing_personal(string path, string json)
    {
        const string Signature = ""","producer":{"signature":{"alg":"EdDSA","key_id":"k","value":"v","canon":"jcs"}}}""";
        string signed = Samples.Minimal[..^1] + Signature;

        Assert.True(Samples.Claim(signed).IsSigned);
        AssertFault(Samples.With(path, json)[..^1] + Signature, "not-allowed", "/producer/signature");
    }

    [Fact]
    public void Tells_all_faults_at_once_and_at_most_thirty_two()
    {
        Assert.False(Claim.TryParse("""{"schema":"x","id":7,"actor":{"type":"user","$x":1},"extra":[]}"""u8, out _, out IReadOnlyList<Fault> faults));

        Assert.Equal(
            [
                "/action missing", "/actor/$x reserved-member", "/actor/id missing", "/extra unknown-member", "/id wrong-type", "/outcome missing",
                "/schema bad-format", "/service missing", "/time missing",
            ],
            faults.Select(fault => $"{fault.Pointer} {fault.Code}").Order(StringComparer.Ordinal));

        string many = string.Join(",", Enumerable.Range(0, 100).Select(i => $"\"x{i}\":1"));
        Assert.False(Claim.TryParse(Encoding.UTF8.GetBytes($"{{{many}}}"), out _, out faults));
        Assert.Equal(32, faults.Count);
    }

    [Fact]
    public void Details_quote_little_and_nothing_personal()
    {
        Fault word = Only(Samples.With("outcome", $"\"{s_long}\""));
        Fault address = Only(Samples.With("source.ip", "\"alice.example\""));

        Assert.Contains("xxxx…", word.Detail, StringComparison.Ordinal);
        Assert.True(word.Detail.Count(c => c == 'x') <= EventLimits.FaultExcerpt);
        Assert.DoesNotContain("alice", address.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("1")]
    [InlineData("\"x\"")]
    [InlineData("null")]
    public void An_event_is_an_object(string json) => AssertFault(json, "wrong-type", "");

    [Fact]
    public void Hostile_events_are_refused_whole()
    {
        AssertFault(new string('[', 100_000), "too-deep", string.Concat(Enumerable.Repeat("/0", 64)));
        AssertFault(new string('[', EventLimits.BatchBytes), "too-long", "");
        AssertFault(Samples.With("data.a", $"[{string.Join(",", Enumerable.Repeat("0", 100_000))}]"), "too-many", "/data/a");
        AssertFault(Samples.With("request.status", "1" + new string('0', 10_000)), "bad-number", "/request/status");
    }

    [Fact]
    public void Other_spellings_of_one_claim_are_one_claim() =>
        Assert.Equal(
            Samples.Claim(Samples.With("data.a", "[1.0,\"\\u0041\",1e2]")).CanonicalBytes.ToArray(),
            Samples.Claim("  " + Samples.With("data.a", " [ 1 , \"A\" , 100.0 ] ")).CanonicalBytes.ToArray());

    private static string Nested(int levels) => new string('[', levels) + new string(']', levels);

    private static Fault Only(string json)
    {
        Assert.False(Claim.TryParse(Encoding.UTF8.GetBytes(json), out Claim? claim, out IReadOnlyList<Fault> faults));
        Assert.Null(claim);
        return Assert.Single(faults);
    }

    private static void AssertFault(string json, string code, string pointer)
    {
        Fault fault = Only(json);
        Assert.Equal((code, pointer), (fault.Code, fault.Pointer));
    }
}
