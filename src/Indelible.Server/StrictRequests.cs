using Indelible.Server.Problems;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Primitives;

namespace Indelible.Server;

/// <summary>What a request says of itself is believed only as far as the connection bears it out.</summary>
internal sealed class StrictRequests(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        HttpRequest request = context.Request;

        // HTTP/2 over a plain connection may name any scheme, as a proxy in front does: whether there is TLS is seen here, and nowhere else.
        request.Scheme = context.Features.Get<ITlsHandshakeFeature>() is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps;
        if (!IsFramingKnown(request.Headers.TransferEncoding))
        {
            // Nobody can tell where this request ends: nothing more is read from the connection.
            context.Response.Headers.Connection = "close";
            await Problem.InvalidBody("Transfer-Encoding is chunked, or there is none.").ExecuteAsync(context);
            return;
        }

        // RFC 9110, 9.1: methods are case-sensitive. Routing is not, and what looks at methods elsewhere may be.
        if (request.Method.AsSpan().ContainsAnyInRange('a', 'z'))
        {
            throw new ProblemException(Problem.MethodNotAllowed("methods in capitals"));
        }

        await next(context);
    }

    /// <summary>Kestrel takes any list that ends with <c>chunked</c>, and leaves the codings before it undone.</summary>
    private static bool IsFramingKnown(StringValues codings) => codings.Count == 0 || (codings.Count == 1 && "chunked".Equals(codings[0], StringComparison.OrdinalIgnoreCase));
}
