using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Events;
using Indelible.Server.Access;
using Indelible.Server.Problems;

namespace Indelible.Server.Endpoints;

/// <summary><c>/api/principals</c> and <c>/api/grants</c>: who there is and what he may do, each change an entry of <c>_system</c>; and <c>/api/me</c>.</summary>
internal static class PrincipalEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/principals", ListAsync).WithName("listPrincipals").WithTags("access").WithSummary("The principals that the caller may know of").Produces<PrincipalList>();
        routes.MapPost("/api/principals", CreateAsync).WithName("createPrincipal").WithTags("access").WithSummary("Enter a principal: a service or a person").Accepts<PrincipalRequest>("application/json").Produces<PrincipalView>(201).ProducesProblem(400).ProducesProblem(409);

        // Names have slashes: the action stands before them.
        routes.MapPost("/api/principals/disable/{**name}", (HttpContext context, LogEngine engine, string name) => SetDisabledAsync(context, engine, name, true)).WithName("disablePrincipal").WithTags("access").WithSummary("No credential of his is good for anything from now on").Produces(204).ProducesProblem(404);
        routes.MapPost("/api/principals/enable/{**name}", (HttpContext context, LogEngine engine, string name) => SetDisabledAsync(context, engine, name, false)).WithName("enablePrincipal").WithTags("access").WithSummary("His credentials are good again").Produces(204).ProducesProblem(404);
        routes.MapGet("/api/grants", ListGrantsAsync).WithName("listGrants").WithTags("access").WithSummary("The grants that the caller may know of").Produces<GrantList>();
        routes.MapPost("/api/grants", GrantAsync).WithName("createGrant").WithTags("access").WithSummary("Give a principal a role for some logs, for some rows of them if wanted").Accepts<GrantRequest>("application/json").Produces<GrantView>(201).ProducesProblem(400).ProducesProblem(403);
        routes.MapDelete("/api/grants/{id}", EndGrantAsync).WithName("revokeGrant").WithTags("access").WithSummary("Take a grant back").Produces(204).ProducesProblem(404);
        routes.MapGet("/api/me", Me).WithName("me").WithTags("access").WithSummary("Who the caller is, and what he may do with which log").Produces<MeView>();
    }

    private static async Task<IResult> ListAsync(HttpContext context, LogEngine engine)
    {
        Caller caller = AccessControl.RequireAnywhere(context, engine, Rights.Inspect);
        PrincipalView[] shown = [.. engine.System.Principals.Values.Where(principal => Inspection.Sees(engine, caller, principal.Name)).OrderBy(principal => principal.Name, StringComparer.Ordinal).Select(View)];
        await AccessTrail.InspectedAsync(engine, caller, "principals", shown.Length);
        return TypedResults.Json(new PrincipalList(shown), ApiJson.Plain.PrincipalList);
    }

    private static async Task<IResult> CreateAsync(HttpContext context, LogEngine engine)
    {
        Caller caller = AccessControl.RequireAnywhere(context, engine, Rights.Admin);
        PrincipalRequest wanted = await SmallBody.ReadAsync(context, ApiJson.Plain.PrincipalRequest);
        PrincipalKind kind = wanted.Kind switch
        {
            "service" => PrincipalKind.Service,
            "person" => PrincipalKind.Person,
            _ => throw new ProblemException(Problem.InvalidParameter("/kind", "service or person")),
        };
        try
        {
            return TypedResults.Json(View(await engine.Administration.CreatePrincipalAsync(wanted.Name ?? "", kind, caller.ForAppend("api"), context.RequestAborted)), ApiJson.Plain.PrincipalView, statusCode: StatusCodes.Status201Created);
        }
        catch (ArgumentException e)
        {
            throw SmallBody.Invalid(e);
        }
    }

    private static async Task<IResult> SetDisabledAsync(HttpContext context, LogEngine engine, string name, bool isDisabled)
    {
        Caller caller = AccessControl.RequireAnywhere(context, engine, Rights.Admin);
        try
        {
            await engine.Administration.SetDisabledAsync(name, isDisabled, caller.ForAppend("api"), context.RequestAborted);
            return TypedResults.NoContent();
        }
        catch (KeyNotFoundException)
        {
            return Problem.NotFound("There is no principal of this name.");
        }
    }

    private static async Task<IResult> ListGrantsAsync(HttpContext context, LogEngine engine)
    {
        Caller caller = AccessControl.RequireAnywhere(context, engine, Rights.Inspect);
        GrantView[] shown = [.. engine.System.Grants.Values.Where(grant => Inspection.Sees(engine, caller, grant.Principal)).OrderBy(grant => grant.Entry).Select(View)];
        await AccessTrail.InspectedAsync(engine, caller, "grants", shown.Length);
        return TypedResults.Json(new GrantList(shown), ApiJson.Plain.GrantList);
    }

    private static async Task<IResult> GrantAsync(HttpContext context, LogEngine engine)
    {
        Caller caller = AccessControl.RequireAnywhere(context, engine, Rights.Admin);
        GrantRequest body = await SmallBody.ReadAsync(context, ApiJson.Plain.GrantRequest);
        IReadOnlyList<string?> logs = body.Logs ?? [];
        Terms.CheckPrincipal(body.Principal);

        // Before the row limit is read: what it may ask of depends on the logs' configuration, which is for those who administer them.
        Terms.CheckLogs(engine, caller, logs);
        var wanted = new NewGrant(
            body.Principal ?? throw new ProblemException(Problem.InvalidParameter("/principal", "whose")),
            Terms.RoleOf(body.Role) ?? throw new ProblemException(Problem.InvalidParameter("/role", string.Join(", ", Roles.Words))),
            [.. logs.Select(log => log ?? "null")])
        {
            Rows = Terms.RowsOf(engine, body.Rows, logs),
            Personal = Terms.PersonalOf(body.Personal),
            Expires = Terms.ExpiryOf(engine, body.Expires),
        };
        try
        {
            return TypedResults.Json(View(await engine.Administration.GrantAsync(wanted, caller.ForAppend("api"), context.RequestAborted)), ApiJson.Plain.GrantView, statusCode: StatusCodes.Status201Created);
        }
        catch (ArgumentException e)
        {
            throw SmallBody.Invalid(e);
        }
    }

    private static async Task<IResult> EndGrantAsync(HttpContext context, LogEngine engine, string id)
    {
        Caller caller = AccessControl.RequireAnywhere(context, engine, Rights.Admin);
        try
        {
            await engine.Administration.EndGrantAsync(id, caller.ForAppend("api"), context.RequestAborted);
            return TypedResults.NoContent();
        }
        catch (KeyNotFoundException)
        {
            return Problem.NotFound("There is no grant of this id.");
        }
    }

    private static IResult Me(HttpContext context, LogEngine engine)
    {
        Caller caller = AccessControl.Authenticate(context);
        DateTimeOffset now = engine.Time.GetUtcNow();
        MyLogView[] logs = [.. engine.Logs
            .Select(log => (log.Settings.Name, Access: caller.Authority.On(log.Settings.Name, now)))
            .Where(log => log.Access.Rights != Rights.None)
            .OrderBy(log => log.Name, StringComparer.Ordinal)
            .Select(log => new MyLogView(log.Name, RightWords.Of(log.Access.Rights)))];
        return TypedResults.Json(new MeView(caller.Principal, caller.CredentialId, caller.Ends is { } end ? Instant.Format(end) : null, logs), ApiJson.Plain.MeView);
    }

    private static PrincipalView View(Principal principal) => new(principal.Name, principal.Kind == PrincipalKind.Person ? "person" : "service", principal.IsDisabled, principal.Entry);

    internal static GrantView View(Grant grant) => new(grant.Id, grant.Principal, Roles.WordOf(grant.Role), grant.Logs, grant.Rows, PersonalViews.WordOf(grant.Personal), grant.Expires is { } end ? Instant.Format(end) : null, grant.Entry);
}
