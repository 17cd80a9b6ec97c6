using Microsoft.Extensions.Primitives;

namespace Indelible.Server.Access.Sessions;

/// <summary>The cookie that a session's token is in: for no script, for no other site, for this host alone, gone when the browser closes.</summary>
/// <remarks>
/// Over TLS its name begins with <c>__Host-</c> (RFC 6265bis, 4.1.3.2): browsers then take it from this very host alone, with <c>Secure</c>, so that no neighbour under the same
/// domain and nobody on the way can plant one. Ports are not told apart: two servers on one host take each other's cookie for theirs, and find no session behind it.
/// </remarks>
internal static class SessionCookie
{
    /// <summary>Its name over TLS.</summary>
    public const string SecureName = "__Host-indelible";

    /// <summary>Its name over plain HTTP, on this machine.</summary>
    public const string PlainName = "indelible";

    /// <summary>The token of a request, and the cookie's name; null where it shows none, several, or what has not a token's form.</summary>
    /// <remarks>
    /// Over plain HTTP the name with the prefix outranks the other: TLS may end at a proxy in front. Of two cookies of one name one was planted, from another path or domain; nobody
    /// can tell which, so none counts.
    /// </remarks>
    public static (string Name, string Token)? Read(HttpRequest request)
    {
        string[] secure = ValuesOf(request, SecureName);
        (string name, string[] values) = secure.Length > 0 || request.IsHttps ? (SecureName, secure) : (PlainName, ValuesOf(request, PlainName));
        return values is [{ } token] && SessionTable.HasForm(token) ? (name, token) : null;
    }

    /// <summary>Every value that could be a token, for who ends them all.</summary>
    public static IEnumerable<string> AllOf(HttpRequest request) => ValuesOf(request, SecureName).Concat(ValuesOf(request, PlainName)).Where(SessionTable.HasForm);

    /// <summary>The name under which a browser that signs in is to keep it. A page's own origin says that it came by TLS where the connection here does not.</summary>
    public static string NameFor(HttpRequest request) => request.IsHttps || request.Headers.Origin.ToString().StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? SecureName : PlainName;

    /// <summary>Has the browser keep a token.</summary>
    public static void Set(HttpContext context, string name, string token) => context.Response.Cookies.Append(name, token, OptionsOf(name));

    /// <summary>Has the browser forget it.</summary>
    public static void Clear(HttpContext context, string name)
    {
        context.Response.Headers.SetCookie = StringValues.Empty;
        context.Response.Cookies.Delete(name, OptionsOf(name));
    }

    private static CookieOptions OptionsOf(string name) => new() { HttpOnly = true, Secure = name == SecureName, SameSite = SameSiteMode.Strict, Path = "/" };

    // Read here: the framework's own collection keeps one of several.
    private static string[] ValuesOf(HttpRequest request, string name) =>
    [
        .. request.Headers.Cookie
            .SelectMany(header => (header ?? "").Split(';', StringSplitOptions.TrimEntries))
            .Select(pair => pair.Split('=', 2))
            .Where(pair => pair.Length == 2 && pair[0] == name)
            .Select(pair => pair[1]),
    ];
}
