using System.Text;
using System.Text.Json;

namespace Indelible.Search.Tests.Indexing;

/// <summary>Asks an index everything that can be asked of a log, and holds every answer to what the entries say.</summary>
internal sealed class IndexQuestions
{
    private static readonly string[] s_words = ["aspirin", "2", "u", "8472", "7f3a", "01931c3e", "id", "alice", "4711", "smile", "k", "οδοσ", "記", "order", "refused", "999", "t0", "absent", "10"];

    private static readonly string[][] s_phrases =
    [
        ["gave", "aspirin"], ["alice", "4711"], ["4711", "example"], ["id", "0003"], ["01931c3e", "7f3a", "7c31", "9a55", "3f6d0c2b9e10"], ["order", "3"], ["asp*"], ["*"], ["r*d", "by"], ["??31"],
        ["7f3a", "*"], ["order", "1*"], ["was", "refused", "by"], ["u", "00012"],
    ];

    private readonly IReadOnlyList<byte[]?> _log;
    private readonly ITermIndex _index;
    private readonly PlainIndex _plain = new(isPersonal: false);
    private readonly RowSet _unindexed;
    private readonly List<(int Step, RowSet Rows)> _mattering = [];

    // Sets that a question needed, given back behind it.
    private readonly List<RowSet> _rented = [];

    public IndexQuestions(IReadOnlyList<byte[]?> log, ITermIndex index)
    {
        (_log, _index) = (log, index);
        foreach (byte[]? entry in log.Take(index.Rows))
        {
            _plain.Append(entry, entry);
        }

        _unindexed = RowSet.Rent();
        index.AddUnindexed(null, _unindexed);
        foreach (int step in new[] { 3, 97, 4_000, RowSet.MaxRows * 2 })
        {
            RowSet rows = RowSet.Rent();
            for (int row = step / 2; row < index.Rows; row += step)
            {
                rows.Add(row);
            }

            _mattering.Add((step, rows));
        }
    }

    /// <summary>Asks all of it.</summary>
    /// <exception cref="IndexDamagedException">The index says that it is damaged.</exception>
    public void AskAll()
    {
        Assert.Equal(_log.Count, _index.Rows);
        foreach (FieldPath path in Paths())
        {
            Existence(path);
            foreach (TermKind kind in Enum.GetValues<TermKind>())
            {
                Terms(path, kind);
            }

            Hashes(path);
            Times(path);
            GiveBack();
        }

        Same(Rows(rows => _plain.AddSealed(null, rows)), Rows(rows => _index.AddSealed(null, rows)), _unindexed, "sealed anywhere");
        Words();
        GiveBack();
        foreach (string[] words in s_words.Select(word => new[] { word }).Concat(s_phrases))
        {
            FreeText(PhraseOf(words));
            GiveBack();
        }
    }

    private void GiveBack()
    {
        _rented.ForEach(rows => rows.Return());
        _rented.Clear();
    }

    private static Phrase PhraseOf(string[] words)
    {
        var parts = new List<int>();
        foreach (string word in words)
        {
            parts.AddRange(word.EnumerateRunes().Select(rune => rune.Value switch { '*' => Glob.Star, '?' => Glob.One, int c => c }));
            parts.Add(' ');
        }

        return Phrase.From([.. parts]) ?? Phrase.From("anything")!;
    }

    private RowSet Rent()
    {
        var rows = RowSet.Rent();
        _rented.Add(rows);
        return rows;
    }

    private RowSet Rows(Action<RowSet> ask)
    {
        RowSet rows = Rent();
        ask(rows);
        return rows;
    }

    private RowSet Or(RowSet left, RowSet right) => Rows(rows =>
    {
        rows.Or(left);
        rows.Or(right);
    });

    private void Within(RowSet few, RowSet many, string what)
    {
        RowSet rest = Or(few, few);
        rest.AndNot(many);
        Assert.True(rest.IsEmpty, $"{what}: row {rest.FirstFrom(0)} is one too many");
    }

