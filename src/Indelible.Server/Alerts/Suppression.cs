using System.Collections.Immutable;

namespace Indelible.Server.Alerts;

/// <summary>Alerts that are to be told to nobody until some time.</summary>
/// <param name="Id">Its entry's id.</param>
/// <param name="Entry">Its entry.</param>
/// <param name="Rule">Of which rule.</param>
/// <param name="Log">Of which log; null for all.</param>
/// <param name="Tenant">Of which tenant; null for all.</param>
/// <param name="Group">Of which group; null for all.</param>
/// <param name="Until">Alerts that are received before.</param>
/// <param name="By">Who asked for it.</param>
internal sealed record Suppression(string Id, AlertEntry Entry, string Rule, string? Log, string? Tenant, ImmutableArray<(string Field, string Value)>? Group, DateTimeOffset Until, string By)
{
    /// <summary>Whether an alert falls under it.</summary>
    public bool Covers(Alert alert) => alert.Raised < Until && alert.Rule == Rule && (Log is null || alert.Log == Log) && (Tenant is null || alert.Tenant == Tenant)
        && (Group is not { } wanted || (alert.Group is { } group && group.SequenceEqual(wanted)));
}
