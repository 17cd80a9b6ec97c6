namespace Indelible.Search;

/// <summary>Goes through terms of an index and keeps the rows of those that fit, within a budget. Not thread-safe.</summary>
internal abstract class TermVisit
{
    private const int FewRows = 16;

    private static readonly TermVisitor s_none = static (ReadOnlySpan<byte> _, in Postings _) => false;

    private IndexQuestion _question;
    private TermVisitor _visitor = s_none;
    private bool _isStopped;
    private bool _skipsRows;

    /// <summary>How often a term's bytes are gone over.</summary>
    protected virtual int PassesPerTerm => 1;

    /// <summary>Whether <see cref="Accepts"/> may end a visit: then it is asked of each term.</summary>
    protected virtual bool EndsByTerms => false;

    /// <summary>Says of a term whether its rows match, and ends the visit where no later one can.</summary>
    /// <param name="term">The term.</param>
    /// <param name="goOn">Set to false to end the visit.</param>
    protected abstract bool Accepts(ReadOnlySpan<byte> term, ref bool goOn);

    /// <summary>Adds the rows of the terms at a path that fit to those that surely match.</summary>
    /// <returns>False where the budget ended it: then what it would have found is unknown.</returns>
    protected bool VisitTerms(in IndexQuestion question, FieldPath path, TermKind kind, ReadOnlySpan<byte> from)
    {
        Begin(question);
        question.Index.VisitTerms(path, kind, from, _visitor);
        return End();
    }

    /// <summary>Adds the rows of the words that fit to those that surely match.</summary>
    /// <returns>False where the budget ended it: then what it would have found is unknown.</returns>
    protected bool VisitWords(in IndexQuestion question, ReadOnlySpan<byte> prefix)
    {
        Begin(question);
        question.Index.VisitWords(prefix, _visitor);
        return End();
    }

    private void Begin(in IndexQuestion question)
    {
        (_question, _isStopped, _skipsRows) = (question, false, question.Within is not null && !EndsByTerms);
        if (_visitor == s_none)
        {
            _visitor = OnTerm;
        }
    }

    private bool End()
    {
        _question = default;
        return !_isStopped;
    }

    private bool OnTerm(ReadOnlySpan<byte> term, in Postings rows)
    {
        if (!_question.Budget.Charge(SearchBudget.TermWork + ((long)term.Length * PassesPerTerm)))
        {
            _isStopped = true;
            return false;
        }

        bool goOn = true;
        if (Matters(rows) && Accepts(term, ref goOn))
        {
            rows.AddTo(_question.Sure);
        }

        return goOn;
    }

    /// <summary>Whether one of the rows is among those that matter: of few rows that is told sooner than whether the term fits.</summary>
    private bool Matters(in Postings rows)
    {
        if (!_skipsRows || rows.Count > FewRows)
        {
            return true;
        }

        return rows.CountIn(_question.Within!) > 0;
    }
}
