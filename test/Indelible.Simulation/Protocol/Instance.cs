namespace Indelible.Simulation.Protocol;

/// <summary>How far an instance has come since its process began.</summary>
internal enum Life : byte
{
    Down,
    HeadsRead,
    JournalRead,
    SegmentsRead,
    Up,
    Refused,
}

/// <summary>Where the sequencer's loop is.</summary>
internal enum Sequencing : byte
{
    Idle,
    Decided,
    Written,
    Durable,
    Applied,
    Stopped,
}

/// <summary>Where the publisher's round is.</summary>
internal enum Publishing : byte
{
    Idle,
    Signed,
    Written,
    Recorded,
    Stopped,
}

/// <summary>Where the sealer's round is.</summary>
internal enum Sealing : byte
{
    Idle,
    SegmentNamed,
    SegmentDurable,
    SegmentTaken,
    MoveWritten,
    MoveDurable,
    Stopped,
}

/// <summary>A node: what its process holds in memory, all of which a crash takes, save what its observer remembers.</summary>
/// <param name="Life">How far it has come.</param>
/// <param name="Sequencing">Where its sequencer is.</param>
/// <param name="Publishing">Where its publisher is.</param>
/// <param name="Sealing">Where its sealer is.</param>
/// <param name="Log">The log as it knows it; its size is the durable size. While it starts: what it read of the journal.</param>
/// <param name="Group">The group that the sequencer is writing.</param>
/// <param name="Shown">The head that it showed last, which its next swap expects.</param>
/// <param name="Next">The head that the publisher is recording. While it starts: the head that it read.</param>
/// <param name="Sealed">Where its segments end.</param>
/// <param name="Moved">Where what it knows to be in the tail file ends.</param>
/// <param name="Target">Where the journal is to begin after the sealer's round. While it starts: where it began.</param>
/// <param name="Promised">While it starts: the events that had a receipt when it read the journal.</param>
/// <param name="KnowsIds">Whether it knows the events of its log by their ids.</param>
/// <param name="Seen">The size of the largest head that its observer was shown; outlasts crashes.</param>
internal readonly record struct Instance(
    Life Life,
    Sequencing Sequencing,
    Publishing Publishing,
    Sealing Sealing,
    Entries Log,
    Entries Group,
    Entries Shown,
    Entries Next,
    byte Sealed,
    byte Moved,
    byte Target,
    byte Promised,
    bool KnowsIds,
    byte Seen)
{
    /// <summary>Whether this one comes behind <paramref name="other"/> in an order that means nothing, but tells them apart.</summary>
    public bool IsBehind(in Instance other) => Key.CompareTo(other.Key) is var order && order != 0 ? order > 0 : MemoryKey.CompareTo(other.MemoryKey) > 0;

    private (ulong, ulong) MemoryKey => (((ulong)Log.Packed << 32) | Group.Packed, ((ulong)Shown.Packed << 32) | Next.Packed);

    private (ulong, ulong) Key => (
        (ulong)Life | ((ulong)Sequencing << 8) | ((ulong)Publishing << 16) | ((ulong)Sealing << 24) | ((ulong)Sealed << 32) | ((ulong)Moved << 40) | ((ulong)Target << 48),
        Promised | ((ulong)Seen << 8) | (KnowsIds ? 1UL << 16 : 0));

    /// <summary>What is left when the process is gone.</summary>
    public Instance Crashed => new() { Seen = Seen };

    public override string ToString() => Life != Life.Up
        ? Life.ToString()
        : $"{Log}, sequencer {Sequencing}{(Group.Count > 0 ? " " + Group : "")}, publisher {Publishing}{(Next.Count > 0 ? " " + Next : "")}, sealer {Sealing}";
}
