namespace Indelible.Search;

/// <summary>Receives the entries of a log that a replay comes to, oldest first, each at most once.</summary>
public interface IEntryFollower
{
    /// <summary>Asked before entries are read, and before an index is asked: whether there is to be more.</summary>
    bool GoesOn { get; }

    /// <summary>An entry that was selected.</summary>
    /// <param name="index">Its leaf index.</param>
    /// <param name="view">Its JSON as the asker may see it; valid during the call only.</param>
    void OnSelected(long index, ReadOnlySpan<byte> view);

    /// <summary>An entry that was not selected, and had to be read to know that. Only where times are wanted.</summary>
    /// <param name="index">Its leaf index.</param>
    /// <param name="view">As of <see cref="OnSelected"/>.</param>
    void OnOther(long index, ReadOnlySpan<byte> view);

    /// <summary>An entry that was not selected and not read, by its times. Only where times are wanted.</summary>
    /// <param name="index">Its leaf index.</param>
    /// <param name="time">The ticks of <c>time</c>, in UTC; −1 where it cannot be read.</param>
    /// <param name="received">The ticks of <c>received_at</c>.</param>
    void OnTimes(long index, long time, long received);
}

/// <summary>What to go over.</summary>
/// <param name="Query">Which entries are to be shown.</param>
/// <param name="Range">Which are counted, beside those.</param>
/// <param name="HasTimes">Whether the times of all others that the asker sees are wanted too.</param>
/// <param name="AsOf">The tree size to stay below.</param>
public sealed record ReplayRequest(Query Query, Query Range, bool HasTimes, long AsOf);

/// <summary>What was gone over.</summary>
/// <param name="To">Entries below this index; the size asked for, unless the follower ended it.</param>
/// <param name="InRange">How many of them <see cref="ReplayRequest.Range"/> selects.</param>
/// <param name="Selected">How many <see cref="ReplayRequest.Query"/> selects.</param>
/// <param name="Read">How many were read.</param>
/// <param name="Indexed">How many of the entries below the size an index covers.</param>
/// <param name="Notices">What the asker should know of the answer. Fit to be shown.</param>
public sealed record ReplayResult(long To, long InRange, long Selected, long Read, long Indexed, IReadOnlyList<string> Notices);
