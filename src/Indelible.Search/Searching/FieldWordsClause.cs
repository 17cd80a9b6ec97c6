namespace Indelible.Search;

/// <summary>Consecutive words in a string at a path.</summary>
/// <remarks>The words of all texts are asked first, since they exclude most chunks; then, where they are few enough, the strings at the path.</remarks>
internal sealed class FieldWordsClause(FieldPath path, Phrase phrase) : IndexClause(path)
{
    /// <summary>So many strings are gone through to decide; where there are more, the entries are looked at.</summary>
    private const int MaxStrings = 2_000;

    private readonly PhraseWords _words = new(phrase);

    public override void Find(in IndexQuestion question)
    {
        if (FieldCatalogue.IsNoText(Path!))
        {
            FindInNoText(question);
            return;
        }

        ITermIndex index = question.Index;
        int strings = index.CountTerms(Path!, TermKind.String);
        bool isHashed = index.IsHashed(Path!);
        if (strings == 0 && !isHashed)
        {
            return;
        }

        RowSet found = RowSet.Rent();
        _words.FindAll(question, found, withWildcards: isHashed || strings > MaxStrings);
        if (isHashed)
        {
            FindHashed(question, found);
        }

        if (strings > 0 && !found.IsEmpty)
        {
            // Where few rows are left, looking at them is cheaper than going through the strings.
            bool isDecided = strings <= MaxStrings && strings <= (long)found.Count * TermsPerEntry && Visit(question, TermKind.String, default);
            if (!isDecided)
            {
                RowSet there = RowSet.Rent();
                index.AddExisting(Path!, there);
                found.And(there);
                question.Open.Or(found);
                there.Return();
            }
        }

        found.Return();
    }

    public override int Estimate(ITermIndex index, int rows) => (rows / 16) + Math.Min(MaxStrings, index.CountTerms(Path!, TermKind.String));

    protected override bool Accepts(ReadOnlySpan<byte> term, ref bool goOn) => phrase.Matches(term);

    /// <summary>What free text does not look into has no words in an index.</summary>
    private void FindInNoText(in IndexQuestion question)
    {
        AddHashedRows(question);
        if (!Visit(question, TermKind.String, default))
        {
            question.Index.AddExisting(Path!, question.Open);
        }
    }

    private void FindHashed(in IndexQuestion question, RowSet found)
    {
        RowSet hashed = RowSet.Rent();
        question.Index.AddIdentifiers(phrase, hashed);
        hashed.Or(found);
        RowSet there = RowSet.Rent();
        question.Index.AddHashedRows(Path!, there);
        hashed.And(there);
        question.Open.Or(hashed);
        there.Return();
        hashed.Return();
    }
}
