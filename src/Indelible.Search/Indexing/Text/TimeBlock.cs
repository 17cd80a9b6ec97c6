namespace Indelible.Search;

/// <summary>What is asked of the instants of one block of rows; −1 stands for a row without one.</summary>
internal static class TimeBlock
{
    /// <summary>Adds the rows whose instant lies in a range.</summary>
    /// <param name="ticks">Instants.</param>
    /// <param name="first">The row of the first.</param>
    /// <param name="from">The first tick of the range.</param>
    /// <param name="to">The tick behind the last.</param>
    /// <param name="into">Receives the rows.</param>
    public static void AddBetween(ReadOnlySpan<long> ticks, int first, long from, long to, RowSet into)
    {
        from = Math.Max(0, from);
        for (int i = 0; i < ticks.Length; i++)
        {
            if (ticks[i] >= from && ticks[i] < to)
            {
                into.Add(first + i);
            }
        }
    }

    /// <summary>The least and the greatest, −1 included; of no rows, the bounds of nothing.</summary>
    public static (long Least, long Greatest) Bounds(ReadOnlySpan<long> ticks)
    {
        (long least, long greatest) = (long.MaxValue, -1L);
        foreach (long tick in ticks)
        {
            least = Math.Min(least, tick);
            greatest = Math.Max(greatest, tick);
        }

        return (least, greatest);
    }
}
