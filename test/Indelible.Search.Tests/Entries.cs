using System.Text;

namespace Indelible.Search.Tests;

/// <summary>What the tests search in and how they ask.</summary>
internal static class Entries
{
    public static readonly DateTimeOffset Now = new(2026, 11, 23, 6, 14, 25, 123, TimeSpan.Zero);

    public const string Sample = """
        {"action":"patient_record.read","actor":{"id":"u-8472","name":{"$pii":{"com":"x","ct":"aspirin","key":"k","v":1}},"on_behalf_of":[{"id":"svc-1","name":"Night Shift","type":"service"}],"privileged":true,"roles":["nurse","ward-7"],"type":"user"},"auth":{"mfa":false,"session_id":"s-77"},"changes":[{"new":{"dose":20},"old":{"dose":10},"op":"replace","path":"/dose"},{"new":{"$redacted":"secret"},"op":"replace","path":"/pin"}],"data":{"a b":{"c":"odd","d.e":1},"big":"9007199254740993","due":"2026-11-20T10:00:00+02:00","empty":[],"flag":"true","greek":"ΟΔΟΣ","han":"患者の記録を読む","list":[1,[2,3],{"x":4}],"net":"10.0.0.0/8","none":null,"note":"Gave aspirin \"twice\"; 2 x 100mg","peer":"2001:db8::1","rate":2.5e-3,"star":"a*b?c\\d","tenant":"acme","tenths":0.1},"id":"01931c3e","labels":{"build":"118","env":"prod","odd key":"v","team.name":"blue"},"message":"Nurse opened the Patient record, late","observed_time":"2026-11-23T06:14:26Z","outcome":"failure","outcome_reason":"INVALID_CREDENTIALS","request":{"bytes_out":5120,"duration_ms":0,"route":"/patients/{id}","status":403},"schema":"audit/1","service":{"environment":"prod","name":"ehr-web"},"source":{"forwarded_for":["192.0.2.7","::ffff:172.16.5.4"],"ip":"10.20.30.40"},"targets":[{"classification":"phi","count":150,"fields":["medication"],"id":"p-1001","type":"patient_record"},{"id":"p-1002","owner":null,"type":"invoice"}],"time":"2026-11-23T06:14:25.1234567Z","trace":{"trace_id":"4bf92f"}}
        """;

    public static Query Parse(string text)
    {
        Assert.True(Query.TryParse(text, Now, out Query? query, out QueryError? error), $"{text}: {error}");
        return query;
    }

    /// <summary>An entry in which nothing is sealed.</summary>
    public static Searching.TestEntry Of(string json) => new(Encoding.UTF8.GetBytes(json), Encoding.UTF8.GetBytes(json));

    public static QueryError Refuse(string text)
    {
        Assert.False(Query.TryParse(text, Now, out _, out QueryError? error), text);
        return error;
    }

    public static bool Matches(string query, string entry) => Parse(query).Matches(Encoding.UTF8.GetBytes(entry));
}
