using Indelible.Engine;
using Indelible.Engine.Configuration;
using Indelible.Server.Problems;

namespace Indelible.Server.Access;

/// <summary>Who calls, and by which configuration that was decided.</summary>
/// <param name="Key">The key that was shown.</param>
/// <param name="AuthAt">The size of <c>_system</c> at the time.</param>
/// <param name="RemoteAddress">Where from.</param>
public sealed record Caller(ApiKey Key, long AuthAt, string? RemoteAddress)
{
    /// <summary>The caller as the engine notes him.</summary>
    public AppendCaller ForAppend(string protocol) => new(Key.Principal, Key.Id, AuthAt, protocol, RemoteAddress);
}

/// <summary>Finds out who calls and what he may do; every route asks here and nowhere else.</summary>
internal static class AccessControl
{
    private const string Scheme = "Bearer ";

    /// <summary>The caller behind a valid key.</summary>
    /// <exception cref="ProblemException">401: there is none.</exception>
    public static Caller Authenticate(HttpContext context, LogEngine engine) => TryAuthenticate(context, engine) ?? throw new ProblemException(Problem.Unauthenticated());

    /// <summary>An administrator.</summary>
    /// <exception cref="ProblemException">401 or 403.</exception>
    public static Caller RequireAdmin(HttpContext context, LogEngine engine)
    {
        Caller caller = Authenticate(context, engine);
        return caller.Key.Kind == KeyKind.Admin ? caller : throw new ProblemException(Problem.Forbidden("an administrator's key"));
    }

    /// <summary>A writer of this log, and the log.</summary>
    /// <exception cref="ProblemException">401; 404 where there is no such log or the key is not for it; 403 where the key is a reader's.</exception>
    public static (Caller Caller, LogReader Log) RequireWriter(HttpContext context, LogEngine engine, string log) => RequireFor(context, engine, log, KeyKind.Writer, "a writer's key");

    /// <summary>A reader of this log, and the log.</summary>
    /// <exception cref="ProblemException">401; 404 where there is no such log or the key is not for it; 403 where the key is a writer's.</exception>
    public static (Caller Caller, LogReader Log) RequireReader(HttpContext context, LogEngine engine, string log) => RequireFor(context, engine, log, KeyKind.Reader, "a reader's key");

    /// <summary>The log, for anybody if it is public, else for its readers and writers: checkpoint, hash tiles and consistency tell nothing of an entry, and let a writer see for itself that the log keeps what it promised.</summary>
    /// <exception cref="ProblemException">As <see cref="RequireReader"/>, for keys of either kind.</exception>
    public static LogReader RequirePublicOrMember(HttpContext context, LogEngine engine, string log)
    {
        if (engine.Find(log) is { Settings.IsPublic: true } found)
        {
            return found;
        }

        Caller caller = Authenticate(context, engine);
        return RequireFor(context, engine, log, caller.Key.Kind == KeyKind.Writer ? KeyKind.Writer : KeyKind.Reader, "a reader's or writer's key").Log;
    }

    private static (Caller Caller, LogReader Log) RequireFor(HttpContext context, LogEngine engine, string log, KeyKind kind, string needed)
    {
        Caller caller = Authenticate(context, engine);
        if (!caller.Key.Covers(log) || engine.Find(log) is not { } found)
        {
            throw new ProblemException(caller.Key.Kind == KeyKind.Admin ? Problem.Forbidden(needed) : Problem.UnknownLog(log));
        }

        return caller.Key.Kind == kind ? (caller, found) : throw new ProblemException(Problem.Forbidden(needed));
    }

    /// <summary>Whether a caller who was let in would be let in still: for answers that go on for long.</summary>
    public static bool IsStillValid(Caller caller, LogEngine engine) =>
        engine.System.Keys.TryGetValue(caller.Key.Id, out ApiKey? key) && IsValid(key, engine);

    private static bool IsValid(ApiKey key, LogEngine engine) =>
        !key.IsRevoked && (key.Expires is not { } expires || engine.Time.GetUtcNow() < expires);

    private static Caller? TryAuthenticate(HttpContext context, LogEngine engine)
    {
        string? header = context.Request.Headers.Authorization;
        if (header is null || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        string presented = header[Scheme.Length..].Trim();
        SystemState system = engine.System;
        return ApiKeyText.HasForm(presented) && system.FindKey(presented) is { } key && IsValid(key, engine)
            ? new Caller(key, system.Size, context.Connection.RemoteIpAddress?.ToString())
            : null;
    }
}
