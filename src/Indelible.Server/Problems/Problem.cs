using System.Text.Json;
using Indelible.Engine;
using Indelible.Events;
using Indelible.Server.Access.Sessions;

namespace Indelible.Server.Problems;

/// <summary>What is wrong with one place of a request.</summary>
/// <param name="Item">The event's place in the request, from 0; null where the request is no batch.</param>
/// <param name="Pointer">A JSON Pointer into the event, or the name of a parameter.</param>
/// <param name="Code">A short stable word for the kind of fault.</param>
/// <param name="Detail">What was seen and what is wanted.</param>
/// <param name="Line">The line of a text that is wrong, from 1; null where there is none to name.</param>
/// <param name="Column">The column of that line, from 1.</param>
public sealed record ProblemError(int? Item, string Pointer, string Code, string Detail, int? Line = null, int? Column = null);

/// <summary>A refusal that a caller can act on: RFC 9457 <c>application/problem+json</c> with <c>urn:indelible:</c> types.</summary>
public sealed class Problem : IResult
{
    /// <summary>The name of the problem with ids that were used for other claims.</summary>
    public const string IdConflictName = "id-conflict";

    /// <summary>The name of <see cref="StreamTaken"/>.</summary>
    public const string StreamTakenName = "stream-taken";

    /// <summary>The name of <see cref="RateLimited"/>.</summary>
    public const string RateLimitedName = "rate-limited";

    /// <summary>The name of <see cref="CrossSite"/>.</summary>
    public const string CrossSiteName = "cross-site";

    /// <summary>The name of <see cref="UnknownLog"/>.</summary>
    public const string UnknownLogName = "unknown-log";

    private readonly int? _retryAfterSeconds;

    private Problem(int status, string name, string title, string detail, IReadOnlyList<ProblemError>? errors = null, int? retryAfterSeconds = null)
    {
        _retryAfterSeconds = retryAfterSeconds;
        Status = status;
        Name = name;
        Title = title;
        Detail = detail;
        Errors = errors ?? [];
    }

    /// <summary>The HTTP status.</summary>
    public int Status { get; }

    /// <summary>The type without its prefix <c>urn:indelible:</c>.</summary>
    public string Name { get; }

    /// <summary>The kind of problem, the same for all of its type.</summary>
    public string Title { get; }

    /// <summary>This occurrence.</summary>
    public string Detail { get; }

    /// <summary>The places that are wrong.</summary>
    public IReadOnlyList<ProblemError> Errors { get; }

    /// <summary>How long to wait before it is sent again. Only of what passes by itself: a node that has stopped waits for an operator.</summary>
    public int? RetryAfterSeconds => _retryAfterSeconds ?? Name switch { "queue-full" or "busy" => 1, "not-written" => 10, _ => null };

    /// <summary>400: events do not fit the schema.</summary>
    public static Problem InvalidEvents(IReadOnlyList<RefusedEvent> refused)
    {
        int faults = refused.Sum(item => item.Faults.Count);
        return new Problem(
            400,
            "invalid-event",
            "An event is not valid",
            $"{refused.Count} of the events cannot be logged; nothing of the request was appended."
                + (faults > ServerLimits.ProblemErrors ? $" These are the first {ServerLimits.ProblemErrors} of {faults} faults." : ""),
            [.. refused.SelectMany(item => item.Faults.Select(fault => Of(item.Item, fault))).Take(ServerLimits.ProblemErrors)]);
    }

    /// <summary>400: the body cannot be divided into events.</summary>
    public static Problem InvalidBody(string detail) => new(400, "invalid-body", "The body is not what its type says", detail);

    /// <summary>400: the body is an array that stops being JSON.</summary>
    public static Problem InvalidArray(int item, string detail) => new(
        400,
        "invalid-body",
        "The body is not what its type says",
        $"Event {item}, {detail}.",
        [new ProblemError(item, "", FaultCode.InvalidJson, detail)]);

    /// <summary>400: a parameter of the query string or of a small JSON body.</summary>
    public static Problem InvalidParameter(string name, string detail) =>
        new(400, "invalid-parameter", "A parameter is not valid", $"{name}: {detail}", [new ProblemError(null, name, "bad-value", detail)]);

    /// <summary>400: the query does not parse.</summary>
    public static Problem InvalidQuery(int position, int length, string message, string expected) => new(
        400,
        "invalid-query",
        "The query is not valid",
        $"At character {position + 1}: {message.TrimEnd('.')}; expected {expected}.",
        [new ProblemError(null, "q", "bad-query", $"position {position}, length {length}: {message.TrimEnd('.')}; expected {expected}")]);

    /// <summary>400: the tree of a query is none.</summary>
    /// <param name="message">What is wrong, and where in the tree.</param>
    /// <param name="expected">What could stand there.</param>
    public static Problem InvalidQueryTree(string message, string expected) => new(
        400, "invalid-query", "The query is not valid", $"{message.TrimEnd('.')}; expected {expected}.", [new ProblemError(null, "/query", "bad-query", $"{message.TrimEnd('.')}; expected {expected}")]);

