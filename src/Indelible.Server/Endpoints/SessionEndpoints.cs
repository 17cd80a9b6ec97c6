using Indelible.Engine;
using Indelible.Events;
using Indelible.Server.Access;
using Indelible.Server.Access.Sessions;
using Indelible.Server.Problems;

namespace Indelible.Server.Endpoints;

/// <summary><c>/api/session</c>: people sign in to the page with a credential, which the browser then forgets, and out.</summary>
internal static class SessionEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/session", SignInAsync).WithName("signIn").WithTags("access")
            .WithSummary("With the Authorization header: a session in its place, whose cookie the answer sets; one that the browser has already ends")
            .Produces<SessionView>(201).ProducesProblem(401);
        routes.MapGet("/api/session", Get).WithName("getSession").WithTags("access").WithSummary("The session of the cookie, and what changes need beside it; asking is no use of it").Produces<SessionView>().ProducesProblem(401);
        routes.MapDelete("/api/session", SignOutAsync).WithName("signOut").WithTags("access").WithSummary("Ends the session, and every tail that was opened in it").Produces(204).ProducesProblem(401);
    }

    private static async Task<IResult> SignInAsync(HttpContext context, LogEngine engine, SessionTable sessions)
    {
        // In the header, where nothing logs it. Nobody's page can sign a visitor in as somebody else (login CSRF): no form sends this header, and a script of another
        // origin would have to ask for it by CORS, which is not answered. Neither does a credential count that a browser shows by itself, a cookie or a certificate.
        if (Authenticator.BearerOf(context) is null)
        {
            throw new ProblemException(Problem.Unauthenticated());
        }

        CrossSite.Refuse(context.Request);
        Caller caller = AccessControl.Authenticate(context);
        Session session = sessions.Make(caller, out string token);
        await AccessTrail.SignedInAsync(engine, caller with { SignedIn = session });

        // The entry is in the log: nothing below fails. The token is new whatever the browser showed (no fixation), and what it showed is good for nothing more.
        foreach (string shown in SessionCookie.AllOf(context.Request))
        {
            if (sessions.Find(shown) is { } before)
            {
                sessions.End(before, SessionEnd.Replaced);
            }
        }

        sessions.Open(session);
        SessionCookie.Set(context, SessionCookie.NameFor(context.Request), token);
        return TypedResults.Json(View(engine, session), ApiJson.Plain.SessionView, statusCode: StatusCodes.Status201Created);
    }

    private static IResult Get(HttpContext context, LogEngine engine, SessionDoor door)
    {
        if (context.Request.Headers.Authorization.Count > 0)
        {
            AccessControl.Authenticate(context);
            return NoSession();
        }

        if (door.TryEnter(context, isUse: false) is { SignedIn: { } session })
        {
            return TypedResults.Json(View(engine, session), ApiJson.Plain.SessionView);
        }

        // A page that asks whether there is a session still, or that is opened without one, has failed at nothing: that is not counted in _access, a token of no session is.
        return SessionDoor.EndOf(context) is { } end ? Problem.SessionEnded(end)
            : SessionCookie.AllOf(context.Request).Any() ? throw new ProblemException(Problem.Unauthenticated())
            : Problem.Unauthenticated();
    }

    private static async Task<IResult> SignOutAsync(HttpContext context, LogEngine engine, SessionTable sessions)
    {
        Caller caller = AccessControl.Authenticate(context);
        if (caller.SignedIn is not { } session)
        {
            return NoSession();
        }

        // Ended first: where the entry cannot be written he is signed out all the same, and told that it failed.
        bool isFirst = sessions.End(session, SessionEnd.SignedOut);
        SessionCookie.Clear(context, SessionCookie.Read(context.Request)!.Value.Name);
        if (isFirst)
        {
            await AccessTrail.SignedOutAsync(engine, session, caller.ForAppend("http"));
        }

        return TypedResults.NoContent();
    }

    private static Problem NoSession() => Problem.NotFound("The request has an Authorization header and is within no session.");

    private static SessionView View(LogEngine engine, Session session) => new(
        session.Principal, Instant.Format(session.Expires), (long)Math.Max(0, (session.Until - engine.Time.GetUtcNow()).TotalSeconds), session.Csrf);
}
