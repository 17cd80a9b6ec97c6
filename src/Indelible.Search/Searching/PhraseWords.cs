namespace Indelible.Search;

/// <summary>The words of a phrase, each asked of the words of an index.</summary>
internal sealed class PhraseWords : TermVisit
{
    private const int MinPrefix = 3;

    /// <summary>Where more words fit, visiting them all takes less than asking for each.</summary>
    private const int MaxKnown = 2_048;

    private readonly Glob[] _globs;
    private readonly byte[][] _prefixes;
    private readonly (int Compared, List<byte[]> Matches)[] _known;
    private int _current;

    public PhraseWords(Phrase phrase)
    {
        _globs = phrase.Words.ToArray();
        _prefixes = [.. _globs.Select(word => word.Prefix())];
        _known = [.. _globs.Select(_ => (0, new List<byte[]>()))];
    }

    protected override int PassesPerTerm => Math.Max(1, _globs[_current].Wildcards);

    /// <summary>Rows that have one of the words.</summary>
    /// <returns>False where it cannot be told: then all rows are added to the open ones of the question.</returns>
    public bool FindWord(int number, in IndexQuestion question)
    {
        Glob glob = _globs[number];
        if (glob.Wildcards == 0)
        {
            question.Index.AddWord(_prefixes[number], question.Sure, question.Within);
            return true;
        }

        if (TryFindKnown(number, question))
        {
            return true;
        }

        _current = number;
        if (!VisitWords(question, _prefixes[number]))
        {
            question.Open.AddRange(0, question.Rows);
            return false;
        }

        return true;
    }

    /// <summary>Rows that have each of the words somewhere in a text, identifiers left out, and perhaps others.</summary>
    /// <param name="question">Its hint narrows the result; its sets are not used.</param>
    /// <param name="found">Empty; receives the rows.</param>
    /// <param name="withWildcards">Whether words with wildcards are asked for: that goes through many words.</param>
    public void FindAll(in IndexQuestion question, RowSet found, bool withWildcards)
    {
        RowSet one = RowSet.Rent();
        RowSet unknown = RowSet.Rent();
        found.AddRange(0, question.Rows);
        if (question.Within is { } within)
        {
            found.And(within);
        }

        // Words without wildcards first: they cost least and exclude most.
        for (int pass = 0; pass < (withWildcards ? 2 : 1); pass++)
        {
            for (int i = 0; i < _globs.Length && !found.IsEmpty; i++)
            {
                if (_globs[i].IsAnything || _globs[i].Wildcards == 0 == (pass == 1))
                {
                    continue;
                }

                if (FindWord(i, question with { Sure = one, Open = unknown }))
                {
                    found.And(one);
                }

                one.Clear();
            }
        }

        one.Return();
        unknown.Return();
    }

    /// <summary>Finds the words that fit among those of the whole log. Where a prefix leaves few, they are visited instead.</summary>
    private bool TryFindKnown(int number, in IndexQuestion question)
    {
        (int compared, List<byte[]> matches) = _known[number];
        if (question.Words is null || _prefixes[number].Length >= MinPrefix || matches.Count > MaxKnown)
        {
            return false;
        }

        bool isWhole = question.Words.TryMatch(question.Index, _globs[number], ref compared, matches, MaxKnown, question.Budget);
        _known[number] = (compared, matches);
        if (isWhole)
        {
            foreach (byte[] word in matches)
            {
                question.Index.AddWord(word, question.Sure, question.Within);
            }
        }

        return isWhole;
    }

    protected override bool Accepts(ReadOnlySpan<byte> term, ref bool goOn) => _globs[_current].MatchesExactly(term);
}