    /// <summary>400: a rule, or a mapping, is refused.</summary>
    /// <param name="errors">What is wrong, each with its line and column.</param>
    public static Problem InvalidRule(IReadOnlyList<ProblemError> errors)
    {
        ArgumentNullException.ThrowIfNull(errors);
        ProblemError first = errors[0];
        return new Problem(
            400, "invalid-rule", "The rule cannot be used", $"{first.Pointer}, line {first.Line}, column {first.Column}: {first.Detail}", [.. errors.Take(ServerLimits.ProblemErrors)]);
    }

    /// <summary>401: no key, or none that is valid.</summary>
    public static Problem Unauthenticated() => new(
        401, "unauthenticated", "A valid key is needed", "Send 'Authorization: Bearer <key>' with a key that exists, has not been revoked and has not expired.");

    /// <summary>401: the session of the cookie has ended.</summary>
    internal static Problem SessionEnded(SessionEnd end) => new(
        401, "session-ended", "The session has ended", SessionEnds.SentenceOf(end), [new ProblemError(null, "session", SessionEnds.WordOf(end), SessionEnds.SentenceOf(end))]);

    /// <summary>403: a page of another origin may have sent it.</summary>
    public static Problem CrossSite(string detail) => new(403, CrossSiteName, "The request may be another page's", detail);

    /// <summary>403: the key is of another kind.</summary>
    public static Problem Forbidden(string needed) => new(403, "forbidden", "The key may not do this", $"This needs {needed}.");

    /// <summary>404: no such log, or none that the key is for; the two look the same.</summary>
    public static Problem UnknownLog(string log) => new(404, UnknownLogName, "There is no such log", $"No log {VisibleText.Excerpt(log)} exists that this key is for.");

    /// <summary>404: something else that does not exist.</summary>
    public static Problem NotFound(string detail) => new(404, "not-found", "There is no such thing", detail);

    /// <summary>405: the route has other methods.</summary>
    public static Problem MethodNotAllowed(string allowed) => new(
        405, "method-not-allowed", "The route has no such method", $"This route takes {allowed}.");

    /// <summary>409: ids that were used for other claims.</summary>
    /// <param name="conflicts">Each event, and the entry that has its id; null where that is an earlier event of the same request.</param>
    public static Problem IdConflict(IEnumerable<(int Item, string Id, long? Index, string? EarlierLog)> conflicts) => new(
        409,
        IdConflictName,
        "An id was used for another event",
        "The same principal has logged another claim under this id; nothing of the request was appended.",
        [.. conflicts.Take(ServerLimits.ProblemErrors).Select(c => IdConflict(c.Item, c.Id, c.Index, c.EarlierLog))]);

    /// <summary>The error of an event whose id was used for another claim.</summary>
    /// <param name="item">The event's place in the request.</param>
    /// <param name="id">Its id.</param>
    /// <param name="index">The entry that has the id; null where that is an earlier event of the same request.</param>
    /// <param name="earlierLog">The finished log that the entry is in, where it is not the one appended to.</param>
    public static ProblemError IdConflict(int item, string id, long? index, string? earlierLog = null) => new(
        item, "/id", IdConflictName, index is null
            ? $"{VisibleText.Excerpt(id)} is the id of an earlier event of this request, whose claim differs"
            : $"{VisibleText.Excerpt(id)} is the id of entry {index}{(earlierLog is null ? "" : $" of log {earlierLog}")}, whose claim differs");

    /// <summary>409: events of streams that belong to another principal; which one is nobody else's business.</summary>
    /// <param name="errors">What is wrong with each refused event: its stream, or its id.</param>
    public static Problem StreamTaken(IEnumerable<ProblemError> errors) => new(
        409,
        StreamTakenName,
        "A stream belongs to another principal",
        "A stream of numbers belongs to the principal that began it in this log; nothing of the request was appended.",
        [.. errors.Take(ServerLimits.ProblemErrors)]);

    /// <summary>The error of an event whose stream belongs to another principal.</summary>
    /// <param name="item">The event's place in the request.</param>
    public static ProblemError StreamTakenAt(int item) => new(
        item, "/producer/stream_id", StreamTakenName, "this stream was begun by another principal; a process numbers its events in a stream of its own, under a random id");

    /// <summary>409: an alert does not stand so that this can be done with it.</summary>
    public static Problem AlertState(string detail) => new(409, "alert-state", "The alert stands otherwise", detail);

    /// <summary>409: rules that were to be asked are wrong.</summary>
    /// <param name="errors">What is wrong, the pointer a file with line and column.</param>
    public static Problem RulesRefused(IReadOnlyList<ProblemError> errors) =>
        new(409, "rules-refused", "The rules are not all valid", $"{errors[0].Pointer}: {errors[0].Detail} {errors.Count} in all; the rules before are asked further.", [.. errors.Take(ServerLimits.ProblemErrors)]);

