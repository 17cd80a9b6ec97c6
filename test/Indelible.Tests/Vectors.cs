using System.Text;
using System.Text.Json;
using Indelible.Merkle;

namespace Indelible.Tests;

/// <summary>The published vectors of testdata/tlog-vectors.json, and the trees of "entry-i" that most of them are over.</summary>
internal static class Vectors
{
    public static JsonElement Root { get; } = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "testdata", "tlog-vectors.json"))).RootElement;

    public static string Text(string name) => Root.GetProperty(name).GetString()!;

    public static Hash Hex(string hex) => new(Convert.FromHexString(hex));

    public static Hash[] Hashes(JsonElement list) => [.. list.EnumerateArray().Select(item => Hex(item.GetString()!))];

    public static byte[] EntryAt(long index) => Encoding.ASCII.GetBytes($"entry-{index}");
}

/// <summary>A tree in memory: all complete nodes over the leaves given.</summary>
internal sealed class MemoryTree : INodeReader
{
    private readonly List<List<Hash>> _levels = [[]];

    public long Size => _levels[0].Count;

    public static MemoryTree OfEntries(long size)
    {
        var tree = new MemoryTree();
        for (long i = 0; i < size; i++)
        {
            tree.Append(TreeHasher.Leaf(Vectors.EntryAt(i)));
        }

        return tree;
    }

    public void Append(Hash leaf)
    {
        Hash node = leaf;
        for (int height = 0; ; height++)
        {
            if (_levels.Count == height)
            {
                _levels.Add([]);
            }

            _levels[height].Add(node);
            if (_levels[height].Count % 2 == 1)
            {
                return;
            }

            node = TreeHasher.Node(_levels[height][^2], node);
        }
    }

    public Hash ReadNode(int height, long index) => _levels[height][(int)index];

    public TreeHead HeadAt(long size) => new(size, TreeMath.Root(this, size));
}
