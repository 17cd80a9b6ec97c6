namespace Indelible.Search;

/// <summary>Consecutive words in any text of the entry.</summary>
internal sealed class FreeWordsClause(Phrase phrase) : IndexClause(null)
{
    private readonly PhraseWords _words = new(phrase);

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

    public override int Estimate(ITermIndex index, int rows) => rows / (phrase.HasWildcards ? 2 : 16);
}
