using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Indelible.Search;

namespace Indelible.SearchBench;

/// <summary>Ours: one index file for each sealed segment, an index in memory over the tail, and the search over both, in this process.</summary>
internal sealed class IndelibleEngine : ISearchEngine
{
    /// <summary>What tables call it.</summary>
    public const string Title = "Indelible";

    private static readonly byte[] s_personalKey = SHA256.HashData("the key of the index of personal values"u8);
    private readonly string _folder;
    private readonly EntryFolder _entries;
    private readonly IndexedSearch _search = new();
    private readonly List<ChunkIdentity> _written = [];
    private readonly List<ChunkIndex> _open = [];
    private readonly Work _public = new();
    private readonly Work _personal = new();
    private (ChunkIndexBuilder Public, PersonalIndexBuilder? Personal)? _tail;
    private IndexedCounts _counts = new();
    private IndexedEntries? _source;

    /// <param name="folder">Where the index files go.</param>
    /// <param name="entries">The entries, to read what is found.</param>
    public IndelibleEngine(string folder, EntryFolder entries)
    {
        _folder = folder;
        _entries = entries;
        Directory.CreateDirectory(folder);
    }

    /// <inheritdoc/>
    public string Name => Title;

    /// <inheritdoc/>
    public IReadOnlyList<Detail> Details { get; } = [Detail.Find, Detail.Read];

    private long SealedRows => Math.Max(1, _written.Sum(identity => (long)identity.Rows));

