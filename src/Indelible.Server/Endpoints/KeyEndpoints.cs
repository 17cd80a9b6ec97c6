using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Configuration;
using Indelible.Events;
using Indelible.Server.Access;
using Indelible.Server.Problems;

namespace Indelible.Server.Endpoints;

/// <summary><c>/api/keys</c>: made, listed, replaced, revoked, each change an entry of <c>_system</c>; and the glass that is broken in an emergency.</summary>
internal static class KeyEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/keys", ListAsync).WithName("listKeys").WithTags("access").WithSummary("The keys that the caller may know of, without their text").Produces<KeyList>();
        routes.MapPost("/api/keys", CreateAsync).WithName("createKey").WithTags("access").WithSummary("Make a key; its text is shown this once").Accepts<KeyRequest>("application/json").Produces<KeyView>(201).ProducesProblem(400).ProducesProblem(403);
        routes.MapPost("/api/keys/{id}/replace", ReplaceAsync).WithName("replaceKey").WithTags("access").WithSummary("Make a key in another's place, which goes on for overlap_s seconds").Accepts<ReplaceRequest>("application/json").Produces<KeyView>(201).ProducesProblem(404).ProducesProblem(409);
        routes.MapDelete("/api/keys/{id}", RevokeAsync).WithName("revokeKey").WithTags("access").WithSummary("Revoke a key").Produces(204).ProducesProblem(404);
        routes.MapPost("/api/break-glass", BreakGlassAsync).WithName("breakGlass").WithTags("access")
            .WithSummary("With the key behind glass: it is an administrator's for an hour from now, once; an alert is entered first").Accepts<BreakGlassRequest>("application/json").Produces<BrokenGlassView>().ProducesProblem(409);
    }

    private static async Task<IResult> ListAsync(HttpContext context, LogEngine engine, LastUses uses)
    {
        Caller caller = AccessControl.RequireAnywhere(context, engine, Rights.Inspect);
        KeyView[] keys = [.. engine.System.Keys.Values
            .Where(key => Inspection.Sees(engine, caller, key.Principal))
            .OrderBy(key => key.Id, StringComparer.Ordinal)
            .Select(key => View(key, uses))];
        await AccessTrail.InspectedAsync(engine, caller, "keys", keys.Length);
        return TypedResults.Json(new KeyList(keys), ApiJson.Plain.KeyList);
    }

    private static async Task<IResult> CreateAsync(HttpContext context, LogEngine engine, LastUses uses)
    {
        Caller caller = AccessControl.RequireAnywhere(context, engine, Rights.Admin);
        KeyRequest body = await SmallBody.ReadAsync(context, ApiJson.Plain.KeyRequest);
        NewKey wanted = Read(engine, caller, body);
        try
        {
            (ApiKey key, string text) = await engine.Administration.CreateKeyAsync(wanted, caller.ForAppend("api"), context.RequestAborted);
            return TypedResults.Json(View(key, uses) with { Key = text }, ApiJson.Plain.KeyView, statusCode: StatusCodes.Status201Created);
        }
        catch (ArgumentException e)
        {
            throw SmallBody.Invalid(e);
        }
    }

    private static async Task<IResult> ReplaceAsync(HttpContext context, LogEngine engine, LastUses uses, string id)
    {
        Caller caller = AccessControl.RequireAnywhere(context, engine, Rights.Admin);
        ReplaceRequest wanted = await SmallBody.ReadAsync(context, ApiJson.Plain.ReplaceRequest);
        if (wanted.OverlapS < 0 || wanted.OverlapS > EngineLimits.KeyOverlap.TotalSeconds)
        {
            throw new ProblemException(Problem.InvalidParameter("/overlap_s", $"0 to {EngineLimits.KeyOverlap.TotalSeconds} seconds"));
        }

        try
        {
            (ApiKey key, string text) = await engine.Administration.ReplaceKeyAsync(id, TimeSpan.FromSeconds(wanted.OverlapS), caller.ForAppend("api"), context.RequestAborted);
            return TypedResults.Json(View(key, uses) with { Key = text }, ApiJson.Plain.KeyView, statusCode: StatusCodes.Status201Created);
        }
        catch (KeyNotFoundException)
        {
            return Problem.NotFound("There is no key of this id.");
        }
    }

    private static async Task<IResult> RevokeAsync(HttpContext context, LogEngine engine, string id)
    {
        Caller caller = AccessControl.RequireAnywhere(context, engine, Rights.Admin);
        try
        {
            await engine.Administration.RevokeKeyAsync(id, caller.ForAppend("api"), context.RequestAborted);
            return TypedResults.NoContent();
        }
        catch (KeyNotFoundException)
        {
            return Problem.NotFound("There is no key of this id.");
        }
    }

    private static async Task<IResult> BreakGlassAsync(HttpContext context, LogEngine engine, Authenticator authenticator)
    {
        // The one door that a key opens which opens nothing yet.
        ApiKey key = authenticator.BehindGlass(context) ?? throw new ProblemException(Problem.Unauthenticated());
        BreakGlassRequest wanted = await SmallBody.ReadAsync(context, ApiJson.Plain.BreakGlassRequest);
        string reason = wanted.Reason?.Trim() ?? "";
        if (reason.Length is 0 or > ServerLimits.ReasonText || !VisibleText.IsVisible(reason))
        {
            throw new ProblemException(Problem.InvalidParameter("/reason", $"why, in 1 to {ServerLimits.ReasonText} visible characters; it is recorded"));
        }

        var caller = new AppendCaller(key.Principal, key.Id, engine.System.Size, "api", Authenticator.AddressOf(context));
        DateTimeOffset until = await engine.Administration.BreakGlassAsync(key.Id, reason, caller);
        return TypedResults.Json(new BrokenGlassView(key.Id, Instant.Format(until)), ApiJson.Plain.BrokenGlassView);
    }

    private static NewKey Read(LogEngine engine, Caller caller, KeyRequest body)
    {
        KeyKind kind = body.Kind switch
        {
            "admin" => KeyKind.Admin,
            "writer" => KeyKind.Writer,
            "reader" => KeyKind.Reader,
            null when Roles.Parse(body.Role) is { } said => Roles.KindOf(said),
            _ => throw new ProblemException(Problem.InvalidParameter("/kind", "writer, reader or admin")),
        };
        Terms.CheckPrincipal(body.Principal);
        IReadOnlyList<string?> logs = body.Logs ?? [];
        Terms.CheckLogs(engine, caller, logs);
        return new NewKey(kind, [.. logs.Select(log => log!)])
        {
            Principal = body.Principal,
            Role = Terms.RoleOf(body.Role),
            Rows = Terms.RowsOf(engine, body.Rows, logs),
            Personal = Terms.PersonalOf(body.Personal),
            Scopes = Terms.ScopesOf(body.Scopes),
            Networks = [.. (body.Networks ?? []).Select(network => network ?? "")],
            Rates = body.Rates is { } rates ? new RateLimits(rates.Events, rates.Bytes, rates.Queries) : null,
            Expires = Terms.ExpiryOf(engine, body.Expires),
            IsBreakGlass = body.BreakGlass,
        };
    }

    private static KeyView View(ApiKey key, LastUses uses) => new(
        key.Id,
        key.Kind.ToString().ToLowerInvariant(),
        key.Principal,
        key.Logs,
        key.Ends is { } end ? Instant.Format(end) : null,
        key.IsRevoked)
    {
        Carries = key.Own is null ? "principal" : null,
        Role = key.Own is { } own ? Roles.WordOf(own.Role) : null,
        Rows = key.Own?.Rows,
        Personal = key.Own is { } shown && shown.Rights.HasFlag(Rights.Read) ? PersonalViews.WordOf(shown.Personal) : null,
        Scopes = key.Scopes == Roles.MostOf(key.Kind) ? null : RightWords.Of(key.Scopes),
        Networks = key.Networks.IsEmpty ? null : key.Networks,
        Rates = key.Rates is { } rates ? new RatesView(rates.Events, rates.Bytes, rates.Queries) : null,
        BreakGlass = key.IsBreakGlass ? true : null,
        BrokenAt = key.BrokenAt is { } broken ? Instant.Format(broken) : null,
        ReplacedBy = key.ReplacedBy,
        LastUsed = uses.Of(key.Id) is { } used ? Instant.Format(used) : null,
    };
}