    /// <summary>What is found is right, and what is not found is at most in rows that the index says it does not know.</summary>
    private void Same(RowSet expected, RowSet actual, RowSet unknown, string what)
    {
        Within(actual, expected, what);
        Within(expected, Or(actual, unknown), what + ", missing");
    }

    /// <summary>Every path of the log, and some that are not there.</summary>
    private List<FieldPath> Paths()
    {
        var paths = new HashSet<FieldPath> { new(), new("time"), new("received_at"), new("nowhere"), new("data", "nowhere", "deep"), new(new string('x', 5000)) };
        foreach (byte[]? entry in _log)
        {
            if (entry is not null)
            {
                try
                {
                    using JsonDocument document = JsonDocument.Parse(entry);
                    Collect(document.RootElement, [], paths);
                }
                catch (JsonException)
                {
                    // Not JSON: a row that the index does not know.
                }
            }
        }

        return [.. paths];
    }

    private static void Collect(JsonElement element, string[] path, HashSet<FieldPath> into)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in element.EnumerateArray())
            {
                Collect(item, path, into);
            }
        }
        else if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty member in element.EnumerateObject())
            {
                string[] below = [.. path, member.Name];
                if (into.Count < 400)
                {
                    into.Add(new FieldPath(below));
                    Collect(member.Value, below, into);
                }
            }
        }
    }

    private RowSet Unindexed(FieldPath path) => Rows(rows => _index.AddUnindexed(path, rows));

    private void Existence(FieldPath path)
    {
        Same(Rows(rows => _plain.AddExisting(path, rows)), Rows(rows => _index.AddExisting(path, rows)), Unindexed(path), $"{path} exists");
        Same(Rows(rows => _plain.AddSealed(path, rows)), Rows(rows => _index.AddSealed(path, rows)), Unindexed(path), $"{path} sealed");
    }

    private List<(byte[] Term, RowSet Rows)> Visit(ITermIndex index, FieldPath path, TermKind kind, byte[] from)
    {
        var found = new List<(byte[] Term, RowSet Rows)>();
        index.VisitTerms(path, kind, from, (ReadOnlySpan<byte> term, in Postings postings) =>
        {
            RowSet rows = Rent();
            postings.AddTo(rows);
            Assert.Equal(rows.Count, postings.Count);
            Assert.Equal(rows.Count, postings.CountIn(rows));
            found.Add((term.ToArray(), rows));
            return true;
        });
        return found;
    }

    private void Terms(FieldPath path, TermKind kind)
    {
        bool isHashed = kind == TermKind.String && _index.IsHashed(path);
        RowSet unknown = Unindexed(path);
        List<(byte[] Term, RowSet Rows)> expected = Visit(_plain, path, kind, []);
        List<(byte[] Term, RowSet Rows)> actual = Visit(_index, path, kind, []);
        if (isHashed)
        {
            Assert.Empty(actual);
        }
        else if (unknown.IsEmpty)
        {
            Assert.Equal($"{path} {kind}: {Join(expected)}", $"{path} {kind}: {Join(actual)}");
        }

        Assert.Equal(actual.Count, _index.CountTerms(path, kind));
        // Of very many, some: each is asked for alone.
        foreach ((byte[] term, RowSet rows) in expected.Where((_, i) => i % (1 + (expected.Count / 200)) == 0))
        {
            string what = $"{path} {kind} {Encoding.UTF8.GetString(term)}";
            RowSet equal = Rows(into => _index.AddEqual(path, kind, term, into));
            RowSet open = isHashed ? Or(unknown, Rows(into => _index.AddHashed(path, term, into))) : unknown;
            Same(rows, equal, open, what);
            Assert.Equal(equal.Count, _index.CountEqual(path, kind, term));
            OfThoseThatMatter(equal, (within, into) => _index.AddEqual(path, kind, term, into, within), what);
        }

        foreach ((byte[] term, RowSet rows) in actual.Where((_, i) => i % (1 + (actual.Count / 200)) == 0))
        {
            Same(rows, Rows(into => _index.AddEqual(path, kind, term, into)), Rent(), $"{path} {kind} {Encoding.UTF8.GetString(term)} visited");
        }

        if (!isHashed && unknown.IsEmpty)
        {
            From(path, kind, [.. actual.Select(term => term.Term)]);
        }

        Assert.True(Rows(into => _index.AddEqual(path, kind, "no such term"u8, into)).IsEmpty);
        Assert.Equal(0, _index.CountEqual(path, kind, new byte[5000]));
    }

    private static string Join(IEnumerable<(byte[] Term, RowSet Rows)> terms) => string.Join(' ', terms.Select(term => Convert.ToHexString(term.Term)));

    private void From(FieldPath path, TermKind kind, byte[][] terms)
    {
        byte[][] starts = kind == TermKind.Number ? [.. "0 -1 10.0 1e3 99999"u8.ToArray().Split()] : [[0], [(byte)'a'], [(byte)'u', (byte)'-', (byte)'0'], [0xFF], .. terms.Where((_, i) => i % (7 + (terms.Length / 20)) == 0)];
        foreach (byte[] start in starts)
        {
            Assert.Equal(
                Visit(_plain, path, kind, start).Select(term => Convert.ToHexString(term.Term)),
                Visit(_index, path, kind, start).Select(term => Convert.ToHexString(term.Term)));
        }

        if (terms.Length > 2)
        {
            int seen = 0;
            _index.VisitTerms(path, kind, [], (ReadOnlySpan<byte> _, in Postings _) => ++seen < 2);
            Assert.Equal(2, seen);
        }
    }

    private void Hashes(FieldPath path)
    {
        RowSet hashedRows = Rows(rows => _index.AddHashedRows(path, rows));
        if (!_index.IsHashed(path))
        {
            Assert.True(hashedRows.IsEmpty);
            return;
        }

        foreach ((byte[] term, RowSet rows) in Visit(_plain, path, TermKind.String, []))
        {
            Within(rows, Or(hashedRows, Unindexed(path)), $"{path} has hashed strings");
        }

        Within(hashedRows, Rows(rows => _index.AddExisting(path, rows)), $"{path} hashed where it is");
    }

    private void Times(FieldPath path)
    {
        ITimeColumn? expected = _plain.Times(path);
        ITimeColumn? actual = _index.Times(path);
        Assert.Equal(expected is null, actual is null);
        if (expected is null || actual is null)
        {
            return;
        }

        RowSet undecided = Rows(actual.AddUndecided);
        Same(Or(Rows(expected.AddUndecided), _unindexed), Or(undecided, _unindexed), _unindexed, $"{path} undecided");
        Assert.True(!undecided.IsEmpty || (actual.Least <= expected.Least && actual.Greatest >= expected.Greatest));
        Span<long> mine = stackalloc long[128];
        Span<long> theirs = stackalloc long[128];
        for (int block = 0; block * 128 < _index.Rows; block++)
        {
            int count = actual.Read(block, mine);
            Assert.Equal(expected.Read(block, theirs), count);
            for (int i = 0; i < count; i++)
            {
                Assert.True(mine[i] == theirs[i] || undecided.Contains((block * 128) + i), $"{path} of row {(block * 128) + i}");
            }

            (long least, long greatest) = actual.Bounds(block);
            Assert.Equal((count == 0 ? long.MaxValue : mine[..count].ToArray().Min(), count == 0 ? -1 : mine[..count].ToArray().Max()), (least, greatest));
        }

        long start = new DateTime(2026, 11, 23, 6, 14, 0, DateTimeKind.Utc).Ticks;
        foreach ((long from, long to) in new[] { (0L, long.MaxValue), (start, start + TimeSpan.TicksPerMinute), (start, start), (long.MinValue, start), (start - TimeSpan.TicksPerDay, start + 10_000_001) })
        {
            Same(Rows(rows => expected.AddBetween(from, to, rows)), Rows(rows => actual.AddBetween(from, to, rows)), undecided, $"{path} between");
        }
    }

    private void Words()
    {
        var all = new List<string>();
        _index.VisitWords([], (ReadOnlySpan<byte> word, in Postings rows) =>
        {
            byte[] copy = word.ToArray();
            RowSet visited = Rent();
            rows.AddTo(visited);
            Assert.Equal(visited.Count, rows.Count);
            Assert.NotEqual(0, rows.Count);
            Within(visited, Rows(into => _plain.AddWord(copy, into)), Encoding.UTF8.GetString(copy));
            Same(visited, Rows(into => _index.AddWord(copy, into)), Rent(), Encoding.UTF8.GetString(copy));
            OfThoseThatMatter(visited, (within, into) => _index.AddWord(copy, into, within), Encoding.UTF8.GetString(copy));
            Assert.True(_index.CountWord(copy) is int count && (count == -1 || count == visited.Count));
            all.Add(Convert.ToHexString(copy));
            return true;
        });
        Assert.Equal(0, _index.CountWord("no such word"u8));
        Assert.Equal(all.Order(StringComparer.Ordinal), all);
        Assert.Equal(all.Count, all.Distinct().Count());
        foreach (string prefix in new[] { "a", "as", "or", "1", "患" })
        {
            byte[] bytes = Encoding.UTF8.GetBytes(prefix);
            var found = new List<string>();
            _index.VisitWords(bytes, (ReadOnlySpan<byte> word, in Postings _) =>
            {
                found.Add(Convert.ToHexString(word));
                return true;
            });
            Assert.Equal(all.Where(word => word.StartsWith(Convert.ToHexString(bytes), StringComparison.Ordinal)), found);
        }
    }

    /// <summary>Where some rows alone matter, exactly those of them are found; of others, none that is wrong.</summary>
    private void OfThoseThatMatter(RowSet all, Action<RowSet, RowSet> add, string what)
    {
        foreach ((int step, RowSet within) in all.Count > PostingsForm.MaxInline ? _mattering : [])
        {
            RowSet found = Rows(into => add(within, into));
            Within(found, all, $"{what}, one of {step} matters");
            found.And(within);
            RowSet expected = Or(within, within);
            expected.And(all);
            Same(expected, found, Rent(), $"{what}, one of {step} matters");
        }
    }

    private void FreeText(Phrase phrase)
    {
        RowSet? words = null;
        foreach (Glob word in phrase.Words)
        {
            RowSet rows = Rent();
            if (word.Wildcards == 0)
            {
                _index.AddWord(Encoding.UTF8.GetBytes(word.Literal), rows);
            }
            else
            {
                _index.VisitWords([], (ReadOnlySpan<byte> candidate, in Postings postings) =>
                {
                    if (word.Matches(candidate, fold: true))
                    {
                        postings.AddTo(rows);
                    }

                    return true;
                });
            }

            if (words is null)
            {
                words = rows;
            }
            else
            {
                words.And(rows);
            }
        }

        RowSet open = Or(words!, Or(_unindexed, Rows(rows => _index.AddIdentifiers(phrase, rows))));
        var matcher = new EntryMatcher(new WordsNode(null, phrase));
        for (int row = 0; row < _index.Rows; row++)
        {
            if (!open.Contains(row) && _log[row] is { } entry)
            {
                Assert.False(matcher.Matches(entry), $"{phrase} is in row {row}, and the index does not know");
            }
        }
    }
}

file static class Lists
{
    public static IEnumerable<byte[]> Split(this byte[] text) => Encoding.UTF8.GetString(text).Split(' ').Select(Encoding.UTF8.GetBytes);
}
