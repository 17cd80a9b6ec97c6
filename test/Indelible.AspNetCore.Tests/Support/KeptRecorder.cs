using System.Text.Json;
using Indelible.Client.Recording;
using Indelible.Events;
using Indelible.Events.Producing;

namespace Indelible.AspNetCore.Tests.Support;

/// <summary>Keeps what is recorded, after checking that each draft is an event that a log would take.</summary>
internal sealed class KeptRecorder : IAuditRecorder
{
    private readonly Lock _lock = new();
    private readonly List<(EventDraft Draft, DeliveryMode? Mode)> _kept = [];
    private TaskCompletionSource _changed = NewSignal();
    private int _ids;

    /// <summary>What is awaited before an event is kept: a recorder that hangs, or fails.</summary>
    public Func<EventDraft, DeliveryMode?, CancellationToken, Task>? Before { get; set; }

    /// <summary>What the application said meanwhile: told with a wait that ended in vain.</summary>
    public Func<IEnumerable<string>>? Said { get; set; }

    public IReadOnlyList<EventDraft> Drafts
    {
        get
        {
            lock (_lock)
            {
                return [.. _kept.Select(one => one.Draft)];
            }
        }
    }

    public IReadOnlyList<(EventDraft Draft, DeliveryMode? Mode)> Kept
    {
        get
        {
            lock (_lock)
            {
                return [.. _kept];
            }
        }
    }

    public ValueTask<RecordResult> RecordAsync(EventDraft draft, CancellationToken cancellationToken = default) => KeepAsync(draft, null, cancellationToken);

    public ValueTask<RecordResult> RecordAsync(EventDraft draft, DeliveryMode mode, CancellationToken cancellationToken = default) => KeepAsync(draft, mode, cancellationToken);

    /// <summary>Waits until an event of this action is kept.</summary>
    public async Task<EventDraft> WaitAsync(string action) => (await WaitAsync(kept => kept.Any(draft => draft.Action == action))).First(draft => draft.Action == action);

    /// <summary>Waits until this many events are kept.</summary>
    public Task<IReadOnlyList<EventDraft>> WaitAsync(int count) => WaitAsync(kept => kept.Count >= count);

    public async Task<IReadOnlyList<EventDraft>> WaitAsync(Func<IReadOnlyList<EventDraft>, bool> enough)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                IReadOnlyList<EventDraft> drafts = [.. _kept.Select(one => one.Draft)];
                if (enough(drafts))
                {
                    return drafts;
                }

                changed = _changed.Task;
            }

            try
            {
                await changed.WaitAsync(TimeSpan.FromSeconds(20));
            }
            catch (TimeoutException)
            {
                throw new TimeoutException($"Kept: {string.Join("; ", Drafts.Select(draft => $"{draft.Action} {draft.Request?.Route} {draft.OutcomeCode}"))}. Said: {string.Join("; ", Said?.Invoke() ?? [])}");
            }
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async ValueTask<RecordResult> KeepAsync(EventDraft draft, DeliveryMode? mode, CancellationToken cancellationToken)
    {
        if (Before is { } before)
        {
            await before(draft, mode, cancellationToken);
        }

        lock (_lock)
        {
            draft = draft with { Id = draft.Id ?? $"e-{++_ids}" };
            _ = Claim.Parse(ToEvent(draft).ToJson());
            _kept.Add((draft, mode));
            _changed.TrySetResult();
            _changed = NewSignal();
        }

        return new RecordResult(draft.Id, mode ?? DeliveryMode.Durable, null);
    }

    private static AuditEvent ToEvent(EventDraft draft) => new()
    {
        Id = draft.Id!,
        Time = draft.Time ?? TimeProvider.System.GetUtcNow(),
        Kind = draft.Kind,
        Action = draft.Action,
        Category = draft.Category,
        Operation = draft.Operation,
        Outcome = draft.Outcome,
        OutcomeCode = draft.OutcomeCode,
        OutcomeReason = draft.OutcomeReason,
        Decision = draft.Decision,
        Actor = draft.Actor ?? new Actor { Id = "unknown", Type = ActorType.Unknown },
        Authentication = draft.Authentication,
        Targets = draft.Targets.Length == 0 ? null : draft.Targets,
        DataSubjects = draft.DataSubjects.Length == 0 ? null : draft.DataSubjects,
        Source = draft.Source,
        Service = new Service { Name = "tests" },
        Request = draft.Request,
        Trace = draft.Trace,
        RelatesTo = draft.RelatesTo,
        Changes = draft.Changes.Length == 0 ? null : draft.Changes,
        Reason = draft.Reason,
        Message = draft.Message,
        Labels = draft.Labels.Count == 0 ? null : draft.Labels,
        Data = draft.Data.Count == 0 ? null : JsonSerializer.SerializeToElement(draft.Data),
    };
}
