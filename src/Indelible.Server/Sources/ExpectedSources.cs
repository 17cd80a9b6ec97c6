using Indelible.Engine;
using Indelible.Engine.Configuration;

namespace Indelible.Server.Sources;

/// <summary>An expected producer, and whether it is silent.</summary>
/// <param name="Expected">Who is expected.</param>
/// <param name="Last">When it was last heard of, and by which entry; null where the log knows nothing of it.</param>
/// <param name="SilentSince">From when it is silent, by the server's clock: the last sign of life, or its registration, and the interval.</param>
/// <param name="IsSilent">Whether that is past.</param>
public sealed record ExpectedState(ExpectedSource Expected, (long Index, DateTimeOffset ReceivedAt)? Last, DateTimeOffset SilentSince, bool IsSilent);

/// <summary>Compares who is expected with who was heard of.</summary>
/// <remarks>
/// The one place where the clock counts and not attested time: when everybody is silent, no entry attests that time goes on.
/// </remarks>
internal static class ExpectedSources
{
    /// <summary>The producers that a log expects, by name; none of a finished log.</summary>
    public static IReadOnlyList<ExpectedState> Of(LogEngine engine, LogReader log) => log.Frozen is not null
        ? []
        : [.. Configured(engine, log.Settings.Name).Select(expected => StateOf(expected, log, engine.Time.GetUtcNow()))];

    /// <summary>The producers that are configured for a log, or for one that it goes on in the place of.</summary>
    public static IEnumerable<ExpectedSource> Configured(LogEngine engine, string log) =>
        engine.System.Expected.Values.Where(expected => expected.IsOf(log)).OrderBy(expected => expected.Name, StringComparer.Ordinal).ThenBy(expected => expected.Log, StringComparer.Ordinal);

    private static ExpectedState StateOf(ExpectedSource expected, LogReader log, DateTimeOffset now)
    {
        (long Index, DateTimeOffset ReceivedAt)? last = log.LastOf(expected);
        DateTimeOffset heard = last is { } entry && entry.ReceivedAt > expected.Since ? entry.ReceivedAt : expected.Since;
        DateTimeOffset silentSince = heard + expected.Interval;
        return new ExpectedState(expected, last, silentSince, now > silentSince);
    }
}
