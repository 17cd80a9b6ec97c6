using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Indelible.Events;
using Indelible.Merkle;
using Indelible.Privacy;
using Xunit;

namespace Indelible.Tests.Events;

public class EntryTests
{
    private readonly TestKeys _keys = new();

    [Fact]
    public void An_entry_is_the_claim_and_the_envelope_in_canonical_form()
    {
        BuiltEntry entry = EntryBuilder.Build(Samples.Claim(Samples.Minimal), Samples.Context(_keys));

        Assert.Equal(
            """{"action":"invoice.read","actor":{"id":"u-1","type":"user"},"id":"e-1","ingest":{"auth_at":41,"key_id":"ind_w_3f9a","principal":"svc-ehr","protocol":"api"},"outcome":"success","received_at":"2026-11-23T06:14:25.2000000Z","salt":"AAECAwQFBgcICQoLDA0ODw","schema":"audit/1","service":{"name":"billing"},"time":"2026-11-23T06:14:25Z"}""",
            Encoding.UTF8.GetString(entry.Bytes.Span));
        Assert.Equal(Samples.Claim(Samples.Minimal).CanonicalBytes.ToArray(), Entry.ClaimOf(entry.Bytes.Span));
    }

    [Fact]
    public void The_claim_hash_is_that_of_the_claim_as_persisted()
    {
        BuiltEntry entry = EntryBuilder.Build(Samples.Claim(Samples.Full), Samples.Context(_keys, remoteIp: "2001:db8::9"));

        Assert.True(CanonicalJson.IsCanonical(entry.Bytes.Span));
        Assert.Equal(new Hash(SHA256.HashData(Entry.ClaimOf(entry.Bytes.Span))), entry.ClaimHash);
    }

    [Fact]
    public void No_personal_value_is_left_in_clear()
    {
        BuiltEntry entry = EntryBuilder.Build(Samples.Claim(Samples.Full), Samples.Context(_keys, remoteIp: "2001:db8::9"));
        string text = Encoding.UTF8.GetString(entry.Bytes.Span);

        Assert.All(["Zo", "zoe@", "Ann", "Bob", "192.0.2.7", "10.0.0.1", "2001:db8", "/patients/1001", "eventVersion"],
            personal => Assert.DoesNotContain(personal, text, StringComparison.Ordinal));
        Assert.Equal(
            [
                "/actor/email", "/actor/name", "/actor/on_behalf_of/0/name", "/actor/on_behalf_of/1/name", "/data/original", "/ingest/remote_ip",
                "/request/path", "/source/forwarded_for", "/source/ip",
            ],
            Entry.PersonalPointers(entry.Bytes.Span));
        Assert.Equal(["u-1", "u-2", "u-8472"], _keys.Subjects);
    }

    [Fact]
    public void The_same_claim_gives_the_same_bytes_and_hash()
    {
        BuiltEntry first = EntryBuilder.Build(Samples.Claim(Samples.Full), Samples.Context(_keys));
        BuiltEntry second = EntryBuilder.Build(Samples.Claim(Samples.Full), Samples.Context(new TestKeys()));

        Assert.Equal(first.Bytes.ToArray(), second.Bytes.ToArray());
    }

    [Fact]
    public void Received_at_is_raised_in_place()
    {
        BuiltEntry entry = EntryBuilder.Build(Samples.Claim(Samples.Full), Samples.Context(_keys));

        entry.RaiseReceivedAt("2026-11-23T06:14:26.0000001Z"u8);

        Assert.True(Entry.TryRead(entry.Bytes.Span, out EntryFacts facts));
        Assert.Equal("2026-11-23T06:14:26.0000001Z", facts.ReceivedAt);
        Assert.True(CanonicalJson.IsCanonical(entry.Bytes.Span));
        Assert.Throws<ArgumentException>(() => entry.RaiseReceivedAt("2026-11-23T06:14:26Z"u8));
        Assert.Throws<ArgumentException>(() => entry.RaiseReceivedAt("2026-11-31T06:14:26.0000001Z"u8));
    }

