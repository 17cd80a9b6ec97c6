using System.Buffers;
using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using Indelible.Events;
using Indelible.Events.Producing;
using Trace = Indelible.Events.Producing.Trace;

namespace Indelible.Client.Recording.Composing;

/// <summary>An event ready to be numbered and sent: valid, canonical, without <c>producer</c>.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Json">One JSON object, canonical; never empty.</param>
internal readonly record struct ComposedEvent(string Id, ReadOnlyMemory<byte> Json);

/// <summary>Makes events of drafts: fills in what is left open, checks, and cuts what is too large. Thread-safe.</summary>
internal sealed class EventComposer
{
    /// <summary>
    /// Canonical bytes of a claim: 47,104. The server's envelope, the producer's numbers, and the seals of personal values, which lengthen
    /// them by a third and 160 bytes each, must still fit the 65,535 of an entry.
    /// </summary>
    public const int MaxClaimBytes = 46 * 1024;

    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly Actor s_unknown = new() { Id = "unknown", Type = ActorType.Unknown };

    // A writer and its buffer for each thread that records: they are used within one call that does not wait.
    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Writer)? s_scratch;

    private readonly Service _service;
    private readonly IAuditEnricher[] _enrichers;
    private readonly TimeProvider _time;

    public EventComposer(Service service, IEnumerable<IAuditEnricher> enrichers, TimeProvider time)
    {
        _service = service;
        _enrichers = [.. enrichers];
        _time = time;
    }

    /// <summary>The event that a draft comes to.</summary>
    /// <exception cref="ArgumentException">It can never be one; the message names each member that is wrong.</exception>
    public ComposedEvent Compose(EventDraft draft)
    {
        foreach (IAuditEnricher enricher in _enrichers)
        {
            draft = enricher.Enrich(draft);
        }

        DateTimeOffset now = _time.GetUtcNow();
        AuditEvent stated = Fill(draft, now);
        (ArrayBufferWriter<byte> buffer, Utf8JsonWriter writer) = s_scratch ??= MakeScratch();
        buffer.ResetWrittenCount();
        writer.Reset(buffer);
        stated.WriteTo(writer);
        writer.Flush();
        if (Claim.TryParse(buffer.WrittenSpan, out Claim? claim, out IReadOnlyList<Fault> faults) && claim.CanonicalBytes.Length <= MaxClaimBytes)
        {
            return new ComposedEvent(claim.Id, claim.CanonicalBytes);
        }

        byte[] json = buffer.WrittenSpan.ToArray();
        if (buffer.Capacity > 256 * 1024)
        {
            s_scratch = null;   // One huge event must not hold its memory for the thread's life.
        }

        Claim cut = EventCutter.Cut(json, faults, MaxClaimBytes);
        return new ComposedEvent(cut.Id, cut.CanonicalBytes);
    }

    private AuditEvent Fill(EventDraft draft, DateTimeOffset now) => new()
    {
        Id = draft.Id ?? Guid.CreateVersion7(now).ToString(),
        Time = draft.Time ?? now,

        // A producer whose clock is behind what it is told has seen nothing before it happened: then it says nothing.
        ObservedTime = draft.Time is { } happened && happened > now ? null : now,
        Kind = draft.Kind,
        Action = draft.Action ?? "",
        Category = draft.Category,
        Operation = draft.Operation,
        Outcome = draft.Outcome,
        OutcomeCode = draft.OutcomeCode,
        OutcomeReason = draft.OutcomeReason,
        Decision = draft.Decision,
        Actor = draft.Actor ?? s_unknown,
        Authentication = draft.Authentication,
        Targets = draft.Targets.IsDefaultOrEmpty ? null : draft.Targets,
        DataSubjects = draft.DataSubjects.IsDefaultOrEmpty ? null : draft.DataSubjects,
        Source = draft.Source,
        Service = _service,
        Request = draft.Request,
        Trace = TraceOf(draft.Trace),
        RelatesTo = draft.RelatesTo,
        Changes = draft.Changes.IsDefaultOrEmpty ? null : draft.Changes,
        Reason = draft.Reason,
        Message = draft.Message,
        Labels = draft.Labels.IsEmpty ? null : draft.Labels,
        Data = draft.Data.IsEmpty ? null : DataOf(draft.Data),
    };

    private static Trace? TraceOf(Trace? stated)
    {
        if (stated?.TraceId is not null || Activity.Current is not { IdFormat: ActivityIdFormat.W3C } activity)
        {
            return stated;
        }

        return (stated ?? new Trace()) with { TraceId = activity.TraceId.ToHexString(), SpanId = activity.SpanId.ToHexString() };
    }

    private static JsonElement DataOf(IReadOnlyDictionary<string, JsonElement> data)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, s_options))
        {
            writer.WriteStartObject();
            foreach ((string name, JsonElement value) in data)
            {
                writer.WritePropertyName(name);
                if (value.ValueKind == JsonValueKind.Undefined)
                {
                    writer.WriteNullValue();
                }
                else
                {
                    value.WriteTo(writer);
                }
            }

            writer.WriteEndObject();
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Writer) MakeScratch()
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        return (buffer, new Utf8JsonWriter(buffer, s_options));
    }
}
