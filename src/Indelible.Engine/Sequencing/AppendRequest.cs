using Indelible.Engine.Reading;
using Indelible.Events;
using Indelible.Merkle;
using Indelible.Proofs;

namespace Indelible.Engine.Sequencing;

/// <summary>A claim made ready on the request: parsed, validated, encrypted, canonical and hashed.</summary>
/// <param name="Claim">What the producer sent, to compare with an earlier entry of the same id.</param>
/// <param name="Entry">The entry's bytes and what the sequencer needs to know of them.</param>
/// <param name="ReceivedAt">The time of receipt that it was built with.</param>
/// <param name="LeafHash">The hash of the entry's bytes as built.</param>
/// <param name="Producer">What it says of its producer.</param>
internal readonly record struct PreparedEntry(Claim Claim, BuiltEntry Entry, string ReceivedAt, Hash LeafHash, ProducerFacts Producer);

/// <summary>What became of one event of a request.</summary>
public enum AppendStatus
{
    /// <summary>A new entry.</summary>
    Appended,

    /// <summary>The same principal had sent the same claim under this id before: nothing was added.</summary>
    Repeated,

    /// <summary>The same principal had sent another claim under this id: nothing was added.</summary>
    Conflict,

    /// <summary>Its <c>producer.stream_id</c> belongs to another principal: nothing was added.</summary>
    StreamTaken,
}

/// <summary>One event's result.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Id">The event's id.</param>
/// <param name="Index">Its leaf index; of a conflict, that of the earlier entry; -1 where its stream is taken.</param>
/// <param name="LeafHash">The hash of the entry; of a conflict, the earlier one's.</param>
/// <param name="ClaimHash">SHA-256 of the claim as persisted.</param>
/// <param name="ReceivedAt">The entry's time of receipt.</param>
public sealed record AppendedEvent(AppendStatus Status, string Id, long Index, Hash LeafHash, Hash ClaimHash, string ReceivedAt)
{
    /// <summary>The event's place in the request, from 0.</summary>
    public int Item { get; internal set; }

    /// <summary>The finished log that holds the entry, where it is not the one appended to; of a repeat or conflict after a restore.</summary>
    public string? EarlierLog => Holder?.Name;

    /// <summary>As <see cref="EarlierLog"/>.</summary>
    internal LogState? Holder { get; init; }

    /// <summary>The event's place in the receipt tree of its group; -1 for one that is not in the log.</summary>
    public int ReceiptPosition { get; internal set; } = -1;

    /// <summary>Whether there is an entry of it, new or earlier.</summary>
    public bool IsLogged => Status is AppendStatus.Appended or AppendStatus.Repeated;
}

/// <summary>A request's result: durable, with the group's signed promise.</summary>
/// <param name="Events">One for each event, in the request's order; of a request refused as a whole, those that it was refused for alone.</param>
/// <param name="Receipts">The receipt tree of the group and its signed note; null when no event is in the log.</param>
/// <param name="Refused">Whether an atomic request was refused as a whole for conflicts or streams: then nothing of it was added.</param>
public sealed record AppendResult(IReadOnlyList<AppendedEvent> Events, SignedReceiptGroup? Receipts, bool Refused);

/// <summary>A request on its way through the sequencer.</summary>
internal sealed class AppendRequest(LogState log, IReadOnlyList<PreparedEntry> entries, AppendCaller caller, bool partial)
{
    public LogState Log { get; } = log;

    public IReadOnlyList<PreparedEntry> Entries { get; } = entries;

    /// <summary>Whose it is, by which credential; see <see cref="AppendCaller.KeyId"/>.</summary>
    public AppendCaller Caller { get; } = caller;

    /// <summary>Whether events that conflict are refused alone, and the rest appended.</summary>
    public bool Partial { get; } = partial;

    public long Bytes { get; } = entries.Sum(entry => (long)entry.Entry.Bytes.Length);

    /// <summary>Completed by the loop; continuations run elsewhere, so that a caller cannot hold the loop up.</summary>
    public TaskCompletionSource<AppendResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
