using Indelible.Proofs;

namespace Indelible.Client.Recording.Sending;

/// <summary>One event on its way.</summary>
/// <param name="Sequence">Its number in its stream.</param>
/// <param name="Id">Its id.</param>
/// <param name="Json">The event as it is sent.</param>
internal readonly record struct OutgoingEvent(long Sequence, string Id, ReadOnlyMemory<byte> Json);

/// <summary>What became of a request.</summary>
internal enum SendKind
{
    /// <summary>The server has said of every event what became of it, and its receipts are verified.</summary>
    Answered,

    /// <summary>Nothing was taken: the server was not reached, or says so. Try again.</summary>
    NotTaken,

    /// <summary>No answer that says whether it was taken. Try again, under the same ids.</summary>
    Unknown,

    /// <summary>The server refuses whoever asks, whatever it is: key, log. Nothing was taken; a person is needed. Try again, seldom.</summary>
    Forbidden,

    /// <summary>The server refuses this body. Nothing was taken; in smaller parts it may pass.</summary>
    BodyRefused,

    /// <summary>The answer is signed falsely, or not at all. Try again; believe nothing.</summary>
    Untrusted,
}

/// <summary>What the server says of one event: a receipt, or why it will never be logged.</summary>
/// <param name="Receipt">Verified; null where it was refused.</param>
/// <param name="Refusal">Why it was refused; null where it was not.</param>
internal readonly record struct ItemResult(DurableReceipt? Receipt, string? Refusal);

/// <summary>What became of a request, and of each event in it.</summary>
internal sealed record SendResult(SendKind Kind, string Detail)
{
    /// <summary>What the server asks to wait.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>For each event in order; empty unless answered.</summary>
    public IReadOnlyList<ItemResult> Items { get; init; } = [];

    /// <summary>The verified receipts as a line of a receipts file; empty where there are none.</summary>
    public byte[] ReceiptLine { get; init; } = [];

    /// <summary>The answer as it came, where it is not to be trusted.</summary>
    public byte[] Evidence { get; init; } = [];
}
