using System.Text;
using System.Text.Json;
using Indelible.Events;

namespace Indelible.Search.Tests.Indexing;

/// <summary>An index that hashes nothing, leaves nothing out and takes the memory that it takes: what every other is compared with.</summary>
internal sealed class PlainIndex(bool isPersonal) : ITermIndex
{
    private static readonly string[] s_times = ["time", "observed_time", "received_at"];
    private static readonly string[] s_noText = ["salt", .. s_times];

    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<ushort>> _existing = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<ushort>> _sealed = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Path, TermKind Kind), SortedDictionary<byte[], List<ushort>>> _terms = [];
    private readonly SortedDictionary<byte[], List<ushort>> _words = new(Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)));
    private readonly Dictionary<string, PlainTimes> _times = s_times.ToDictionary(name => name, _ => new PlainTimes(), StringComparer.Ordinal);
    private readonly List<ushort> _unindexed = [];
    private int _rows;
    private long _bytes;

    public int Rows => Volatile.Read(ref _rows);

    public long MemoryBytes => Volatile.Read(ref _bytes);

    public void Append(byte[]? entry, byte[]? clear)
    {
        if (entry is null)
        {
            AppendMissing();
            return;
        }

        lock (_lock)
        {
            Begin();
            Put(_existing, Key([]));
            try
            {
                var logged = new Utf8JsonReader(entry);
                logged.Read();
                if (isPersonal)
                {
                    var opened = new Utf8JsonReader(clear);
                    opened.Read();
                    Both(ref logged, ref opened, []);
                }
                else
                {
                    Value(ref logged, []);
                }
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                _unindexed.Add((ushort)_rows);
            }

            foreach (PlainTimes times in _times.Values)
            {
                times.End(_rows);
            }

            _bytes += entry.Length;
            Volatile.Write(ref _rows, _rows + 1);
        }
    }

    public void AppendMissing()
    {
        lock (_lock)
        {
            Begin();
            foreach (PlainTimes times in _times.Values)
            {
                times.End(_rows);
            }

            Volatile.Write(ref _rows, _rows + 1);
        }
    }

    public void AddExisting(FieldPath path, RowSet into) => Add(_existing, Key(path.Segments), into);

    public void AddSealed(FieldPath? path, RowSet into)
    {
        lock (_lock)
        {
            foreach ((string key, List<ushort> rows) in _sealed)
            {
                if (path is null || key == Key(path.Segments))
                {
                    rows.ForEach(row => into.Add(row));
                }
            }
        }
    }

    public void AddEqual(FieldPath path, TermKind kind, ReadOnlySpan<byte> term, RowSet into, RowSet? within = null)
    {
        lock (_lock)
        {
            if (_terms.TryGetValue((Key(path.Segments), kind), out SortedDictionary<byte[], List<ushort>>? terms)
                && terms.TryGetValue(term.ToArray(), out List<ushort>? rows))
            {
                rows.ForEach(row => into.Add(row));
            }
        }
    }

    public int CountEqual(FieldPath path, TermKind kind, ReadOnlySpan<byte> term)
    {
        lock (_lock)
        {
            return _terms.TryGetValue((Key(path.Segments), kind), out SortedDictionary<byte[], List<ushort>>? terms)
                && terms.TryGetValue(term.ToArray(), out List<ushort>? rows) ? rows.Count : 0;
        }
    }

    public void VisitTerms(FieldPath path, TermKind kind, ReadOnlySpan<byte> from, TermVisitor visit)
    {
        (byte[] Term, ushort[] Rows)[] terms;
        lock (_lock)
        {
            terms = _terms.TryGetValue((Key(path.Segments), kind), out SortedDictionary<byte[], List<ushort>>? found)
                ? [.. found.Select(term => (term.Key, term.Value.ToArray()))]
                : [];
        }

        NumberText? least = kind == TermKind.Number ? NumberText.TryParse(Encoding.UTF8.GetString(from)) : null;
        foreach ((byte[] term, ushort[] rows) in terms)
        {
            bool isBefore = least is null
                ? kind != TermKind.Number && term.AsSpan().SequenceCompareTo(from) < 0
                : least.TryCompare(term, out int order) && order < 0;
            if (!isBefore && !visit(term, Postings.Of(rows)))
            {
                return;
            }
        }
    }

    public int CountTerms(FieldPath path, TermKind kind)
    {
        lock (_lock)
        {
            return _terms.TryGetValue((Key(path.Segments), kind), out SortedDictionary<byte[], List<ushort>>? terms) ? terms.Count : 0;
        }
    }

    public bool IsHashed(FieldPath path) => path.Segments is [string name] && s_times.Contains(name);

    public void AddHashed(FieldPath path, ReadOnlySpan<byte> value, RowSet into) => AddHashedRows(path, into);

    public void AddHashedRows(FieldPath path, RowSet into)
    {
        if (IsHashed(path))
        {
            AddExisting(path, into);
        }
    }

    public IHashedStrings? Hashes(FieldPath path) => null;

    public void AddWord(ReadOnlySpan<byte> word, RowSet into, RowSet? within = null)
    {
        lock (_lock)
        {
            if (_words.TryGetValue(word.ToArray(), out List<ushort>? rows))
            {
                rows.ForEach(row => into.Add(row));
            }
        }
    }

    public int CountWord(ReadOnlySpan<byte> word)
    {
        lock (_lock)
        {
            return _words.TryGetValue(word.ToArray(), out List<ushort>? rows) ? rows.Distinct().Count() : 0;
        }
    }

    public void VisitWords(ReadOnlySpan<byte> prefix, TermVisitor visit)
    {
        byte[] start = prefix.ToArray();
        (byte[] Word, ushort[] Rows)[] words;
        lock (_lock)
        {
            words = [.. _words.Where(word => word.Key.AsSpan().StartsWith(start)).Select(word => (word.Key, word.Value.ToArray()))];
        }

        foreach ((byte[] word, ushort[] rows) in words)
        {
            if (!visit(word, Postings.Of(rows)))
            {
                return;
            }
        }
    }

    public void AddIdentifiers(Phrase phrase, RowSet into)
    {
    }

    public void AddUnindexed(FieldPath? path, RowSet into)
    {
        lock (_lock)
        {
            _unindexed.ForEach(row => into.Add(row));
        }
    }

    public ITimeColumn? Times(FieldPath path) => path.Segments is [string name] ? _times.GetValueOrDefault(name) : null;

    private static string Key(string[] segments) => string.Concat(segments.Select(segment => '\0' + segment));

    private void Begin()
    {
        if (_rows == RowSet.MaxRows)
        {
            throw new InvalidOperationException($"The chunk is full: it has {RowSet.MaxRows} rows.");
        }
    }

    private void Add(Dictionary<string, List<ushort>> lists, string key, RowSet into)
    {
        lock (_lock)
        {
            if (lists.TryGetValue(key, out List<ushort>? rows))
            {
                rows.ForEach(row => into.Add(row));
            }
        }
    }

    private void Both(ref Utf8JsonReader logged, ref Utf8JsonReader opened, string[] path)
    {
        switch (logged.TokenType)
        {
            case JsonTokenType.StartObject:
                bool first = true;
                while (logged.Read() && logged.TokenType != JsonTokenType.EndObject)
                {
                    bool isSealed = first && logged.ValueTextEquals("$pii"u8);
                    if (first && HiddenValue.TrySkip(ref logged))
                    {
                        if (isSealed)
                        {
                            Value(ref opened, path);
                        }
                        else
                        {
                            opened.Skip();
                        }

                        return;
                    }

                    first = false;
                    opened.Read();
                    string name = logged.GetString()!;
                    logged.Read();
                    opened.Read();
                    Both(ref logged, ref opened, [.. path, name]);
                }

                opened.Read();
                break;
            case JsonTokenType.StartArray:
                while (logged.Read() && logged.TokenType != JsonTokenType.EndArray)
                {
                    opened.Read();
                    Both(ref logged, ref opened, path);
                }

                opened.Read();
                break;
        }
    }

    private void Value(ref Utf8JsonReader reader, string[] path)
    {
        Put(_existing, Key(path));
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                Members(ref reader, path);
                break;
            case JsonTokenType.StartArray:
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    Value(ref reader, path);
                }

                break;
            default:
                Scalar(ref reader, path);
                break;
        }
    }

    private void Members(ref Utf8JsonReader reader, string[] path)
    {
        bool first = true;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            bool isSealed = first && reader.ValueTextEquals("$pii"u8);
            if (first && HiddenValue.TrySkip(ref reader))
            {
                if (isSealed)
                {
                    Put(_sealed, Key(path));
                }

                return;
            }

            first = false;
            string name = reader.GetString()!;
            reader.Read();
            Value(ref reader, [.. path, name]);
        }
    }

    private void Scalar(ref Utf8JsonReader reader, string[] path)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            byte[] value = new byte[reader.ValueSpan.Length];
            value = value[..reader.CopyString(value)];
            String(value, path);
        }
        else
        {
            if (path is [string name] && _times.TryGetValue(name, out PlainTimes? times))
            {
                times.Undecide();
            }

            Put(path, reader.TokenType == JsonTokenType.Number ? TermKind.Number : TermKind.Word, reader.ValueSpan.ToArray());
        }
    }

    private void String(byte[] value, string[] path)
    {
        if (path is [string name] && _times.TryGetValue(name, out PlainTimes? times))
        {
            times.Put(value);
        }
        else
        {
            Put(path, TermKind.String, value);
        }

        if (AddressText.TryRead(value, out UInt128 address))
        {
            byte[] term = new byte[16];
            System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(term, address);
            Put(path, TermKind.Address, term);
        }

        if (path.Length == 0 || !s_noText.Contains(path[0]))
        {
            int position = 0;
            while (Words.Next(value, ref position, out int start, out int end))
            {
                Put(_words, Fold(value.AsSpan(start..end)));
            }
        }
    }

    private static byte[] Fold(ReadOnlySpan<byte> word)
    {
        var folded = new List<byte>();
        Span<byte> utf8 = stackalloc byte[4];
        for (int at = 0; at < word.Length;)
        {
            var rune = new Rune(Words.Fold(Words.Decode(word, at, out int length)));
            folded.AddRange(utf8[..rune.EncodeToUtf8(utf8)]);
            at += length;
        }

        return [.. folded];
    }

    private void Put(string[] path, TermKind kind, byte[] term)
    {
        if (!_terms.TryGetValue((Key(path), kind), out SortedDictionary<byte[], List<ushort>>? terms))
        {
            _terms.Add((Key(path), kind), terms = new(Comparer<byte[]>.Create(kind == TermKind.Number ? CompareNumbers : (a, b) => a.AsSpan().SequenceCompareTo(b))));
        }

        Put(terms, term);
    }

    private void Put<T>(IDictionary<T, List<ushort>> lists, T key)
    {
        if (!lists.TryGetValue(key, out List<ushort>? rows))
        {
            lists.Add(key, rows = []);
        }

        if (rows.Count == 0 || rows[^1] != _rows)
        {
            rows.Add((ushort)_rows);
        }
    }

    private static int CompareNumbers(byte[] left, byte[] right)
    {
        var number = NumberText.TryParse(Encoding.UTF8.GetString(right));
        int order = 0;
        if (number is null || !number.TryCompare(left, out order))
        {
            bool isLeft = NumberText.TryParse(Encoding.UTF8.GetString(left)) is not null;
            order = isLeft == number is not null ? 0 : isLeft ? -1 : 1;
        }

        return order != 0 ? order : left.AsSpan().SequenceCompareTo(right);
    }

    private sealed class PlainTimes : ITimeColumn
    {
        private readonly Lock _lock = new();
        private readonly List<long> _ticks = [];
        private readonly List<ushort> _undecided = [];
        private int _values;
        private bool _isUndecided;
        private long _last = -1;

        public long Least
        {
            get
            {
                lock (_lock)
                {
                    return _ticks.Where(ticks => ticks >= 0).DefaultIfEmpty(long.MaxValue).Min();
                }
            }
        }

        public long Greatest
        {
            get
            {
                lock (_lock)
                {
                    return _ticks.DefaultIfEmpty(-1).Max();
                }
            }
        }

        public void Put(byte[] value)
        {
            _values++;
            if (!TimeText.TryReadInstant(value, out _last))
            {
                _isUndecided = true;
            }
        }

        public void Undecide() => _isUndecided = true;

        public void End(int row)
        {
            lock (_lock)
            {
                bool isUndecided = _isUndecided || _values > 1;
                _ticks.Add(_values == 1 && !isUndecided ? _last : -1);
                if (isUndecided)
                {
                    _undecided.Add((ushort)row);
                }

                (_values, _isUndecided) = (0, false);
            }
        }

        public void AddUndecided(RowSet into)
        {
            lock (_lock)
            {
                _undecided.ForEach(row => into.Add(row));
            }
        }

        public void AddBetween(long from, long to, RowSet into)
        {
            lock (_lock)
            {
                for (int row = 0; row < _ticks.Count; row++)
                {
                    if (_ticks[row] >= 0 && _ticks[row] >= from && _ticks[row] < to)
                    {
                        into.Add(row);
                    }
                }
            }
        }

        public int Read(int block, Span<long> into)
        {
            lock (_lock)
            {
                int count = Math.Clamp(_ticks.Count - (block * 128), 0, 128);
                for (int i = 0; i < count; i++)
                {
                    into[i] = _ticks[(block * 128) + i];
                }

                return count;
            }
        }

        public (long Least, long Greatest) Bounds(int block)
        {
            Span<long> ticks = stackalloc long[128];
            ticks = ticks[..Read(block, ticks)];
            long least = long.MaxValue;
            long greatest = -1;
            foreach (long tick in ticks)
            {
                least = Math.Min(least, tick);
                greatest = Math.Max(greatest, tick);
            }

            return (least, greatest);
        }
    }
}
