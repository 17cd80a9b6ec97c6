using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Server.Access.Sessions;
using Indelible.Server.Problems;

namespace Indelible.Server.Access;

/// <summary>What a caller may do; every route asks here and nowhere else.</summary>
/// <remarks>
/// A log that there is not and one that the caller has nothing to do with are answered alike, and found out alike: his rights follow from the name alone,
/// and both questions are asked before either answer counts. Who administers a name may know whether there is such a log.
/// </remarks>
internal static class AccessControl
{
    /// <summary>The caller behind a valid credential.</summary>
    /// <exception cref="ProblemException">401: there is none.</exception>
    public static Caller Authenticate(HttpContext context) =>
        context.RequestServices.GetRequiredService<Authenticator>().TryAuthenticate(context)
        ?? throw new ProblemException(SessionDoor.EndOf(context) is { } end ? Problem.SessionEnded(end) : Problem.Unauthenticated());

    /// <summary>A caller who may do something with a log, for some of its entries at least.</summary>
    /// <exception cref="ProblemException">401; 404 where there is no such log or the caller has nothing to do with it; 403 where he may do other things with it.</exception>
    public static Admission Require(HttpContext context, LogEngine engine, string log, Rights right)
    {
        Caller caller = Authenticate(context);
        return Admit(engine, caller, log, right) ?? throw new ProblemException(RefusalOf(engine, caller, log, right));
    }

    /// <summary>A caller who may do something with a log as a whole: no row limit keeps an entry from him.</summary>
    /// <exception cref="ProblemException">As <see cref="Require"/>; 403 where a row limit stands against it.</exception>
    public static Admission RequireWhole(HttpContext context, LogEngine engine, string log, Rights right)
    {
        Admission admission = Require(context, engine, log, right);
        return admission.Access.IsWhole(right) ? admission : throw new ProblemException(Problem.Forbidden($"the right to {WordOf(right)} without a row limit"));
    }

    /// <summary>The log, for anybody if it is public, else for those who may verify it: checkpoint, hash tiles and consistency tell nothing of an entry, and let a writer see for itself that the log keeps what it promised.</summary>
    /// <exception cref="ProblemException">As <see cref="Require"/>.</exception>
    public static LogReader RequirePublicOrVerifier(HttpContext context, LogEngine engine, string log) =>
        engine.Find(log) is { Settings.IsPublic: true } found ? found : Require(context, engine, log, Rights.Verify).Log;

    /// <summary>A caller who may do something with any log at all: what he is shown is cut to what he may see.</summary>
    /// <exception cref="ProblemException">401 or 403.</exception>
    public static Caller RequireAnywhere(HttpContext context, LogEngine engine, Rights right)
    {
        Caller caller = Authenticate(context);
        return caller.Authority.Anywhere(right, engine.Time.GetUtcNow()) ? caller : throw new ProblemException(Problem.Forbidden(NeededFor(right)));
    }

    /// <summary>A caller who may do something with the node as a whole.</summary>
    /// <exception cref="ProblemException">401 or 403.</exception>
    public static Caller RequireOnNode(HttpContext context, LogEngine engine, Rights right)
    {
        Caller caller = Authenticate(context);
        return caller.Authority.OnNode(right, engine.Time.GetUtcNow()) ? caller : throw new ProblemException(Problem.Forbidden(NeededFor(right) + " for the whole node"));
    }

    /// <summary>A caller who may do something with a log that he administers or inspects, existing or not.</summary>
    /// <exception cref="ProblemException">401; 404 where there is no such log that he may know of; 403 where he has other rights there.</exception>
    public static (Caller Caller, LogReader Log) RequireOver(HttpContext context, LogEngine engine, string log, Rights right)
    {
        Caller caller = Authenticate(context);
        bool may = caller.Authority.Over(log, right, engine.Time.GetUtcNow());
        LogReader? found = engine.Find(log);
        return may
            ? found is null ? throw new ProblemException(Problem.UnknownLog(log)) : (caller, found)
            : throw new ProblemException(RefusalOf(engine, caller, log, right));
    }

    /// <summary>Lets a caller who was let in before in again, by the configuration as it is now: for answers that go on for long.</summary>
    /// <returns>Null where he would be turned away.</returns>
    public static Admission? Renew(LogEngine engine, Admission before, Rights right)
    {
        Caller caller = before.Caller;
        DateTimeOffset now = engine.Time.GetUtcNow();
        bool isSignedOut = caller.SignedIn is { } session && !session.IsOpen(now);
        return !isSignedOut && engine.Authorities.Of(caller.CredentialId, caller.Principal, now) is { } authority && !(caller.Ends <= now)
            ? Admit(engine, caller with { Authority = authority }, before.Log.Settings.Name, right)
            : null;
    }

    private static Admission? Admit(LogEngine engine, Caller caller, string log, Rights right)
    {
        LogAccess access = caller.Authority.On(log, engine.Time.GetUtcNow());
        LogReader? found = engine.Find(log);
        return found is not null && access.Rights.HasFlag(right) ? new Admission(caller, found, access) : null;
    }

    private static Problem RefusalOf(LogEngine engine, Caller caller, string log, Rights right)
    {
        DateTimeOffset now = engine.Time.GetUtcNow();
        Rights rights = caller.Authority.On(log, now).Rights;
        bool exists = engine.Find(log) is not null;
        bool mayKnow = caller.Authority.Over(log, Rights.Admin, now);
        return (mayKnow && !rights.HasFlag(right)) || (exists && rights != Rights.None) ? Problem.Forbidden(NeededFor(right)) : Problem.UnknownLog(log);
    }

    private static string NeededFor(Rights right) => right switch
    {
        Rights.Append => "a writer's key",
        Rights.Read => "a reader's key",
        Rights.Verify => "a reader's or writer's key",
        Rights.Admin => "an administrator's key",
        Rights.Custody => "a key custodian's key",
        _ => $"the right to {WordOf(right)}",
    };

    private static string WordOf(Rights right) => right.ToString().ToLowerInvariant();
}
