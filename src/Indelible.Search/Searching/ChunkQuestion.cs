namespace Indelible.Search;

/// <summary>One chunk while a request asks it. Not thread-safe.</summary>
internal sealed class ChunkQuestion
{
    private static readonly FieldPath s_entry = new();

    private readonly ITermIndex? _personal;
    private readonly int _personalRows;
    private readonly bool _isWhole;
    private readonly SearchBudget _budget;
    private readonly LogWords _words;

    /// <param name="span">A part of the log that an index covers.</param>
    /// <param name="words">The words of the log.</param>
    /// <param name="budget">What asking costs is counted here.</param>
    public ChunkQuestion(in LogSpan span, LogWords words, SearchBudget budget)
    {
        _words = words;
        (Terms, _personal, Rows, _isWhole, _budget) = (span.Index!.Terms, span.Index.Personal, span.Rows, span.IsWhole, budget);
        _personalRows = Math.Min(Rows, _personal?.Rows ?? 0);
    }

    /// <summary>The index of what stands there for everybody.</summary>
    public ITermIndex Terms { get; }

    /// <summary>The index of what stands in sealed values, if there is one.</summary>
    public ITermIndex? Personal => _personal;

    /// <summary>How many rows are asked for.</summary>
    public int Rows { get; }

    /// <summary>All rows that have a body.</summary>
    public RowSet RentWhole()
    {
        RowSet whole = RowSet.Rent();
        Terms.AddExisting(s_entry, whole);
        whole.Truncate(Rows);
        return whole;
    }

    /// <summary>Asks a clause.</summary>
    /// <param name="clause">The clause.</param>
    /// <param name="isClear">Whether sealed values are looked into.</param>
    /// <param name="within">Rows that matter; null for all.</param>
    public RowVerdict Ask(IndexClause clause, bool isClear, RowSet? within)
    {
        RowSet sure = RowSet.Rent();
        RowSet open = RowSet.Rent();
        Find(clause, Terms, within, sure, open);
        if (isClear)
        {
            if (_personal is not null)
            {
                Find(clause, _personal, within, sure, open);
            }

            AddSealed(clause.Places, open);
        }

        return RowVerdict.Of(sure, open);
    }

    /// <summary>Counts the rows of a clause without reading them, where that can be done.</summary>
    public bool TryCount(IndexClause clause, bool isClear, out int count)
    {
        count = 0;
        if (isClear || !_isWhole || !clause.TryCount(Terms, out count))
        {
            return false;
        }

        _budget.Charge(SearchBudget.QuestionWork);
        RowSet open = RowSet.Rent();
        Terms.AddUnindexed(clause.Path, open);
        bool isDecided = open.IsEmpty;
        open.Return();
        return isDecided;
    }

    /// <summary>Rows with a sealed value at one of some places that no personal index covers: what stands there can only be seen on the entry.</summary>
    /// <param name="places">The places; none for any.</param>
    /// <param name="into">Receives the rows.</param>
    public void AddSealed(FieldPath[] places, RowSet into)
    {
        if (_personalRows == Rows)
        {
            return;
        }

        RowSet found = RowSet.Rent();
        if (places.Length == 0)
        {
            Terms.AddSealed(null, found);
        }

        foreach (FieldPath place in places)
        {
            Terms.AddSealed(place, found);
        }

        found.KeepBetween(_personalRows, Rows);
        into.Or(found);
        found.Return();
    }

    private void Find(IndexClause clause, ITermIndex index, RowSet? within, RowSet sure, RowSet open)
    {
        _budget.Charge(SearchBudget.QuestionWork);
        clause.Find(new IndexQuestion(index, Rows, within, sure, open, index == Terms && _isWhole ? _words : null, _budget));
        if (!(clause is RangeClause { IsTime: true } && index.Times(clause.Path!) is not null))
        {
            index.AddUnindexed(clause.Path, open);
        }
    }
}
