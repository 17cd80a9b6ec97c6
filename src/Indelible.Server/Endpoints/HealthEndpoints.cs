using Indelible.Engine;
using Indelible.Server.Problems;

namespace Indelible.Server.Endpoints;

/// <summary><c>/healthz</c>: does it run; <c>/readyz</c>: does it take events.</summary>
internal static class HealthEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz", () => TypedResults.Text("ok\n")).WithName("health").WithTags("operations").WithSummary("Answers while the process runs");
        routes.MapGet("/readyz", Ready).WithName("ready").WithTags("operations").WithSummary("Answers 200 while the node takes events, 503 otherwise").Produces<string>(200, "text/plain").ProducesProblem(503);
    }

    // Anybody may ask: the failure's own words name files and logs.
    private static IResult Ready(LogEngine engine) => engine.Failure is not null
        ? Problem.Stopped("A part of the node has stopped and it must be started anew; its own log says why.", outcomeUnknown: false)
        : TypedResults.Text("ready\n");
}
