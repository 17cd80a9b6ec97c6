namespace Indelible.Server.Views;

/// <summary>Where an entry stands in a log's time: events of one instant follow one another by index.</summary>
/// <param name="Ticks">When it happened, in ticks of UTC; −1 where that cannot be read.</param>
/// <param name="Index">Its leaf index.</param>
internal readonly record struct Found(long Ticks, long Index) : IComparable<Found>
{
    /// <inheritdoc/>
    public int CompareTo(Found other) => Ticks == other.Ticks ? Index.CompareTo(other.Index) : Ticks.CompareTo(other.Ticks);
}
