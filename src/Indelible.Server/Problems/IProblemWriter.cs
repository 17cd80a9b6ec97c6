namespace Indelible.Server.Problems;

/// <summary>Set among a request's features by a door whose protocol has its own form for refusals.</summary>
internal interface IProblemWriter
{
    /// <summary>Answers a request with a problem; nothing of the answer has been sent.</summary>
    Task WriteAsync(HttpContext context, Problem problem);
}
