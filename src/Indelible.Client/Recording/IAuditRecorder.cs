namespace Indelible.Client.Recording;

/// <summary>Where an application says what happened. Thread-safe.</summary>
public interface IAuditRecorder
{
    /// <summary>Records an event in the mode that is configured for its action.</summary>
    /// <param name="draft">What the application states; the rest is filled in.</param>
    /// <param name="cancellationToken">Ends the waiting. An event that was taken is delivered all the same.</param>
    /// <exception cref="AuditNotRecordedException">The mode's promise cannot be kept.</exception>
    /// <exception cref="ArgumentException">The event can never be one: the message names the member.</exception>
    ValueTask<RecordResult> RecordAsync(EventDraft draft, CancellationToken cancellationToken = default);

    /// <summary>Records an event in a mode of the caller's choice.</summary>
    /// <inheritdoc cref="RecordAsync(EventDraft, CancellationToken)"/>
    ValueTask<RecordResult> RecordAsync(EventDraft draft, DeliveryMode mode, CancellationToken cancellationToken = default);
}

/// <summary>Adds to every draft what only the surroundings know: the actor and the request at hand, the trace, a tenant.</summary>
/// <remarks>Called on the recording thread, in the order of registration; sets only what the draft leaves open.</remarks>
public interface IAuditEnricher
{
    /// <summary>The draft with more in it. Must not throw or wait.</summary>
    EventDraft Enrich(EventDraft draft);
}
