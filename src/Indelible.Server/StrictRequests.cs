using System.Buffers;
using Indelible.Server.Problems;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Primitives;

namespace Indelible.Server;

/// <summary>Refuses what Kestrel lets through and a second reader of the same request could understand otherwise; what a request says of its connection is not believed.</summary>
internal sealed class StrictRequests(RequestDelegate next)
{
    // RFC 9110, 5.6.2. Kestrel checks names in HTTP/1, where they would break the line, and not in HTTP/2.
    private static readonly SearchValues<char> s_nameCharacters = SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    // RFC 9113, 8.2.2: of one connection, and malformed where many requests share it. Kestrel looks at Connection and TE alone.
    private static readonly string[] s_ofConnections = ["Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade"];

    public async Task InvokeAsync(HttpContext context)
    {
        HttpRequest request = context.Request;

        // HTTP/2 over a plain connection may name any scheme, as a proxy in front does: whether there is TLS is seen here, and nowhere else.
        request.Scheme = context.Features.Get<ITlsHandshakeFeature>() is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps;
        if (Refusal(request) is not { } refusal)
        {
            await next(context);
            return;
        }

        SecurityHeaders.Set(context);
        if (!HttpProtocol.IsHttp2(request.Protocol))
        {
            // Where a request ends may be in doubt: nothing more is read from the connection.
            context.Response.Headers.Connection = "close";
        }

        await refusal.ExecuteAsync(context);
    }

    private static Problem? Refusal(HttpRequest request)
    {
        // RFC 9110, 9.1: methods are case-sensitive. Routing is not, and what looks at methods elsewhere may be.
        if (request.Method.AsSpan().ContainsAnyInRange('a', 'z'))
        {
            return Problem.MethodNotAllowed("methods in capitals");
        }

        if (!HttpProtocol.IsHttp2(request.Protocol))
        {
            return IsFramingKnown(request.Headers.TransferEncoding) ? null : Problem.InvalidBody("Transfer-Encoding is chunked, or there is none.");
        }

        return s_ofConnections.Any(request.Headers.ContainsKey) || request.Headers.Any(header => header.Key.AsSpan().ContainsAnyExcept(s_nameCharacters))
            ? Problem.InvalidParameter("headers", "names of tokens' characters, and none that belong to a connection")
            : null;
    }

    /// <summary>Kestrel takes any list that ends with <c>chunked</c>, and leaves the codings before it undone.</summary>
    private static bool IsFramingKnown(StringValues codings) => codings.Count == 0 || (codings.Count == 1 && "chunked".Equals(codings[0], StringComparison.OrdinalIgnoreCase));
}
