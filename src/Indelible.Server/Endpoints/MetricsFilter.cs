using System.Text;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Server.Access;

namespace Indelible.Server.Endpoints;

/// <summary>Leaves out of <c>/metrics</c> what names a log, unless the caller inspects the node: the names and numbers of one tenant are not another's business.</summary>
/// <remarks>What is left tells how the node is, to anybody who reaches it: an operator's monitoring needs no key for that.</remarks>
internal sealed class MetricsFilter(RequestDelegate next, LogEngine engine, Authenticator authenticator)
{
    /// <summary>The route.</summary>
    public const string Path = "/metrics";

    private const string OfLog = "log=\"";

    public async Task InvokeAsync(HttpContext context)
    {
        if (authenticator.TryAuthenticate(context) is { } caller && caller.Authority.OnNode(Rights.Inspect, engine.Time.GetUtcNow()))
        {
            await next(context);
            return;
        }

        Stream body = context.Response.Body;
        using var whole = new MemoryStream();
        context.Response.Body = whole;
        try
        {
            await next(context);
        }
        finally
        {
            context.Response.Body = body;
        }

        var kept = new StringBuilder();
        foreach (string line in Encoding.UTF8.GetString(whole.GetBuffer(), 0, (int)whole.Length).Split('\n').Where(line => !line.Contains(OfLog, StringComparison.Ordinal)))
        {
            kept.Append(line).Append('\n');
        }

        byte[] bytes = Encoding.UTF8.GetBytes(kept.ToString(0, Math.Max(0, kept.Length - 1)));
        context.Response.ContentLength = bytes.Length;
        await body.WriteAsync(bytes, context.RequestAborted);
    }
}
