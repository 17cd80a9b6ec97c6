using System.Globalization;
using System.Text.Json;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Events;
using Indelible.Server.Access;
using Indelible.Server.Alerts;
using Indelible.Server.Limits;
using Indelible.Server.Problems;

namespace Indelible.Server.Endpoints;

/// <summary><c>/api/alerts</c>: alerts and how they stand, and what is done with them.</summary>
/// <remarks>Who may read <c>_alerts</c> is shown them, each only if its entry would be; who may work on alerts there may do something with those that he is shown.</remarks>
internal static class AlertEndpoints
{
    private const string Path = "/api/alerts";

    private static readonly string[] s_reasons = ["resolved", "false_positive", "expected", "duplicate"];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, ListAsync).WithName("listAlerts").WithTags("alerts")
            .WithSummary("Alerts and how they stand, the newest first: ?state=open,acknowledged,suppressed,closed; ?severity=, ?rule=, ?log=, ?assignee=, ?from= and ?to= select when they were raised; ?limit=, ?cursor=")
            .Produces<object>(200, "application/json").ProducesProblem(400);
        routes.MapGet(Path + "/{id}", ReadAsync).WithName("getAlert").WithTags("alerts").WithSummary("One alert, what was done with it, and those that belong to it").Produces<object>(200, "application/json").ProducesProblem(404);
        routes.MapPost(Path + "/{id}/{step}", StepAsync).WithName("changeAlert").WithTags("alerts")
            .WithSummary("Do something with an alert: acknowledge, assign (assignee), comment (comment), close (reason), reopen, suppress (until); each takes a comment; an entry of _alerts (analysts)")
            .Accepts<AlertStepRequest>("application/json").Produces<object>(200, "application/json").ProducesProblem(400).ProducesProblem(404).ProducesProblem(409);
        routes.MapGet(Path + "/suppressions", ListSuppressions).WithName("listSuppressions").WithTags("alerts").WithSummary("The suppressions that hold").Produces<SuppressionList>();
        routes.MapPost(Path + "/suppressions", SuppressAsync).WithName("suppressAlerts").WithTags("alerts").WithSummary("Suppress a rule's alerts, of one log or all, until some time (analysts)")
            .Accepts<SuppressionRequest>("application/json").Produces<SuppressionView>().ProducesProblem(400);
        routes.MapDelete(Path + "/suppressions/{id}", UnsuppressAsync).WithName("endSuppression").WithTags("alerts").WithSummary("End a suppression (analysts)").Produces(204).ProducesProblem(404);
    }

    private static async Task ListAsync(HttpContext context, LogEngine engine, AlertBoard board, RequestRates rates)
    {
        Admission admission = Admit(context, engine, board, Rights.Read);
        rates.CountQuery(admission.Caller.CredentialId, admission.Caller.Rates);
        AlertFilter filter = AlertFilter.Read(context);
        long limit = QueryFlag.ReadNumber(context, "limit") ?? ServerLimits.DefaultAlertPageSize;
        if (limit is < 1 or > ServerLimits.AlertPageSize)
        {
            throw new ProblemException(Problem.InvalidParameter("limit", $"1 to {ServerLimits.AlertPageSize}"));
        }

        long before = QueryFlag.ReadNumber(context, "cursor") ?? long.MaxValue;
        (IReadOnlyList<Alert> alerts, long forgotten, long asOf) = board.All();
        VisibleEntries entries = admission.EntriesFor(Rights.Read);
        var counts = new long[Enum.GetValues<AlertState>().Length];
        var page = new List<Alert>();
        long? next = null;
        foreach (Alert alert in alerts.Where(alert => filter.Matches(alert) && IsVisible(engine, entries, alert)))
        {
            context.RequestAborted.ThrowIfCancellationRequested();
            counts[(int)alert.State]++;
            if (filter.HasState(alert) && alert.Number < before)
            {
                next = page.Count == limit ? next ?? page[^1].Number : null;
                if (page.Count < limit)
                {
                    page.Add(alert);
                }
            }
        }

        await AccessTrail.AlertsSeenAsync(engine, admission.Caller, admission.Log, null, page.Count);
        await WriteAsync(context, json =>
        {
            json.WriteNumber("as_of", asOf);
            json.WriteStartObject("counts");
            foreach (AlertState state in Enum.GetValues<AlertState>())
            {
                json.WriteNumber(AlertJson.WordOf(state), counts[(int)state]);
            }

            json.WriteEndObject();
            json.WriteStartArray("items");
            foreach (Alert alert in page)
            {
                json.WriteStartObject();
                AlertJson.Write(json, alert, ReadEntry(engine, alert.Entry));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteString("next", next?.ToString(CultureInfo.InvariantCulture));
            json.WriteStartArray("notices");
            if (forgotten > 0)
            {
                json.WriteStringValue($"{forgotten} alerts are older than the newest {ServerLimits.Alerts}, and are not in this: search the log {admission.Log.Settings.Name} for them.");
            }

            json.WriteEndArray();
        });
    }

    private static async Task ReadAsync(HttpContext context, LogEngine engine, AlertBoard board, RequestRates rates, string id)
    {
        Admission admission = Admit(context, engine, board, Rights.Read);
        rates.CountQuery(admission.Caller.CredentialId, admission.Caller.Rates);
        Alert alert = Find(engine, board, admission.EntriesFor(Rights.Read), id);
        await AccessTrail.AlertsSeenAsync(engine, admission.Caller, admission.Log, alert.Id, 1);
        await WriteAsync(context, json => AlertJson.WriteWhole(json, alert, entry => ReadEntry(engine, entry)));
    }

    private static async Task StepAsync(HttpContext context, LogEngine engine, AlertBoard board, string id, string step)
    {
        Admission admission = Admit(context, engine, board, Rights.Alerts);
        if (AlertSteps.OfWord(step) is not { } wanted || wanted == AlertStep.Unsuppress)
        {
            throw new ProblemException(Problem.NotFound($"An alert's steps are {string.Join(", ", Enum.GetValues<AlertStep>().Where(one => one != AlertStep.Unsuppress).Select(AlertSteps.WordOf))}."));
        }

        AlertStepRequest request = context.Request.ContentLength is 0 or null && context.Request.ContentType is null
            ? new AlertStepRequest(null, null, null, null)
            : await SmallBody.ReadAsync(context, ApiJson.Plain.AlertStepRequest);
        Require(wanted, request);
        VisibleEntries entries = admission.EntriesFor(Rights.Alerts);
        await board.Steps.WaitAsync(context.RequestAborted);
        Alert alert;
        try
        {
            alert = Find(engine, board, entries, id);
            if (!AlertBoard.Fits(wanted, alert.State))
            {
                string by = alert.Changed is { } changed ? $" since {Instant.Format(changed.At)}, by {VisibleText.Clean(changed.By)}" : "";
                throw new ProblemException(Problem.AlertState($"The alert is {AlertJson.WordOf(alert.State)}{by}: to {AlertSteps.WordOf(wanted)} it means nothing."));
            }

            if (alert.Steps.Length >= ServerLimits.AlertSteps)
            {
                throw new ProblemException(Problem.AlertState($"The alert has had {ServerLimits.AlertSteps} steps, as many as it may."));
            }

            DateTimeOffset? until = wanted == AlertStep.Suppress ? UntilOf(engine, board, request.Until) : null;
            if (until is not null && alert.Group is null)
            {
                throw new ProblemException(Problem.AlertState("What the alert's events have in common is sealed, so nobody can tell which alerts are like it: suppress the rule's alerts of the log by /api/alerts/suppressions."));
            }

            await engine.NoteAlertStepAsync(
                new AlertStepNote(wanted, ("alert", alert.Id), data => WriteStep(data, wanted, alert, request, until)) { Tenant = alert.Tenant, Text = request.Comment }, admission.Caller.ForAppend("http"));
            alert = board.Find(alert.Id) ?? alert;
        }
        finally
        {
            board.Steps.Release();
        }

        await WriteAsync(context, json => AlertJson.Write(json, alert, ReadEntry(engine, alert.Entry)));
    }

    private static IResult ListSuppressions(HttpContext context, LogEngine engine, AlertBoard board)
    {
        Admission admission = Admit(context, engine, board, Rights.Read);
        VisibleEntries entries = admission.EntriesFor(Rights.Read);
        return TypedResults.Json(new SuppressionList([.. board.Suppressions(engine.Time.GetUtcNow()).Where(one => IsVisible(engine, entries, one.Entry)).Select(View)]), ApiJson.Plain.SuppressionList);
    }

    private static async Task<IResult> SuppressAsync(HttpContext context, LogEngine engine, AlertBoard board)
    {
        Admission admission = Admit(context, engine, board, Rights.Alerts);
        SuppressionRequest request = await SmallBody.ReadAsync(context, ApiJson.Plain.SuppressionRequest);
        if (request.Rule is not { Length: > 0 and <= EventLimits.TechnicalId } rule || !VisibleText.IsVisible(rule))
        {
            throw new ProblemException(Problem.InvalidParameter("/rule", "a rule's id, as an alert says it"));
        }

        // Whoever sees a tenant's alerts alone can quiet no other's; whoever sees some rows alone works on those by their ids.
        string? tenant = admission.Caller.Authority.Tenant;
        if (tenant is null ? !admission.Access.IsWhole(Rights.Alerts) : admission.Access.SightsFor(Rights.Alerts).All(sight => sight.Rows is not null))
        {
            throw new ProblemException(Problem.Forbidden("the right to work on alerts without a row limit"));
        }

        if (request.Log is { } log && (Engine.Configuration.LogName.Fault(log) is { } fault && !log.StartsWith('_')))
        {
            throw new ProblemException(Problem.InvalidParameter("/log", fault));
        }

        RequireText("/comment", request.Comment);
        Suppression made;
        await board.Steps.WaitAsync(context.RequestAborted);
        try
        {
            DateTimeOffset until = UntilOf(engine, board, request.Until);
            HashSet<string> before = [.. board.Suppressions(engine.Time.GetUtcNow()).Select(one => one.Id)];
            await engine.NoteAlertStepAsync(
                new AlertStepNote(AlertStep.Suppress, ("rule", rule), data => WriteSuppression(data, rule, request.Log, null, until)) { Tenant = tenant, Text = request.Comment }, admission.Caller.ForAppend("http"));
            made = board.Suppressions(engine.Time.GetUtcNow()).Single(one => !before.Contains(one.Id));
        }
        finally
        {
            board.Steps.Release();
        }

        return TypedResults.Json(View(made), ApiJson.Plain.SuppressionView);
    }

    private static async Task<IResult> UnsuppressAsync(HttpContext context, LogEngine engine, AlertBoard board, string id)
    {
        Admission admission = Admit(context, engine, board, Rights.Alerts);
        VisibleEntries entries = admission.EntriesFor(Rights.Alerts);
        await board.Steps.WaitAsync(context.RequestAborted);
        try
        {
            Suppression suppression = board.Suppressions(engine.Time.GetUtcNow()).FirstOrDefault(one => one.Id == id && IsVisible(engine, entries, one.Entry))
                ?? throw new ProblemException(Problem.NotFound("No suppression of this id holds."));
            await engine.NoteAlertStepAsync(
                new AlertStepNote(AlertStep.Unsuppress, ("rule", suppression.Rule), data => data.WriteString("suppression", suppression.Id)) { Tenant = suppression.Tenant }, admission.Caller.ForAppend("http"));
        }
        finally
        {
            board.Steps.Release();
        }

        return TypedResults.NoContent();
    }

    private static Admission Admit(HttpContext context, LogEngine engine, AlertBoard board, Rights right) => AccessControl.Require(context, engine, board.Log.Settings.Name, right);

    private static Alert Find(LogEngine engine, AlertBoard board, VisibleEntries entries, string id) => board.Find(id) is { } alert && IsVisible(engine, entries, alert)
        ? alert
        : throw new ProblemException(Problem.NotFound("There is no alert of this id that this key may see."));

    private static bool IsVisible(LogEngine engine, VisibleEntries entries, Alert alert) => IsVisible(engine, entries, alert.Entry);

    private static bool IsVisible(LogEngine engine, VisibleEntries entries, AlertEntry entry) => entries.IsWhole || entries.PersonalOf(ReadEntry(engine, entry)) is not null;

    private static ReadOnlyMemory<byte> ReadEntry(LogEngine engine, AlertEntry entry) => engine.Find(entry.Log)!.ReadEntry(entry.Index);

    private static void Require(AlertStep step, AlertStepRequest request)
    {
        RequireText("/comment", request.Comment);
        if (step == AlertStep.Comment && request.Comment is null)
        {
            throw new ProblemException(Problem.InvalidParameter("/comment", "what there is to say"));
        }

        if (step == AlertStep.Close ? !s_reasons.Contains(request.Reason) : request.Reason is not null)
        {
            throw new ProblemException(Problem.InvalidParameter("/reason", step == AlertStep.Close ? string.Join(", ", s_reasons) : "nothing: it says why an alert is closed"));
        }

        if (request.Assignee is { } assignee && (step != AlertStep.Assign || assignee.Length is 0 or > EventLimits.TechnicalId || !VisibleText.IsVisible(assignee)))
        {
            throw new ProblemException(Problem.InvalidParameter("/assignee", step == AlertStep.Assign ? "whose it is: a principal, or nothing for nobody's" : "nothing: it says whose an alert is that is assigned"));
        }

        if (step != AlertStep.Suppress && request.Until is not null)
        {
            throw new ProblemException(Problem.InvalidParameter("/until", "nothing: it says how long alerts are suppressed"));
        }
    }

    private static void RequireText(string member, string? text)
    {
        if (text is { Length: 0 or > ServerLimits.ReasonText })
        {
            throw new ProblemException(Problem.InvalidParameter(member, $"text of 1 to {ServerLimits.ReasonText} characters"));
        }
    }

    private static DateTimeOffset UntilOf(LogEngine engine, AlertBoard board, string? text)
    {
        DateTimeOffset now = engine.Time.GetUtcNow();
        if (text is null || !Instant.TryParse(text, out DateTimeOffset until) || until <= now || until > now + ServerLimits.AlertSuppression)
        {
            throw new ProblemException(Problem.InvalidParameter("/until", $"an instant in UTC (2026-03-03T12:00:00Z) that is to come, {ServerLimits.AlertSuppression.TotalDays:0} days from now at most"));
        }

        return board.Suppressions(now).Count < ServerLimits.AlertSuppressions
            ? until
            : throw new ProblemException(Problem.AlertState($"{ServerLimits.AlertSuppressions} suppressions hold, as many as may: end some."));
    }

    private static void WriteStep(Utf8JsonWriter data, AlertStep step, Alert alert, AlertStepRequest request, DateTimeOffset? until)
    {
        data.WriteString("alert", alert.Id);
        if (until is { } end)
        {
            WriteSuppression(data, alert.Rule, alert.Log, alert, end);
        }

        if (step == AlertStep.Assign)
        {
            data.WriteString("assignee", request.Assignee);
        }

        if (request.Reason is { } reason)
        {
            data.WriteString("reason", reason);
        }
    }

    private static void WriteSuppression(Utf8JsonWriter data, string rule, string? log, Alert? like, DateTimeOffset until)
    {
        data.WriteString("rule", rule);
        if (log is not null)
        {
            data.WriteString("log", log);
        }

        if (like is not null)
        {
            data.WriteStartArray("group");
            foreach ((string field, string value) in like.Group!.Value)
            {
                data.WriteStartObject();
                data.WriteString("field", field);
                data.WriteString("value", value);
                data.WriteEndObject();
            }

            data.WriteEndArray();
        }

        data.WriteString("until", Instant.Format(until));
    }

    private static SuppressionView View(Suppression one) => new(
        one.Id, one.Rule, one.Log, one.Group is { } group ? [.. group.Select(part => new GroupPartView(part.Field, part.Value))] : null, Instant.Format(one.Until), one.By, one.Entry.Index);

    private static async Task WriteAsync(HttpContext context, Action<Utf8JsonWriter> members)
    {
        context.Response.ContentType = "application/json";
        await using (Utf8JsonWriter json = JsonText.Writer(context.Response.BodyWriter))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }
}
