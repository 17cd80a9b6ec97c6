namespace Indelible.Server;

/// <summary>Headers that every answer carries: the page may load nothing from elsewhere, no other page may frame, open or embed what is here, nothing is sniffed.</summary>
internal sealed class SecurityHeaders(RequestDelegate next)
{
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

    // What a page could ask of its user or his machine, and ours never does.
    private const string Permissions = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()";

    public Task InvokeAsync(HttpContext context)
    {
        Set(context);
        return next(context);
    }

    /// <summary>Sets the headers; again, where an answer was cleared to make place for a problem.</summary>
    public static void Set(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Permissions-Policy"] = Permissions;
        headers["Cross-Origin-Opener-Policy"] = "same-origin";

        // For what is loaded without asking, as an image is. A public log's tiles are asked for by CORS, and that is answered apart.
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (context.Request.IsHttps && !IsThisMachine(context.Request.Host.Host))
        {
            headers.StrictTransportSecurity = "max-age=31536000; includeSubDomains";
        }

        if (context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal))
        {
            // Entries, personal values, keys: nothing between the server and the caller keeps them.
            headers.CacheControl = "no-store";
        }
    }

    // What a browser remembers of localhost holds for every other server there.
    private static bool IsThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (System.Net.IPAddress.TryParse(host.Trim('[', ']'), out System.Net.IPAddress? address) && System.Net.IPAddress.IsLoopback(address));
}
