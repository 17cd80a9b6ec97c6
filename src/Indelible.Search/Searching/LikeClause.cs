namespace Indelible.Search;

/// <summary>A whole value by a pattern: the part of the dictionary that begins as the pattern does is gone through.</summary>
internal sealed class LikeClause(FieldPath path, Glob glob) : IndexClause(path)
{
    private readonly byte[] _prefix = glob.Prefix();
    private readonly bool _fitsNumbers = glob.FitsNumbers;
    private bool _isNumber;

    protected override int PassesPerTerm => glob.Wildcards;

    protected override bool EndsByTerms => _prefix.Length > 0;

    public override void Find(in IndexQuestion question)
    {
        ITermIndex index = question.Index;
        AddHashedRows(question);
        int terms = index.CountTerms(Path!, TermKind.String) + (_fitsNumbers ? index.CountTerms(Path!, TermKind.Number) : 0);
        bool isDecided = !(_prefix.Length == 0 && IsFew(question.Within, terms));
        if (isDecided)
        {
            _isNumber = false;
            isDecided = Visit(question, TermKind.String, _prefix);
            _isNumber = true;
            isDecided = isDecided && (!_fitsNumbers || Visit(question, TermKind.Number, default));
        }

        if (!isDecided)
        {
            index.AddExisting(Path!, question.Open);
        }
    }

    public override int Estimate(ITermIndex index, int rows) => (rows / 4) + index.CountTerms(Path!, TermKind.String);

    protected override bool Accepts(ReadOnlySpan<byte> term, ref bool goOn)
    {
        goOn = _isNumber || term.StartsWith(_prefix);
        return goOn && glob.MatchesExactly(term);
    }
}
