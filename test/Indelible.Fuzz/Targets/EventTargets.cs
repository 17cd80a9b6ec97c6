using System.Security.Cryptography;
using System.Text.Json;
using Indelible.Events;
using Indelible.Fuzz.Driving;
using Indelible.Merkle;
using Indelible.Privacy;
using Indelible.Server.Ingestion;
using Indelible.Server.Problems;
using Indelible.Tests.Events;

namespace Indelible.Fuzz.Targets;

/// <summary>Events, entries, canonical JSON, sealed values, request bodies.</summary>
internal static class EventTargets
{
    private static readonly JsonDocumentOptions s_depth = new() { MaxDepth = EventLimits.JsonDepth };

    private static readonly string[] s_json =
    [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "null", "true", "false", "\\ud83d", "\\ude00", "\\u0000", "\\u0041", "\\/", "\\n", "😀", "\u0080", "\uFFFF", "\uE000",
        "0", "-0", "1.5", "1e2", "1E-7", "1e21", "0.1", "9007199254740991", "9007199254740992", "1e400", "-", ".", "  ", "\t", "\n", "{}", "[]", "\"\"", "\"a\":1,", "\"$pii\":",
    ];

    private static readonly string[] s_members =
    [
        .. s_json,
        "\"schema\":", "\"audit/1\"", "\"id\":", "\"time\":", "\"action\":", "\"outcome\":", "\"actor\":", "\"type\":", "\"service\":", "\"name\":", "\"data\":", "\"original\":", "\"changes\":",
        "\"path\":", "\"old\":", "\"new\":", "\"producer\":", "\"signature\":", "\"received_at\":", "\"ingest\":", "\"principal\":", "\"salt\":", "\"labels\":", "\"truncated\":", "\"on_behalf_of\":",
        "\"source\":", "\"ip\":", "\"forwarded_for\":", "\"$pii\"", "\"$redacted\"", "\"com\":", "\"ct\":", "\"key\":", "\"v\":1", "2026-11-23T06:14:25Z", "192.0.2.7", "2001:db8::1",
    ];

    public static IEnumerable<FuzzTarget> All { get; } =
    [
        new("claim", "A claim's canonical bytes are a claim of the same bytes; the entry made of it gives the claim back, sealed and in clear.", ClaimOf, Claims)
        {
            Words = s_members,
            MaxBytes = 8192,
            Slowness = 5,
        },
        new("entry", "What reads as an entry is canonical JSON; everything that is done with an entry ends in an answer.", EntryOf, Entries)
        {
            Words = s_members,
            MaxBytes = 8192,
            Slowness = 5,
        },
        new("canonical-json", "Canonical bytes are canonical, stay the same, and mean to another JSON reader what the input means to it.", CanonicalOf, Documents)
        {
            Words = s_json,
            MaxBytes = 1024,
        },
        new("sealed-value", "What parses formats back to the same bytes; opening it ends in one of its results.", SealedOf, () => [SealedValue(), SealedValue("{\"a\":[1,2,3]}")])
        {
            Words = s_json,
            MaxBytes = 1024,
        },
        new("request-body", "A body is divided into events, or refused with a problem; every event is a claim or has faults.", BodyOf, Bodies)
        {
            Words = s_members,
            MemoryBytes = 8 << 20,
            Slowness = 5,
        },
    ];

    private static IEnumerable<byte[]> Claims() =>
    [
        Foreign.OfText(Samples.Minimal),
        Foreign.OfText(Samples.Full),
        Foreign.OfText(Samples.With("data", """{"a":1e2,"b":"\ud83d\ude00","c":[[[{}]]],"d":-0.5}""")),
        Foreign.OfText(Samples.With("producer", """{"signature":{"alg":"EdDSA","key_id":"k","value":"AAAA","canon":"jcs"},"stream_id":"s","seq":1}""")),
        Foreign.OfText(Samples.With("changes", """[{"path":"/a","op":"add","new":{"$redacted":"secret"}},{"path":"/b","op":"remove","old":null}]""")),
    ];

    private static bool ClaimOf(byte[] input)
    {
        if (!Claim.TryParse(input, out Claim? claim, out IReadOnlyList<Fault> faults))
        {
            Must.Hold(faults.Count is > 0 and <= EventLimits.Faults, "A refused event has faults");
            return false;
        }

        ReadOnlySpan<byte> canonical = claim.CanonicalBytes.Span;
        Must.Hold(faults.Count == 0, "A claim has no faults");
        Must.Hold(CanonicalJson.IsCanonical(canonical) && canonical.Length <= EventLimits.EntryBytes, "A claim is canonical");
        Must.Hold(Claim.TryParse(canonical, out Claim? again, out _), "A claim's canonical bytes are a claim");
        Must.BeSame(again!.CanonicalBytes.Span, canonical, "A claim's canonical bytes stay the same");
        Must.Hold((again.Id, again.Time, again.Action, again.ActorId, again.IsSigned) == (claim.Id, claim.Time, claim.Action, claim.ActorId, claim.IsSigned), "A claim stays the same");
        var keys = new TestKeys();
        if (!EntryBuilder.TryBuild(claim, Samples.Context(keys, remoteIp: "192.0.2.9"), out BuiltEntry? entry, out faults))
        {
            Must.Hold(faults.Count > 0, "A claim that is no entry has faults");
            return true;
        }

        ReadOnlySpan<byte> bytes = entry.Bytes.Span;
        Must.Hold(Entry.TryRead(bytes, out EntryFacts facts), "An entry reads");
        Must.Hold((facts.Id, facts.Time, facts.Action, facts.ActorId) == (claim.Id, claim.Time, claim.Action, claim.ActorId), "An entry has its claim's facts");
        Must.Hold(new Hash(SHA256.HashData(Entry.ClaimOf(bytes))) == entry.ClaimHash, "The claim as persisted is what the entry was made of");
        Must.Hold(Entry.SameClaim(bytes, again, Samples.Origin, keys.Find), "A claim that comes again is the same claim");
        Must.BeSame(Entry.ClaimOf(Entry.Decrypt(bytes, Samples.Origin, keys.Find)), canonical, "An entry opened is its claim");
        return true;
    }