    /// <inheritdoc/>
    public Task AddAsync(EntryChunk chunk, CancellationToken cancellationToken)
    {
        var builder = new ChunkIndexBuilder(chunk.First);
        PersonalIndexBuilder? personal = _entries.IsSealed ? new PersonalIndexBuilder(chunk.First) : null;
        TimeSpan started = Environment.CpuUsage.TotalTime;
        foreach (ReadOnlyMemory<byte> entry in chunk.Entries)
        {
            builder.Append(entry.Span);
        }

        _public.Taking += Environment.CpuUsage.TotalTime - started;
        started = Environment.CpuUsage.TotalTime;
        for (int i = 0; i < chunk.Entries.Count && personal is not null; i++)
        {
            personal.Append(chunk.Entries[i].Span, chunk.Clear[i].Span);
        }

        _personal.Taking += Environment.CpuUsage.TotalTime - started;
        if (chunk.Root is not { } root)
        {
            _tail = (builder, personal);
            return Task.CompletedTask;
        }

        var identity = new ChunkIdentity(EntryFolder.Origin, chunk.First, chunk.Entries.Count, root.Bytes.ToArray());
        _public.Write(PathOf(chunk.First), stream => builder.Write(stream, identity));
        if (personal is not null)
        {
            _personal.Write(PersonalPathOf(chunk.First)!, stream => personal.Write(stream, identity, s_personalKey));
        }

        _written.Add(identity);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<(long Bytes, string Remark)> FinishAsync(CancellationToken cancellationToken)
    {
        var remark = new StringBuilder("on one thread, in processor time: ");
        Describe(remark, _public, "");
        if (_entries.IsSealed)
        {
            Describe(remark.Append("; "), _personal, " of personal values, their opening not counted");
        }

        remark.Append(CultureInfo.InvariantCulture, $"; the segments with the entries take {(double)_entries.SegmentBytes / SealedRows:F1} bytes an event");
        if (_tail is { } tail)
        {
            long memory = tail.Public.MemoryBytes + (tail.Personal?.MemoryBytes ?? 0);
            remark.Append(CultureInfo.InvariantCulture, $"; the index of the tail takes {(double)memory / tail.Public.Rows:F0} bytes of memory for each of {tail.Public.Rows:N0} entries");
        }

        // What is not sealed yet is not on the disk here; it counts as if it were.
        double eachEvent = (double)(_public.Bytes + _personal.Bytes + _entries.SegmentBytes) / SealedRows;
        return Task.FromResult(((long)(eachEvent * _entries.Count), remark.ToString()));
    }

    /// <inheritdoc/>
    public Task OpenAsync(CancellationToken cancellationToken)
    {
        _entries.Open();
        foreach (ChunkIdentity identity in _written)
        {
            _open.Add(IndexFile.Open(PathOf(identity.First), identity, PersonalPathOf(identity.First), _entries.IsSealed ? s_personalKey : default));
        }

        _source = new IndexedEntries(_entries, _tail is { } tail ? [.. _open, tail.Public.Index(tail.Personal)] : _open);
        _counts = new IndexedCounts();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task CloseAsync()
    {
        _source = null;
        foreach (ChunkIndex index in _open)
        {
            index.Dispose();
        }

        _open.Clear();
        _entries.Close();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Begin(Detail detail, bool isTimed)
    {
        if (detail != Detail.Find)
        {
            _source!.Forget();
        }
        else if (isTimed)
        {
            _source!.Give();
        }
        else
        {
            _source!.Keep();
        }
    }

    /// <inheritdoc/>
    public async Task<Answer> AskAsync(Question question, Detail detail, CancellationToken cancellationToken)
    {
        Query query = QueryOf(question.Text);
        TimeRange? time = question.To == 0 ? null : new TimeRange(DateTimeOffset.FromUnixTimeMilliseconds(question.From), DateTimeOffset.FromUnixTimeMilliseconds(question.To));
        var rows = new List<long>(Question.PageRows);
        long bytes = 0;
        string? cursor = null;
        SearchPage page;
        do
        {
            var request = new SearchRequest(query, time, SearchOrder.NewestFirst, Question.PageRows - rows.Count, cursor, null);
            page = await _search.SearchAsync(_source!, request, cancellationToken);
            foreach (SearchHit hit in page.Items)
            {
                rows.Add(hit.Index);
                bytes += hit.View.Length;
            }

            cursor = page.Next;
        }
        while (cursor is not null && rows.Count < Question.PageRows);
        return new Answer(rows, page.Total.Value, bytes, page.Total.Exact);
    }

    /// <inheritdoc/>
    public async Task<CountAnswer> CountAsync(CountQuestion question, CancellationToken cancellationToken)
    {
        Query query = question.Kind == CountKind.TopActorsOfAction ? QueryOf($"action:{question.Action}") : Query.All;
        Field? by = question.Kind switch
        {
            CountKind.ByAction => FieldOf("action"),
            CountKind.TopActorsOfAction => FieldOf("actor"),
            CountKind.TopTargets => FieldOf("target"),
            _ => null,
        };
        TimeSpan? hour = question.Kind == CountKind.ByHour ? TimeSpan.FromHours(1) : null;
        CountResult result = await _counts.CountAsync(_source!, new CountRequest(query, null, by, CountQuestion.Top, null, hour), cancellationToken);
        return question.Kind == CountKind.ByHour
            ? new CountAnswer([.. result.Histogram.Select(hours => (hours.From.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture), hours.Count))], result.Total.Exact)
            : new CountAnswer([.. result.Values.Select(value => (value.Value, value.Count))], result.Total.Exact && result.ValuesExact);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await CloseAsync();

    private static Query QueryOf(string text) =>
        Query.TryParse(text, DateTimeOffset.UnixEpoch, out Query? query, out QueryError? error) ? query : throw new InvalidOperationException($"{text}: {error}");

    private static Field FieldOf(string text) =>
        Field.TryParse(text, out Field? field, out QueryError? error) ? field : throw new InvalidOperationException($"{text}: {error}");

    private void Describe(StringBuilder remark, Work work, string of) => remark.Append(
        CultureInfo.InvariantCulture,
        $"{work.Taking.TotalMicroseconds / _entries.Count:F2} µs an event to take in and {work.Sealing.TotalMicroseconds / SealedRows:F2} µs to seal, {(double)work.Bytes / SealedRows:F1} bytes an event of index{of}");

    private string PathOf(long first) => Path.Combine(_folder, first.ToString("D16", CultureInfo.InvariantCulture) + ".index");

    private string? PersonalPathOf(long first) => _entries.IsSealed ? Path.ChangeExtension(PathOf(first), ".personal") : null;

    /// <summary>What one of the two indexes took, in processor time: it hardly depends on what else the machine does.</summary>
    private sealed class Work
    {
        public TimeSpan Taking { get; set; }

        public TimeSpan Sealing { get; private set; }

        public long Bytes { get; private set; }

        public void Write(string path, Action<Stream> write)
        {
            TimeSpan started = Environment.CpuUsage.TotalTime;
            using (var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 20))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
                Bytes += stream.Length;
            }

            Sealing += Environment.CpuUsage.TotalTime - started;
        }
    }
}
