namespace Indelible.Search;

/// <summary>Consecutive entries that one index covers, or none does.</summary>
/// <param name="From">The first entry; row 0, where there is an index.</param>
/// <param name="To">The entry behind the last.</param>
/// <param name="Index">The index, or null.</param>
/// <param name="IsWhole">Whether it is all that the index covers, now and later.</param>
internal readonly record struct LogSpan(long From, long To, ChunkIndex? Index, bool IsWhole)
{
    /// <summary>How many rows of the index.</summary>
    public int Rows => (int)(To - From);
}
