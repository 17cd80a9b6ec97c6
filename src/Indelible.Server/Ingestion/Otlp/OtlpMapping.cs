using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Indelible.Events;

namespace Indelible.Server.Ingestion.Otlp;

/// <summary>Turns LogRecords into events of schema <c>audit/1</c>. The table is in <c>docs/mappings/opentelemetry.md</c>.</summary>
/// <remarks>
/// The records of one request share its time and its count of equals: a record without an id of its own gets one from its content, so
/// that a request sent again is the same events; the second of two equal records in a request is another event than the first.
/// </remarks>
internal sealed class OtlpMapping(string now)
{
    private const string Bucket = "otlp";
    private const string Attributes = "attributes";
    private const string Resource = "resource";
    private const string Scope = "scope";
    private const string IdKey = "audit.record.id";
    private const long UnixEpochTicks = 621_355_968_000_000_000;

    private static readonly (string Pointer, string Value)[] s_defaults =
        [("/outcome", "unknown"), ("/actor/id", "unknown"), ("/actor/type", "unknown"), ("/action", "otel.log"), ("/service/name", "unknown")];

    /// <summary>Attributes of a record that are members of ours; the earlier outranks the later.</summary>
    private static readonly (string Key, string Pointer)[] s_attributes =
    [
        (IdKey, "/id"), ("audit.kind", "/kind"), ("audit.category", "/category"), ("audit.operation", "/operation"),
        ("audit.outcome", "/outcome"), ("audit.outcome.code", "/outcome_code"), ("audit.outcome.reason", "/outcome_reason"),
        ("audit.decision.effect", "/decision/effect"), ("audit.decision.reason", "/decision/reason"), ("audit.decision.policy", "/decision/policy"),
        ("audit.decision.rule", "/decision/rule"), ("audit.decision.version", "/decision/version"),
        ("audit.actor.id", "/actor/id"), ("user.id", "/actor/id"), ("enduser.id", "/actor/id"), ("audit.actor.type", "/actor/type"),
        ("audit.actor.name", "/actor/name"), ("user.full_name", "/actor/name"), ("user.name", "/actor/name"), ("user.email", "/actor/email"), ("user.roles", "/actor/roles"),
        ("session.id", "/auth/session_id"),
        ("audit.target.id", "/targets/0/id"), ("audit.target.type", "/targets/0/type"), ("audit.target.name", "/targets/0/name"), ("audit.target.classification", "/targets/0/classification"),
        ("audit.data_subjects", "/data_subjects"),
        ("client.address", "/source/ip"), ("source.address", "/source/ip"), ("client.port", "/source/port"), ("source.port", "/source/port"), ("user_agent.original", "/source/user_agent"),
        ("http.request.method", "/request/method"), ("http.route", "/request/route"), ("url.path", "/request/path"), ("http.response.status_code", "/request/status"),
        ("http.request.body.size", "/request/bytes_in"), ("http.response.body.size", "/request/bytes_out"),
        ("audit.reason.text", "/reason/text"), ("audit.reason.ticket", "/reason/ticket"), ("audit.relates_to", "/relates_to"),
        ("audit.sequence.stream_id", "/producer/stream_id"), ("audit.sequence.number", "/producer/seq"), ("audit.sequence.end", "/producer/end"),
    ];

    private static readonly (string Key, string Pointer)[] s_resource =
    [
        ("service.name", "/service/name"), ("service.version", "/service/version"), ("service.instance.id", "/service/instance_id"),
        ("deployment.environment.name", "/service/environment"), ("deployment.environment", "/service/environment"), ("host.name", "/service/host"),
    ];

    private static readonly HashSet<string> s_lowered = new(StringComparer.Ordinal) { "/outcome", "/kind", "/category", "/operation", "/actor/type", "/decision/effect", "/targets/0/type" };

    private readonly Dictionary<string, int> _equals = new(StringComparer.Ordinal);   // by hash, how many came

