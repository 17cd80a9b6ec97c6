using Indelible.Notes;

namespace Indelible.Policies;

/// <summary>What a note shows about one key of a policy. Immutable.</summary>
/// <param name="Key">The key.</param>
/// <param name="Standing">Whether its signature counts, and if not why.</param>
/// <param name="PosixSeconds">
/// When it signed: a witness's own claim, in seconds since 1970, under its valid signature. Of a log key, the time by which its window
/// was judged. Null where there is none.
/// </param>
/// <param name="Window">The time for which the key is believed; null where it has no window.</param>
public sealed record KeyFinding(VerifierKey Key, KeyStanding Standing, long? PosixSeconds, KeyWindow? Window)
{
    /// <summary>The finding in a few words.</summary>
    public override string ToString() => Standing switch
    {
        KeyStanding.Believed => "believed",
        KeyStanding.Absent => "has not signed",
        KeyStanding.NotVerifiable => $"signatures of type 0x{Key.Type:x2} cannot be verified here",
        KeyStanding.Wrong => "its signature is wrong",
        KeyStanding.OutsideWindow => $"signed at {Shown(PosixSeconds)}, {Believed}",
        _ => $"nothing tells when it signed, {Believed}",
    };

    private string Believed => $"believed from {PolicyWindows.Format(Window?.From)} until {PolicyWindows.Format(Window?.Until)}";

    // A witness may claim seconds beyond the last year that has a date.
    private static string Shown(long? posixSeconds) =>
        posixSeconds is { } seconds
        && seconds >= DateTimeOffset.MinValue.ToUnixTimeSeconds() && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? PolicyWindows.Format(DateTimeOffset.FromUnixTimeSeconds(seconds))
            : $"{posixSeconds} s";
}
