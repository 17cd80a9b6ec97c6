namespace Indelible.Simulation.Protocol;

/// <summary>A place that holds consecutive entries of the log: the journal, the tail file, the segments.</summary>
/// <param name="Content">Its entries by index, as a reader sees them.</param>
/// <param name="First">The first index that it still holds.</param>
/// <param name="Durable">Below this index they outlast a power cut; from it on they may lie in the page cache only.</param>
internal readonly record struct Place(Entries Content, byte First, byte Durable)
{
    public int End => Content.Count;

    public bool IsEmpty => First == End;

    public bool IsDurable => Durable == End;

    /// <summary>What a power cut certainly leaves.</summary>
    public Place Surely => Cut(Durable);

    public static Place Holding(Entries content) => new(content, 0, (byte)content.Count);

    /// <summary>Written, not synced. An empty place takes entries of any index.</summary>
    public Place Write(int index, Entries entries) => IsEmpty
        ? new(Entries.BeginningAt(index).Add(entries), (byte)index, (byte)index)
        : this with { Content = Content.Add(entries) };

    public Place Sync() => this with { Durable = (byte)End };

    /// <summary>Holds nothing from <paramref name="index"/> on.</summary>
    public Place Cut(int index) => index >= End
        ? this
        : new(Content.First(Math.Max(index, First)), First, (byte)Math.Min(Durable, Math.Max(index, (int)First)));

    /// <summary>Holds nothing below <paramref name="index"/>.</summary>
    public Place Release(int index) => new(Content.Without(index), (byte)Math.Max(index, First), (byte)Math.Max(index, Durable));

    public override string ToString() => Content + (IsDurable ? "" : $" (durable below {Durable})");
}
