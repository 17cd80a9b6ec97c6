using System.Security.Cryptography;
using System.Text;
using Indelible.Server.Problems;

namespace Indelible.Server.Access.Sessions;

/// <summary>Refuses what a page of somebody else has a browser send: the cookie goes along with it, its owner's will does not.</summary>
/// <remarks>
/// <c>SameSite=Strict</c> keeps the cookie from other sites already; not from other hosts of the same site, nor from other ports of this machine, nor in old browsers. So what a browser says of
/// where a request comes from (<c>Sec-Fetch-Site</c>, <c>Origin</c>) is asked of every request with a cookie, reads as well; and one that can change something shows a token that only
/// a page of this very origin can have read. There is no CORS here: a request of another origin is never answered by a cookie's rights.
/// </remarks>
internal static class CrossSite
{
    /// <summary>The header that the token is in.</summary>
    public const string TokenHeader = "Indelible-CSRF";

    /// <summary>Lets pass what does not come from elsewhere, as far as the browser says.</summary>
    /// <exception cref="ProblemException">403.</exception>
    public static void Refuse(HttpRequest request)
    {
        if (request.Headers["Sec-Fetch-Site"] is { Count: > 0 } site && site is not ["same-origin" or "none"])
        {
            throw new ProblemException(Problem.CrossSite("The browser says that another site's page asks."));
        }

        if (request.Headers.Origin is { Count: > 0 } origin && !(origin is [{ } own] && IsOwn(request, own)))
        {
            throw new ProblemException(Problem.CrossSite("The browser says that a page of another origin asks. Where a proxy is in front, it passes the Host header on."));
        }
    }

    /// <summary>Lets a request pass that can change nothing, or that shows the session's token.</summary>
    /// <exception cref="ProblemException">403.</exception>
    public static void RequireToken(HttpRequest request, Session session)
    {
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method))
        {
            return;
        }

        // Encoded whatever it is: characters beyond ASCII must not become those of the token.
        if (request.Headers[TokenHeader] is not [{ } shown] || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(shown), Encoding.UTF8.GetBytes(session.Csrf)))
        {
            throw new ProblemException(Problem.CrossSite($"With a session's cookie, this needs the header {TokenHeader} with what GET /api/session answers as csrf."));
        }
    }

    // A proxy in front may end TLS, so that a page came by https and its request by http; never the other way round.
    // The Host header as it came: the framework's own form of it has other letters where a name has any beyond ASCII.
    private static bool IsOwn(HttpRequest request, string origin) => request.Headers.Host is [{ Length: > 0 } host]
        && (origin.Equals("https://" + host, StringComparison.OrdinalIgnoreCase) || (!request.IsHttps && origin.Equals("http://" + host, StringComparison.OrdinalIgnoreCase)));
}
