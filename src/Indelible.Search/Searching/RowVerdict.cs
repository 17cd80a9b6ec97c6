namespace Indelible.Search;

/// <summary>What an index says of a question: rows that surely match, and rows that it cannot decide. Rows in neither surely do not.</summary>
/// <remarks>Both sets are rented and belong to the verdict; combining consumes both sides.</remarks>
/// <param name="Sure">Rows that match.</param>
/// <param name="Open">Rows that have to be looked at, none of them in <paramref name="Sure"/>; null where there is none.</param>
internal readonly record struct RowVerdict(RowSet Sure, RowSet? Open)
{
    /// <summary>Whether no row can match.</summary>
    public bool IsNone => Open is null && Sure.IsEmpty;

    /// <summary>A verdict of two sets that may overlap.</summary>
    public static RowVerdict Of(RowSet sure, RowSet open)
    {
        open.AndNot(sure);
        return new RowVerdict(sure, Kept(open));
    }

    /// <summary>Rows that may match. The result is rented where the verdict has open rows, and else is <see cref="Sure"/>: see <see cref="ReturnHint"/>.</summary>
    public RowSet Hint()
    {
        if (Open is null)
        {
            return Sure;
        }

        RowSet both = RowSet.Rent();
        both.Or(Sure);
        both.Or(Open);
        return both;
    }

    /// <summary>Gives back what <see cref="Hint"/> gave.</summary>
    public void ReturnHint(RowSet hint)
    {
        if (hint != Sure)
        {
            hint.Return();
        }
    }

    /// <summary>Rows that match both.</summary>
    public RowVerdict And(RowVerdict other)
    {
        RowSet? open;
        if (Open is null && other.Open is null)
        {
            open = null;
        }
        else if (other.Open is null)
        {
            open = Open;
            open!.And(other.Sure);
        }
        else if (Open is null)
        {
            open = other.Open;
            open.And(Sure);
        }
        else
        {
            RowSet sureAndOpen = RowSet.Rent();
            sureAndOpen.Or(other.Open);
            sureAndOpen.And(Sure);
            open = Open;
            other.Open.Or(other.Sure);
            open.And(other.Open);
            open.Or(sureAndOpen);
            other.Open.Return();
            sureAndOpen.Return();
        }

        Sure.And(other.Sure);
        other.Sure.Return();
        return new RowVerdict(Sure, open is null ? null : Kept(open));
    }

    /// <summary>Rows that match one of both.</summary>
    public RowVerdict Or(RowVerdict other)
    {
        Sure.Or(other.Sure);
        other.Sure.Return();
        RowSet? open = Open ?? other.Open;
        if (open is null)
        {
            return this;
        }

        if (Open is not null && other.Open is not null)
        {
            open.Or(other.Open);
            other.Open.Return();
        }

        return Of(Sure, open);
    }

    /// <summary>Rows of a whole that do not match.</summary>
    /// <param name="whole">All rows that there are; becomes part of the result.</param>
    public RowVerdict Not(RowSet whole)
    {
        whole.AndNot(Sure);
        Sure.Return();
        if (Open is not null)
        {
            whole.AndNot(Open);
        }

        return new RowVerdict(whole, Open);
    }

    /// <summary>Forgets the rows outside of a range.</summary>
    public RowVerdict Between(int from, int to)
    {
        Sure.KeepBetween(from, to);
        Open?.KeepBetween(from, to);
        return new RowVerdict(Sure, Open is null ? null : Kept(Open));
    }

    /// <summary>Gives both sets back.</summary>
    public void Return()
    {
        Sure.Return();
        Open?.Return();
    }

    private static RowSet? Kept(RowSet open)
    {
        if (!open.IsEmpty)
        {
            return open;
        }

        open.Return();
        return null;
    }
}
