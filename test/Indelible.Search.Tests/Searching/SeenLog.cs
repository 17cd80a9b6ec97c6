using Indelible.Search.Tests.Indexing;

namespace Indelible.Search.Tests.Searching;

/// <summary>How a log is divided and what is indexed of it.</summary>
/// <param name="ChunkRows">Rows of a chunk.</param>
/// <param name="Seed">Decides chunk by chunk what there is: nothing, an index, an index of personal values, and how much of it.</param>
internal sealed record Chunking(int ChunkRows, int Seed);

/// <summary>A log in memory as one asker sees it, with indexes of parts of it. Holds a search to its side of the contract.</summary>
internal sealed class SeenLog : IIndexedSource, IDisposable
{
    private static readonly FieldPath[] s_hashable = [new("actor", "id"), new("data", "x"), new("trace"), new("source", "ip"), new("targets", "id")];

    private readonly IReadOnlyList<TestEntry?> _entries;
    private readonly List<ChunkIndex> _chunks = [];
    private readonly List<ChunkIndex> _files = [];
    private string? _folder;

    public SeenLog(IReadOnlyList<TestEntry?> entries, IReadOnlyList<RowSight> sights, Chunking? chunking)
    {
        (_entries, Sights, Size) = (entries, sights, entries.Count);
        if (chunking is not null)
        {
            Divide(chunking);
        }
    }

    public long Size { get; set; }

    public IReadOnlyList<ChunkIndex> Chunks => _chunks;

    public IReadOnlyList<RowSight> Sights { get; }

    /// <summary>Indexes that were reported.</summary>
    public IReadOnlyList<TestEntry?> Entries => _entries;

    public List<ChunkIndex> Reported { get; } = [];

    /// <summary>How many entries were asked for.</summary>
    public long Shown { get; private set; }

    /// <summary>Has all indexes watched.</summary>
    public SeenLog Watched(IndexWatch watch)
    {
        for (int i = 0; i < _chunks.Count; i++)
        {
            ChunkIndex chunk = _chunks[i];
            _chunks[i] = new ChunkIndex(chunk.First, new WatchedIndex(chunk.Terms, watch), chunk.Personal is { } personal ? new WatchedIndex(personal, watch) : null);
        }

        return this;
    }

    /// <summary>Indexes all of it in chunks of so many rows, personal values too.</summary>
    public SeenLog Indexed(int chunkRows)
    {
        for (int first = 0; first < _entries.Count; first += chunkRows)
        {
            int rows = Math.Min(chunkRows, _entries.Count - first);
            _chunks.Add(LiveIndexOf(_entries, first, rows, rows));
        }

        return this;
    }

    /// <summary>Indexes all of it in chunks of so many rows: files, the last one as it fills.</summary>
    public SeenLog Written(int chunkRows)
    {
        for (int first = 0; first < _entries.Count; first += chunkRows)
        {
            int rows = Math.Min(chunkRows, _entries.Count - first);
            _chunks.Add(rows == chunkRows ? FileIndexOf(_entries, first, rows, hasPersonal: false) : LiveIndexOf(_entries, first, rows, null));
        }

        return this;
    }

    public void Report(ChunkIndex index) => Reported.Add(index);

    public async ValueTask ReadAsync(long from, long to, EntryVisitor visit, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Assert.True(0 <= from && from < to && to <= Size, $"[{from}, {to}) of {Size}");
        Assert.Equal(from / 256, (to - 1) / 256);
        await Task.Yield();
        for (long index = from; index < to; index++)
        {
            Shown++;
            if (_entries[(int)index] is { } entry && Sights.FirstOrDefault(sight => sight.Rows.Matches(entry.Logged)) is { } seen)
            {
                visit(index, seen.IsClear ? entry.Clear : entry.Logged);
            }
        }
    }

