using System.Text;
using System.Text.Json.Nodes;
using Indelible.Search;

namespace Indelible.Server.Tests.Backtests;

/// <summary>A log in memory of which, as a seed has it, all or part or nothing is indexed, in memory or in a file; some strings are kept as hashes, and some values are sealed, for this asker or for none.</summary>
internal sealed class RandomIndexedLog : IIndexedSource, IDisposable
{
    /// <summary>A seed: all is indexed, and nothing is sealed.</summary>
    public const int Whole = 0;

    private readonly List<(byte[] Logged, byte[] Clear)> _entries = [];
    private readonly List<ChunkIndex> _chunks = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("indelible-backtest-").FullName;
    private readonly bool _isClear;

    public RandomIndexedLog(IEnumerable<string> events, int seed)
    {
        var random = new Random(seed);
        bool isSealed = seed != Whole && random.Next(2) == 0;
        bool isHashed = random.Next(2) == 0;
        _isClear = random.Next(2) == 0;
        foreach (string json in events)
        {
            byte[] clear = Encoding.UTF8.GetBytes(json);
            _entries.Add((isSealed ? Sealed(json, random) : clear, clear));
        }

        int indexed = seed == Whole ? _entries.Count : random.Next(4) switch { 0 => 0, 1 => random.Next(_entries.Count + 1), _ => _entries.Count };
        for (int first = 0; first < indexed;)
        {
            int rows = Math.Min(indexed - first, seed == Whole ? indexed : 1 + random.Next(indexed));
            _chunks.Add(Index(first, rows, isHashed, random));
            first += rows;
        }
    }

    public long Size => _entries.Count;

    public IReadOnlyList<ChunkIndex> Chunks => _chunks;

    public IReadOnlyList<RowSight> Sights => [new RowSight(Query.All, _isClear)];

    public string ViewOf(long index) => Encoding.UTF8.GetString(_isClear ? _entries[(int)index].Clear : _entries[(int)index].Logged);

    public ValueTask ReadAsync(long from, long to, EntryVisitor visit, CancellationToken cancellationToken)
    {
        for (long index = from; index < to; index++)
        {
            visit(index, _isClear ? _entries[(int)index].Clear : _entries[(int)index].Logged);
        }

        return ValueTask.CompletedTask;
    }

    public void Report(ChunkIndex index) => throw new InvalidOperationException("No index is damaged.");

    public void Dispose()
    {
        _chunks.ForEach(chunk => chunk.Dispose());
        Directory.Delete(_folder, recursive: true);
    }

    private ChunkIndex Index(int first, int rows, bool isHashed, Random random)
    {
        var terms = new ChunkIndexBuilder(first);
        var personal = new PersonalIndexBuilder(first);
        int personalRows = random.Next(3) == 0 ? random.Next(rows + 1) : rows;
        for (int row = 0; row < rows; row++)
        {
            (byte[] logged, byte[] clear) = _entries[first + row];
            if (isHashed && row == 0)
            {
                // One long string has a path kept as hashes: those of the first entry stand in for many.
                (logged, clear) = (Lengthened(logged), Lengthened(clear));
                _entries[first] = (logged, clear);
            }

            terms.Append(logged);
            if (row < personalRows)
            {
                personal.Append(logged, clear);
            }
        }

        if (random.Next(2) == 0 || personalRows < rows)
        {
            return terms.Index(personal);
        }

        var identity = new ChunkIdentity("localhost:7480/logs/main", first, rows, new byte[32]);
        string path = Path.Combine(_folder, $"{first}.index");
        using (FileStream file = File.Create(path))
        {
            terms.Write(file, identity);
        }

        string personalPath = Path.Combine(_folder, $"{first}.personal");
        using (FileStream file = File.Create(personalPath))
        {
            personal.Write(file, identity, new byte[32]);
        }

        return IndexFile.Open(path, identity, personalPath, new byte[32]);
    }

    /// <summary>The entry with a long string more at each member: a list has it beside what stands there.</summary>
    private static byte[] Lengthened(byte[] entry)
    {
        string more = new('y', 1_100);
        JsonObject root = JsonNode.Parse(entry)!.AsObject();
        foreach (string name in root.Select(member => member.Key).ToList())
        {
            root[name] = root[name] is JsonArray list ? new JsonArray([.. list.Select(item => item?.DeepClone()), more]) : new JsonArray(root[name]?.DeepClone(), more);
        }

        return Encoding.UTF8.GetBytes(root.ToJsonString());
    }

    /// <summary>The entry with some members sealed, as they are logged.</summary>
    private static byte[] Sealed(string json, Random random)
    {
        JsonObject root = JsonNode.Parse(json)!.AsObject();
        foreach (string name in root.Select(member => member.Key).ToList())
        {
            if (random.Next(3) == 0 && root[name] is not null)
            {
                root[name] = new JsonObject { ["$pii"] = new JsonObject { ["ct"] = "adminroot", ["d"] = root[name]!.DeepClone() } };
            }
        }

        return Encoding.UTF8.GetBytes(root.ToJsonString());
    }
}
