namespace Indelible.Search;

/// <summary>A clause of a query, made ready to be asked of indexes: one for each request, not thread-safe.</summary>
internal abstract class IndexClause : TermVisit
{
    /// <summary>Looking at one entry takes about as long as visiting so many terms: it is read with its neighbours, unpacked and hashed, or with all of its bundle, some 0.02 to 0.5 ms against 50 ns for a term.</summary>
    protected const int TermsPerEntry = 4_096;

    /// <param name="path">The path that it asks for; null for free text.</param>
    protected IndexClause(FieldPath? path)
    {
        Path = path;
        Places = path is null ? [] : PlacesOf(path);
    }

    /// <summary>The path that it asks for; null for free text.</summary>
    public FieldPath? Path { get; }

    /// <summary>The path and all that lead to it: a value that is sealed at one of them may hold what is asked for.</summary>
    public FieldPath[] Places { get; }

    /// <summary>Makes a clause ready.</summary>
    public static IndexClause Of(ClauseNode clause) => clause switch
    {
        ExistsNode exists => new ExistsClause(exists.At),
        EqualsNode equals => new EqualsClause(equals.At, equals.Literal),
        LikeNode like => new LikeClause(like.At, like.Glob),
        RangeNode range => new RangeClause(range.At, range.Range),
        WordsNode { At: { } path } words => new FieldWordsClause(path, words.Phrase),
        WordsNode words => new FreeWordsClause(words.Phrase),
        PassesNode passes => new PassesClause(passes.At, passes.Test),
        _ => throw new InvalidOperationException($"There is no question to an index for {clause.GetType().Name}."),
    };

    /// <summary>A path and all that lead to it.</summary>
    public static FieldPath[] PlacesOf(FieldPath path) =>
        [.. Enumerable.Range(1, path.Segments.Length).Select(count => count == path.Segments.Length ? path : new FieldPath(path.Segments[..count]))];

    /// <summary>Asks. What the index does not know of the path (<see cref="ITermIndex.AddUnindexed"/>) is for the caller to add.</summary>
    public abstract void Find(in IndexQuestion question);

    /// <summary>About how many rows match, and what asking costs, in rows: clauses with less are asked first.</summary>
    public abstract int Estimate(ITermIndex index, int rows);

    /// <summary>Counts the rows without reading them, where the index knows that.</summary>
    public virtual bool TryCount(ITermIndex index, out int count)
    {
        count = 0;
        return false;
    }

    /// <summary>Rows that have a string at the path that is kept as a hash, and so cannot be decided.</summary>
    protected void AddHashedRows(in IndexQuestion question)
    {
        if (question.Index.IsHashed(Path!))
        {
            question.Index.AddHashedRows(Path!, question.Open);
        }
    }

    /// <summary>Whether it is cheaper to look at the rows that matter than to visit the terms.</summary>
    protected static bool IsFew(RowSet? within, int terms) => within is not null && (long)within.Count * TermsPerEntry < terms;

    /// <summary>As <see cref="TermVisit.VisitTerms"/>, at the path of the clause.</summary>
    protected bool Visit(in IndexQuestion question, TermKind kind, ReadOnlySpan<byte> from) => VisitTerms(question, Path!, kind, from);

    protected override bool Accepts(ReadOnlySpan<byte> term, ref bool goOn) => false;
}
