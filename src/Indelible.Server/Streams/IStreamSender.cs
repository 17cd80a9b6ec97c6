namespace Indelible.Server.Streams;

/// <summary>What became of a batch.</summary>
internal enum SendOutcome
{
    /// <summary>The receiver has it, as far as its protocol says so.</summary>
    Taken,

    /// <summary>The receiver does not want it, and would not if it were sent again: something in it is wrong for it.</summary>
    Refused,

    /// <summary>It was not taken, and may be if it is sent again.</summary>
    Failed,
}

/// <summary>What became of a batch.</summary>
/// <param name="Outcome">It.</param>
/// <param name="Reason">In our words, without anything that the receiver said: it may repeat what was sent to it.</param>
/// <param name="RetryAfter">How long the receiver asks not to be asked again; null where it does not say.</param>
internal sealed record SendResult(SendOutcome Outcome, string Reason, TimeSpan? RetryAfter = null)
{
    public static SendResult Taken { get; } = new(SendOutcome.Taken, "");

    public static SendResult Failed(string reason, TimeSpan? retryAfter = null) => new(SendOutcome.Failed, reason, retryAfter);
}

/// <summary>Entries of one log that are sent together, in their order.</summary>
/// <param name="Log">The log.</param>
/// <param name="From">The index that it was looked at from.</param>
/// <param name="End">The index up to which it was looked at.</param>
/// <param name="Items">What was found there.</param>
internal sealed record StreamBatch(string Log, long From, long End, IReadOnlyList<StreamItem> Items);

/// <summary>Takes batches to a receiver, one at a time.</summary>
internal interface IStreamSender : IAsyncDisposable
{
    /// <summary>Whether what was taken just now shows that the receiver is well: of one that tells nothing, when it has stayed connected for a while.</summary>
    bool IsSettled { get; }

    /// <summary>Sends a batch.</summary>
    /// <param name="batch">At least one entry.</param>
    /// <param name="cancellationToken">Gives it up; whether it was taken is then not known.</param>
    Task<SendResult> SendAsync(StreamBatch batch, CancellationToken cancellationToken);

    /// <summary>From where on of which logs it is not known any more whether the receiver has what it seemed to have taken; each told once.</summary>
    IReadOnlyList<(string Log, long Index)> TakeLost();
}
