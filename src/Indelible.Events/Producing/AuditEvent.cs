using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Indelible.Events.Producing;

/// <summary>One event, as a producer in .NET states it.</summary>
/// <remarks>
/// Members are named as in the schema and written only where they are set. Nothing is checked here: <see cref="Claim.TryParse"/> says
/// what is
/// wrong, and the server checks again. A type for convenience; JSON written by other means is as good. Immutable.
/// </remarks>
public sealed record AuditEvent
{
    /// <summary><c>schema</c>. The schema; <c>audit/1</c>, or a registered one for the action.</summary>
    public string Schema { get; init; } = "audit/1";

    /// <summary><c>id</c>. 1 to 128 characters of A-Z a-z 0-9 . _ : -; best a UUIDv7. Say it again with a retry.</summary>
    public required string Id { get; init; }

    /// <summary><c>time</c>. When it happened.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary><c>observed_time</c>. When the producer saw it; not before <see cref="Time"/>.</summary>
    public DateTimeOffset? ObservedTime { get; init; }

    /// <summary><c>kind</c>. What sort of event.</summary>
    public EventKind? Kind { get; init; }

    /// <summary><c>action</c>. Dotted and lower case: <c>invoice.refund.approve</c>.</summary>
    public required string Action { get; init; }

    /// <summary><c>category</c>. What it is about.</summary>
    public Category? Category { get; init; }

    /// <summary><c>operation</c>. What was done.</summary>
    public Operation? Operation { get; init; }

    /// <summary><c>outcome</c>. Whether it succeeded.</summary>
    public required Outcome Outcome { get; init; }

    /// <summary><c>outcome_code</c>. The code of the outcome.</summary>
    public string? OutcomeCode { get; init; }

    /// <summary><c>outcome_reason</c>. Why it ended so.</summary>
    public string? OutcomeReason { get; init; }

    /// <summary><c>decision</c>. Whether it was allowed.</summary>
    public Decision? Decision { get; init; }

    /// <summary><c>actor</c>. Who did it.</summary>
    public required Actor Actor { get; init; }

    /// <summary><c>auth</c>. How the actor was identified.</summary>
    public Authentication? Authentication { get; init; }

    /// <summary><c>targets</c>. To what.</summary>
    public IReadOnlyList<Target>? Targets { get; init; }

    /// <summary><c>data_subjects</c>. Whom the data is about; pseudonymous ids.</summary>
    public IReadOnlyList<string>? DataSubjects { get; init; }

    /// <summary><c>source</c>. From where.</summary>
    public Source? Source { get; init; }

    /// <summary><c>service</c>. The application that tells of it.</summary>
    public required Service Service { get; init; }

    /// <summary><c>request</c>. In which request.</summary>
    public Request? Request { get; init; }

    /// <summary><c>trace</c>. In which trace.</summary>
    public Trace? Trace { get; init; }

    /// <summary><c>relates_to</c>. The id of the earlier event; required of outcomes, corrections and annotations.</summary>
    public string? RelatesTo { get; init; }

    /// <summary><c>changes</c>. What changed.</summary>
    public IReadOnlyList<Change>? Changes { get; init; }

    /// <summary><c>reason</c>. Why it was done.</summary>
    public Reason? Reason { get; init; }

    /// <summary><c>message</c>. One sentence for people.</summary>
    public string? Message { get; init; }

    /// <summary><c>labels</c>. Short texts of your own, found by search.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary><c>data</c>. An object of your own, as JSON.</summary>
    public JsonElement? Data { get; init; }

    /// <summary><c>truncated</c>. What was cut to fit.</summary>
    public IReadOnlyList<Truncation>? Truncated { get; init; }

    /// <summary><c>producer</c>. The producer's numbering.</summary>
    public Producer? Producer { get; init; }

    /// <summary>Writes the claim as JSON, UTF-8. Not canonical: the server makes it so, and <see cref="Claim.Parse"/> does.</summary>
    /// <exception cref="ArgumentException">A text is not valid Unicode.</exception>
    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            WriteTo(writer);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Writes the claim as one JSON object.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStartObject();
        writer.WriteString("schema"u8, Schema);
        writer.WriteString("id"u8, Id);
        writer.WriteString("time"u8, Instant.Format(Time));
        writer.WriteOptional("observed_time"u8, ObservedTime is { } seen ? Instant.Format(seen) : null);
        writer.WriteOptional("kind"u8, EventWords.Kinds, (int?)Kind);
        writer.WriteString("action"u8, Action);
        writer.WriteOptional("category"u8, EventWords.Categories, (int?)Category);
        writer.WriteOptional("operation"u8, EventWords.Operations, (int?)Operation);
        writer.WriteOptional("outcome"u8, EventWords.Outcomes, (int)Outcome);
        writer.WriteOptional("outcome_code"u8, OutcomeCode);
        writer.WriteOptional("outcome_reason"u8, OutcomeReason);
        if (Decision is not null)
        {
            writer.WritePropertyName("decision"u8);
            Decision.WriteTo(writer);
        }

        writer.WritePropertyName("actor"u8);
        Actor.WriteTo(writer);
        if (Authentication is not null)
        {
            writer.WritePropertyName("auth"u8);
            Authentication.WriteTo(writer);
        }

        writer.WriteOptional("targets"u8, Targets, static (to, item) => item.WriteTo(to));
        writer.WriteOptional("data_subjects"u8, DataSubjects);
        if (Source is not null)
        {
            writer.WritePropertyName("source"u8);
            Source.WriteTo(writer);
        }

        writer.WritePropertyName("service"u8);
        Service.WriteTo(writer);
        if (Request is not null)
        {
            writer.WritePropertyName("request"u8);
            Request.WriteTo(writer);
        }

        if (Trace is not null)
        {
            writer.WritePropertyName("trace"u8);
            Trace.WriteTo(writer);
        }

        writer.WriteOptional("relates_to"u8, RelatesTo);
        writer.WriteOptional("changes"u8, Changes, static (to, item) => item.WriteTo(to));
        if (Reason is not null)
        {
            writer.WritePropertyName("reason"u8);
            Reason.WriteTo(writer);
        }

        writer.WriteOptional("message"u8, Message);
        writer.WriteOptional("labels"u8, Labels);
        writer.WriteOptional("data"u8, Data);
        writer.WriteOptional("truncated"u8, Truncated, static (to, item) => item.WriteTo(to));
        if (Producer is not null)
        {
            writer.WritePropertyName("producer"u8);
            Producer.WriteTo(writer);
        }

        writer.WriteEndObject();
    }
}
