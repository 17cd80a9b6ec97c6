using System.Text;
using System.Text.Json;
using Indelible.Engine;
using Indelible.Engine.Configuration;
using Indelible.Server.Access;
using Indelible.Server.Ingestion;
using Indelible.Server.Problems;

namespace Indelible.Server.Endpoints;

/// <summary><c>/api/logs</c> and <c>/api/keys</c>: what administrators configure, each change an entry of <c>_system</c>.</summary>
internal static class LogEndpoints
{
    private const string SystemPrincipal = "indelible";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/logs", ListLogs).WithName("listLogs").WithTags("configuration").WithSummary("The logs that the key is for; all of them for an administrator").Produces<LogList>();
        routes.MapPost("/api/logs", CreateLogAsync).WithName("createLog").WithTags("configuration").WithSummary("Make a log").Accepts<NewLog>("application/json").Produces<LogView>(201).ProducesProblem(400).ProducesProblem(409);
        routes.MapGet("/api/keys", ListKeys).WithName("listKeys").WithTags("configuration").WithSummary("All keys, without their text").Produces<KeyList>();
        routes.MapPost("/api/keys", CreateKeyAsync).WithName("createKey").WithTags("configuration").WithSummary("Make a key; its text is shown this once").Accepts<NewKey>("application/json").Produces<KeyView>(201).ProducesProblem(400);
        routes.MapDelete("/api/keys/{id}", RevokeKeyAsync).WithName("revokeKey").WithTags("configuration").WithSummary("Revoke a key").Produces(204).ProducesProblem(404);
    }

    private static IResult ListLogs(HttpContext context, LogEngine engine)
    {
        Caller caller = AccessControl.Authenticate(context, engine);
        return TypedResults.Json(
            new LogList([.. engine.Logs
                .Where(log => caller.Key.Kind == KeyKind.Admin || caller.Key.Covers(log.Settings.Name))
                .OrderBy(log => log.Settings.Name, StringComparer.Ordinal)
                .Select(View)], engine.ReceiptsVkey),
            ApiJson.Plain.LogList);
    }

    private static async Task<IResult> CreateLogAsync(HttpContext context, LogEngine engine)
    {
        Caller caller = AccessControl.RequireAdmin(context, engine);
        NewLog wanted = await ReadAsync(context, ApiJson.Plain.NewLog);
        CheckPersonal(wanted.Personal ?? []);
        try
        {
            LogReader log = await engine.CreateLogAsync(
                wanted.Name ?? "", wanted.Public, [.. wanted.Personal ?? []], caller.ForAppend("api"), context.RequestAborted);
            return TypedResults.Json(View(log), ApiJson.Plain.LogView, statusCode: StatusCodes.Status201Created);
        }
        catch (ArgumentException e)
        {
            throw new ProblemException(Problem.InvalidParameter(e.ParamName == "personalPointers" ? "/personal" : "/name", MessageOf(e)));
        }
    }

    private static IResult ListKeys(HttpContext context, LogEngine engine)
    {
        AccessControl.RequireAdmin(context, engine);
        return TypedResults.Json(new KeyList([.. engine.System.Keys.Values.OrderBy(key => key.Id, StringComparer.Ordinal).Select(key => View(key, null))]), ApiJson.Plain.KeyList);
    }

    private static async Task<IResult> CreateKeyAsync(HttpContext context, LogEngine engine)
    {
        Caller caller = AccessControl.RequireAdmin(context, engine);
        NewKey wanted = await ReadAsync(context, ApiJson.Plain.NewKey);
        KeyKind kind = wanted.Kind switch
        {
            "admin" => KeyKind.Admin,
            "writer" => KeyKind.Writer,
            "reader" => KeyKind.Reader,
            _ => throw new ProblemException(Problem.InvalidParameter("/kind", "writer, reader or admin")),
        };
        DateTimeOffset? expires = null;
        if (wanted.Expires is { } text)
        {
            expires = Events.Instant.TryParse(text, out DateTimeOffset end) && end > engine.Time.GetUtcNow()
                ? end
                : throw new ProblemException(Problem.InvalidParameter("/expires", "a time in the future, in UTC: 2030-01-31T00:00:00Z"));
        }

        CheckPrincipal(wanted.Principal);
        CheckLogs(engine, wanted.Logs ?? []);

        try
        {
            (ApiKey key, string keyText) = await engine.CreateKeyAsync(
                kind, [.. wanted.Logs ?? []], wanted.Principal, expires, caller.ForAppend("api"), context.RequestAborted);
            context.Response.Headers.CacheControl = "no-store";
            return TypedResults.Json(View(key, keyText), ApiJson.Plain.KeyView, statusCode: StatusCodes.Status201Created);
        }
        catch (ArgumentException e)
        {
            throw new ProblemException(Problem.InvalidParameter("/logs", MessageOf(e)));
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

    private static void CheckPrincipal(string? principal)
    {
        if (principal is { Length: 0 or > ServerLimits.Principal } || (principal is not null && !VisibleText.IsVisible(principal)))
        {
            throw new ProblemException(Problem.InvalidParameter("/principal", $"1 to {ServerLimits.Principal} visible characters"));
        }

        if (principal == SystemPrincipal)
        {
            throw new ProblemException(Problem.InvalidParameter("/principal", $"{SystemPrincipal} is the system's own"));
        }
    }

    private static void CheckLogs(LogEngine engine, IReadOnlyList<string?> logs)
    {
        for (int i = 0; i < logs.Count; i++)
        {
            if (logs[i] is not { } log || (log != "*" && engine.Find(log) is null))
            {
                string name = VisibleText.Excerpt(logs[i] ?? "null");
                throw new ProblemException(Problem.InvalidParameter($"/logs/{i}", $"there is no log {name}"));
            }
        }
    }

    private static async Task<IResult> RevokeKeyAsync(HttpContext context, LogEngine engine, string id)
    {
        Caller caller = AccessControl.RequireAdmin(context, engine);
        try
        {
            await engine.RevokeKeyAsync(id, caller.ForAppend("api"), context.RequestAborted);
            return TypedResults.NoContent();
        }
        catch (KeyNotFoundException)
        {
            return Problem.NotFound("There is no key of this id.");
        }
    }

    /// <summary>Reads a small JSON body.</summary>
    internal static async Task<T> ReadAsync<T>(HttpContext context, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        if (!context.Request.HasJsonContentType())
        {
            throw new ProblemException(Problem.Unsupported("Content-Type is application/json."));
        }

        try
        {
            ReadOnlyMemory<byte> body = await RequestBody.ReadAsync(context.Request, context.RequestAborted);
            return JsonSerializer.Deserialize(body.Span, type)
                ?? throw new ProblemException(Problem.InvalidBody("The body is null where an object is wanted."));
        }
        catch (JsonException e)
        {
            throw new ProblemException(Problem.InvalidBody($"{e.Path ?? "The body"}: {e.Message}"));
        }
    }

    /// <summary>What an argument's fault says, without the argument's name.</summary>
    internal static string MessageOf(ArgumentException e) => e.Message.Split(" (Parameter", 2)[0];

    private static LogView View(LogReader log) => new(
        log.Settings.Name, log.Settings.Origin, log.Settings.Vkey, log.Settings.IsPublic, log.Settings.PersonalPointers, log.Size, log.Checkpoint.Head.Size, log.Frozen?.Successor);

    private static KeyView View(ApiKey key, string? text) => new(
        key.Id, key.Kind.ToString().ToLowerInvariant(), key.Principal, key.Logs, key.Expires is { } end ? Events.Instant.Format(end) : null, key.IsRevoked, text);
}
