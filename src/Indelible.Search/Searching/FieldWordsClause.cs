namespace Indelible.Search;

/// <summary>Consecutive words in a string at a path.</summary>
/// <remarks>The words of all texts are asked first: they exclude most chunks and most rows. Then the strings at the path of the rows that are left decide.</remarks>
internal sealed class FieldWordsClause(FieldPath path, Phrase phrase) : IndexClause(path)
{
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
        _words.FindAll(question, found, withWildcards: isHashed);
        index.AddIdentifiers(phrase, found);
        if (isHashed)
        {
            AddThere(question, found, isHashed: true);
        }

        // Where few rows are left, looking at them is cheaper than going through the strings.
        bool isDecided = strings == 0 || found.IsEmpty
            || (strings <= (long)found.Count * TermsPerEntry && Visit(question with { Within = found }, TermKind.String, default));
        if (!isDecided)
        {
            AddThere(question, found, isHashed: false);
        }

        found.Return();
    }

    public override int Estimate(ITermIndex index, int rows) => (rows / 16) + index.CountTerms(Path!, TermKind.String);

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

    /// <summary>Leaves open which of the rows match that have something at the path.</summary>
    private void AddThere(in IndexQuestion question, RowSet found, bool isHashed)
    {
        RowSet there = RowSet.Rent();
        if (isHashed)
        {
            question.Index.AddHashedRows(Path!, there);
        }
        else
        {
            question.Index.AddExisting(Path!, there);
        }

        there.And(found);
        question.Open.Or(there);
        there.Return();
    }
}
