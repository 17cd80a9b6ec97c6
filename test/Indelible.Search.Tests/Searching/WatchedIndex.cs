namespace Indelible.Search.Tests.Searching;

/// <summary>What passed between a search and its indexes, and where they are to fail.</summary>
internal sealed class IndexWatch
{
    /// <summary>Questions asked, of columns of times too.</summary>
    public long Questions { get; private set; }

    /// <summary>Terms and words visited.</summary>
    public long Visits { get; private set; }

    /// <summary>The question from which on the index is damaged; −1 for never.</summary>
    public long DamagedAt { get; init; } = -1;

    /// <summary>Called for each visited term.</summary>
    public Action? OnVisit { get; init; }

    public void Ask()
    {
        if (DamagedAt >= 0 && Questions >= DamagedAt)
        {
            throw new IndexDamagedException("Bits were flipped.");
        }

        Questions++;
    }

    public TermVisitor Watch(TermVisitor visit) => (ReadOnlySpan<byte> term, in Postings rows) =>
    {
        Visits++;
        OnVisit?.Invoke();
        return visit(term, rows);
    };
}

/// <summary>An index that is watched, and damaged where that is wanted.</summary>
internal sealed class WatchedIndex(ITermIndex index, IndexWatch watch) : ITermIndex
{
    public int Rows => index.Rows;

    public void AddExisting(FieldPath path, RowSet into) => Asked().AddExisting(path, into);

    public void AddSealed(FieldPath? path, RowSet into) => Asked().AddSealed(path, into);

    public void AddEqual(FieldPath path, TermKind kind, ReadOnlySpan<byte> term, RowSet into, RowSet? within) => Asked().AddEqual(path, kind, term, into, within);

    public int CountEqual(FieldPath path, TermKind kind, ReadOnlySpan<byte> term) => Asked().CountEqual(path, kind, term);

    public void VisitTerms(FieldPath path, TermKind kind, ReadOnlySpan<byte> from, TermVisitor visit) => Asked().VisitTerms(path, kind, from, watch.Watch(visit));

    public int CountTerms(FieldPath path, TermKind kind) => Asked().CountTerms(path, kind);

    public bool IsHashed(FieldPath path) => Asked().IsHashed(path);

    public void AddHashed(FieldPath path, ReadOnlySpan<byte> value, RowSet into) => Asked().AddHashed(path, value, into);

    public void AddHashedRows(FieldPath path, RowSet into) => Asked().AddHashedRows(path, into);

    public IHashedStrings? Hashes(FieldPath path) => Asked().Hashes(path) is { } hashes ? new WatchedHashes(hashes, watch) : null;

    public void AddWord(ReadOnlySpan<byte> word, RowSet into, RowSet? within) => Asked().AddWord(word, into, within);

    public int CountWord(ReadOnlySpan<byte> word) => Asked().CountWord(word);

    public void VisitWords(ReadOnlySpan<byte> prefix, TermVisitor visit) => Asked().VisitWords(prefix, watch.Watch(visit));

    public void AddIdentifiers(Phrase phrase, RowSet into) => Asked().AddIdentifiers(phrase, into);

    public void AddUnindexed(FieldPath? path, RowSet into) => Asked().AddUnindexed(path, into);

    public ITimeColumn? Times(FieldPath path) => Asked().Times(path) is { } column ? new WatchedTimes(column, watch) : null;

    private ITermIndex Asked()
    {
        watch.Ask();
        return index;
    }

    private sealed class WatchedHashes(IHashedStrings hashes, IndexWatch watch) : IHashedStrings
    {
        public int Count => hashes.Count;

        public int Bits => hashes.Bits;

        public void AddHashes(int part, RowSet? within, List<uint> into) => Asked().AddHashes(part, within, into);

        public void AddRows(uint hash, int bits, RowSet into) => Asked().AddRows(hash, bits, into);

        private IHashedStrings Asked()
        {
            watch.Ask();
            return hashes;
        }
    }

    private sealed class WatchedTimes(ITimeColumn column, IndexWatch watch) : ITimeColumn
    {
        public long Least => Asked().Least;

        public long Greatest => Asked().Greatest;

        public void AddUndecided(RowSet into) => Asked().AddUndecided(into);

        public void AddBetween(long from, long to, RowSet into) => Asked().AddBetween(from, to, into);

        public int Read(int block, Span<long> into) => Asked().Read(block, into);

        public (long Least, long Greatest) Bounds(int block) => Asked().Bounds(block);

        private ITimeColumn Asked()
        {
            watch.Ask();
            return column;
        }
    }
}
