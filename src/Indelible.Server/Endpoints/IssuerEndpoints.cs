using System.Text.Json;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Server.Access;
using Indelible.Server.Problems;

namespace Indelible.Server.Endpoints;

/// <summary><c>/api/issuers</c>: whose tokens (JWT) are believed, about whom; each change an entry of <c>_system</c>. For the node's administrators alone.</summary>
internal static class IssuerEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/issuers", ListAsync).WithName("listIssuers").WithTags("access").WithSummary("The issuers whose tokens are believed").Produces<IssuerList>();
        routes.MapPost("/api/issuers", TrustAsync).WithName("trustIssuer").WithTags("access").WithSummary("Believe an issuer's tokens, in place of what was believed under the id before").Accepts<IssuerRequest>("application/json").Produces<IssuerView>(201).ProducesProblem(400).ProducesProblem(403).ProducesProblem(409);
        routes.MapDelete("/api/issuers/{id}", DistrustAsync).WithName("distrustIssuer").WithTags("access").WithSummary("Believe an issuer's tokens no longer").Produces(204).ProducesProblem(404);
    }

    private static async Task<IResult> ListAsync(HttpContext context, LogEngine engine)
    {
        Caller caller = AccessControl.RequireOnNode(context, engine, Rights.Inspect);
        IssuerView[] shown = [.. engine.System.Issuers.Values.OrderBy(issuer => issuer.Id, StringComparer.Ordinal).Select(View)];
        await AccessTrail.InspectedAsync(engine, caller, "issuers", shown.Length);
        return TypedResults.Json(new IssuerList(shown), ApiJson.Plain.IssuerList);
    }

    private static async Task<IResult> TrustAsync(HttpContext context, LogEngine engine)
    {
        Caller caller = AccessControl.RequireOnNode(context, engine, Rights.Admin);
        IssuerRequest wanted = await SmallBody.ReadAsync(context, ApiJson.Plain.IssuerRequest);
        string[] algorithms = [.. (wanted.Algorithms ?? []).Select(algorithm => algorithm ?? "").Distinct()];
        if (algorithms.Length == 0 || algorithms.Any(algorithm => !TokenKeys.Algorithms.Contains(algorithm)))
        {
            throw new ProblemException(Problem.InvalidParameter("/algorithms", $"some of {string.Join(", ", TokenKeys.Algorithms)}"));
        }

        var issuer = new Issuer(
            wanted.Id ?? "",
            wanted.Issuer ?? "",
            wanted.Audience ?? "",
            [.. algorithms],
            TokenKeys.Read(wanted.Keys, algorithms),
            wanted.PrincipalClaim ?? "sub",
            wanted.Prefix ?? "",
            Terms.ScopesOf(wanted.Scopes) ?? Terms.ScopesOfServices,
            0);
        try
        {
            await engine.Administration.TrustIssuerAsync(issuer, caller.ForAppend("api"), context.RequestAborted);
            return TypedResults.Json(View(engine.System.Issuers.GetValueOrDefault(issuer.Id, issuer)), ApiJson.Plain.IssuerView, statusCode: StatusCodes.Status201Created);
        }
        catch (ArgumentException e)
        {
            throw SmallBody.Invalid(e);
        }
    }

    private static async Task<IResult> DistrustAsync(HttpContext context, LogEngine engine, string id)
    {
        Caller caller = AccessControl.RequireOnNode(context, engine, Rights.Admin);
        try
        {
            await engine.Administration.DistrustIssuerAsync(id, caller.ForAppend("api"), context.RequestAborted);
            return TypedResults.NoContent();
        }
        catch (KeyNotFoundException)
        {
            return Problem.NotFound("There is no issuer of this id.");
        }
    }

    private static IssuerView View(Issuer issuer) => new(
        issuer.Id, issuer.Name, issuer.Audience, issuer.Algorithms, JsonElement.Parse(issuer.Keys), issuer.PrincipalClaim, issuer.Prefix, RightWords.Of(issuer.Most), issuer.Entry);
}
