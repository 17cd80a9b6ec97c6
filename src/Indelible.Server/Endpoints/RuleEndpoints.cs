using Indelible.Detection;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Events;
using Indelible.Server.Access;
using Indelible.Server.Alerts;
using Indelible.Server.Detection;
using Indelible.Server.Problems;

namespace Indelible.Server.Endpoints;

/// <summary><c>/api/rules</c>: which rules are asked of entries as they arrive, and reading them again.</summary>
/// <remarks>Shown to who administers or inspects anything, and to who reads <c>_alerts</c>; read again for the node's administrators alone.</remarks>
internal static class RuleEndpoints
{
    private const string Path = "/api/rules";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, ListAsync).WithName("listRules").WithTags("alerts").WithSummary("The rules that are asked of entries, what was refused, and the alerts of each that the caller may see").Produces<RuleList>();
        routes.MapPost(Path + "/reload", ReloadAsync).WithName("reloadRules").WithTags("alerts")
            .WithSummary("Read the rules again from where the server was told to; an entry of _access says which changed; where one is refused, those before are asked further").Produces<RuleList>().ProducesProblem(409);
    }

    private static async Task<IResult> ListAsync(HttpContext context, LogEngine engine, LogDetections detections, AlertBoard board)
    {
        Caller caller = AccessControl.Authenticate(context);
        if (AlertsFor(engine, board, caller) is null)
        {
            AccessControl.RequireAnywhere(context, engine, Rights.Inspect);
        }

        RuleList list = View(engine, detections, board, caller, null);
        await AccessTrail.InspectedAsync(engine, caller, "rules", list.Rules.Count);
        return TypedResults.Json(list, ApiJson.Plain.RuleList);
    }

    private static async Task<IResult> ReloadAsync(HttpContext context, LogEngine engine, LogDetections detections, AlertBoard board)
    {
        Caller caller = AccessControl.RequireOnNode(context, engine, Rights.Admin);
        try
        {
            RuleSetChange change = await detections.ReloadAsync(caller.ForAppend("http"));
            return TypedResults.Json(View(engine, detections, board, caller, change), ApiJson.Plain.RuleList);
        }
        catch (RulesRefusedException e)
        {
            throw new ProblemException(Problem.RulesRefused([.. e.Faults.Select(fault => new ProblemError(null, $"{fault.File}:{fault.Line}:{fault.Column}", "rule-refused", fault.Reason))]));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ProblemException(Problem.Conflict($"The rules before are asked further: {e.Message}"));
        }
    }

    /// <summary>The alerts that a caller may see; null where he may see none.</summary>
    private static VisibleEntries? AlertsFor(LogEngine engine, AlertBoard board, Caller caller)
    {
        LogAccess access = caller.Authority.On(board.Log.Settings.Name, engine.Time.GetUtcNow());
        return access.Rights.HasFlag(Rights.Read) ? new Admission(caller, board.Log, access).EntriesFor(Rights.Read) : null;
    }

    private static RuleList View(LogEngine engine, LogDetections detections, AlertBoard board, Caller caller, RuleSetChange? change)
    {
        ILookup<string, Alert>? alerts = AlertsFor(engine, board, caller) is { } entries
            ? board.All().Alerts.Where(alert => entries.IsWhole || entries.PersonalOf(engine.Find(alert.Entry.Log)!.ReadEntry(alert.Entry.Index)) is not null).ToLookup(alert => alert.Rule, StringComparer.Ordinal)
            : null;
        RuleSet set = detections.Set;
        return new RuleList(
            set.Sha256,
            Instant.Format(detections.Since),
            detections.Lag,
            [.. set.Rules.Rules.Select(rule => View(rule.Head, "event", alerts)).Concat(set.Rules.Correlations.Select(correlation => View(correlation.Head, correlation.KindWord, alerts)))],
            [.. set.Faults.Select(fault => new RuleFaultView(fault.File, fault.Line, fault.Column, fault.Reason))],
            change is null ? null : new RuleChangeView([.. change.Added.Select(head => head.Key)], [.. change.Removed.Select(head => head.Key)], [.. change.Changed.Select(head => head.Key)]));
    }

    private static RuleView View(RuleHead head, string kind, ILookup<string, Alert>? alerts)
    {
        Alert[]? own = alerts is null ? null : [.. alerts[head.Key]];
        return new RuleView(
            head.Key, head.Version, head.Title, head.Level.ToString().ToLowerInvariant(), head.Status, kind, head.File, head.Line, head.Tags, head.Compliance, head.Response,
            own?.Length, own?.Count(alert => alert.State == AlertState.Open), own is [_, ..] ? Instant.Format(own.Max(alert => alert.LastRaised)) : null);
    }
}
