namespace Indelible.Server;

/// <summary>Headers that every answer carries: the page may load nothing from elsewhere, nothing may frame it, nothing is sniffed.</summary>
internal sealed class SecurityHeaders(RequestDelegate next)
{
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

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
        headers["Referrer-Policy"] = "no-referrer";
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
