using System.Net;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Server.Access;

namespace Indelible.Server.Endpoints;

/// <summary><c>/metrics</c>, for Prometheus. They name every log there is, so that they are for who runs the node: asked on its machine, or with the right to inspect all of it.</summary>
internal static class MetricsEndpoint
{
    /// <summary>What a proxy on this machine adds to what it passes on: such a request comes from elsewhere.</summary>
    private static readonly string[] s_passedOn = ["Forwarded", "X-Forwarded-For", "Via"];

    public static void Map(IEndpointRouteBuilder routes, LogEngine engine) => routes.MapPrometheusScrapingEndpoint("/metrics").Add(endpoint =>
    {
        RequestDelegate scrape = endpoint.RequestDelegate!;
        endpoint.RequestDelegate = context =>
        {
            if (!IsAskedHere(context))
            {
                AccessControl.RequireOnNode(context, engine, Rights.Inspect);
            }

            return scrape(context);
        };
    });

    private static bool IsAskedHere(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address) && !s_passedOn.Any(context.Request.Headers.ContainsKey);
}
