using System.Collections.Immutable;
using Indelible.Detection;

namespace Indelible.Server.Alerts;

/// <summary>Where an entry stands.</summary>
/// <param name="Log">The log: <c>_alerts</c>, or the one that goes on in its place after a restore.</param>
/// <param name="Index">Its index.</param>
internal readonly record struct AlertEntry(string Log, long Index);

/// <summary>An alert that belongs to another.</summary>
/// <param name="Id">Its entry's id.</param>
/// <param name="Entry">Its entry.</param>
internal readonly record struct AlertRepeat(string Id, AlertEntry Entry);

/// <summary>An alert as it stands: what the entries of <c>_alerts</c> come to. What it says is read in its entry.</summary>
/// <param name="Number">Which one it is of all, from 0 in the order in which they were raised.</param>
/// <param name="Id">Its entry's id.</param>
/// <param name="Entry">Its entry.</param>
/// <param name="Raised">When that was received.</param>
/// <param name="Rule">The rule's id, or the action of an alert without a rule.</param>
/// <param name="Severity">How serious it is.</param>
/// <param name="Log">The log that it is about; null for the node.</param>
/// <param name="Tenant">The tenant that it is about; null for the node.</param>
/// <param name="Group">What the events have in common; null where a part of it is sealed.</param>
internal sealed record Alert(
    long Number, string Id, AlertEntry Entry, DateTimeOffset Raised, string Rule, RuleLevel Severity, string? Log, string? Tenant, ImmutableArray<(string Field, string Value)>? Group)
{
    /// <summary>How it stands.</summary>
    public AlertState State { get; init; }

    /// <summary>Whose it is; null for nobody's.</summary>
    public string? Assignee { get; init; }

    /// <summary>Why it was closed; null where it is not.</summary>
    public string? Reason { get; init; }

    /// <summary>The suppression that it fell under; null for none.</summary>
    public string? SuppressedBy { get; init; }

    /// <summary>Alerts of the same rule and group that were raised after it and belong to it: how many.</summary>
    public long RepeatCount { get; init; }

    /// <summary>The newest of them, in order.</summary>
    public ImmutableArray<AlertRepeat> Repeats { get; init; } = [];

    /// <summary>When the last of them was raised, or it itself.</summary>
    public DateTimeOffset LastRaised { get; init; } = Raised;

    /// <summary>What was done with it, in order.</summary>
    public ImmutableArray<AlertEntry> Steps { get; init; } = [];

    /// <summary>When it was changed last, and by whom; null for never.</summary>
    public (DateTimeOffset At, string By)? Changed { get; init; }

    /// <summary>What alerts that belong together have in common; null for one that belongs to no other.</summary>
    public string? GroupKey => Group is { } group ? string.Join('\n', [Log ?? "", Rule, .. group.Select(part => $"{part.Field}={part.Value}")]) : null;
}
