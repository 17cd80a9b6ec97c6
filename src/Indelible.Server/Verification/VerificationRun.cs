using Indelible.Verification;

namespace Indelible.Server.Verification;

/// <summary>One verification of one log by the server itself.</summary>
/// <param name="Log">The log.</param>
/// <param name="Started">When it began.</param>
/// <param name="Ended">When it ended.</param>
/// <param name="Report">What it came to.</param>
public sealed record VerificationRun(string Log, DateTimeOffset Started, DateTimeOffset Ended, VerificationReport Report);
