namespace Indelible.Search;

/// <summary>The first rows of an index that fills, as they were when the view was taken.</summary>
internal sealed class LiveView : ITermIndex
{
    private readonly LiveIndex _index;
    private readonly TermTable _terms;

    /// <param name="index">The index; rows that it has now are shown.</param>
    public LiveView(LiveIndex index) => (_index, _terms, Rows) = (index, index.Terms, index.Rows);

    public int Rows { get; }

    public void AddExisting(FieldPath path, RowSet into)
    {
        if (Find(path) is { } node)
        {
            _terms.Rows.AddTo(ref node.Existing, Rows, into);
        }
    }

    public void AddSealed(FieldPath? path, RowSet into)
    {
        if (path is null)
        {
            _terms.Rows.AddTo(ref _index.Sealed, Rows, into);
        }
        else if (Find(path) is { } node)
        {
            _terms.Rows.AddTo(ref node.Sealed, Rows, into);
        }
    }

    public void AddEqual(FieldPath path, TermKind kind, ReadOnlySpan<byte> term, RowSet into, RowSet? within)
    {
        int found = Find(path, kind, term);
        if (found != 0)
        {
            _terms.Rows.AddTo(ref _terms[found].Rows, Rows, into);
        }
    }

    public int CountEqual(FieldPath path, TermKind kind, ReadOnlySpan<byte> term)
    {
        int found = Find(path, kind, term);
        return found == 0 ? 0 : _terms.Rows.CountBelow(ref _terms[found].Rows, Rows);
    }

    public void VisitTerms(FieldPath path, TermKind kind, ReadOnlySpan<byte> from, TermVisitor visit)
    {
        if (Find(path) is not { } node || HasNone(node, kind))
        {
            return;
        }

        int[] terms = Sorted(ref node.Newest[(int)kind], ref node.Sorted[(int)kind], kind);
        Span<ulong> scratch = stackalloc ulong[RowSet.MaxRows / 64];
        for (int i = Place(terms, kind, from); i < terms.Length; i++)
        {
            ref Term term = ref _terms[terms[i]];
            Postings rows = _terms.Rows.Read(ref term.Rows, Rows, scratch);
            if (rows.Count > 0 && !visit(_terms.TextOf(ref term), rows))
            {
                return;
            }
        }
    }

    public int CountTerms(FieldPath path, TermKind kind)
    {
        if (Find(path) is not { } node || HasNone(node, kind))
        {
            return 0;
        }

        int count = 0;
        for (int at = Volatile.Read(ref node.Newest[(int)kind]); at != 0; at = _terms[at].Previous)
        {
            count += _terms[at].Rows.First < Rows ? 1 : 0;
        }

        return count;
    }

    public bool IsHashed(FieldPath path) => PathRoles.IsColumn(path) || (Find(path) is { } node && IsHashed(node));

    public void AddHashed(FieldPath path, ReadOnlySpan<byte> value, RowSet into)
    {
        if (PathRoles.IsColumn(path))
        {
            PathRoles.AddHashed(this, path, value, into);
        }
        else if (Find(path) is { } node && IsHashed(node))
        {
            node.Hashed!.AddTo(HashedValues.HashOfValue(value), Rows, into);
        }
    }

    public void AddHashedRows(FieldPath path, RowSet into)
    {
        if (PathRoles.IsColumn(path))
        {
            AddExisting(path, into);
        }
        else if (Find(path) is { } node && IsHashed(node))
        {
            _terms.Rows.AddTo(ref node.Hashed!.Rows, Rows, into);
        }
    }

    public IHashedStrings? Hashes(FieldPath path) => Find(path) is { } node && IsHashed(node) ? new LiveHashes(node.Hashed!.Sorted(Rows)) : null;

    public void AddWord(ReadOnlySpan<byte> word, RowSet into, RowSet? within)
    {
        int found = _index.Words.Find(word);
        if (found != 0)
        {
            _index.Words.AddTo(found, Rows, into);
        }
    }

    // The rows of a word are those of the strings that it is in.
    public int CountWord(ReadOnlySpan<byte> word) => _index.Words.Find(word) == 0 ? 0 : -1;

