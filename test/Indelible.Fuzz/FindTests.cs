using System.Text;
using Indelible.Fuzz.Driving;
using Indelible.Fuzz.Targets;
using Indelible.Notes;
using Indelible.Search;
using Indelible.Verification;
using Xunit;

namespace Indelible.Fuzz;

/// <summary>What fuzzing has found, each as the smallest input that showed it.</summary>
public sealed class FindTests
{
    /// <summary>Target, what was wrong, and the input; of digests, mending makes what fits.</summary>
    public static TheoryData<string, string, string> Finds => new()
    {
        { "journal-group", "a name that is not ASCII was read as another name", "\0\u0001\u0001é\0\0\0\0\0\0\0\0\0\0\0\u0001\0\0\0\u0002\0\0" },
        { "journal-group", "a group of no batch was read", "\0\0" },
        { "journal-group", "two batches of one log were read", "\0\u0002\u0001a\0\0\0\0\0\0\0\0\0\0\0\u0001\0\0\0\u0002\0\0\u0001a\0\0\0\0\0\0\0\0\0\0\0\u0001\0\0\0\u0002\0\0" },
        { "settings", "JSON that ends too early was thrown", "{\"format\": 1,\n" },
        { "settings", "null was a null reference", "null\n" },
        { "settings", "a host that is missing was read", """{"format":1,"segment_size":512,"receipts_vkey":"v","id_seed":"0123456789abcdef"}""" },
        { "system-entry", "an unknown kind of key was thrown", """{"action":"indelible.key.create","data":{"id":"a","kind":"writerr","principal":"p","logs":[],"hash":"h"}}""" },
        { "system-entry", "a number was read as a kind of key", """{"action":"indelible.key.create","data":{"id":"a","kind":"99","principal":"p","logs":[],"hash":"h"}}""" },
        { "system-entry", "a name that is null was thrown", """{"action":"indelible.log.create","data":{"name":null,"origin":"o","vkey":"v","public":true,"personal":[]}}""" },
        { "system-entry", "a key that is there already was thrown", """{"action":"indelible.key.create","data":{"id":"ind_a_0","kind":"reader","principal":"p","logs":[],"hash":"h"}}""" },
        { "system-entry", "a key that is null was taken for the configuration's", """{"action":"indelible.init","data":{"host":"test.example","vkey":null}}""" },
        { "system-entry", "a finished log of less than no entries was read", """{"action":"indelible.incarnation","data":{"name":"main.i2","vkey":"w","of":{"name":"main","origin":"o","vkey":"v"},"restored":{"size":-1,"root":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=","checkpoint":"c"},"note":"n"}}""" },
        { "incarnation-entry", "a signed size below zero was read", """{"action":"indelible.incarnation","data":{"name":"main.i2","vkey":"w","of":{"name":"main","origin":"o","vkey":"v"},"restored":{"size":1,"root":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=","checkpoint":"c"},"signed":{"size":-1},"note":"n"}}""" },
        { "backup-manifest", "null was a null reference", "null\nAAAA\n" },
        { "backup-manifest", "a log that is null was a null reference", "{\"format\":1,\"host\":\"h\",\"time\":\"t\",\"state\":\"state/0000000000000007\",\"logs\":[null],\"files\":[]}\nAAAA\n" },
        { "backup-manifest", "a file that is null was a null reference", "{\"format\":1,\"host\":\"h\",\"time\":\"t\",\"state\":\"state/0000000000000007\",\"logs\":[],\"files\":[null]}\nAAAA\n" },
        { "verifier-frontier", "a size with a leading zero was read", "indelible.dev/verifier-frontier/v1\ntest.example/logs/main\n00\n-\n" },
        { "verifier-frontier", "another byte than a line feed before the digest was read", "indelible.dev/verifier-frontier/v1\ntest.example/logs/main\n0\n-x" },
        { "rule-file", "a selection without a name was thrown", "title: a\nlogsource: {product: indelible}\ndetection: {'': {a: b}, condition: 1 of them}" },
        { "rule-file", "a value that is too short for base64offset was thrown", "title: a\nlogsource: {product: indelible}\ndetection: {s: {a|base64offset|contains: ''}, condition: s}" },
        { "rule-file", "an alias that stands there twice under another tag was thrown", "title: a\ncorrelation: {type: event_count, rules: [r], timespan: 1m, condition: {gt: 1}, aliases: {x: {r: n, !t r: m}}}" },
        { "rule-file", "an event's member that stands there twice under another tag was thrown", "title: a\nlogsource: {product: indelible}\ndetection: {s: {a: b}, condition: s}\ntests: [{name: t, events: [{a: b, !t a: c}]}]" },
        { "query-json", "a lone surrogate was thrown", """{"op":"equals","path":["a"],"value":"\ud800","typed":false}""" },
        { "query-json", "a member that is there twice was thrown", """{"op":"all","op":"all"}""" },
        { "matched-entry", "a name that is no Unicode was thrown", """{"\ud800ctor":{"id":"u-1"}}""" },
        { "cloudtrail", "a name that is no Unicode ended the import", """{"\ud800ecords":1}""" },
        { "cloudevents", "half of a surrogate pair was answered with 500", """{"specversion":"1.0","id":"\ud800","source":"s","type":"t"}""" },
        { "receipts", "an origin that is null was a null reference", """{"receipts":[{"origin":null,"index":0,"leaf_hash":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=","received_at":"t","id":"i","position":0,"path":[]}],"receipt_note":"n"}""" },
        { "claim", "a time that is an object was thrown", """{"schema":"audit/1","id":"e-1","time":"2026-11-23T06:14:25Z","observed_time":{},"action":"a.b","outcome":"success","actor":{"id":"u","type":"user"},"service":{"name":"s"}}""" },
        { "request-body", "a time that is a list was thrown", """j{"time":["2026-11-23T06:14:25Z"],"observed_time":"2026-11-23T06:14:25Z"}""" },
    };

