namespace Indelible.Search;

/// <summary>The indexes of one chunk of a log: <see cref="Rows"/> consecutive entries from <see cref="First"/> on.</summary>
public sealed class ChunkIndex
{
    internal ChunkIndex(long first, ITermIndex terms, ITermIndex? personal)
    {
        First = first;
        Terms = terms;
        Personal = personal;
    }

    /// <summary>The leaf index of row 0: a multiple of the segment size.</summary>
    public long First { get; }

    /// <summary>How many entries are covered, at most 65,536.</summary>
    public int Rows => Terms.Rows;

    internal ITermIndex Terms { get; }

    /// <summary>What stands in sealed values, for as many rows as it covers; null where there is no such index (now).</summary>
    internal ITermIndex? Personal { get; }
}
