using System.Text;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Server.Access;
using Indelible.Server.Problems;

namespace Indelible.Server.Endpoints;

/// <summary><c>/api/logs</c>: which there are; each new one an entry of <c>_system</c>.</summary>
internal static class LogEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/logs", ListLogs).WithName("listLogs").WithTags("configuration").WithSummary("The logs that the key is for; all of them for an administrator").Produces<LogList>();
        routes.MapPost("/api/logs", CreateLogAsync).WithName("createLog").WithTags("configuration").WithSummary("Make a log").Accepts<NewLog>("application/json").Produces<LogView>(201).ProducesProblem(400).ProducesProblem(409);
    }

    private static IResult ListLogs(HttpContext context, LogEngine engine)
    {
        Caller caller = AccessControl.Authenticate(context);
        DateTimeOffset now = engine.Time.GetUtcNow();
        return TypedResults.Json(
            new LogList([.. engine.Logs
                .Where(log => caller.Authority.On(log.Settings.Name, now).Rights != Rights.None || caller.Authority.Over(log.Settings.Name, Rights.Admin, now))
                .OrderBy(log => log.Settings.Name, StringComparer.Ordinal)
                .Select(View)], engine.ReceiptsVkey),
            ApiJson.Plain.LogList);
    }

    private static async Task<IResult> CreateLogAsync(HttpContext context, LogEngine engine)
    {
        Caller caller = AccessControl.RequireAnywhere(context, engine, Rights.Admin);
        NewLog wanted = await SmallBody.ReadAsync(context, ApiJson.Plain.NewLog);
        CheckPersonal(wanted.Personal ?? []);
        try
        {
            LogReader log = await engine.CreateLogAsync(
                wanted.Name ?? "", wanted.Public, [.. wanted.Personal ?? []], caller.ForAppend("api"), context.RequestAborted);
            return TypedResults.Json(View(log), ApiJson.Plain.LogView, statusCode: StatusCodes.Status201Created);
        }
        catch (ArgumentException e)
        {
            throw new ProblemException(Problem.InvalidParameter(e.ParamName == "personalPointers" ? "/personal" : "/name", SmallBody.MessageOf(e)));
        }
    }

    private static void CheckPersonal(IReadOnlyList<string?> pointers)
    {
        if (pointers.Any(pointer => pointer is null || !VisibleText.IsVisible(pointer)))
        {
            throw new ProblemException(Problem.InvalidParameter("/personal", "JSON Pointers, such as /data/patient"));
        }

        if (pointers.Count > ServerLimits.PersonalPointers
            || pointers.Sum(pointer => Encoding.UTF8.GetByteCount(pointer!)) > ServerLimits.PersonalPointersBytes)
        {
            throw new ProblemException(Problem.InvalidParameter(
                "/personal", $"at most {ServerLimits.PersonalPointers} pointers of {ServerLimits.PersonalPointersBytes} bytes together"));
        }
    }

    private static LogView View(LogReader log) => new(
        log.Settings.Name, log.Settings.Origin, log.Settings.Vkey, log.Settings.IsPublic, log.Settings.PersonalPointers, log.Size, log.Checkpoint.Head.Size, log.Frozen?.Successor);
}
