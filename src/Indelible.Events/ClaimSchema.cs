using static Indelible.Events.EventLimits;
using static Indelible.Events.FieldRule;

namespace Indelible.Events;

/// <summary>The schema <c>audit/1</c> as data: every member of a claim, its form and its bound.</summary>
internal static class ClaimSchema
{
    /// <summary>The members of the envelope, which the server alone writes.</summary>
    public static readonly byte[][] Envelope = ["received_at"u8.ToArray(), "ingest"u8.ToArray(), "salt"u8.ToArray()];

    public static readonly ObjectRule Claim = new(
    [
        Formed("schema", FieldForm.Schema, Schema).Required(),
        Formed("id", FieldForm.Id, EventId).Required(),
        Formed("time", FieldForm.Time, 28).Required(),
        Formed("observed_time", FieldForm.Time, 28),
        OneOf("kind", EventWords.Kinds),
        Formed("action", FieldForm.Action, EventLimits.Action).Required(),
        OneOf("category", EventWords.Categories),
        OneOf("operation", EventWords.Operations),
        OneOf("outcome", EventWords.Outcomes).Required(),
        Text("outcome_code", Code),
        Text("outcome_reason", FreeText),
        FieldRule.Object(
            "decision",
            OneOf("effect", EventWords.DecisionEffects),
            Text("reason", FreeText),
            Text("policy", Name),
            Text("rule", Name),
            Text("version", Name)),
        Actor().Required(),
        FieldRule.Object(
            "auth",
            Text("method", Code),
            FieldRule.Boolean("mfa"),
            Text("credential_id", TechnicalId),
            Text("session_id", TechnicalId)),
        List("targets", Targets, Target()),
        List("data_subjects", Roles, Text("", TechnicalId)),
        FieldRule.Object(
            "source",
            Formed("ip", FieldForm.IpAddress, 45).Personal(),
            List("forwarded_for", ForwardedFor, Text("", Name).Personal()).Personal(),
            Integer("port", 0, 65_535),
            Text("hostname", HostName),
            Text("device_id", TechnicalId),
            Text("user_agent", LongId)),
        FieldRule.Object(
            "service",
            Text("name", TechnicalId).Required(),
            Text("version", TechnicalId),
            Text("instance_id", TechnicalId),
            Text("environment", TechnicalId),
            Text("host", TechnicalId)).Required(),
        FieldRule.Object(
            "request",
            Text("id", TechnicalId),
            Text("protocol", Method),
            Text("method", Method),
            Text("route", LongId),
            Text("path", RequestPath).Personal(),
            Integer("status"),
            Integer("duration_ms"),
            Integer("bytes_in"),
            Integer("bytes_out")),
        FieldRule.Object(
            "trace",
            Hex("trace_id", 32),
            Hex("span_id", 16),
            Text("correlation_id", TechnicalId),
            Text("causation_id", TechnicalId)),
        Formed("relates_to", FieldForm.Id, EventId),
        List(
            "changes",
            Changes,
            FieldRule.Object(
                "",
                Formed("path", FieldForm.JsonPointer, Pointer).Required(),
                OneOf("op", EventWords.ChangeOperations).Required(),
                Open("old", FieldForm.Free),
                Open("new", FieldForm.Free))),
        FieldRule.Object("reason", Text("text", FreeText), Text("ticket", TechnicalId), FieldRule.Boolean("break_glass")),
        Text("message", FreeText),
        Open("labels", FieldForm.Labels),
        Open("data", FieldForm.Data),
        List(
            "truncated",
            Changes,
            FieldRule.Object("", Formed("path", FieldForm.JsonPointer, Pointer).Required(), Integer("original_bytes").Required())),
        FieldRule.Object(
            "producer",
            Formed("stream_id", FieldForm.Id, TechnicalId),
            Integer("seq", 1),
            FieldRule.Boolean("end"),
            Formed("previous_stream", FieldForm.Id, TechnicalId),
            Integer("previous_seq"),
            Integer("highest"),
            FieldRule.Object(
                "signature",
                OneOf("alg", "EdDSA", "ES256").Required(),
                Text("key_id", Name).Required(),
                Text("value", Signature).Required(),
                OneOf("canon", "jcs").Required())),
    ]);

    private static FieldRule Actor() => FieldRule.Object(
        "actor",
        Text("id", Name).Required(),
        OneOf("type", EventWords.ActorTypes).Required(),
        Text("name", Name).Personal(),
        Text("email", Name).Personal(),
        List("roles", Roles, Text("", TechnicalId)),
        List("groups", Roles, Text("", TechnicalId)),
        FieldRule.Boolean("privileged"),
        Text("issuer", LongId),
        List(
            "on_behalf_of",
            OnBehalfOf,
            FieldRule.Object(
                "",
                Text("id", Name).Required(),
                OneOf("type", EventWords.ActorTypes),
                Text("name", Name).Personal())),
        FieldRule.Object("agent", Text("name", Name), Text("model", Name), Text("version", Name), Text("run_id", Name)));

    private static FieldRule Target() => FieldRule.Object(
        "",
        Formed("type", FieldForm.TypeName, Code).Required(),
        Text("id", LongId).Required(),
        Text("name", Name),
        Text("parent", LongId),
        Text("owner", LongId),
        OneOf("classification", EventWords.Classifications),
        List("fields", TargetFields, Text("", TechnicalId)),
        Integer("count"),
        Formed("href", FieldForm.WebAddress, Pointer));
}
