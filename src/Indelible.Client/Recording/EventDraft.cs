using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using Indelible.Events.Producing;

namespace Indelible.Client.Recording;

/// <summary>An event as far as the application states it. What is left open is filled in when it is recorded: id, times, service, producer's numbers, and by enrichers the actor, request, source and trace.</summary>
/// <remarks>
/// Immutable: each method gives another draft. Nothing is checked before it is recorded.
/// <code>await audit.RecordAsync(EventDraft.Of("invoice.refund").On("invoice", invoice.Id).With("amount", 12.50m).Because("customer complaint", "T-4711"));</code>
/// </remarks>
public sealed record EventDraft
{
    /// <summary>The action: dotted and lower case, as in <c>invoice.refund.approve</c>.</summary>
    public required string Action { get; init; }

    /// <summary>The event's id; null for a new UUIDv7. Give one that follows from the matter itself where the same event may be recorded twice.</summary>
    public string? Id { get; init; }

    /// <summary>When it happened; null for now.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>What sort of event; null for an event that has happened.</summary>
    public EventKind? Kind { get; init; }

    /// <summary>What it is about; null for what the catalogue says of the action, or <see cref="Events.Producing.Category.Application"/>.</summary>
    public Category? Category { get; init; }

    /// <summary>What was done; null for what the catalogue says of the action, or <see cref="Events.Producing.Operation.Other"/>.</summary>
    public Operation? Operation { get; init; }

    /// <summary>Whether it succeeded.</summary>
    public Outcome Outcome { get; init; } = Outcome.Success;

    /// <summary>The code of the outcome.</summary>
    public string? OutcomeCode { get; init; }

    /// <summary>Why it ended so.</summary>
    public string? OutcomeReason { get; init; }

    /// <summary>Whether it was allowed, and by what.</summary>
    public Decision? Decision { get; init; }

    /// <summary>Who did it; null for the actor at hand, or an unknown one.</summary>
    public Actor? Actor { get; init; }

    /// <summary>How the actor was identified.</summary>
    public Authentication? Authentication { get; init; }

    /// <summary>To what it was done.</summary>
    public ImmutableArray<Target> Targets { get; init; } = [];

    /// <summary>Whom the data is about: pseudonymous ids, by which they can be erased.</summary>
    public ImmutableArray<string> DataSubjects { get; init; } = [];

    /// <summary>From where.</summary>
    public Source? Source { get; init; }

    /// <summary>In which request.</summary>
    public Request? Request { get; init; }

    /// <summary>In which trace; null for the current activity's.</summary>
    public Trace? Trace { get; init; }

    /// <summary>The id of an earlier event that this one is the outcome, correction or annotation of.</summary>
    public string? RelatesTo { get; init; }

    /// <summary>What changed.</summary>
    public ImmutableArray<Change> Changes { get; init; } = [];

    /// <summary>Why it was done.</summary>
    public Reason? Reason { get; init; }

    /// <summary>One sentence for people.</summary>
    public string? Message { get; init; }

