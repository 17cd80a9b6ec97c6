using Indelible.Notes;

namespace Indelible.Policies;

/// <summary>The time for which a key of a policy is believed. Immutable.</summary>
/// <param name="Key">The key.</param>
/// <param name="From">The first moment, in whole seconds UTC; null where it has always been believed.</param>
/// <param name="Until">The first moment at which it is believed no more; null where none is known.</param>
public sealed record KeyWindow(VerifierKey Key, DateTimeOffset? From, DateTimeOffset? Until)
{
    /// <summary>Whether a time lies in the window.</summary>
    /// <param name="posixSeconds">The time, in seconds since 1970; any value, such as a witness may claim.</param>
    public bool Contains(long posixSeconds) =>
        (From is not { } from || posixSeconds >= from.ToUnixTimeSeconds())
        && (Until is not { } until || posixSeconds < until.ToUnixTimeSeconds());
}