    private static IEnumerable<byte[]> Entries()
    {
        var keys = new TestKeys();
        foreach (byte[] claim in Claims())
        {
            if (EntryBuilder.TryBuild(Claim.Parse(claim), Samples.Context(keys, remoteIp: "192.0.2.9"), out BuiltEntry? entry, out _))
            {
                yield return entry.Bytes.ToArray();
            }
        }
    }

    private static bool EntryOf(byte[] input)
    {
        if (!Entry.TryRead(input, out EntryFacts facts))
        {
            return false;
        }

        Must.Hold(CanonicalJson.IsCanonical(input), "An entry is canonical");
        Must.Hold(facts.Id is not null && facts.Principal is not null && facts.ReceivedAt is not null && facts.ActorId is not null, "An entry has its facts");
        using PersonalKey key = Key();
        IReadOnlyList<string> pointers = Entry.PersonalPointers(input);
        IReadOnlyList<Opening> openings = Entry.Openings(input, Samples.Origin, _ => key);
        Must.Hold(openings.Count <= pointers.Count, "What opens is sealed");
        Must.Hold(CanonicalJson.IsCanonical(Entry.ClaimOf(input)), "The claim as persisted is canonical");
        Must.Hold(CanonicalJson.IsCanonical(Entry.Decrypt(input, Samples.Origin, _ => null)), "An entry that does not open is canonical");
        Entry.SameClaim(input, Samples.Claim(Samples.Full), Samples.Origin, _ => key);
        return true;
    }

    private static IEnumerable<byte[]> Documents() =>
    [
        """{"b":[1,2.5,-3e-7,1e21],"a":"\u0041\n\"\\\/","\u00e9":null,"😀":true,"\uffff":{}}"""u8.ToArray(),
        """[0,-0,1e2,100,0.1,333333333333333.3,5e-324,[],{},"",false]"""u8.ToArray(),
        """ "text" """u8.ToArray(),
        CanonicalJson.Canonicalize(Foreign.OfText(Samples.Full)),
    ];

    private static bool CanonicalOf(byte[] input)
    {
        bool isCanonical = CanonicalJson.IsCanonical(input);
        if (!CanonicalJson.TryCanonicalize(input, out byte[]? canonical, out IReadOnlyList<Fault> faults))
        {
            Must.Hold(!isCanonical && faults.Count > 0, "What is refused is not canonical and has faults");
            return false;
        }

        Must.Hold(isCanonical == input.AsSpan().SequenceEqual(canonical), "Canonical is what canonicalising does not change");
        Must.Hold(CanonicalJson.TryCanonicalize(canonical, out byte[]? again, out _), "Canonical bytes are acceptable");
        Must.BeSame(again, canonical, "Canonicalising again changes nothing");
        using JsonDocument before = JsonDocument.Parse(input, s_depth);
        using JsonDocument after = JsonDocument.Parse(canonical, s_depth);
        Must.Hold(JsonElement.DeepEquals(before.RootElement, after.RootElement), "Another reader finds the same value in the canonical form");
        return true;
    }

    private static PersonalKey Key() => new(SHA256.HashData("u-1"u8));

    private static byte[] SealedValue(string json = "\"Zoë\"")
    {
        using PersonalKey key = Key();
        return key.Seal(Samples.Origin, "e-1", "/actor/name", Foreign.OfText(json)).ToJson();
    }

    private static bool SealedOf(byte[] input)
    {
        if (!Privacy.SealedValue.TryParse(input, out SealedValue? value))
        {
            return false;
        }

        Must.BeSame(value.ToJson(), input, "A sealed value formats back to its bytes");
        using PersonalKey key = Key();
        OpenResult result = key.TryOpen(Samples.Origin, "e-1", "/actor/name", value, out Opening? opening);
        Must.Hold((result == OpenResult.Opened) == (opening is not null), "What opens has an opening");
        Must.Hold(opening?.VerifyCommitment(Samples.Origin, "e-1", value.Commitment) != false, "An opening verifies");
        return true;
    }

    // A first byte that says which kind of body it is, then the body.
    private static IEnumerable<byte[]> Bodies()
    {
        string line = Samples.Full.Replace("\n", "", StringComparison.Ordinal);
        return
        [
            Foreign.OfText("j" + Samples.Minimal),
            Foreign.OfText("j[" + Samples.Minimal + "," + line + "]"),
            Foreign.OfText("n" + Samples.Minimal + "\n" + line + "\r\n\n"),
            Foreign.OfText("j[1,null,[[]],{\"a\":{}}]"),
        ];
    }

    private static bool BodyOf(byte[] input)
    {
        if (input.Length == 0)
        {
            return false;
        }

        try
        {
            var batch = EventBatch.Read(input[0] == 'n' ? "application/x-ndjson" : "application/json; charset=utf-8", input.AsMemory(1));
            Must.Hold(batch.Claims.Count(claim => claim is null) == batch.Refused.Count, "Every event is a claim or refused");
            Must.Hold(batch.Refused.All(refused => batch.Claims[refused.Item] is null && refused.Faults.Count > 0), "Every refused event has faults");
            return batch.Refused.Count < batch.Claims.Count;
        }
        catch (ProblemException)
        {
            return false;
        }
    }
}
