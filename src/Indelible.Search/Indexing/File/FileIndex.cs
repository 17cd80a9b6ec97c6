namespace Indelible.Search;

/// <summary>The index of a full chunk, in a file: mapped, or decrypted in memory.</summary>
internal sealed class FileIndex(IndexContent content) : ITermIndex
{
    public int Rows => content.Rows;

    public void AddExisting(FieldPath path, RowSet into)
    {
        using IndexMemory.Hold hold = content.Memory.Use();
        if (content.Find(path) is >= 0 and int id)
        {
            content.AddTo(content.Paths[id].Existing, into);
        }
    }

    public void AddSealed(FieldPath? path, RowSet into)
    {
        using IndexMemory.Hold hold = content.Memory.Use();
        if (path is null)
        {
            content.AddTo(content.Sealed, into);
        }
        else if (content.Find(path) is >= 0 and int id)
        {
            content.AddTo(content.Paths[id].Sealed, into);
        }
    }

    public void AddEqual(FieldPath path, TermKind kind, ReadOnlySpan<byte> term, RowSet into, RowSet? within)
    {
        using IndexMemory.Hold hold = content.Memory.Use();
        if (TryFind(path, kind, term, out RowsPlace rows))
        {
            content.AddTo(rows, into, within);
        }
    }

    public int CountEqual(FieldPath path, TermKind kind, ReadOnlySpan<byte> term)
    {
        using IndexMemory.Hold hold = content.Memory.Use();
        return TryFind(path, kind, term, out RowsPlace rows) ? rows.Count : 0;
    }

    public void VisitTerms(FieldPath path, TermKind kind, ReadOnlySpan<byte> from, TermVisitor visit)
    {
        using IndexMemory.Hold hold = content.Memory.Use();
        if (content.Find(path) is >= 0 and int id && CountOf(id, kind) > 0)
        {
            content.Visit(TermTable.Tag(id, (int)kind), from, visit);
        }
    }

    public int CountTerms(FieldPath path, TermKind kind) => content.Find(path) is >= 0 and int id ? CountOf(id, kind) : 0;

    public bool IsHashed(FieldPath path) => PathRoles.IsColumn(path) || HashesOf(path) is not null;

    public void AddHashed(FieldPath path, ReadOnlySpan<byte> value, RowSet into)
    {
        if (PathRoles.IsColumn(path))
        {
            PathRoles.AddHashed(this, path, value, into);
        }
        else if (HashesOf(path) is { } hashes)
        {
            using IndexMemory.Hold hold = content.Memory.Use();
            content.AddTo(hashes, HashedValues.HashOfValue(value), into);
        }
    }

    public void AddHashedRows(FieldPath path, RowSet into)
    {
        if (PathRoles.IsColumn(path))
        {
            AddExisting(path, into);
        }
        else if (HashesOf(path) is { } hashes)
        {
            using IndexMemory.Hold hold = content.Memory.Use();
            content.AddTo(hashes.Rows, into);
        }
    }

    public IHashedStrings? Hashes(FieldPath path) => HashesOf(path) is { } hashes ? new FileHashes(content, hashes) : null;

    public void AddWord(ReadOnlySpan<byte> word, RowSet into, RowSet? within)
    {
        using IndexMemory.Hold hold = content.Memory.Use();
        if (content.TryFind(IndexFormat.WordTag, word, out RowsPlace rows))
        {
            content.AddTo(rows, into, within);
        }
    }

    public int CountWord(ReadOnlySpan<byte> word)
    {
        using IndexMemory.Hold hold = content.Memory.Use();
        return content.TryFind(IndexFormat.WordTag, word, out RowsPlace rows) ? rows.Count : 0;
    }

    public void VisitWords(ReadOnlySpan<byte> prefix, TermVisitor visit)
    {
        using IndexMemory.Hold hold = content.Memory.Use();
        byte[] start = prefix.ToArray();
        content.Visit(
            IndexFormat.WordTag, prefix, (ReadOnlySpan<byte> word, in Postings rows) => word.StartsWith(start) && visit(word, rows));
    }

    public void AddIdentifiers(Phrase phrase, RowSet into)
    {
        if (!phrase.MayBeLong && !phrase.MayBeInIdentifiers)
        {
            return;
        }

        using IndexMemory.Hold hold = content.Memory.Use();
        if (phrase.MayBeLong)
        {
            content.AddTo(content.LongWords, into);
        }

        foreach (IndexedHashes hashes in content.TextHashes)
        {
            if (!hashes.Shape.CanHold(phrase))
            {
                continue;
            }

            if (!phrase.HasWildcards && phrase.Words.Length == hashes.Shape.MostWords)
            {
                content.AddTo(hashes, HashedValues.HashOf(FoldedPhrase.Of(phrase)), into);
            }
            else
            {
                content.AddTo(hashes.Identifiers, into);
            }
        }
    }

    public void AddUnindexed(FieldPath? path, RowSet into)
    {
        using IndexMemory.Hold hold = content.Memory.Use();
        content.AddTo(content.Unindexed, into);
        if (path is not null && content.Find(path) < 0)
        {
            content.AddTo(content.Lost, into);
        }
    }

    public ITimeColumn? Times(FieldPath path) => PathRoles.TimeColumn(path) is >= 0 and int column ? new FileTimes(content, content.Times[column]) : null;

    private bool TryFind(FieldPath path, TermKind kind, ReadOnlySpan<byte> term, out RowsPlace rows)
    {
        rows = default;
        return content.Find(path) is >= 0 and int id && CountOf(id, kind) > 0 && content.TryFind(TermTable.Tag(id, (int)kind), term, out rows);
    }

    private int CountOf(int id, TermKind kind)
    {
        (int strings, int numbers, int words, int addresses) = content.Paths[id].Terms;
        return kind switch
        {
            TermKind.String => strings,
            TermKind.Number => numbers,
            TermKind.Word => words,
            _ => addresses,
        };
    }

    private IndexedHashes? HashesOf(FieldPath path) => content.Find(path) is >= 0 and int id ? content.Paths[id].Hashes : null;
}
