using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Indelible.Events;

namespace Indelible.Server.Ingestion.CloudEvents;

/// <summary>Turns a CloudEvent into an event of schema <c>audit/1</c>. The table is in <c>docs/mappings/cloudevents.md</c>.</summary>
internal static class CloudEventMapping
{
    private const string Bucket = "cloudevent";
    private const string Payload = "payload";
    private const string PayloadBytes = "payload_base64";
    private const string OwnSchema = "audit/1";

    private static readonly (string Pointer, string Value)[] s_defaults = [("/outcome", "unknown"), ("/actor/id", "unknown"), ("/actor/type", "unknown"), ("/action", "cloudevent"), ("/service/name", "unknown")];

    /// <summary>Members of <c>data</c> that mean something to us, and would not where they come from.</summary>
    private static readonly string[] s_reserved = ["original", Payload, PayloadBytes];

    /// <summary>Extension attributes that are members of ours.</summary>
    private static readonly (string Attribute, string Pointer)[] s_extensions =
    [
        ("actorid", "/actor/id"), ("actortype", "/actor/type"), ("actorname", "/actor/name"), ("outcome", "/outcome"), ("decision", "/decision/effect"),
        ("category", "/category"), ("operation", "/operation"), ("observedtime", "/observed_time"), ("correlationid", "/trace/correlation_id"), ("causationid", "/trace/causation_id"),
    ];

    /// <summary>What makes an object no CloudEvent: its required attributes.</summary>
    public static IReadOnlyList<Fault> FaultsOf(JsonObject whole)
    {
        var faults = new List<Fault>();
        foreach (string name in (string[])["specversion", "id", "source", "type"])
        {
            if (Text(whole, name) is not { Length: > 0 } value)
            {
                faults.Add(new Fault("/" + name, whole.ContainsKey(name) ? FaultCode.WrongType : FaultCode.Missing, "a CloudEvent has it, as a text that is not empty"));
            }
            else if (name == "specversion" && value != "1.0")
            {
                faults.Add(new Fault("/" + name, FaultCode.NotAllowed, "this is read as 1.0 alone"));
            }
        }

        if (whole.ContainsKey("data") && whole.ContainsKey("data_base64"))
        {
            faults.Add(new Fault("/data_base64", FaultCode.NotAllowed, "an event has data or data_base64, not both"));
        }

        return faults;
    }

    /// <summary>Maps an event without <see cref="FaultsOf">faults</see>.</summary>
    /// <param name="whole">The event, as in the JSON format.</param>
    /// <param name="now">The time of an event that has none.</param>
    /// <param name="hasTime">Whether it has one.</param>
    /// <param name="faults">What is wrong, where there is no claim.</param>
    public static Claim? ToClaim(JsonObject whole, string now, out bool hasTime, out IReadOnlyList<Fault> faults)
    {
        var draft = new ClaimDraft();
        var kept = new HashSet<string>(StringComparer.Ordinal) { "specversion", "data" };
        if (whole["data"] is JsonObject own && Text(own, "schema") is { } schema && schema.StartsWith(OwnSchema, StringComparison.Ordinal))
        {
            // Our own event in an envelope: what it says of itself stands.
            foreach ((string name, JsonNode? value) in own)
            {
                if (name != "data")
                {
                    draft.SetMember(name, value);
                }
            }

            KeepData(draft, own["data"], isOwn: true);
        }
        else
        {
            draft.Set("/schema", OwnSchema);
            KeepData(draft, whole["data"], isOwn: false);
        }

        // The pair names the event everywhere; the id alone only at its source.
        if (!draft.Has("/id"))
        {
            draft.Set("/id", "ce-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Text(whole, "source")}\n{Text(whole, "id")}"))));
        }

        MapTime(draft, whole, kept);
        MapText(draft, "/action", ActionName.Of(Text(whole, "type")!), "type", whole, kept);
        MapText(draft, "/service/name", Text(whole, "source")!, "source", whole, kept);
        if (Text(whole, "subject") is { Length: > 0 } subject && !draft.Has("/targets") && draft.Map("/targets/0/id", subject, Bucket, "subject"))
        {
            draft.Set("/targets/0/type", "subject");
            kept.Add("subject");
        }

        foreach ((string attribute, string pointer) in s_extensions)
        {
            if (Text(whole, attribute) is { } value && draft.Map(pointer, value, Bucket, attribute))
            {
                kept.Add(attribute);
            }
        }

        MapTrace(draft, whole, kept);
        if (Text(whole, "data_base64") is { } base64)
        {
            draft.Keep("", PayloadBytes, base64);
            kept.Add("data_base64");
        }

        foreach ((string name, JsonNode? value) in whole)
        {
            if (!kept.Contains(name))
            {
                draft.Keep(Bucket, name, value);
            }
        }

        hasTime = draft.HasTime;
        return draft.ToClaim(now, () => whole.DeepClone(), s_defaults, out faults);
    }

    /// <summary>Its data, member by member, so that they are searched like an event's own; anything else under one name.</summary>
    private static void KeepData(ClaimDraft draft, JsonNode? data, bool isOwn)
    {
        if (data is JsonObject members && !members.ContainsKey(Bucket) && (isOwn || !s_reserved.Any(members.ContainsKey)))
        {
            foreach ((string name, JsonNode? value) in members)
            {
                draft.Keep("", name, value);
            }
        }
        else if (data is not null)
        {
            draft.Keep("", Payload, data);
        }
    }

    /// <summary>Maps a text, and keeps it as it came where the member says something else.</summary>
    private static void MapText(ClaimDraft draft, string pointer, string value, string attribute, JsonObject whole, HashSet<string> kept)
    {
        string came = Text(whole, attribute)!;
        if (draft.Map(pointer, value, Bucket, attribute, came) && value == came)
        {
            kept.Add(attribute);
        }
    }

    private static void MapTime(ClaimDraft draft, JsonObject whole, HashSet<string> kept)
    {
        if (Text(whole, "time") is { } time
            && DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset at))
        {
            string ours = Instant.TryParse(time, out _) ? time : Instant.Format(at);
            if (draft.Map("/time", ours, Bucket, "time", time) && ours == time)
            {
                kept.Add("time");
            }
        }
    }

    /// <summary>W3C Trace Context: <c>00-TRACE-SPAN-FLAGS</c>.</summary>
    private static void MapTrace(ClaimDraft draft, JsonObject whole, HashSet<string> kept)
    {
        if (Text(whole, "traceparent")?.Split('-') is ["00", { Length: 32 } trace, { Length: 16 } span, { Length: 2 } flags] && !draft.Has("/trace"))
        {
            draft.Map("/trace/trace_id", trace, Bucket, "traceparent", whole["traceparent"]);
            draft.Map("/trace/span_id", span, Bucket, "traceparent", whole["traceparent"]);
            if (flags == "00")
            {
                kept.Add("traceparent");
            }
        }
    }

    private static string? Text(JsonObject whole, string name) =>
        whole[name] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;
}
