using Indelible.Server.Problems;

namespace Indelible.Server.Limits;

/// <summary>Limits what an address may send before anything is known of the sender, and how often it may try keys.</summary>
internal sealed class RateMiddleware(RequestDelegate next, RequestRates rates)
{
    public async Task InvokeAsync(HttpContext context)
    {
        // Who watches over the node must not be told that it is dead.
        if (context.Request.Path != "/healthz" && context.Request.Path != "/readyz")
        {
            rates.CountRequest(context.Connection.RemoteIpAddress);
        }

        try
        {
            await next(context);
        }
        catch (ProblemException e) when (e.Problem.Status == StatusCodes.Status401Unauthorized)
        {
            rates.CountFailure(context.Connection.RemoteIpAddress);
            throw;
        }
    }
}
