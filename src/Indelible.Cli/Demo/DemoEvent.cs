using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Indelible.Cli.Demo;

/// <summary>Somebody or something that acts in the demonstration.</summary>
/// <param name="Id">Pseudonymous and stable.</param>
/// <param name="Type">A value of <c>actor.type</c>.</param>
/// <param name="Role">The one role, or empty.</param>
/// <param name="Name">A person's name, or <see langword="null"/>.</param>
/// <param name="Ip">Where it usually works from.</param>
internal sealed record DemoActor(string Id, string Type, string Role, string? Name, string Ip)
{
    /// <summary>Whether it administers the systems.</summary>
    public bool IsAdmin => Role == "it-admin";

    /// <summary>A person's address, or <see langword="null"/>.</summary>
    public string? Email => Name is null ? null : $"{Name.ToLowerInvariant().Replace(' ', '.')}@brackwater-clinic.example";
}

/// <summary>Something acted on.</summary>
/// <param name="Type">Lower snake case.</param>
/// <param name="Id">Stable.</param>
/// <param name="Classification">How sensitive, or <see langword="null"/>.</param>
/// <param name="Fields">What was read of it, separated by spaces, or <see langword="null"/>.</param>
/// <param name="Count">How many it stands for, or 0.</param>
internal sealed record DemoTarget(string Type, string Id, string? Classification = null, string? Fields = null, int Count = 0);

/// <summary>One change of a value.</summary>
/// <param name="Path">JSON Pointer in the target.</param>
/// <param name="Op">add, remove or replace.</param>
/// <param name="Old">Before, or <see langword="null"/>.</param>
/// <param name="New">After, or <see langword="null"/>.</param>
internal sealed record DemoChange(string Path, string Op, string? Old, string? New);

/// <summary>One event in the making: gets its id and its place in its producer's stream when all are sorted.</summary>
internal sealed record DemoEvent
{
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public required DateTimeOffset Time { get; init; }

    public required string Service { get; init; }

    public required DemoActor Actor { get; init; }

    public required string Action { get; init; }

    public required string Category { get; init; }

    public required string Operation { get; init; }

    public string? Kind { get; init; }

    public string Outcome { get; init; } = "success";

    public string? OutcomeReason { get; init; }

    public string? Decision { get; init; }

    public string? Policy { get; init; }

    public string? Rule { get; init; }

    public DemoActor? OnBehalfOf { get; init; }

    public string? Method { get; init; }

    public bool? Mfa { get; init; }

    public string? CredentialId { get; init; }

    public string? SessionId { get; init; }

    public IReadOnlyList<DemoTarget> Targets { get; init; } = [];

    public string? Subject { get; init; }

    public string? Ip { get; init; }

    public string? UserAgent { get; init; }

    public string? Route { get; init; }

    public string? Verb { get; init; }

    public int Status { get; init; }

    public int BytesOut { get; init; }

    public int DurationMs { get; init; }

    public string? TraceId { get; init; }

    public string? SpanId { get; init; }

    public string? CorrelationId { get; init; }

    public DemoEvent? Cause { get; init; }

    public DemoEvent? RelatesTo { get; init; }

    public DemoChange? Change { get; init; }

    public string? Reason { get; init; }

    public string? Ticket { get; init; }

    public bool BreakGlass { get; init; }

    public string? Message { get; init; }

    /// <summary>Set when the events are numbered.</summary>
    public string Id { get; set; } = "";

    /// <summary>Set when the events are numbered.</summary>
    public string StreamId { get; set; } = "";

    /// <summary>Set when the events are numbered; from 1.</summary>
    public long Sequence { get; set; }

    /// <summary>Whether the producer stops cleanly with this event.</summary>
    public bool EndsStream => Action == "service.stop";

