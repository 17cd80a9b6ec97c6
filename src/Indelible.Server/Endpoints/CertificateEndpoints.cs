using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Server.Access;
using Indelible.Server.Problems;

namespace Indelible.Server.Endpoints;

/// <summary><c>/api/certificates</c>: which client certificates are believed, and whose they are; each change an entry of <c>_system</c>. For the node's administrators alone.</summary>
internal static class CertificateEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/certificates", ListAsync).WithName("listCertificates").WithTags("access").WithSummary("The client certificates that are believed").Produces<CertificateList>();
        routes.MapPost("/api/certificates", TrustAsync).WithName("trustCertificate").WithTags("access").WithSummary("Believe a client certificate, or those of an authority for one DNS name, in place of what was believed under the id before").Accepts<CertificateRequest>("application/json").Produces<CertificateView>(201).ProducesProblem(400).ProducesProblem(403).ProducesProblem(409);
        routes.MapDelete("/api/certificates/{id}", DistrustAsync).WithName("distrustCertificate").WithTags("access").WithSummary("Believe a client certificate no longer").Produces(204).ProducesProblem(404);
    }

    private static async Task<IResult> ListAsync(HttpContext context, LogEngine engine)
    {
        Caller caller = AccessControl.RequireOnNode(context, engine, Rights.Inspect);
        CertificateView[] shown = [.. engine.System.Certificates.Values.OrderBy(certificate => certificate.Id, StringComparer.Ordinal).Select(View)];
        await AccessTrail.InspectedAsync(engine, caller, "certificates", shown.Length);
        return TypedResults.Json(new CertificateList(shown), ApiJson.Plain.CertificateList);
    }

    private static async Task<IResult> TrustAsync(HttpContext context, LogEngine engine)
    {
        Caller caller = AccessControl.RequireOnNode(context, engine, Rights.Admin);
        CertificateRequest wanted = await SmallBody.ReadAsync(context, ApiJson.Plain.CertificateRequest);
        if (wanted.Sha256 is null == wanted.Authority is null || wanted.Authority is null != wanted.DnsName is null)
        {
            throw new ProblemException(Problem.InvalidParameter(wanted.Sha256 is not null || wanted.Authority is null ? "/sha256" : "/dns_name", "either sha256, or authority and dns_name"));
        }

        var certificate = new TrustedCertificate(
            wanted.Id ?? "", wanted.Principal ?? "", HashOf(wanted.Sha256), AuthorityOf(wanted.Authority), NameOf(wanted.DnsName), Terms.ScopesOf(wanted.Scopes) ?? Terms.ScopesOfServices, 0);
        try
        {
            await engine.Administration.TrustCertificateAsync(certificate, caller.ForAppend("api"), context.RequestAborted);
            return TypedResults.Json(View(engine.System.Certificates.GetValueOrDefault(certificate.Id, certificate)), ApiJson.Plain.CertificateView, statusCode: StatusCodes.Status201Created);
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
            await engine.Administration.DistrustCertificateAsync(id, caller.ForAppend("api"), context.RequestAborted);
            return TypedResults.NoContent();
        }
        catch (KeyNotFoundException)
        {
            return Problem.NotFound("There is no certificate of this id.");
        }
    }

    /// <summary>A fingerprint, as tools print it: with or without colons, in either case.</summary>
    private static string? HashOf(string? text)
    {
        string? hash = text?.Replace(":", "", StringComparison.Ordinal).ToLowerInvariant();
        return hash is null || (hash.Length == 64 && hash.All(char.IsAsciiHexDigitLower))
            ? hash
            : throw new ProblemException(Problem.InvalidParameter("/sha256", "SHA-256 of the certificate in DER: 64 hexadecimal digits"));
    }

    private static string? AuthorityOf(string? text)
    {
        if (text is null)
        {
            return null;
        }

        if (text.Length > ServerLimits.AuthorityBytes)
        {
            throw new ProblemException(Problem.InvalidParameter("/authority", $"at most {ServerLimits.AuthorityBytes} characters of PEM"));
        }

        try
        {
            return string.Join('\n', CertificateCredentials.ReadAuthority(text).Select(one => one.ExportCertificatePem())) + "\n";
        }
        catch (FormatException e)
        {
            throw new ProblemException(Problem.InvalidParameter("/authority", $"certificates in PEM: {e.Message}"));
        }
    }

    private static string? NameOf(string? text) => text is null || (text.Length is > 0 and <= ServerLimits.DnsName && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'))
        ? text?.ToLowerInvariant()
        : throw new ProblemException(Problem.InvalidParameter("/dns_name", "one DNS name, without a wildcard"));

    private static CertificateView View(TrustedCertificate certificate) =>
        new(certificate.Id, certificate.Principal, certificate.Sha256, certificate.Authority, certificate.DnsName, RightWords.Of(certificate.Most), certificate.Entry);
}