    public void VisitWords(ReadOnlySpan<byte> prefix, TermVisitor visit)
    {
        int[] words = Sorted(ref _index.Words.Newest, ref _index.Words.Sorted, TermKind.String);
        RowSet rows = RowSet.Rent();
        try
        {
            for (int i = Place(words, TermKind.String, prefix); i < words.Length; i++)
            {
                ReadOnlySpan<byte> text = _terms.TextOf(ref _terms[words[i]]);
                if (!text.StartsWith(prefix))
                {
                    return;
                }

                rows.Clear();
                _index.Words.AddTo(words[i], Rows, rows);
                int count = rows.Count;
                if (count > 0 && !visit(text, Postings.Of(rows.Bits[..((Rows + 63) >> 6)], count)))
                {
                    return;
                }
            }
        }
        finally
        {
            rows.Return();
        }
    }

    public void AddIdentifiers(Phrase phrase, RowSet into)
    {
        if (phrase.MayBeLong)
        {
            _index.Words.AddTo(_index.Words.Long, Rows, into);
        }

        for (int id = 2; phrase.MayBeInIdentifiers && id < _index.Paths.Count; id++)
        {
            PathNode node = _index.Paths[id];
            if (node.IsText && IsHashed(node) && node.Hashed!.Shape.CanHold(phrase))
            {
                if (!phrase.HasWildcards && phrase.Words.Length == node.Hashed.Shape.MostWords)
                {
                    node.Hashed.AddTo(HashedValues.HashOf(FoldedPhrase.Of(phrase)), Rows, into);
                }
                else
                {
                    _terms.Rows.AddTo(ref node.Hashed.Identifiers, Rows, into);
                }
            }
        }
    }

    public void AddUnindexed(FieldPath? path, RowSet into)
    {
        _terms.Rows.AddTo(ref _index.Unindexed, Rows, into);
        if (path is not null && Find(path) is null)
        {
            _terms.Rows.AddTo(ref _index.Paths.Lost, Rows, into);
        }
    }

    public ITimeColumn? Times(FieldPath path) => PathRoles.TimeColumn(path) is >= 0 and int column ? _index.Times[column].View(Rows) : null;

    private static bool Precedes(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, TermKind kind) =>
        (kind == TermKind.Number && !right.IsEmpty ? NumberText.CompareValues(left, right) : left.SequenceCompareTo(right)) < 0;

    private bool IsHashed(PathNode node) => node.HashedSince < Rows;

    private bool HasNone(PathNode node, TermKind kind) => kind == TermKind.String && IsHashed(node);

    private PathNode? Find(FieldPath path) => _index.Paths.Find(path);

    private int Find(FieldPath path, TermKind kind, ReadOnlySpan<byte> term) =>
        term.Length <= TermTable.MaxBytes && Find(path) is { } node && !HasNone(node, kind) ? _terms.Find(TermTable.Tag(node.Id, (int)kind), term) : 0;

    /// <summary>The place of the first term that does not lie before some bytes.</summary>
    private int Place(int[] terms, TermKind kind, ReadOnlySpan<byte> from)
    {
        int low = 0;
        int high = terms.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (Precedes(_terms.TextOf(ref _terms[terms[middle]]), from, kind))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    /// <summary>All terms of a tag in order. Only those that came since the last time are sorted, then merged with those that were.</summary>
    private int[] Sorted(ref int newest, ref SortedTerms? kept, TermKind kind)
    {
        int head = Volatile.Read(ref newest);
        SortedTerms? before = Volatile.Read(ref kept);
        if (before?.Newest == head)
        {
            return before.Terms;
        }

        var order = new TermOrder(_terms, kind);
        int[] added = order.Collect(head, before?.Newest ?? 0, out bool isWhole);
        if (!isWhole)
        {
            // Another reader has put in order what came after this one looked: all that this one wants is among it.
            return before!.Terms;
        }

        order.Sort(added);
        int[] sorted = before is null ? added : Merge(before.Terms, added, order.Comparison);
        Volatile.Write(ref kept, new SortedTerms(head, sorted));
        return sorted;
    }

    /// <summary>Merges few with many: each of the few looks for its place, and what lies between is copied.</summary>
    private static int[] Merge(int[] many, int[] few, Comparison<int> order)
    {
        int[] merged = new int[many.Length + few.Length];
        int from = 0;
        for (int i = 0; i < few.Length; i++)
        {
            int low = from;
            int high = many.Length;
            while (low < high)
            {
                int middle = (low + high) >>> 1;
                if (order(many[middle], few[i]) < 0)
                {
                    low = middle + 1;
                }
                else
                {
                    high = middle;
                }
            }

            many.AsSpan(from, low - from).CopyTo(merged.AsSpan(from + i));
            merged[low + i] = few[i];
            from = low;
        }

        many.AsSpan(from).CopyTo(merged.AsSpan(from + few.Length));
        return merged;
    }
}
