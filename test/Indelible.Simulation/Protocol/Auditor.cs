namespace Indelible.Simulation.Protocol;

/// <summary>Who remembers every head that anybody was shown.</summary>
/// <param name="Longest">The largest of them.</param>
/// <param name="Sizes">One bit for each size of which a head was shown; as long as no invariant breaks, each is the first entries of the longest.</param>
internal readonly record struct Auditor(Entries Longest, byte Sizes)
{
    /// <summary>Sees a head.</summary>
    /// <param name="head">The head.</param>
    /// <param name="seenBefore">The size that the same instance showed last.</param>
    /// <param name="broken">What the head breaks.</param>
    public Auditor See(Entries head, int seenBefore, out Invariants broken)
    {
        int size = head.Count;
        bool agrees = size <= Longest.Count ? Longest.StartsWith(head) : head.StartsWith(Longest);
        broken = (agrees ? Invariants.None : (Sizes & (1 << size)) != 0 ? Invariants.OneHeadOfASize : Invariants.HeadsExtendEachOther)
            | (size < seenBefore ? Invariants.HeadsNeverGoBack : Invariants.None);
        return new Auditor(size > Longest.Count ? head : Longest, (byte)(Sizes | (1 << size)));
    }

    public override string ToString()
    {
        (Entries longest, int sizes) = (Longest, Sizes);
        return string.Join(" ", Enumerable.Range(1, Entries.Max).Where(size => (sizes & (1 << size)) != 0).Select(size => longest.First(size)));
    }
}
