using System.Net;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Configuration;
using Indelible.Server.Access.Sessions;

namespace Indelible.Server.Access;

/// <summary>Finds out who calls. Every way to say so ends here: a key, a session's cookie, and what is added beside them.</summary>
/// <remarks>What was found is kept for the rest of the request. Thread-safe.</remarks>
internal sealed class Authenticator(LogEngine engine, LastUses uses, SessionDoor sessions)
{
    private const string Scheme = "Bearer ";

    /// <summary>The caller behind a valid credential, or null.</summary>
    public Caller? TryAuthenticate(HttpContext context)
    {
        if (context.Items.TryGetValue(typeof(Caller), out object? known))
        {
            return (Caller?)known;
        }

        Caller? caller = Find(context);
        context.Items[typeof(Caller)] = caller;
        return caller;
    }

    /// <summary>The caller behind a key, whether or not anything but its text speaks for it.</summary>
    /// <param name="context">The request.</param>
    /// <param name="presented">Untrusted.</param>
    /// <param name="key">The key, if there is such a one; valid or not.</param>
    public Caller? OfKey(HttpContext context, string presented, out ApiKey? key)
    {
        Authorities authorities = engine.Authorities;
        DateTimeOffset now = engine.Time.GetUtcNow();
        key = ApiKeyText.HasForm(presented) ? authorities.State.FindKey(presented) : null;
        if (key is null || !IsFrom(context.Connection.RemoteIpAddress, key) || authorities.Of(key.Id, key.Principal, now) is not { } authority)
        {
            return null;
        }

        uses.Note(key);
        return new Caller(key.Principal, key.Id, authority, authorities.State.Size, AddressOf(context), key.Ends) { Rates = key.Rates };
    }

    /// <summary>The key behind glass that a request shows; null where it shows none whose glass could be broken.</summary>
    public ApiKey? BehindGlass(HttpContext context) => BearerOf(context) is { } presented && ApiKeyText.HasForm(presented)
        && engine.System.FindKey(presented) is { IsBreakGlass: true, IsRevoked: false } key && !(key.Expires <= engine.Time.GetUtcNow()) && IsFrom(context.Connection.RemoteIpAddress, key)
            ? key
            : null;

    /// <summary>The remote address, as entries name it.</summary>
    public static string? AddressOf(HttpContext context) => Plain(context.Connection.RemoteIpAddress)?.ToString();

    /// <summary>The text of a bearer's credential; null where the request shows none.</summary>
    public static string? BearerOf(HttpContext context) => context.Request.Headers.Authorization is [{ } header] && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        ? header[Scheme.Length..].Trim()
        : null;

    /// <summary>Whether a key may be shown from an address.</summary>
    public static bool IsFrom(IPAddress? address, ApiKey key) => key.Networks.IsEmpty || (Plain(address) is { } plain && key.Networks.Any(network => IPNetwork.Parse(network).Contains(plain)));

    private Caller? Find(HttpContext context)
    {
        // Beside the header a cookie counts for nothing, also where the header is worth nothing: a caller is one, and says which.
        if (context.Request.Headers.Authorization.Count == 0)
        {
            return sessions.TryEnter(context);
        }

        if (BearerOf(context) is not { } presented)
        {
            return null;
        }

        Caller? caller = OfKey(context, presented, out ApiKey? key);
        context.Items[typeof(ApiKey)] = key;
        return caller;
    }

    // A dual-stack socket tells IPv4 addresses in IPv6's clothes.
    private static IPAddress? Plain(IPAddress? address) => address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
}
