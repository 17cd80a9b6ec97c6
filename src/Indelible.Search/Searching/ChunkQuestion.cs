namespace Indelible.Search;

/// <summary>One chunk while a request asks it. Not thread-safe.</summary>
internal sealed class ChunkQuestion
{
    private static readonly FieldPath s_entry = new();

    private readonly ChunkIndex _index;
    private readonly bool _isWhole;
    private readonly SearchBudget _budget;
    private readonly LogWords? _words;
    private ITermIndex? _personal;
    private bool _isPersonalKnown;

    /// <param name="span">A part of the log that an index covers.</param>
    /// <param name="words">The words of the log, where they are kept.</param>
    /// <param name="budget">What asking costs is counted here.</param>
    public ChunkQuestion(in LogSpan span, LogWords? words, SearchBudget budget)
    {
        _words = words;
        _index = span.Index!;
        (Terms, Rows, _isWhole, _budget) = (_index.Terms, span.Rows, span.IsWhole, budget);
    }

    /// <summary>The index of what stands there for everybody.</summary>
    public ITermIndex Terms { get; }

    /// <summary>The index of what stands in sealed values, if there is one. It may have to be opened first: it is asked for only where something is sealed.</summary>
    public ITermIndex? Personal
    {
        get
        {
            if (!_isPersonalKnown)
            {
                (_personal, _isPersonalKnown) = (_index.Personal, true);
            }

            return _personal;
        }
    }

    private int PersonalRows => Math.Min(Rows, Personal?.Rows ?? 0);

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
        RowSet? shut = isClear ? RentSealed(clause.Places) : null;
        if (shut is not null)
        {
            if (Personal is { } personal)
            {
                Find(clause, personal, within, sure, open);
                shut.KeepBetween(PersonalRows, Rows);
            }

            open.Or(shut);
            shut.Return();
        }

        return RowVerdict.Of(sure, open);
    }

    /// <summary>Counts the rows of a clause without reading them, where that can be done.</summary>
    public bool TryCount(IndexClause clause, bool isClear, out int count)
    {
        count = 0;
        if (!_isWhole || !TryCount(clause, Terms, out count))
        {
            return false;
        }

        // What is sealed adds nothing where an index of all of it says so.
        return !isClear || !HasSealed(clause.Places)
            || (PersonalRows == Rows && TryCount(clause, Personal!, out int shut) && shut == 0);
    }

    /// <summary>Rows with a sealed value at one of some places that no personal index covers: what stands there can only be seen on the entry.</summary>
    /// <param name="places">The places; none for any.</param>
    /// <param name="into">Receives the rows.</param>
    public void AddUncovered(FieldPath[] places, RowSet into)
    {
        if (RentSealed(places) is { } shut)
        {
            shut.KeepBetween(PersonalRows, Rows);
            into.Or(shut);
            shut.Return();
        }
    }

    /// <summary>Rows with a sealed value at one of some places; none for any.</summary>
    public void AddSealed(FieldPath[] places, RowSet into)
    {
        if (RentSealed(places) is { } shut)
        {
            into.Or(shut);
            shut.Return();
        }
    }

    /// <summary>Whether something is sealed at one of some places.</summary>
    public bool HasSealed(FieldPath[] places)
    {
        RowSet? shut = RentSealed(places);
        shut?.Return();
        return shut is not null;
    }

    /// <summary>Rows with a sealed value at one of some places, none for any; null where there is no such row.</summary>
    private RowSet? RentSealed(FieldPath[] places)
    {
        RowSet found = RowSet.Rent();
        if (places.Length == 0)
        {
            Terms.AddSealed(null, found);
        }

        foreach (FieldPath place in places)
        {
            Terms.AddSealed(place, found);
        }

        found.Truncate(Rows);
        if (!found.IsEmpty)
        {
            return found;
        }

        found.Return();
        return null;
    }

    private bool TryCount(IndexClause clause, ITermIndex index, out int count)
    {
        if (!clause.TryCount(index, out count))
        {
            return false;
        }

        _budget.Charge(SearchBudget.QuestionWork);
        RowSet open = RowSet.Rent();
        index.AddUnindexed(clause.Path, open);
        bool isDecided = open.IsEmpty;
        open.Return();
        return isDecided;
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