    /// <summary>Maps a record.</summary>
    /// <param name="record">The record.</param>
    /// <param name="again">Makes the same claim with another time; null where the record has one.</param>
    /// <param name="faults">What is wrong, where there is no claim.</param>
    public Claim? ToClaim(OtlpRecord record, out Func<string, Claim?>? again, out IReadOnlyList<Fault> faults)
    {
        string id = IdOf(record);
        bool hasTime = DraftOf(record, id, out ClaimDraft draft);
        again = hasTime ? null : earlier =>
        {
            DraftOf(record, id, out ClaimDraft same);
            return same.ToClaim(earlier, record.ToJson, s_defaults, out _);
        };
        if (record.Attributes.Where(attribute => attribute.Key.StartsWith("audit.", StringComparison.Ordinal)).GroupBy(attribute => attribute.Key).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            faults = [new Fault("/attributes", FaultCode.DuplicateMember, $"{twice.Key} is there twice: two readers could take different ones")];
            return null;
        }

        return draft.ToClaim(now, record.ToJson, s_defaults, out faults);
    }

    private string IdOf(OtlpRecord record)
    {
        string content = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(record.ToJson().ToJsonString())));
        int ordinal = _equals[content] = _equals.GetValueOrDefault(content) + 1;
        return "otlp-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes($"{content} {ordinal}")));
    }

    /// <returns>Whether the record has a time.</returns>
    private static bool DraftOf(OtlpRecord record, string id, out ClaimDraft draft)
    {
        draft = new ClaimDraft();
        draft.Set("/schema", "audit/1");
        MapTimes(draft, record);
        MapNames(draft, record);
        MapPairs(draft, s_attributes, record.Attributes, Attributes);
        MapPairs(draft, s_resource, record.Resource.Attributes, Resource);
        if (!draft.Has("/id"))
        {
            draft.Set("/id", id);
        }

        if (draft.Has("/targets") && !draft.Has("/targets/0/type") && draft.Has("/targets/0/id"))
        {
            draft.Set("/targets/0/type", "target");
        }

        MapText(draft, "/trace/trace_id", record.TraceId, "trace_id");
        MapText(draft, "/trace/span_id", record.SpanId, "span_id");
        MapBody(draft, record);
        KeepRest(draft, record);
        return draft.HasTime;
    }

    /// <summary>Times have 100 ns; what is finer is kept beside.</summary>
    private static void MapTimes(ClaimDraft draft, OtlpRecord record)
    {
        MapTime(draft, "/time", record.Time != 0 ? record.Time : record.ObservedTime, record.Time != 0 ? "time_unix_nano" : "observed_time_unix_nano");
        if (record.Time != 0 && record.ObservedTime != 0)
        {
            MapTime(draft, "/observed_time", record.ObservedTime, "observed_time_unix_nano");
        }
    }

    private static void MapTime(ClaimDraft draft, string pointer, ulong nanoseconds, string key)
    {
        if (nanoseconds == 0)
        {
            return;
        }

        JsonNode original = nanoseconds.ToString(CultureInfo.InvariantCulture);
        DateTimeOffset time = new((long)(nanoseconds / 100) + UnixEpochTicks, TimeSpan.Zero);
        if (!draft.Map(pointer, Instant.Format(time), Bucket, key, original) || nanoseconds % 100 != 0)
        {
            draft.Keep(Bucket, key, original);
        }
    }

    private static void MapNames(ClaimDraft draft, OtlpRecord record)
    {
        string named = record.EventName;
        if (named.Length > 0)
        {
            string action = ActionName.Of(named);
            if (!draft.Map("/action", action, Bucket, "event_name", named) || action != named)
            {
                draft.Keep(Bucket, "event_name", named);
            }
        }
    }

    private static void MapPairs(ClaimDraft draft, (string Key, string Pointer)[] table, List<(string Key, JsonNode? Value)> pairs, string bucket)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var once = pairs.GroupBy(pair => pair.Key, StringComparer.Ordinal).Where(same => same.Count() == 1).ToDictionary(same => same.Key, same => same.Single().Value, StringComparer.Ordinal);
        foreach ((string key, string pointer) in table)
        {
            if (once.TryGetValue(key, out JsonNode? value) && Fitted(pointer, value) is var fitted && draft.Map(pointer, fitted, bucket, key, value) && JsonNode.DeepEquals(fitted, value))
            {
                taken.Add(key);
            }
        }

        // Older names of the action, which the event's name outranks.
        foreach (string key in (string[])["event.name", "audit.action"])
        {
            if (bucket == Attributes && once.TryGetValue(key, out JsonNode? value) && value is JsonValue text && text.GetValueKind() == JsonValueKind.String)
            {
                string named = text.GetValue<string>();
                string action = ActionName.Of(named);
                if (draft.Map("/action", action, bucket, key, value) && action == named)
                {
                    taken.Add(key);
                }
            }
        }

        // A key that is there twice cannot be a member twice.
        if (once.Count < pairs.Count)
        {
            draft.Keep("", bucket, AnyValue.Of([.. pairs.Where(pair => !taken.Contains(pair.Key)).Select(pair => (pair.Key, pair.Value?.DeepClone()))]));
            return;
        }

        foreach ((string key, JsonNode? value) in pairs.Where(pair => !taken.Contains(pair.Key)))
        {
            draft.Keep(bucket, key, value);
        }
    }

    /// <summary>Words of ours are lower case; elsewhere they are capitals.</summary>
    private static JsonNode? Fitted(string pointer, JsonNode? value) => s_lowered.Contains(pointer) && value is JsonValue text && text.GetValueKind() == JsonValueKind.String
        ? text.GetValue<string>().ToLowerInvariant()
        : value;

    private static void MapText(ClaimDraft draft, string pointer, string value, string key)
    {
        if (value.Length > 0 && !draft.Map(pointer, value, Bucket, key))
        {
            draft.Keep(Bucket, key, value);
        }
    }

    private static void MapBody(ClaimDraft draft, OtlpRecord record)
    {
        bool isText = record.Body is JsonValue text && text.GetValueKind() == JsonValueKind.String;
        if (record.Body is not null && !(isText && draft.Map("/message", record.Body, "", "body")))
        {
            draft.Keep("", "body", record.Body);
        }
    }

    private static void KeepRest(ClaimDraft draft, OtlpRecord record)
    {
        Keep("severity_number", record.SeverityNumber == 0 ? null : record.SeverityNumber);
        Keep("severity_text", record.SeverityText.Length == 0 ? null : record.SeverityText);
        Keep("flags", record.Flags == 0 ? null : record.Flags);
        Keep("dropped_attributes", record.DroppedAttributes == 0 ? null : record.DroppedAttributes);
        Keep("unknown_fields", record.Unknown.Count == 0 ? null : Convert.ToBase64String([.. record.Unknown]));
        foreach ((string name, OtlpSource source) in ((string, OtlpSource)[])[(Resource, record.Resource), (Scope, record.Scope)])
        {
            Keep(name + "_name", source.Name.Length == 0 ? null : source.Name);
            Keep(name + "_version", source.Version.Length == 0 ? null : source.Version);
            Keep(name + "_schema_url", source.SchemaUrl.Length == 0 ? null : source.SchemaUrl);
            Keep(name + "_dropped_attributes", source.DroppedAttributes == 0 ? null : source.DroppedAttributes);
            Keep(name + "_unknown_fields", source.Unknown.Count == 0 ? null : Convert.ToBase64String([.. source.Unknown]));
        }

        if (record.Scope.Attributes.Count > 0)
        {
            draft.Keep(Bucket, "scope_attributes", AnyValue.Of([.. record.Scope.Attributes.Select(pair => (pair.Key, pair.Value?.DeepClone()))]));
        }

        void Keep(string key, JsonNode? value)
        {
            if (value is not null)
            {
                draft.Keep(Bucket, key, value);
            }
        }
    }
}
