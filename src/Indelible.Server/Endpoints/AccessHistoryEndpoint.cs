using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Configuration;
using Indelible.Events;
using Indelible.Server.Access;
using Indelible.Server.Problems;

namespace Indelible.Server.Endpoints;

/// <summary><c>GET /api/access?log=&amp;at=</c>: who can do what with a log, or could at a time; each answer names the entries of <c>_system</c> that say so, which can be proven.</summary>
internal static class AccessHistoryEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/access", GetAsync).WithName("listAccess").WithTags("access")
        .WithSummary("Who can do what with ?log=, or could ?at= a time; ?right= asks for one right alone").Produces<AccessView>().ProducesProblem(400);

    private static async Task<IResult> GetAsync(HttpContext context, LogEngine engine, ConfigurationHistory history)
    {
        string log = context.Request.Query["log"].ToString();
        (Caller caller, _) = AccessControl.RequireOver(context, engine, log, Rights.Inspect);
        Rights wanted = Rights.None;
        if (context.Request.Query["right"].ToString() is { Length: > 0 } word && !RightWords.TryParse(word, out wanted))
        {
            throw new ProblemException(Problem.InvalidParameter("right", string.Join(", ", RightWords.All)));
        }

        DateTimeOffset now = engine.Time.GetUtcNow();
        DateTimeOffset at = now;
        if (context.Request.Query["at"].ToString() is { Length: > 0 } text && (!Instant.TryParse(text, out at) || at > now))
        {
            throw new ProblemException(Problem.InvalidParameter("at", "an instant in UTC that is past: 2026-03-03T12:00:00Z"));
        }

        SystemState state = at == now ? engine.System : await history.AtAsync(at, context.RequestAborted);
        PrincipalAccessView[] found = [.. Find(state, log, wanted, at)];
        await AccessTrail.InspectedAsync(engine, caller, "access:" + log, found.Length);
        return TypedResults.Json(new AccessView(log, Instant.Format(at), state.Size, found), ApiJson.Plain.AccessView);
    }

    private static IEnumerable<PrincipalAccessView> Find(SystemState state, string log, Rights wanted, DateTimeOffset at)
    {
        var authorities = new Authorities(state);
        IEnumerable<(string Principal, CredentialView View, Rights Rights)> credentials =
        [
            .. state.Keys.Values.Select(key => (key.Principal, Key(key), authorities.Of(key.Id, key.Principal, at)?.On(log, at).Rights ?? Rights.None)),
            .. state.Principals.Keys.SelectMany(principal => state.Issuers.Values.Select(issuer => Trusted(authorities, Authorities.TokenMark + issuer.Id, issuer.Entry, principal, log, at))),
            .. state.Certificates.Values.Select(certificate => Trusted(authorities, Authorities.CertificateMark + certificate.Id, certificate.Entry, certificate.Principal, log, at)),
        ];
        ILookup<string, Grant> grants = state.Grants.Values
            .Where(grant => !grant.IsOver(at) && grant.Logs.Any(pattern => LogPattern.Covers(pattern, log)))
            .ToLookup(grant => grant.Principal, StringComparer.Ordinal);
        return credentials
            .Where(credential => credential.Rights != Rights.None && (credential.Rights & wanted) == wanted)
            .GroupBy(credential => credential.Principal, StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new PrincipalAccessView(
                group.Key,
                RightWords.Of(group.Aggregate(Rights.None, (all, credential) => all | credential.Rights)),
                [.. group.Select(credential => credential.View)],
                [.. grants[group.Key].OrderBy(grant => grant.Entry).Select(grant => PrincipalEndpoints.View(Of(grant, log)))]));
    }

    /// <summary>A grant as far as it is for the log: what else it is for may be another tenant's.</summary>
    private static Grant Of(Grant grant, string log) => grant with { Logs = [.. grant.Logs.Where(pattern => LogPattern.Covers(pattern, log))] };

    private static CredentialView Key(ApiKey key) => new(key.Id, key.Entry, key.Ends is { } end ? Instant.Format(end) : null)
    {
        Role = key.Own is { } own ? Roles.WordOf(own.Role) : null,
        Rows = key.Own?.Rows,
    };

    private static (string Principal, CredentialView View, Rights Rights) Trusted(Authorities authorities, string id, long entry, string principal, string log, DateTimeOffset at) =>
        (principal, new CredentialView(id, entry, null), authorities.Of(id, principal, at)?.On(log, at).Rights ?? Rights.None);
}
