using Indelible.Server.Alerts;

namespace Indelible.Server.Notifications;

/// <summary>Why somebody is told.</summary>
internal enum NotifyReason
{
    /// <summary>An alert was raised.</summary>
    Raised,

    /// <summary>It was raised again.</summary>
    Repeated,

    /// <summary>Nobody has acknowledged it.</summary>
    Escalated,

    /// <summary>Somebody tries whether it arrives.</summary>
    Test,
}

/// <summary>What is told, ready to be put into the form of a destination.</summary>
/// <param name="Id">The delivery's id: the same however often it is tried.</param>
/// <param name="Destination">The destination's name.</param>
/// <param name="Reason">Why.</param>
/// <param name="At">When the alert was raised; of a test, when it is made.</param>
/// <param name="Title">In a line, visible text.</param>
/// <param name="Text">Visible text, in lines.</param>
internal sealed record Notification(string Id, string Destination, NotifyReason Reason, DateTimeOffset At, string Title, string Text)
{
    /// <summary>Where the alert is shown; null where nothing is known of that, or there is none.</summary>
    public string? Url { get; init; }

    /// <summary>The alert as it stands, and its entry; null of a test.</summary>
    public (Alert Alert, ReadOnlyMemory<byte> Entry)? Alert { get; init; }
}

/// <summary>Sends notifications to one destination. Thread-safe.</summary>
internal interface INotifyChannel : IDisposable
{
    /// <summary>Sends one: when the task completes, the other side has said that it took it.</summary>
    /// <param name="notification">What to send.</param>
    /// <param name="cancellationToken">Ends the attempt; whether it arrived is unknown then.</param>
    /// <returns>What was not taken of it, in a part of a sentence; null where all of it was.</returns>
    /// <exception cref="NotifyFailedException">It was not taken, or nobody knows.</exception>
    Task<string?> SendAsync(Notification notification, CancellationToken cancellationToken);
}

/// <summary>A notification was not taken. The message holds no secret and nothing that the other side wrote.</summary>
/// <param name="message">Why, in a part of a sentence.</param>
/// <param name="retryAfter">How long the other side asks to be left alone; null where it says nothing.</param>
/// <param name="inner">What was thrown, if anything was; it is not told to anybody.</param>
internal sealed class NotifyFailedException(string message, TimeSpan? retryAfter = null, Exception? inner = null) : Exception(message.Length <= LongestMessage ? message : message[..LongestMessage] + "…", inner)
{
    // What the system says may be of any length, and the message becomes a part of an entry.
    private const int LongestMessage = 300;

    public TimeSpan? RetryAfter { get; } = retryAfter;
}
