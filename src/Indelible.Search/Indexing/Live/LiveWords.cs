namespace Indelible.Search;

/// <summary>The words of an index that fills. One writer, many readers.</summary>
/// <remarks>
/// A string that becomes a term is looked through once: each of its words knows it, and is in every row that it is in. Only strings that are no terms, being kept as hashes, give rows to
/// words themselves.
/// </remarks>
internal sealed class LiveWords
{
    /// <summary>The longest word, folded, that is a term where its string is none: longer ones are hardly ever the same twice. Of a string that is a term, all words are.</summary>
    public const int MaxBytes = 128;

    // Belongs to no path, as words do.
    private static readonly uint s_longTag = TermTable.Tag(1, (int)TermKind.Number);

    private readonly TermTable _terms;
    private byte[] _folded = [];
    private int _newest;

    /// <summary>What sorted the words last: readers keep it here for each other.</summary>
    public SortedTerms? Sorted;

    /// <param name="terms">Where words are terms.</param>
    public LiveWords(TermTable terms)
    {
        _terms = terms;
        int newest = 0;
        Long = terms.FindOrAdd(s_longTag, [], ref newest, -1, out _);
    }

    /// <summary>The newest word.</summary>
    public ref int Newest => ref _newest;

    /// <summary>The term that stands for every word that is too long to be one. Such words are in strings that are kept as hashes, and in no others.</summary>
    public int Long { get; }

    /// <summary>Finds a word.</summary>
    /// <returns>Its term, or 0.</returns>
    public int Find(ReadOnlySpan<byte> word) => word.Length <= TermTable.MaxBytes ? _terms.Find(IndexFormat.WordTag, word) : 0;

    /// <summary>Folds a text; the writer's.</summary>
    /// <returns>The words, valid until the next text.</returns>
    public ReadOnlySpan<byte> Fold(ReadOnlySpan<byte> text)
    {
        int needed = FoldedText.MaxLength(text.Length);
        if (_folded.Length < needed)
        {
            _folded = new byte[Math.Max(needed, 1024)];
        }

        return _folded.AsSpan(0, FoldedText.Fold(text, _folded));
    }

    /// <summary>Gives a row to words.</summary>
    /// <param name="folded">The words.</param>
    /// <param name="isIdentifier">Whether they are of an identifier, which has words that are left out.</param>
    /// <param name="row">The row.</param>
    public void Add(ReadOnlySpan<byte> folded, bool isIdentifier, int row)
    {
        while (FoldedText.Next(ref folded, out ReadOnlySpan<byte> word))
        {
            if (!isIdentifier || !IdentifierShape.IsLeftOut(word))
            {
                _terms.Rows.Add(ref _terms[FindOrAdd(word, MaxBytes)].Rows, row);
            }
        }
    }

    /// <summary>Links words with a string that is a term.</summary>
    /// <returns>Whether one of them is longer than any term: folding can lengthen it.</returns>
    public bool Link(ReadOnlySpan<byte> folded, int term)
    {
        bool hasLong = false;
        while (FoldedText.Next(ref folded, out ReadOnlySpan<byte> word))
        {
            int found = FindOrAdd(word, TermTable.MaxBytes);
            _terms.AddSource(ref _terms[found], term);
            hasLong |= found == Long;
        }

        return hasLong;
    }

    /// <summary>Adds the rows of a word below a bound to a set.</summary>
    public void AddTo(int word, int rows, RowSet into)
    {
        ref Term term = ref _terms[word];
        _terms.Rows.AddTo(ref term.Rows, rows, into);
        foreach (int source in _terms.SourcesOf(ref term))
        {
            _terms.Rows.AddTo(ref _terms[source].Rows, rows, into);
        }
    }

    private int FindOrAdd(ReadOnlySpan<byte> word, int longest) =>
        word.Length > longest ? Long : _terms.FindOrAdd(IndexFormat.WordTag, word, ref _newest, -1, out _);
}
