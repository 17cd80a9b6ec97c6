using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Events;
using Indelible.Server.Access;
using Indelible.Server.Verification;

namespace Indelible.Server.Endpoints;

/// <summary><c>/api/verification</c>: what the server found when it verified its own logs.</summary>
internal static class VerificationEndpoint
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/verification", List).WithName("listVerifications").WithTags("operations").WithSummary("The server's own verifications since it started (administrators, auditors)").Produces<VerificationRunList>();
        routes.MapPost("/api/verification", RunAsync).WithName("verifyNow").WithTags("operations").WithSummary("Verify every log now, and answer when done (administrators and auditors of the node)").Produces<VerificationRunList>();
    }

    private static IResult List(HttpContext context, LogEngine engine, BackgroundVerification verification)
    {
        Caller caller = AccessControl.RequireAnywhere(context, engine, Rights.Inspect);
        return Answer(verification.Runs.Where(run => caller.Authority.Over(run.Log, Rights.Inspect, engine.Time.GetUtcNow())));
    }

    private static async Task<IResult> RunAsync(HttpContext context, LogEngine engine, BackgroundVerification verification)
    {
        await AccessTrail.VerifiedAsync(engine, AccessControl.RequireOnNode(context, engine, Rights.Inspect));
        return Answer(await verification.RunOnceAsync(context.RequestAborted));
    }

    private static IResult Answer(IEnumerable<VerificationRun> runs) => TypedResults.Json(
        new VerificationRunList([.. runs.Select(run => new VerificationRunView(
            run.Log,
            Instant.Format(run.Started),
            Instant.Format(run.Ended),
            Indelible.Verification.VerdictWord.Of(run.Report.Verdict),
            run.Report.Head?.Size,
            run.Report.Entries,
            [.. run.Report.Faults.Concat(run.Report.Unclear).Select(fault => $"{fault.What}, {fault.Where}: {fault.Detail}")]))]),
        ApiJson.Plain.VerificationRunList);
}
