namespace Indelible.Simulation.Protocol;

/// <summary>An append that a store has received and not decided, and whose sender is not waiting any more.</summary>
/// <param name="Index">Where it expects the log to end.</param>
/// <param name="Group">Its entries; none where no append is under way.</param>
internal readonly record struct LateAppend(byte Index, Entries Group);

/// <summary>A swap that the checkpoint store has received and not decided, and whose sender is not waiting any more.</summary>
/// <param name="Previous">The head that it expects.</param>
/// <param name="Next">The head that it records; none where no swap is under way.</param>
internal readonly record struct LateSwap(Entries Previous, Entries Next);

/// <summary>One state of everything: what is stored, what the instances hold in memory, what was promised and shown to others.</summary>
internal sealed record World
{
    public Place Journal { get; init; }

    /// <summary>One bit for each index at which a journal record begins.</summary>
    public byte Records { get; init; }

    public Place Tail { get; init; }

    public Place Segments { get; init; }

    /// <summary>The head in the checkpoint store that a power cut leaves.</summary>
    public Entries Head { get; init; }

    /// <summary>The head in the checkpoint store that a reader sees.</summary>
    public Entries HeadRead { get; init; }

    public LateAppend LateAppend { get; init; }

    public LateSwap LateSwap { get; init; }

    public Instance A { get; init; }

    public Instance B { get; init; }

    public Client Client { get; init; }

    public Auditor Auditor { get; init; }

    public byte Crashes { get; init; }

    public byte SentAgain { get; init; }

    /// <summary>Whether somebody put an earlier copy of the folder in its place: then entries without a head may be gone.</summary>
    public bool IsSetBack { get; init; }

    /// <summary>What the step to this state broke.</summary>
    public Invariants Broken { get; init; }

    public Instance this[int instance] => instance == 0 ? A : B;

    /// <summary>The same with A called B and B called A.</summary>
    public World Renamed => this with { A = B, B = A };

    public World With(int instance, Instance state) => instance == 0 ? this with { A = state } : this with { B = state };

    /// <summary>Shows a head to everybody who asks this instance.</summary>
    public World Show(int instance, Entries head)
    {
        Instance shower = this[instance];
        Auditor auditor = Auditor.See(head, shower.Seen, out Invariants broken);
        World shown = With(instance, shower with { Shown = head, Seen = (byte)head.Count }) with { Auditor = auditor };
        return broken == Invariants.None ? shown : shown with { Broken = shown.Broken | broken };
    }

    /// <summary>Makes a head the one that the checkpoint store holds, durably.</summary>
    public World Record(Entries head) => this with
    {
        Head = head,
        HeadRead = head,
        Broken = Broken | (head.StartsWith(Head) ? Invariants.None : Invariants.HeadsNeverGoBack),
    };

    /// <summary>Writes a group into the journal, unsynced.</summary>
    public World Journalise(int index, Entries group) => this with { Journal = Journal.Write(index, group), Records = (byte)(Records | (1 << index)) };

    /// <summary>Cuts the journal's records that are not durable.</summary>
    public World LoseWhatIsNotDurable() => CutJournal(Journal.Durable);

    public World CutJournal(int index) => this with { Journal = Journal.Cut(index), Records = (byte)(Records & ((1 << index) - 1)) };

    /// <summary>Puts places together to a log as recovery does: what an earlier place holds is passed over in a later one.</summary>
    /// <returns><see langword="false"/> where entries are missing between two places; the log then ends there.</returns>
    public static bool TryFold(Place segments, Place tail, Place journal, out Entries log)
    {
        log = segments.Content;
        return TryTake(tail, ref log) && TryTake(journal, ref log);
    }

    /// <summary>Everything that is broken in this state or by the step to it.</summary>
    /// <param name="isAlone">Whether there is one instance, which then has to know of every receipt.</param>
    public Invariants Check(bool isAlone)
    {
        Invariants broken = Broken;
        TryFold(Segments.Surely, Tail.Surely, Journal.Surely, out Entries durable);
        broken |= IsSetBack || Client.IsKeptBy(durable, Client.Promised()) ? Invariants.None : Invariants.AcknowledgedIsDurable;
        broken |= IsSetBack || durable.StartsWith(Head) ? Invariants.None : Invariants.RecordedIsDurable;
        broken |= IsSetBack || (RunsTruly(A, isAlone) && RunsTruly(B, isAlone)) ? Invariants.None : Invariants.RunningHoldsAcknowledged;
        broken |= HasAnEventTwice(durable) ? Invariants.OneEntryOfAnEvent : Invariants.None;
        return broken;
    }

    public override string ToString() =>
        $"journal {Journal}  tail {Tail}  segments {Segments}  recorded {Head}{(HeadRead == Head ? "" : $" (read as {HeadRead})")}"
        + (LateAppend.Group.Count > 0 ? $"  under way: append {LateAppend.Group} at {LateAppend.Index}" : "")
        + (LateSwap.Next.Count > 0 ? $"  under way: swap to {LateSwap.Next}" : "")
        + $"  receipts {Client}  shown {Auditor}\n      A: {A}" + (B == default ? "" : $"\n      B: {B}");

    private bool RunsTruly(in Instance instance, bool isAlone) =>
        instance.Life != Life.Up || (isAlone ? Client.IsKeptBy(instance.Log, Client.Promised()) : Client.AgreesWith(instance.Log));

    private static bool TryTake(Place place, ref Entries log)
    {
        if (place.IsEmpty || place.First > log.Count)
        {
            return place.IsEmpty;
        }

        for (int i = log.Count; i < place.End; i++)
        {
            log = log.Add(place.Content[i]);
        }

        return true;
    }

    private static bool HasAnEventTwice(Entries log)
    {
        int seen = 0;
        for (int i = 0; i < log.Count; i++)
        {
            int bit = 1 << Client.EventOf(log[i]);
            if ((seen & bit) != 0)
            {
                return true;
            }

            seen |= bit;
        }

        return false;
    }
}
