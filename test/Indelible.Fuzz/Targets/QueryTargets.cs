using System.Text.Json;
using System.Text.Json.Nodes;
using Indelible.Events;
using Indelible.Fuzz.Driving;
using Indelible.Search;
using Indelible.Tests.Events;

namespace Indelible.Fuzz.Targets;

/// <summary>Queries as text and as JSON, the entries that they are asked about, and cursors.</summary>
internal static class QueryTargets
{
    private static readonly DateTimeOffset s_now = DateTimeOffset.UnixEpoch.AddSeconds(1_700_000_000);

    private static readonly byte[][] s_entries =
    [
        CanonicalJson.Canonicalize(Foreign.OfText(Samples.Minimal)),
        CanonicalJson.Canonicalize(Foreign.OfText(Samples.Full)),
        Foreign.OfText("""{"action":"a.b","actor":{"id":"u-1","name":{"$pii":{"com":"","ct":"","key":"","v":1}}},"data":{"n":[1,2.5,-3e7,"x"],"t":true,"z":null}}"""),
    ];

    private static readonly string[] s_queries =
    [
        "*", "", "actor.id:u-8472 AND action:patient_record.*", "NOT outcome:success OR labels.ward:3", "\"Zoë\" helper", "time:[2026-11-01 TO 2026-11-30] AND -actor.type:user",
        "source.ip:192.0.2.0/24", "request.status:>=200 request.duration_ms:[1 TO 20]", "action:(a.b, \"c d\", e*)", "_exists_:actor.name", "data.n:2.5 data.k:1", "last7d", "time:>now-1d",
        "actor:u-1 action:login* ((a OR b) c)", "request.path:/patients/*", "changes.new:1.5 NOT (x OR NOT y)", "source.forwarded_for:2001:db8::/32", "message:\"m\" AND reason.break_glass:false",
    ];

    private static readonly string[] s_words =
    [
        " AND ", " OR ", " NOT ", "-", "(", ")", ":", "\"", "\\", "*", "?", "[", "]", " TO ", "{", "}", ">", "<", ">=", "<=", "=", ",", "/24", "/128", "2001:db8::1", "::ffff:192.0.2.7", "192.0.2.7",
        "last7d", "today", "now", "now-1d", "2026-11-23", "2026-11-23T06:14:25Z", "1e308", "1e999999999", "0.1", "-0", "9007199254740993", "true", "null", "actor.id", "action:", "time:", "labels.", "data.",
        "_exists_:", "exists", ".", "..", "\u00A0", "😀", "İ", "ß", "\u0301", "\0", "\n",
    ];

    private static readonly Query[] s_asked = [.. s_queries.Select(text => Query.TryParse(text, s_now, out Query? query, out _) ? query : Query.All).Distinct()];

    private static readonly byte[] s_digest = SearchCursor.DigestOf(Query.All, null, SearchOrder.NewestFirst);

    public static IEnumerable<FuzzTarget> All { get; } =
    [
        new("query", "A query's canonical text and JSON are equal queries that select the same entries; an error lies inside the text.", QueryOf, () => [.. s_queries.Select(Foreign.OfText), Foreign.OfCodeUnits("actor.id:\"é\" a*")])
        {
            Words = s_words,
            MaxBytes = 512,
            Slowness = 10,
        },
        new("query-json", "A query read from JSON is written to JSON and text that are equal queries.", QueryJsonOf, () => s_asked.Select(query => Foreign.OfText(query.ToJson().ToJsonString())))
        {
            Words = ["{", "}", "[", "]", ",", ":", "\"", "null", "true", "0", "1e999", "\"\"", "\\ud800", "\\u0000", "\"and\":", "\"or\":", "\"not\":", "\"path\":", "\"value\":", "\"from\":", "\"to\":", "{}", "[]"],
            MaxBytes = 1024,
            Slowness = 4,
        },
        new("matched-entry", "Asking any query about any bytes ends in an answer or JsonException.", MatchOf, () => s_entries)
        {
            Words = ["{", "}", "[", "]", ",", ":", "\"", "\\ud800", "\\u0041", "null", "\"$pii\":", "\"actor\":", "\"id\":", "\"time\":", "1e999999999", "-0", "\"source\":{\"ip\":\"::\"}", "[[[["],
            Slowness = 4,
        },
        new("search-cursor", "What parses formats back to the same text, and its numbers fit each other.", CursorOf, Cursors) { MaxBytes = 100, Words = ["AQ", "AAAA", "____", "-", "="] },
    ];

    private static bool QueryOf(byte[] input)
    {
        string text = Foreign.Text(input);
        if (!Query.TryParse(text, s_now, out Query? query, out QueryError? error))
        {
            Must.Hold(error is not null && error.Position >= 0 && error.Length >= 0 && error.Position + error.Length <= text.Length && error.Message.Length > 0, "An error lies inside the text");
            return false;
        }

        BeEqual(query, error);
        return true;
    }

    private static bool QueryJsonOf(byte[] input)
    {
        JsonNode? json;
        try
        {
            json = JsonNode.Parse(input);
        }
        catch (JsonException)
        {
            return false;
        }

        if (!Query.TryFromJson(json, out Query? query, out QueryError? error))
        {
            Must.Hold(error is not null && error.Message.Length > 0, "What is refused has an error");
            return false;
        }

        BeEqual(query, error);
        return true;
    }

    private static void BeEqual(Query query, QueryError? error)
    {
        Must.Hold(error is null, "A query has no error");
        string text = query.ToString();
        Must.Hold(Query.TryParse(text, DateTimeOffset.UnixEpoch, out Query? again, out error), $"The canonical text parses: {text}: {error}");
        Must.Hold(again!.Equals(query) && again.ToString() == text && again.GetHashCode() == query.GetHashCode(), $"The canonical text is an equal query: {text} and {again}");
        Must.Hold(Query.TryFromJson(JsonNode.Parse(query.ToJson().ToJsonString()), out Query? fromJson, out error), $"The JSON form is a query: {text}: {error}");
        Must.Hold(fromJson!.Equals(query) && fromJson.ToString() == text, $"The JSON form is an equal query: {text} and {fromJson}");
        Must.Hold(query.Explain().Length > 0, "A query can be explained");
        foreach (byte[] entry in s_entries)
        {
            bool matches = query.Matches(entry);
            Must.Hold(again.Matches(entry) == matches && fromJson.Matches(entry) == matches, $"Equal queries select the same entries: {text}");
        }
    }

    private static bool MatchOf(byte[] input)
    {
        try
        {
            foreach (Query query in s_asked)
            {
                query.Matches(input);
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static IEnumerable<byte[]> Cursors() =>
    [
        Foreign.OfText(new SearchCursor(100, 50, 20, 50, 10, -1).Format(s_digest)),
        Foreign.OfText(new SearchCursor(1L << 40, 0, 0, 0, 0, 638_000_000_000_000_000).Format(s_digest)),
    ];

    private static bool CursorOf(byte[] input)
    {
        string text = Foreign.Text(input);
        try
        {
            var cursor = SearchCursor.Parse(text, s_digest);
            Must.Hold(cursor.Format(s_digest) == text, "A cursor formats back to its text");
            Must.Hold(cursor.Position <= cursor.AsOf && cursor.CountedTo <= cursor.AsOf && cursor.Delivered <= cursor.AsOf, "A cursor's numbers fit each other");
            return true;
        }
        catch (SearchException)
        {
            return false;
        }
    }
}
