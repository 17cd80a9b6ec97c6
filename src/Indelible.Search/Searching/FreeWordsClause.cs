namespace Indelible.Search;

/// <summary>Consecutive words in any text of the entry.</summary>
internal sealed class FreeWordsClause(Phrase phrase) : IndexClause(null)
{
    private readonly PhraseWords _words = new(phrase);
    private readonly byte[]? _word = phrase.Words.Length == 1 && !phrase.HasWildcards ? FoldedPhrase.Of(phrase) : null;

    public override void Find(in IndexQuestion question)
    {
        if (phrase.Words.Length == 1)
        {
            _words.FindWord(0, question);
        }
        else
        {
            RowSet found = RowSet.Rent();
            _words.FindAll(question, found, withWildcards: true);
            question.Open.Or(found);
            found.Return();
        }

        question.Index.AddIdentifiers(phrase, question.Open);
    }

    public override bool TryCount(ITermIndex index, out int count)
    {
        count = _word is null ? -1 : index.CountWord(_word);
        if (count < 0)
        {
            return false;
        }

        RowSet open = RowSet.Rent();
        index.AddIdentifiers(phrase, open);
        bool isDecided = open.IsEmpty;
        open.Return();
        return isDecided;
    }

    public override int Estimate(ITermIndex index, int rows) =>
        _word is not null && index.CountWord(_word) is >= 0 and int count ? count : rows / (phrase.HasWildcards ? 2 : 16);
}
