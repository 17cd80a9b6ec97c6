using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Configuration;
using Indelible.Server.Problems;

namespace Indelible.Server.Access.Sessions;

/// <summary>Finds out who calls by a session's cookie. The rights are those that the credential behind it has now.</summary>
/// <remarks>A session counts at <c>/api</c> alone: tiles, which pages of other origins may fetch, and the doors of producers know nothing of cookies. Thread-safe.</remarks>
internal sealed class SessionDoor(LogEngine engine, SessionTable sessions, LastUses uses)
{
    /// <summary>The caller behind a request's cookie; null where it shows none that is good.</summary>
    /// <param name="context">A request without an Authorization header, which would outrank the cookie.</param>
    /// <param name="isUse">False for who only asks whether he is signed in: a page that asks by itself keeps no session alive.</param>
    /// <exception cref="ProblemException">403: a page of somebody else asks, or the session's token is missing.</exception>
    public Caller? TryEnter(HttpContext context, bool isUse = true)
    {
        if (!context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal)
            || SessionCookie.Read(context.Request) is not var (name, token)
            || sessions.Find(token) is not { } session)
        {
            return null;
        }

        Authorities authorities = engine.Authorities;
        ApiKey? key = authorities.State.Keys.GetValueOrDefault(session.CredentialId);
        Authority? authority = authorities.Of(session.CredentialId, session.Principal, engine.Time.GetUtcNow());
        context.Items[typeof(Session)] = session;
        context.Items[typeof(ApiKey)] = key;
        if (authority is null)
        {
            sessions.End(session, SessionEnd.Credential);
        }

        if (authority is null || session.End is not null || (key is not null && !Authenticator.IsFrom(context.Connection.RemoteIpAddress, key)))
        {
            return null;
        }

        var caller = new Caller(session.Principal, session.CredentialId, authority, authorities.State.Size, Authenticator.AddressOf(context), key is null ? session.Expires : key.Ends)
        {
            Rates = key?.Rates,
            SignedIn = session,
        };

        // Known from here on: what is refused below is entered under his name. Refused requests are no use, else another site's page could keep the session alive.
        context.Items[typeof(Caller)] = caller;
        CrossSite.Refuse(context.Request);
        CrossSite.RequireToken(context.Request, session);
        if (!isUse)
        {
            return caller;
        }

        if (key is not null)
        {
            uses.Note(key);
        }

        if (sessions.Use(session, token) is { } successor)
        {
            SessionCookie.Set(context, name, successor);
        }

        return caller;
    }

    /// <summary>Why the session ended that a request shows; null where it shows none of which that is known.</summary>
    public static SessionEnd? EndOf(HttpContext context) => (context.Items[typeof(Session)] as Session)?.End;
}
