using System.Numerics;
using System.Text;
using System.Text.Json;
using Indelible.Merkle;
using Xunit;

namespace Indelible.Tests.Merkle;

public sealed class TreeTests
{
    private static readonly string[] s_ctInputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

    [Fact]
    public void Leaf_hashes_are_those_of_the_vectors()
    {
        foreach (JsonProperty vector in Vectors.Root.GetProperty("leaf_hash").EnumerateObject())
        {
            Assert.Equal(vector.Value.GetString(), TreeHasher.Leaf(Encoding.ASCII.GetBytes(vector.Name)).ToString());
        }
    }

    [Fact]
    public void Roots_over_the_inputs_of_certificate_transparency_are_the_published_ones()
    {
        var range = new CompactRange();
        for (int size = 0; size <= s_ctInputs.Length; size++)
        {
            Assert.Equal(Vectors.Root.GetProperty("rfc6962_ct_roots").GetProperty($"{size}").GetString(), range.Root().ToString());
            if (size < s_ctInputs.Length)
            {
                range.Append(TreeHasher.Leaf(Convert.FromHexString(s_ctInputs[size])));
            }
        }
    }

    [Fact]
    public void Roots_to_70000_entries_are_those_of_the_vectors_both_incrementally_and_from_nodes()
    {
        MemoryTree tree = MemoryTree.OfEntries(70_000);
        var range = new CompactRange();
        Dictionary<long, string> roots = Vectors.Root.GetProperty("roots_entry_i").EnumerateObject().ToDictionary(p => long.Parse(p.Name, System.Globalization.CultureInfo.InvariantCulture), p => p.Value.GetString()!);
        for (long size = 0; size <= 70_000; size++)
        {
            if (roots.TryGetValue(size, out string? root))
            {
                Assert.Equal(root, range.Root().ToString());
                Assert.Equal(root, TreeMath.Root(tree, size).ToString());
            }

            if (size < 70_000)
            {
                range.Append(tree.ReadNode(0, size));
            }
        }

        Assert.Equal(21, roots.Count);
    }

    [Fact]
    public void A_compact_range_goes_on_from_its_hashes_and_takes_whole_subtrees()
    {
        MemoryTree tree = MemoryTree.OfEntries(600);
        for (long size = 0; size < 512; size += 16)
        {
            var first = new CompactRange();
            for (long i = 0; i < size; i++)
            {
                first.Append(tree.ReadNode(0, i));
            }

            var second = new CompactRange(size, [.. first.Hashes]);
            second.AppendSubtree(4, tree.ReadNode(4, size / 16));
            Assert.Equal(tree.HeadAt(size + 16), second.Head());

            // The same root can be folded from subtrees that were not combined, but nothing right can be appended to those.
            Assert.Equal(BitOperations.PopCount((ulong)size + 16), second.Hashes.Count);
            second.AppendSubtree(3, tree.ReadNode(3, (size + 16) / 8));
            second.AppendSubtree(3, tree.ReadNode(3, (size + 24) / 8));
            Assert.Equal(tree.HeadAt(size + 32), second.Head());
        }
    }

    [Fact]
    public void A_compact_range_refuses_hashes_that_do_not_fit_its_size_and_subtrees_that_are_not_aligned()
    {
        Assert.Throws<ArgumentException>(() => new CompactRange(3, [default]));
        Assert.Throws<ArgumentException>(() => new CompactRange(1, [default]).AppendSubtree(1, default));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CompactRange(-1, []));
    }

    [Fact]
    public void A_hash_has_one_base64_spelling()
    {
        Hash hash = TreeHasher.Leaf("x"u8);
        string text = hash.ToBase64();
        Assert.True(Hash.TryParseBase64(text, out Hash again));
        Assert.Equal(hash, again);
        Assert.False(Hash.TryParseBase64(text.AsSpan(0, text.Length - 1), out _));
        Assert.False(Hash.TryParseBase64(text + "\n", out _));
        Assert.False(Hash.TryParseBase64(" " + text[1..], out _));
        Assert.False(Hash.TryParseBase64(Convert.ToBase64String(new byte[31]), out _));
        Assert.False(Hash.TryParseBase64(Convert.ToBase64String(new byte[33]), out _));

        // The last character before the padding carries two unused bits; only zeros are canonical.
        Assert.True(Hash.TryParseBase64(Convert.ToBase64String(new byte[32]), out _));
        Assert.False(Hash.TryParseBase64(Convert.ToBase64String(new byte[32])[..42] + "B=", out _));
    }

    [Fact]
    public void A_compact_range_takes_subtrees_of_every_height_that_a_size_can_hold()
    {
        Assert.Throws<ArgumentException>(() => new CompactRange().AppendSubtree(-1, default));
        Assert.Throws<ArgumentException>(() => new CompactRange().AppendSubtree(63, default));
        var largest = new CompactRange();
        largest.AppendSubtree(62, TreeHasher.Leaf("x"u8));
        Assert.Equal(new TreeHead(1L << 62, TreeHasher.Leaf("x"u8)), largest.Head());
        Assert.Equal(new TreeHead(0, TreeHasher.EmptyRoot), new CompactRange(0, []).Head());
    }

    [Fact]
    public void A_compact_range_never_grows_beyond_the_largest_size()
    {
        var half = new CompactRange(1L << 62, [default]);
        Assert.Throws<ArgumentException>(() => half.AppendSubtree(62, default));
        var full = new CompactRange(long.MaxValue, new Hash[63]);
        Assert.Throws<ArgumentException>(() => full.Append(default));
        Assert.Equal((1L << 62, long.MaxValue), (half.Size, full.Size));
        var last = new CompactRange(long.MaxValue - 1, new Hash[62]);
        last.Append(default);
        Assert.Equal(long.MaxValue, last.Size);
    }

    [Fact]
    public void A_hash_is_32_bytes_that_it_gives_back_and_equals_no_other()
    {
        byte[] bytes = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
        var hash = new Hash(bytes);
        Assert.Equal(bytes, hash.Bytes.ToArray());
        Assert.Equal("0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20", hash.ToString());
        Assert.Throws<ArgumentException>(() => new Hash(bytes.AsSpan(1)));
        Assert.Throws<ArgumentException>(() => new Hash([.. bytes, 0]));
        Assert.True(hash == new Hash(bytes));
        Assert.True(hash.Equals((object)new Hash(bytes)));
        Assert.Equal(0x01020304 + 0x04040404, hash.GetHashCode());
        Assert.False(hash.Equals((object)"another type"));
        for (int i = 0; i < bytes.Length; i++)
        {
            byte[] altered = [.. bytes];
            altered[i] ^= 0x80;
            Assert.False(hash == new Hash(altered));
            Assert.True(hash != new Hash(altered));
        }
    }

    [Fact]
    public void A_tree_of_less_than_nothing_has_no_root() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => TreeMath.Root(new MemoryTree(), -1));
}
