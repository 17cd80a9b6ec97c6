using System.Globalization;
using System.Text.Json;
using Indelible.Detection;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Events;
using Indelible.Server.Access;
using Indelible.Server.Backtests;
using Indelible.Server.Detection;
using Indelible.Server.Indexing;
using Indelible.Server.Limits;
using Indelible.Server.Problems;
using Indelible.Server.Views;

namespace Indelible.Server.Endpoints;

/// <summary><c>POST /api/logs/{log}/backtest</c>: what rules would have found in a log, before anybody switches them on.</summary>
/// <remarks>Who may search a log may ask rules of it, and they see of it what he does: an entry that is kept from him matches nothing, and a value that is masked from him is none.</remarks>
internal static class BacktestEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapPost("/api/logs/{log}/backtest", BacktestAsync).WithName("backtestRule").WithTags("events")
        .WithSummary("What Sigma rules would have found in a log, as the caller sees it: rule (YAML), mappings, from, to, limit, as_of")
        .Accepts<BacktestBody>("application/json").Produces<object>(200, "application/json").ProducesProblem(400);

    private static async Task BacktestAsync(HttpContext context, LogEngine engine, RequestRates rates, NodeResources resources, LogIndexes indexes, LogDetections detections, string log)
    {
        Admission admission = AccessControl.Require(context, engine, log, Rights.Read);
        rates.CountQuery(admission.Caller.CredentialId, admission.Caller.Rates);
        BacktestBody body = await SmallBody.ReadAsync(context, ApiJson.Plain.BacktestBody);
        VisibleEntries entries = admission.EntriesFor(Rights.Read, resources, indexes);
        if (body.Limit is < 1 or > ServerLimits.BacktestFindings)
        {
            throw new ProblemException(Problem.InvalidParameter("/limit", string.Create(CultureInfo.InvariantCulture, $"1 to {ServerLimits.BacktestFindings}")));
        }

        using IDisposable backtest = resources.BeginBacktest(admission.Log);
        var request = new BacktestRequest(
            body.Rule ?? "",
            BacktestRules.Read(body.Rule, body.Mappings ?? [], detections.Set),
            SearchEndpoints.TimeOf(body.From ?? "", body.To ?? "") ?? default,
            (int)(body.Limit ?? ServerLimits.DefaultBacktestFindings),
            body.AsOf ?? entries.Size);
        BacktestResult result = await new Backtest(request, entries, engine.Time).RunAsync(context.RequestAborted);
        await AccessTrail.BacktestedAsync(engine, admission.Caller, admission.Log, request, result);
        context.Response.ContentType = "application/json";
        await using (Utf8JsonWriter json = JsonText.Writer(context.Response.BodyWriter))
        {
            Write(json, request, result, [.. result.Notices, .. NoticesOf(admission.Log, entries, request, result)]);
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private static IEnumerable<string> NoticesOf(LogReader log, VisibleEntries entries, BacktestRequest request, BacktestResult result)
    {
        if (result.Indexed < request.AsOf && entries.Indexes?.NoticeOf(log) is { } remade)
        {
            yield return remade;
        }

        if (!entries.IsClear)
        {
            yield return ViewNotices.Personal;
        }

        if (!entries.IsWhole)
        {
            yield return ViewNotices.Rows;
        }
    }

    private static void Write(Utf8JsonWriter json, BacktestRequest request, BacktestResult result, IReadOnlyList<string> notices)
    {
        json.WriteStartObject();
        json.WriteNumber("as_of", request.AsOf);
        json.WriteBoolean("complete", result.To == request.AsOf);
        json.WriteNumber("to_index", result.To);
        json.WriteNumber("elapsed_ms", (long)result.Elapsed.TotalMilliseconds);
        json.WriteNumber("in_range", result.InRange);
        json.WriteNumber("selected", result.Selected);
        json.WriteNumber("matched", result.Matched);
        json.WriteNumber("read", result.Read);
        json.WriteNumber("indexed", result.Indexed);
        json.WriteNumber("total", result.Total);
        json.WriteStartArray("rules");
        foreach ((RuleHead rule, long count) in result.ByRule)
        {
            json.WriteStartObject();
            WriteRule(json, rule);
            json.WriteNumber("findings", count);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("days");
        foreach ((DateOnly day, long count) in result.ByDay)
        {
            json.WriteStartObject();
            json.WriteString("day", day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
            json.WriteNumber("findings", count);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("findings");
        foreach (Finding finding in result.Findings)
        {
            json.WriteStartObject();
            WriteRule(json, finding.Rule);
            json.WriteString("from", Instant.Format(finding.From));
            json.WriteString("to", Instant.Format(finding.To));
            json.WriteNumber("count", finding.Count);
            WriteGroup(json, finding);
            json.WriteStartArray("events");
            foreach (long index in finding.Events)
            {
                json.WriteNumberValue(index);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("notices");
        foreach (string notice in notices)
        {
            json.WriteStringValue(notice);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteGroup(Utf8JsonWriter json, Finding finding)
    {
        json.WriteStartArray("group");
        foreach ((string field, string value) in finding.Group)
        {
            json.WriteStartObject();
            json.WriteString("field", field);
            json.WriteString("value", value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteRule(Utf8JsonWriter json, RuleHead rule)
    {
        json.WriteString("rule", rule.Key);
        json.WriteString("title", rule.Title);
        json.WriteString("level", rule.Level.ToString().ToLowerInvariant());
    }
}