    [Fact]
    public void Reads_the_facts()
    {
        BuiltEntry entry = EntryBuilder.Build(Samples.Claim(Samples.Full), Samples.Context(_keys));

        Assert.True(Entry.TryRead(entry.Bytes.Span, out EntryFacts facts));

        Assert.Equal(
            new EntryFacts(
                "01931c3e-7f3a-7c31-9a55-3f6d0c2b9e10", "svc-ehr", Samples.ReceivedAt, "2026-11-23T06:14:25.1234567Z", "patient_record.read", "u-8472"),
            facts);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData(Samples.Minimal)]
    public void What_is_no_entry_is_not_read_as_one(string json)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);

        Assert.False(Entry.TryRead(bytes, out _));
        Assert.Throws<TlogFormatException>(() => Entry.ClaimOf(bytes));
        Assert.Throws<TlogFormatException>(() => Entry.Decrypt(bytes, Samples.Origin, _keys.Find));
    }

    [Fact]
    public void An_entry_in_another_spelling_is_not_read()
    {
        byte[] bytes = EntryBuilder.Build(Samples.Claim(Samples.Minimal), Samples.Context(_keys)).Bytes.ToArray();

        Assert.False(Entry.TryRead([.. bytes, (byte)' '], out _));
    }

    [Fact]
    public void Decrypting_gives_back_what_was_sent()
    {
        Claim claim = Samples.Claim(Samples.Full);
        BuiltEntry entry = EntryBuilder.Build(claim, Samples.Context(_keys, remoteIp: "2001:db8::9"));

        byte[] clear = Entry.Decrypt(entry.Bytes.Span, Samples.Origin, _keys.Find);

        Assert.Equal(claim.CanonicalBytes.ToArray(), Entry.ClaimOf(clear));
        Assert.Equal("2001:db8::9", JsonDocument.Parse(clear).RootElement.GetProperty("ingest").GetProperty("remote_ip").GetString());
    }

    [Fact]
    public void An_erased_person_is_gone_and_the_others_stay()
    {
        BuiltEntry entry = EntryBuilder.Build(Samples.Claim(Samples.Full), Samples.Context(_keys));
        _keys.Destroy("u-1");

        byte[] clear = Entry.Decrypt(entry.Bytes.Span, Samples.Origin, _keys.Find);

        JsonElement people = JsonDocument.Parse(clear).RootElement.GetProperty("actor").GetProperty("on_behalf_of");
        Assert.Equal("""{"$erased":true}""", people[0].GetProperty("name").GetRawText());
        Assert.Equal("Bob", people[1].GetProperty("name").GetString());
        Assert.Equal(7, Entry.Openings(entry.Bytes.Span, Samples.Origin, _keys.Find).Count);
        Assert.Equal(8, Entry.PersonalPointers(entry.Bytes.Span).Count);
        Assert.True(CanonicalJson.IsCanonical(clear));
    }

    [Fact]
    public void A_value_that_does_not_open_is_damaged()
    {
        BuiltEntry entry = EntryBuilder.Build(Samples.Claim(Samples.With("actor.name", "\"Ann\"")), Samples.Context(_keys));
        string text = Encoding.UTF8.GetString(entry.Bytes.Span);
        int at = text.IndexOf("\"ct\":\"", StringComparison.Ordinal) + 6;
        byte[] changed = entry.Bytes.ToArray();
        changed[at] = (byte)(changed[at] == 'A' ? 'B' : 'A');
        byte[] malformed = Encoding.UTF8.GetBytes(text.Replace("\"v\":1", "\"v\":2", StringComparison.Ordinal));

        Assert.Contains("\"name\":{\"$damaged\":true}", Encoding.UTF8.GetString(Entry.Decrypt(changed, Samples.Origin, _keys.Find)), StringComparison.Ordinal);
        Assert.Contains("\"name\":{\"$damaged\":true}", Encoding.UTF8.GetString(Entry.Decrypt(malformed, Samples.Origin, _keys.Find)), StringComparison.Ordinal);
        Assert.Contains("\"name\":{\"$damaged\":true}", Encoding.UTF8.GetString(Entry.Decrypt(entry.Bytes.Span, "other.example/logs/main", _keys.Find)), StringComparison.Ordinal);
        Assert.Empty(Entry.Openings(changed, Samples.Origin, _keys.Find));
    }

    [Fact]
    public void Openings_verify_against_the_entry()
    {
        BuiltEntry entry = EntryBuilder.Build(Samples.Claim(Samples.Full), Samples.Context(_keys));
        JsonElement root = JsonDocument.Parse(entry.Bytes).RootElement;

        IReadOnlyList<Opening> openings = Entry.Openings(entry.Bytes.Span, Samples.Origin, _keys.Find);

        Opening address = Assert.Single(openings, opening => opening.Pointer == "/source/ip");
        Assert.True(SealedValue.TryParse(Encoding.UTF8.GetBytes(root.GetProperty("source").GetProperty("ip").GetRawText()), out SealedValue? value));
        Assert.Equal("\"192.0.2.7\"", Encoding.UTF8.GetString(address.Value.Span));
        Assert.True(address.VerifyCommitment(Samples.Origin, entry.Id, value.Commitment));
        Assert.Equal(Entry.PersonalPointers(entry.Bytes.Span), openings.Select(opening => opening.Pointer));
    }

    [Fact]
    public void A_retry_is_known_again()
    {
        byte[] stored = EntryBuilder.Build(Samples.Claim(Samples.Full), Samples.Context(_keys, remoteIp: "2001:db8::9")).Bytes.ToArray();

        Assert.True(Entry.SameClaim(stored, Samples.Claim(Samples.Full), Samples.Origin, _keys.Find));
    }

    [Theory]
    [InlineData("192.0.2.7", "192.0.2.8")]
    [InlineData("\"m\"", "\"n\"")]
    [InlineData("\"message\":\"m\",", "")]
    [InlineData("[1,{", "[2,{")]
    [InlineData("\"name\":\"Bob\"", "\"name\":\"Rob\"")]
    [InlineData("\"roles\":[\"nurse\"]", "\"roles\":[\"nurse\",\"admin\"]")]
    [InlineData("\"roles\":[\"nurse\"]", "\"roles\":[]")]
    [InlineData("\"ip\":\"192.0.2.7\",", "")]
    [InlineData("\"k\":[1", "\"k\":{\"a\":1}, \"l\":[1")]
    public void Another_claim_under_the_same_id_is_another(string old, string changed)
    {
        byte[] stored = EntryBuilder.Build(Samples.Claim(Samples.Full), Samples.Context(_keys)).Bytes.ToArray();
        string other = Samples.Full.Replace(old, changed, StringComparison.Ordinal);

        Assert.NotEqual(Samples.Full, other);
        Assert.False(Entry.SameClaim(stored, Samples.Claim(other), Samples.Origin, _keys.Find));
    }

    [Fact]
    public void A_retry_after_erasure_is_compared_by_what_is_left()
    {
        byte[] stored = EntryBuilder.Build(Samples.Claim(Samples.Full), Samples.Context(_keys)).Bytes.ToArray();
        _keys.Destroy("u-8472");

        Assert.True(Entry.SameClaim(stored, Samples.Claim(Samples.Full), Samples.Origin, _keys.Find));
        Assert.True(Entry.SameClaim(stored, Samples.Claim(Samples.Full.Replace("192.0.2.7", "192.0.2.8", StringComparison.Ordinal)), Samples.Origin, _keys.Find));
        Assert.False(Entry.SameClaim(stored, Samples.Claim(Samples.Full.Replace("\"m\"", "\"n\"", StringComparison.Ordinal)), Samples.Origin, _keys.Find));
        Assert.False(Entry.SameClaim(stored, Samples.Claim(Samples.Full.Replace("Bob", "Rob", StringComparison.Ordinal)), Samples.Origin, _keys.Find));
        Assert.False(Entry.SameClaim(stored, Samples.Claim(Samples.Full.Replace("\"ip\":\"192.0.2.7\",", "", StringComparison.Ordinal)), Samples.Origin, _keys.Find));
    }

    [Fact]
    public void Against_a_seal_that_does_not_parse_nothing_is_the_same()
    {
        byte[] stored = EntryBuilder.Build(Samples.Claim(Samples.Full), Samples.Context(_keys)).Bytes.ToArray();
        string malformed = Encoding.UTF8.GetString(stored).Replace("\"v\":1}", "\"v\":2}", StringComparison.Ordinal);

        Assert.False(Entry.SameClaim(Encoding.UTF8.GetBytes(malformed), Samples.Claim(Samples.Full), Samples.Origin, _keys.Find));
    }

    [Fact]
    public void Whatever_a_sender_changes_what_is_accepted_becomes_an_entry_that_gives_it_back()
    {
        byte[] json = Encoding.UTF8.GetBytes(Samples.Full);
        byte[] alphabet = "{}[]\",:\\0159.eE-+ \u00e9$abtfn"u8.ToArray();
        var random = new Random(7);
        int accepted = 0;
        for (int i = 0; i < 4_000; i++)
        {
            byte[] changed = [.. json];
            changed[random.Next(changed.Length)] = random.Next(4) == 0 ? (byte)random.Next(256) : alphabet[random.Next(alphabet.Length)];
            if (!Claim.TryParse(changed, out Claim? claim, out IReadOnlyList<Fault> faults))
            {
                Assert.InRange(faults.Count, 1, EventLimits.Faults);
                continue;
            }

            accepted++;
            BuiltEntry entry = EntryBuilder.Build(claim, Samples.Context(_keys));
            Assert.True(CanonicalJson.IsCanonical(entry.Bytes.Span));
            Assert.Equal(claim.CanonicalBytes.ToArray(), Entry.ClaimOf(Entry.Decrypt(entry.Bytes.Span, Samples.Origin, _keys.Find)));
            Assert.True(Entry.SameClaim(entry.Bytes.Span, claim, Samples.Origin, _keys.Find));
        }

        Assert.InRange(accepted, 200, 3_800);
    }

    [Fact]
    public void A_retry_under_a_changed_policy_is_still_a_retry()
    {
        Assert.True(PersonalFields.TryCreate(["/message", "/labels/ward"], originalInClear: true, out PersonalFields? fields, out _));
        byte[] stored = EntryBuilder.Build(Samples.Claim(Samples.Full), Samples.Context(_keys, fields)).Bytes.ToArray();

        Assert.True(Entry.SameClaim(stored, Samples.Claim(Samples.Full), Samples.Origin, _keys.Find));
    }

    [Fact]
    public void An_entry_that_grows_too_long_by_sealing_is_refused()
    {
        // 65,000 bytes fit in clear; in base64url under a seal they do not.
        string original = $"[{string.Join(",", Enumerable.Repeat($"\"{new string('x', 8_000)}\"", 8))}]";
        Claim claim = Samples.Claim(Samples.With("data.original", original));
        PersonalFields.TryCreate([], originalInClear: true, out PersonalFields? clear, out _);

        Assert.False(EntryBuilder.TryBuild(claim, Samples.Context(_keys), out _, out IReadOnlyList<Fault> faults));
        Assert.Equal((FaultCode.TooLong, ""), (Assert.Single(faults).Code, faults[0].Pointer));
        Assert.True(EntryBuilder.TryBuild(claim, Samples.Context(_keys, clear), out BuiltEntry? entry, out _));
        Assert.True(CanonicalJson.IsCanonical(entry.Bytes.Span));
    }

    [Fact]
    public void A_signed_event_is_refused_where_the_log_would_seal_some_of_it()
    {
        Claim claim = Samples.Claim(
            Samples.With("message", "\"hello\"")[..^1] + ""","producer":{"signature":{"alg":"EdDSA","key_id":"k","value":"v","canon":"jcs"}}}""");
        PersonalFields.TryCreate(["/message"], originalInClear: false, out PersonalFields? fields, out _);

        Assert.True(EntryBuilder.TryBuild(claim, Samples.Context(_keys), out _, out _));
        Assert.False(EntryBuilder.TryBuild(claim, Samples.Context(_keys, fields), out _, out IReadOnlyList<Fault> faults));
        Assert.Equal(FaultCode.NotAllowed, Assert.Single(faults).Code);
    }

    [Fact]
    public void The_servers_own_names_are_escaped()
    {
        EntryContext context = Samples.Context(_keys) with { Ingest = new Ingest("api", "a\"b\\c\u0001é", "k", 0) };

        BuiltEntry entry = EntryBuilder.Build(Samples.Claim(Samples.Minimal), context);

        Assert.True(Entry.TryRead(entry.Bytes.Span, out EntryFacts facts));
        Assert.Equal("a\"b\\c\u0001é", facts.Principal);
    }

    [Fact]
    public void A_context_of_another_form_is_the_callers_mistake()
    {
        Claim claim = Samples.Claim(Samples.Minimal);

        Assert.Throws<ArgumentException>(() => EntryBuilder.Build(claim, Samples.Context(_keys) with { ReceivedAt = "2026-11-23T06:14:25Z" }));
        Assert.Throws<ArgumentException>(() => EntryBuilder.Build(claim, Samples.Context(_keys) with { Salt = new byte[15] }));
        Assert.Throws<ArgumentException>(() => EntryBuilder.Build(claim, Samples.Context(_keys) with { Origin = new string('o', 256) }));
    }
}
