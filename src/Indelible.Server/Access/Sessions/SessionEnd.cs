namespace Indelible.Server.Access.Sessions;

/// <summary>Why a session ended.</summary>
internal enum SessionEnd
{
    /// <summary>Its owner signed out.</summary>
    SignedOut,

    /// <summary>Its browser signed in anew.</summary>
    Replaced,

    /// <summary>It was not used for <see cref="ServerLimits.SessionIdle"/>.</summary>
    Idle,

    /// <summary>It was <see cref="ServerLimits.SessionLife"/> old.</summary>
    Limit,

    /// <summary>The credential behind it was revoked or expired, or its principal was disabled.</summary>
    Credential,

    /// <summary>There were too many; it was the one unused for longest.</summary>
    Crowded,

    /// <summary>A token was shown whose successor was long in use: somebody has a copy.</summary>
    Copied,
}

/// <summary>The words for <see cref="SessionEnd"/>: in entries and problems, and for people.</summary>
internal static class SessionEnds
{
    /// <summary>The word.</summary>
    public static string WordOf(SessionEnd end) => end == SessionEnd.SignedOut ? "signed_out" : end.ToString().ToLowerInvariant();

    /// <summary>The sentence.</summary>
    public static string SentenceOf(SessionEnd end) => end switch
    {
        SessionEnd.SignedOut => "You signed out.",
        SessionEnd.Replaced => "You signed in anew.",
        SessionEnd.Idle => $"The session was not used for {ServerLimits.SessionIdle.TotalMinutes} minutes.",
        SessionEnd.Limit => $"The session was {ServerLimits.SessionLife.TotalHours} hours old, as old as one may get.",
        SessionEnd.Credential => "The key that you signed in with was revoked or has expired.",
        SessionEnd.Crowded => "You signed in elsewhere, more often than one key may; the session that was unused for longest made way.",
        SessionEnd.Copied => "The session's cookie was shown a second time after it had been replaced: somebody may have a copy of it. Tell your administrator if it was not you.",
        _ => throw new ArgumentOutOfRangeException(nameof(end)),
    };
}