    /// <summary>The claim: members in the order of RFC 8785 are the log's business, not ours.</summary>
    public ReadOnlyMemory<byte> ToUtf8()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, Writing))
        {
            Write(writer);
        }

        return buffer.WrittenMemory;
    }

    private void Write(Utf8JsonWriter w)
    {
        w.WriteStartObject();
        Texts(
            w,
            ("schema", "audit/1"),
            ("id", Id),
            ("time", Time.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)),
            ("kind", Kind),
            ("action", Action),
            ("category", Category),
            ("operation", Operation),
            ("outcome", Outcome),
            ("outcome_reason", OutcomeReason),
            ("message", Message),
            ("relates_to", RelatesTo?.Id));
        Nested(w, "decision", ("effect", Decision), ("policy", Policy), ("rule", Rule), ("version", Policy is null ? null : "17"));
        WriteActor(w);
        WriteAuth(w);
        WriteTargets(w);
        Nested(w, "source", ("ip", Ip), ("user_agent", UserAgent));
        Nested(w, "service", ("name", Service), ("environment", "prod"), ("version", "5.2.0"));
        WriteRequest(w);
        Nested(w, "trace", ("trace_id", TraceId), ("span_id", SpanId), ("correlation_id", CorrelationId), ("causation_id", Cause is { Id.Length: > 0 } cause ? cause.Id : null));
        WriteChangeAndReason(w);
        w.WriteStartObject("producer");
        w.WriteString("stream_id", StreamId);
        w.WriteNumber("seq", Sequence);
        if (EndsStream)
        {
            w.WriteBoolean("end", true);
        }

        w.WriteEndObject();
        w.WriteEndObject();
    }

    private void WriteActor(Utf8JsonWriter w)
    {
        w.WriteStartObject("actor");
        Texts(w, ("id", Actor.Id), ("type", Actor.Type), ("name", Actor.Name), ("email", Actor.Email));
        if (Actor.Role.Length > 0)
        {
            List(w, "roles", [Actor.Role]);
        }

        if (Actor.IsAdmin)
        {
            w.WriteBoolean("privileged", true);
        }

        if (OnBehalfOf is not null)
        {
            w.WriteStartArray("on_behalf_of");
            w.WriteStartObject();
            Texts(w, ("id", OnBehalfOf.Id), ("type", OnBehalfOf.Type));
            w.WriteEndObject();
            w.WriteEndArray();
        }

        if (Actor.Type == "ai_agent")
        {
            Nested(w, "agent", ("name", "scribe"), ("model", "notes-small"), ("version", "2"), ("run_id", CorrelationId));
        }

        w.WriteEndObject();
    }

    private void WriteAuth(Utf8JsonWriter w)
    {
        if (Method is null && Mfa is null && SessionId is null && CredentialId is null)
        {
            return;
        }

        w.WriteStartObject("auth");
        Texts(w, ("method", Method), ("credential_id", CredentialId), ("session_id", SessionId));
        if (Mfa is not null)
        {
            w.WriteBoolean("mfa", Mfa.Value);
        }

        w.WriteEndObject();
    }

    private void WriteTargets(Utf8JsonWriter w)
    {
        if (Targets.Count > 0)
        {
            w.WriteStartArray("targets");
            foreach (DemoTarget target in Targets)
            {
                w.WriteStartObject();
                Texts(w, ("type", target.Type), ("id", target.Id), ("classification", target.Classification));
                if (target.Fields is not null)
                {
                    List(w, "fields", target.Fields.Split(' '));
                }

                if (target.Count > 0)
                {
                    w.WriteNumber("count", target.Count);
                }

                w.WriteEndObject();
            }

            w.WriteEndArray();
        }

        if (Subject is not null)
        {
            List(w, "data_subjects", [Subject]);
        }
    }

    private void WriteRequest(Utf8JsonWriter w)
    {
        if (Route is null)
        {
            return;
        }

        w.WriteStartObject("request");
        Texts(w, ("protocol", "http/2"), ("method", Verb), ("route", Route));
        w.WriteNumber("status", Status);
        w.WriteNumber("duration_ms", DurationMs);
        w.WriteNumber("bytes_out", BytesOut);
        w.WriteEndObject();
    }

    private void WriteChangeAndReason(Utf8JsonWriter w)
    {
        if (Change is not null)
        {
            w.WriteStartArray("changes");
            w.WriteStartObject();
            Texts(w, ("path", Change.Path), ("op", Change.Op), ("old", Change.Old), ("new", Change.New));
            w.WriteEndObject();
            w.WriteEndArray();
        }

        if (Reason is not null || Ticket is not null)
        {
            w.WriteStartObject("reason");
            Texts(w, ("text", Reason), ("ticket", Ticket));
            if (BreakGlass)
            {
                w.WriteBoolean("break_glass", true);
            }

            w.WriteEndObject();
        }
    }

    private static void Nested(Utf8JsonWriter w, string name, params ReadOnlySpan<(string Name, string? Value)> members)
    {
        foreach ((string _, string? value) in members)
        {
            if (value is not null)
            {
                w.WriteStartObject(name);
                Texts(w, members);
                w.WriteEndObject();
                return;
            }
        }
    }

    private static void Texts(Utf8JsonWriter w, params ReadOnlySpan<(string Name, string? Value)> members)
    {
        foreach ((string name, string? value) in members)
        {
            if (value is not null)
            {
                w.WriteString(name, value);
            }
        }
    }

    private static void List(Utf8JsonWriter w, string name, IEnumerable<string> values)
    {
        w.WriteStartArray(name);
        foreach (string value in values)
        {
            w.WriteStringValue(value);
        }

        w.WriteEndArray();
    }
}