    [Theory]
    [MemberData(nameof(Finds))]
    public void Holds_where_it_once_did_not(string name, string wrong, string input)
    {
        FuzzTarget target = FuzzTargets.Find(name)!;
        foreach (byte[] bytes in new[] { Encoding.UTF8.GetBytes(input), Encoding.Latin1.GetBytes(input) })
        {
            Exception? exception = FuzzRun.Try(target, target.Mend?.Invoke(bytes) ?? bytes, out bool accepted);
            Assert.True(exception is null && !accepted, $"Again: {wrong}. {exception}");
        }
    }

    [Fact]
    public void An_envelope_with_a_record_that_is_not_UTF8_does_not_end_the_import()
    {
        byte[] file = [.. "{\"a\":1,\"Records\":[{\"x\":\""u8, 0xFF, .. "\"}]}"u8];
        Assert.Null(FuzzRun.Try(FuzzTargets.Find("cloudtrail")!, file, out _));
    }

    /// <summary>It was opened, and none of its records was read: reading began at record 0, behind all of them.</summary>
    [Theory]
    [InlineData("journal-open", 0xFF)]
    [InlineData("journal-open", 0x7F)]
    [InlineData("journal-file", 0xFF)]
    [InlineData("tail-file", 0x7F)]
    public void A_file_that_begins_at_an_impossible_number_is_damaged(string name, byte highest)
    {
        FuzzTarget target = FuzzTargets.Find(name)!;
        Assert.All(target.Seeds(), seed =>
        {
            seed[24] = highest;
            Assert.Null(FuzzRun.Try(target, target.Mend!(seed), out bool accepted));
            Assert.False(accepted);
        });
    }

    [Fact]
    public void An_entry_that_is_not_UTF8_is_no_JSON_to_a_query()
    {
        Assert.True(Query.TryParse("actor.id:u-1", DateTimeOffset.UnixEpoch, out Query? query, out _));
        Assert.Throws<System.Text.Json.JsonException>(() => query.Matches([.. "{\"actor\":{\"id\":\"\\n"u8, 0xFF, .. "\"}}"u8]));
    }

    /// <summary>Every pair of surrogates made the whole name be looked at again: a note of a million bytes took minutes.</summary>
    [Fact]
    public void A_name_of_a_million_bytes_is_looked_at_once()
    {
        string name = string.Concat(Enumerable.Repeat("😀", 249_000));
        Assert.False(KeyName.IsValid(name));
        Assert.False(SignedNote.TryParse(Encoding.UTF8.GetBytes($"t\n\n— {name} {Convert.ToBase64String(new byte[68])}\n"), out _));
    }

    [Fact]
    public void A_line_of_receipts_that_is_no_Unicode_is_refused() =>
        Assert.Throws<TlogFormatException>(() => ReceiptFile.Read(["{\"receipt_note\":\"\uD800\"}"]).ToList());
}