    /// <summary>409: the configuration stands against it.</summary>
    public static Problem Conflict(string detail) => new(409, "conflict", "The configuration stands against it", detail);

    /// <summary>408: the body comes more slowly than <see cref="ServerLimits.BodyRate"/>, or has stopped coming.</summary>
    public static Problem TooSlow() => new(
        408, "too-slow", "The request is too slow", $"A body comes with at least {ServerLimits.BodyRate} bytes a second after the first {ServerLimits.BodyRateGrace.TotalSeconds} s; nothing of it was appended.");

    /// <summary>409: the log was finished by a restore.</summary>
    /// <param name="detail">What was asked for, and why it cannot be.</param>
    /// <param name="successor">The log that goes on in its place.</param>
    public static Problem LogFrozen(string detail, string successor) =>
        new(409, "log-frozen", "The log was finished by a restore", detail, [new ProblemError(null, "log", "log-frozen", successor)]);

    /// <summary>413: too large.</summary>
    public static Problem TooLarge(string detail) => new(413, "too-large", "The request is too large", detail);

    /// <summary>415: a type or an encoding that is not read here.</summary>
    public static Problem Unsupported(string detail) => new(415, "unsupported-media-type", "The body is of a kind that is not read here", detail);

    /// <summary>429: the queue is full.</summary>
    public static Problem TooMuch(string detail) => new(429, "queue-full", "The log is receiving more than it can write", detail);

    /// <summary>429: a tenant or a key has too much of something under way.</summary>
    /// <param name="what">A word for it.</param>
    /// <param name="detail">What was wanted and how much there is.</param>
    public static Problem Busy(string what, string detail) => new(429, "busy", "Too much is under way", detail, [new ProblemError(null, "", what, detail)]);

    /// <summary>429: a key or an address sends more in a second than it may.</summary>
    /// <param name="limit">Which limit: of a key or of an address, and of what.</param>
    /// <param name="perSecond">How much it is.</param>
    /// <param name="wait">After this time something is let in again.</param>
    public static Problem RateLimited(string limit, long perSecond, TimeSpan wait)
    {
        string detail = $"The limit {limit} is {perSecond} a second; nothing of this was taken.";
        return new Problem(429, RateLimitedName, "This is more in a second than is allowed", detail, [new ProblemError(null, "", limit, detail)], (int)Math.Min(Math.Ceiling(wait.TotalSeconds), int.MaxValue));
    }

    /// <summary>503: the disk took nothing; nothing was changed, and it may be sent again.</summary>
    public static Problem NotWritten(string detail) => new(503, "not-written", "The log cannot write now", detail);

    /// <summary>503: the node has stopped.</summary>
    public static Problem Stopped(string detail, bool outcomeUnknown) =>
        new(503, outcomeUnknown ? "outcome-unknown" : "stopped", outcomeUnknown ? "Whether it was appended is not known" : "The node takes nothing", detail);

    /// <summary>500: stored bytes are not what was written.</summary>
    public static Problem Damaged(string detail) => new(500, "damaged", "Stored data is damaged", detail);

    /// <summary>500: a mistake of ours; the server's own log tells more.</summary>
    public static Problem Unexpected() => new(
        500, "unexpected", "The server made a mistake", "What went wrong is in the server's own log.");

    /// <summary>A fault of an event as an error of the list.</summary>
    public static ProblemError Of(int item, Fault fault) => new(item, fault.Pointer, fault.Code, fault.Detail);

    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        HttpResponse response = httpContext.Response;
        response.StatusCode = Status;
        response.ContentType = "application/problem+json";
        response.Headers.CacheControl = "no-store";
        if (Status == 401)
        {
            response.Headers.WWWAuthenticate = "Bearer";
        }

        if (RetryAfterSeconds is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        await response.Body.WriteAsync(ToJson(), httpContext.RequestAborted);
    }

    /// <summary>The problem as JSON.</summary>
    public byte[] ToJson()
    {
        using var buffer = new MemoryStream();
        using (Utf8JsonWriter json = JsonText.Writer(buffer))
        {
            json.WriteStartObject();
            json.WriteString("type", "urn:indelible:" + Name);
            json.WriteString("title", Title);
            json.WriteNumber("status", Status);
            json.WriteString("detail", Detail);
            if (Errors.Count > 0)
            {
                json.WriteStartArray("errors");
                foreach (ProblemError error in Errors)
                {
                    Write(json, error);
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    /// <summary>Writes one error object.</summary>
    public static void Write(Utf8JsonWriter json, ProblemError error)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(error);
        json.WriteStartObject();
        if (error.Item is { } item)
        {
            json.WriteNumber("item", item);
        }

        json.WriteString("pointer", error.Pointer);
        json.WriteString("code", error.Code);
        json.WriteString("detail", error.Detail);
        if (error is { Line: { } line, Column: { } column })
        {
            json.WriteNumber("line", line);
            json.WriteNumber("column", column);
        }

        json.WriteEndObject();
    }
}
