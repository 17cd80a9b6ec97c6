using System.Buffers.Text;
using System.Text.Json;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Configuration;
using Indelible.Engine.Sources;
using Indelible.Server.Access;
using Indelible.Server.Limits;
using Indelible.Server.Problems;
using Indelible.Server.Sources;

namespace Indelible.Server.Endpoints;

/// <summary><c>/api/logs/{log}/sources</c>: what a log knows of its producers, and which are expected.</summary>
internal static class SourcesEndpoints
{
    private const int MaxCursor = 4_096;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/logs/{log}/sources", ReadAsync).WithName("listSources").WithTags("sources")
            .WithSummary("The producers of a log: last event, rate, gaps in sequence, restarts, clock, refused events, silence; ?limit=, ?cursor=")
            .Produces<object>(200, "application/json").ProducesProblem(400);
        routes.MapGet("/api/logs/{log}/sources/expected", ListExpected).WithName("listExpectedSources").WithTags("sources").WithSummary("The producers that are expected (readers, administrators)").Produces<ExpectedSourceList>();
        routes.MapPut("/api/logs/{log}/sources/expected/{name}", ExpectAsync).WithName("expectSource").WithTags("sources").WithSummary("Expect a producer, so that its silence shows (administrators)").Accepts<ExpectedSourceView>("application/json").Produces<ExpectedSourceView>().ProducesProblem(400);
        routes.MapDelete("/api/logs/{log}/sources/expected/{name}", ForgetAsync).WithName("forgetSource").WithTags("sources").WithSummary("Expect a producer no more (administrators)").Produces(204).ProducesProblem(404);
    }

    private static async Task ReadAsync(HttpContext context, LogEngine engine, RefusalCounter refusals, RequestRates rates, string log)
    {
        (Caller caller, LogReader reader, _) = AccessControl.RequireWhole(context, engine, log, Rights.Read);
        rates.CountQuery(caller.CredentialId, caller.Rates);
        long limit = QueryFlag.ReadNumber(context, "limit") ?? ServerLimits.DefaultSourcesPageSize;
        if (limit is < 1 or > ServerLimits.SourcesPageSize)
        {
            throw new ProblemException(Problem.InvalidParameter("limit", $"1 to {ServerLimits.SourcesPageSize}"));
        }

        SourcesPage page = reader.ReadSources(CursorOf(context), (int)limit);
        await AccessTrail.SourcesSeenAsync(engine, caller, reader, page.Sources.Count);
        context.Response.ContentType = "application/json";
        await using (Utf8JsonWriter json = JsonText.Writer(context.Response.BodyWriter))
        {
            SourcesJson.Write(json, log, page, ExpectedSources.Of(engine, reader), refusals.Of(log), engine.Time.GetUtcNow(), page.Next is { } next ? CursorTo(next) : null);
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private static IResult ListExpected(HttpContext context, LogEngine engine, string log)
    {
        Caller caller = AccessControl.Authenticate(context);
        if (caller.Authority.Over(log, Rights.Admin, engine.Time.GetUtcNow()))
        {
            AccessControl.RequireOver(context, engine, log, Rights.Admin);
        }
        else
        {
            AccessControl.RequireWhole(context, engine, log, Rights.Read);
        }

        return TypedResults.Json(new ExpectedSourceList([.. ExpectedSources.Configured(engine, log).Select(View)]), ApiJson.Plain.ExpectedSourceList);
    }

    private static async Task<IResult> ExpectAsync(HttpContext context, LogEngine engine, string log, string name)
    {
        (Caller caller, _) = AccessControl.RequireOver(context, engine, log, Rights.Admin);
        ExpectedSourceView wanted = await SmallBody.ReadAsync(context, ApiJson.Plain.ExpectedSourceView);
        if (wanted.Name is not null || wanted.Log is not null || wanted.Since is not null)
        {
            throw new ProblemException(Problem.InvalidParameter("/", "principal, service, instance and interval_s; the path says the log and the name"));
        }

        foreach ((string member, string? text) in new[] { ("/principal", wanted.Principal), ("/service", wanted.Service), ("/instance", wanted.Instance) })
        {
            if (text is not null && !VisibleText.IsVisible(text))
            {
                throw new ProblemException(Problem.InvalidParameter(member, "visible characters"));
            }
        }

        long seconds = Math.Clamp(wanted.IntervalS, 0, int.MaxValue);
        try
        {
            await engine.ExpectSourceAsync(
                new ExpectedSource(log, name, wanted.Principal, wanted.Service, wanted.Instance, TimeSpan.FromSeconds(seconds), default),
                caller.ForAppend("api"),
                context.RequestAborted);
        }
        catch (ArgumentException e)
        {
            string message = SmallBody.MessageOf(e);
            throw new ProblemException(Problem.InvalidParameter(message.StartsWith("interval", StringComparison.Ordinal) ? "/interval_s" : "/", message));
        }

        return TypedResults.Json(View(engine.System.Expected[(log, name)]), ApiJson.Plain.ExpectedSourceView);
    }

    private static async Task<IResult> ForgetAsync(HttpContext context, LogEngine engine, string log, string name)
    {
        (Caller caller, _) = AccessControl.RequireOver(context, engine, log, Rights.Admin);
        try
        {
            await engine.ForgetSourceAsync(log, name, caller.ForAppend("api"), context.RequestAborted);
            return TypedResults.NoContent();
        }
        catch (KeyNotFoundException)
        {
            return Problem.NotFound("The log expects no source of this name.");
        }
    }

    private static ExpectedSourceView View(ExpectedSource expected) => new(
        expected.Principal, expected.Service, expected.Instance, (long)expected.Interval.TotalSeconds, expected.Name, expected.Log, Events.Instant.Format(expected.Since));

    private static string CursorTo(SourceKey key) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes([key.Principal, key.Service, key.Instance], CursorJson.Default.StringArray));

    private static SourceKey? CursorOf(HttpContext context)
    {
        string text = context.Request.Query["cursor"].ToString();
        if (text.Length == 0)
        {
            return null;
        }

        try
        {
            return text.Length <= MaxCursor && JsonSerializer.Deserialize(Base64Url.DecodeFromChars(text), CursorJson.Default.StringArray) is [{ } principal, { } service, { } instance]
                ? new SourceKey(principal, service, instance)
                : throw new FormatException();
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            throw new ProblemException(Problem.InvalidParameter("cursor", "what an earlier page gave as next"));
        }
    }
}

/// <summary>The JSON inside of a cursor.</summary>
[System.Text.Json.Serialization.JsonSerializable(typeof(string[]))]
internal sealed partial class CursorJson : System.Text.Json.Serialization.JsonSerializerContext;