    /// <summary>Short texts of the application's own, found by search.</summary>
    public ImmutableDictionary<string, string> Labels { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Values of the application's own, by name.</summary>
    public ImmutableDictionary<string, JsonElement> Data { get; init; } = ImmutableDictionary<string, JsonElement>.Empty;

    /// <summary>How it is to be delivered, where the options say nothing of its action: what a catalogue says. Null for the options' default.</summary>
    public DeliveryMode? Mode { get; init; }

    /// <summary>Begins an event.</summary>
    /// <param name="action">Dotted and lower case.</param>
    public static EventDraft Of(string action) => new() { Action = action };

    /// <summary>Names the actor.</summary>
    public EventDraft By(string id, ActorType type = ActorType.User) => this with { Actor = new Actor { Id = id, Type = type } };

    /// <summary>Names something that it was done to; more than one by calling again.</summary>
    /// <param name="type">Lower case, as in <c>invoice</c>.</param>
    /// <param name="id">Its id.</param>
    /// <param name="classification">How much its contents are to be guarded.</param>
    public EventDraft On(string type, string id, Classification? classification = null) => On(new Target { Type = type, Id = id, Classification = classification });

    /// <summary>Names something that it was done to, in detail.</summary>
    public EventDraft On(Target target) => this with { Targets = Targets.Add(target) };

    /// <summary>Names a person that the data is about, by a pseudonymous id.</summary>
    public EventDraft About(string dataSubject) => this with { DataSubjects = DataSubjects.Add(dataSubject) };

    /// <summary>Says that it failed.</summary>
    public EventDraft Failed(string? reason = null, string? code = null) => this with { Outcome = Outcome.Failure, OutcomeReason = reason, OutcomeCode = code };

    /// <summary>Says that it was allowed.</summary>
    public EventDraft Allowed(string? policy = null, string? rule = null) => this with { Decision = new Decision { Effect = DecisionEffect.Allow, Policy = policy, Rule = rule } };

    /// <summary>Says that it was denied, and so failed.</summary>
    public EventDraft Denied(string? policy = null, string? rule = null, string? reason = null) => this with
    {
        Outcome = Outcome.Failure,
        Decision = new Decision { Effect = DecisionEffect.Deny, Policy = policy, Rule = rule, Reason = reason },
    };

    /// <summary>Says why it was done.</summary>
    public EventDraft Because(string text, string? ticket = null) => this with { Reason = new Reason { Text = text, Ticket = ticket } };

    /// <summary>Says it in one sentence.</summary>
    public EventDraft Saying(string message) => this with { Message = message };

    /// <summary>Adds a short text that search finds.</summary>
    public EventDraft Labelled(string name, string value) => this with { Labels = Labels.SetItem(name, value) };

    /// <summary>Adds a value of the application's own, found by search under <c>data</c>. A null is left out.</summary>
    public EventDraft With(string name, string? value) => value is null ? this : WithJson(name, writer => writer.WriteStringValue(value));

    /// <inheritdoc cref="With(string, string?)"/>
    public EventDraft With(string name, long value) => WithJson(name, writer => writer.WriteNumberValue(value));

    /// <inheritdoc cref="With(string, string?)"/>
    public EventDraft With(string name, decimal value) => WithJson(name, writer => writer.WriteNumberValue(value));

    /// <inheritdoc cref="With(string, string?)"/>
    public EventDraft With(string name, double value) => WithJson(name, writer => writer.WriteNumberValue(value));

    /// <inheritdoc cref="With(string, string?)"/>
    public EventDraft With(string name, bool value) => WithJson(name, writer => writer.WriteBooleanValue(value));

    /// <summary>Adds a time of the application's own, found by search under <c>data</c>.</summary>
    public EventDraft With(string name, DateTimeOffset value) => With(name, Events.Instant.Format(value));

    /// <summary>Adds an id of the application's own, found by search under <c>data</c>.</summary>
    public EventDraft With(string name, Guid value) => With(name, value.ToString());

    /// <summary>Adds any JSON of the application's own, found by search under <c>data</c>.</summary>
    public EventDraft With(string name, JsonElement value) => this with { Data = Data.SetItem(name, value) };

    /// <summary>Says that a value changed. Never a secret: give <c>{"$redacted":"secret"}</c>.</summary>
    /// <param name="path">Its JSON Pointer in the target, as in <c>/amount</c>.</param>
    /// <param name="old">The value before, or null where there was none.</param>
    /// <param name="now">The value after, or null where there is none.</param>
    public EventDraft Changed(string path, string? old, string? now) => this with
    {
        Changes = Changes.Add(new Change
        {
            Path = path,
            Operation = old is null ? ChangeOperation.Add : now is null ? ChangeOperation.Remove : ChangeOperation.Replace,
            Old = old is null ? null : JsonOf(writer => writer.WriteStringValue(old)),
            New = now is null ? null : JsonOf(writer => writer.WriteStringValue(now)),
        }),
    };

    private EventDraft WithJson(string name, Action<Utf8JsonWriter> write) => this with { Data = Data.SetItem(name, JsonOf(write)) };

    private static JsonElement JsonOf(Action<Utf8JsonWriter> write)
    {
        var text = new ArrayBufferWriter<byte>(64);
        using (var writer = new Utf8JsonWriter(text))
        {
            write(writer);
        }

        return JsonElement.Parse(text.WrittenSpan);
    }
}
