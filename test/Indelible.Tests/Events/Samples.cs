using System.Text;
using System.Text.Json.Nodes;
using Indelible.Events;
using Indelible.Privacy;

namespace Indelible.Tests.Events;

/// <summary>Events that the tests of this folder vary.</summary>
internal static class Samples
{
    public const string Origin = "audit.example/logs/main";

    public const string ReceivedAt = "2026-11-23T06:14:25.2000000Z";

    public const string Minimal =
        """{"schema":"audit/1","id":"e-1","time":"2026-11-23T06:14:25Z","action":"invoice.read","outcome":"success","actor":{"id":"u-1","type":"user"},"service":{"name":"billing"}}""";

    public const string Full =
        """
        {"schema":"audit/1#patient_record.read@3","id":"01931c3e-7f3a-7c31-9a55-3f6d0c2b9e10","time":"2026-11-23T06:14:25.1234567Z",
        "observed_time":"2026-11-23T06:14:25.2Z","kind":"correction","relates_to":"e-0","action":"patient_record.read","category":"data_access","operation":"read",
        "outcome":"success","outcome_code":"200","outcome_reason":"OK",
        "decision":{"effect":"allow","policy":"CareTeamOnly","rule":"same-ward","version":"42","reason":"same ward"},
        "actor":{"id":"u-8472","type":"ai_agent","name":"Zoë \"Z\" Müller","email":"zoe@example.org","roles":["nurse"],"groups":["ward 3"],"privileged":false,
          "issuer":"https://idp.example","on_behalf_of":[{"id":"u-1","type":"user","name":"Ann"},{"id":"u-2","name":"Bob"}],
          "agent":{"name":"helper","model":"m-1","version":"1","run_id":"r-1"}},
        "auth":{"method":"oidc","mfa":true,"credential_id":"c-1","session_id":"s-77"},
        "targets":[{"type":"patient_record","id":"p-1001","name":"n","parent":"x","owner":"y","classification":"phi","fields":["medication"],"count":1,"href":"https://ehr.example/p/1001"}],
        "data_subjects":["subj-5f0c"],
        "source":{"ip":"192.0.2.7","forwarded_for":["10.0.0.1","2001:db8::1"],"port":443,"hostname":"h","device_id":"d","user_agent":"Edge/140"},
        "service":{"name":"ehr-web","version":"3.2.1","instance_id":"i","environment":"prod","host":"h1"},
        "request":{"id":"q","protocol":"http/2","method":"GET","route":"/patients/{id}","path":"/patients/1001","status":200,"duration_ms":12,"bytes_in":0,"bytes_out":5120},
        "trace":{"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","correlation_id":"c","causation_id":"d"},
        "changes":[{"path":"/a~1b","op":"replace","old":{"$redacted":"secret"},"new":1.5}],
        "reason":{"text":"t","ticket":"T-1","break_glass":false},"message":"m","labels":{"ward":"3"},
        "data":{"k":[1,{"x":null}],"original":{"eventVersion":"1.08","z":[[]],"a":"b"}},
        "truncated":[{"path":"/message","original_bytes":4096}],
        "producer":{"stream_id":"1b0e6f7c-0000-4000-8000-000000000000","seq":18234,"end":false}}
        """;

    public static Claim Claim(string json) => Indelible.Events.Claim.Parse(Encoding.UTF8.GetBytes(json));

    /// <summary>The minimal event with one member, by a path of names with dots, set to other JSON; null removes it.</summary>
    public static string With(string path, string? json)
    {
        JsonNode root = JsonNode.Parse(Minimal)!;
        string[] steps = path.Split('.');
        JsonObject at = root.AsObject();
        foreach (string step in steps[..^1])
        {
            at[step] ??= new JsonObject();
            at = at[step]!.AsObject();
        }

        at.Remove(steps[^1]);
        string marked = "\u0001";
        if (json is null)
        {
            return root.ToJsonString();
        }

        at[steps[^1]] = marked;
        return root.ToJsonString().Replace("\"\\u0001\"", json, StringComparison.Ordinal);
    }

    public static EntryContext Context(TestKeys keys, PersonalFields? fields = null, string? remoteIp = null) => new()
    {
        Origin = Origin,
        ReceivedAt = ReceivedAt,
        Ingest = new Ingest("api", "svc-ehr", "ind_w_3f9a", 41, remoteIp),
        Salt = Enumerable.Range(0, 16).Select(i => (byte)i).ToArray(),
        Keys = keys,
        PersonalFields = fields ?? PersonalFields.Default,
    };
}