    public void Dispose()
    {
        _files.ForEach(index => index.Dispose());
        if (_folder is not null)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    /// <summary>An index of some rows, and one of their personal values: as a chunk that fills has them, from a file, as plain as can be, or as vague as may be.</summary>
    private ChunkIndex IndexOf(IReadOnlyList<TestEntry?> entries, int first, int rows, int? personalRows, Random random)
    {
        switch (random.Next(12))
        {
            case < 4:
                return LiveIndexOf(entries, first, rows, personalRows);
            case 4 when personalRows is null || personalRows == rows:
                return FileIndexOf(entries, first, rows, personalRows is not null);
        }

        bool isVague = random.Next(2) == 0;
        FieldPath[] hashed = [.. s_hashable.Where(_ => isVague && random.Next(2) == 0)];
        ITermIndex terms = Vague(entries.Skip(first).Take(rows).Select(entry => (entry?.Logged, entry?.Logged)), isPersonal: false, hashed, isVague, random);
        return new ChunkIndex(
            first,
            terms,
            personalRows is { } count ? Vague(entries.Skip(first).Take(count).Select(entry => (entry?.Logged, entry?.Clear)), isPersonal: true, hashed, isVague, random) : null);
    }

    private static ChunkIndex LiveIndexOf(IReadOnlyList<TestEntry?> entries, int first, int rows, int? personalRows)
    {
        (ChunkIndexBuilder terms, PersonalIndexBuilder? personal) = Build(entries, first, rows, personalRows);
        return terms.Index(personal);
    }

    private ChunkIndex FileIndexOf(IReadOnlyList<TestEntry?> entries, int first, int rows, bool hasPersonal)
    {
        byte[] key = new byte[32];
        (ChunkIndexBuilder terms, PersonalIndexBuilder? personal) = Build(entries, first, rows, hasPersonal ? rows : null);
        var identity = new ChunkIdentity("localhost:7480/logs/main", first, rows, new byte[32]);
        _folder ??= Directory.CreateTempSubdirectory("indelible-search-").FullName;
        string path = Path.Combine(_folder, $"{_files.Count}.index");
        using (FileStream file = File.Create(path))
        {
            terms.Write(file, identity);
        }

        string? personalPath = personal is null ? null : Path.Combine(_folder, $"{_files.Count}.personal");
        if (personal is not null)
        {
            using FileStream file = File.Create(personalPath!);
            personal.Write(file, identity, key);
        }

        _files.Add(IndexFile.Open(path, identity, personalPath, key));
        return _files[^1];
    }

    private static (ChunkIndexBuilder Terms, PersonalIndexBuilder? Personal) Build(IReadOnlyList<TestEntry?> entries, int first, int rows, int? personalRows)
    {
        var terms = new ChunkIndexBuilder(first);
        PersonalIndexBuilder? personal = personalRows is null ? null : new PersonalIndexBuilder(first);
        for (int row = 0; row < rows; row++)
        {
            TestEntry? entry = entries[first + row];
            if (entry is null)
            {
                terms.AppendMissing();
            }
            else
            {
                terms.Append(entry.Logged);
            }

            if (row < personalRows)
            {
                personal!.Append(entry?.Logged, entry?.Clear);
            }
        }

        return (terms, personal);
    }

    private static ITermIndex Vague(IEnumerable<(byte[]? Logged, byte[]? Clear)> entries, bool isPersonal, FieldPath[] hashed, bool isVague, Random random)
    {
        var exact = new PlainIndex(isPersonal);
        var words = new PlainIndex(isPersonal);
        var unknown = new HashSet<int>();
        foreach ((byte[]? logged, byte[]? clear) in entries)
        {
            if (isVague && random.Next(12) == 0)
            {
                unknown.Add(exact.Rows);
            }

            exact.Append(logged, clear);
            words.Append(logged, clear is null ? clear : isPersonal ? VagueIndex.Without(clear, hashed) : VagueIndex.Without(logged!, hashed));
        }

        return isVague ? new VagueIndex(exact, words, hashed, unknown) : exact;
    }

    private void Divide(Chunking chunking)
    {
        var random = new Random(chunking.Seed);
        for (int first = 0; first < _entries.Count; first += chunking.ChunkRows)
        {
            int rows = Math.Min(chunking.ChunkRows, _entries.Count - first);
            if (rows < chunking.ChunkRows)
            {
                // The last one still fills, and lags behind.
                rows -= random.Next(3);
            }

            int kind = random.Next(6);
            if (kind > 0 && rows > 0)
            {
                _chunks.Add(IndexOf(_entries, first, rows, kind switch { 1 or 2 => null, 3 => random.Next(rows + 1), _ => rows }, random));
            }
        }
    }
}
