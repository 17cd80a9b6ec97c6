using System.Globalization;
using System.Text.Json;
using Indelible.Merkle;
using Indelible.Proofs;
using Xunit;

namespace Indelible.Tests.Proofs;

public sealed class ProofTests
{
    private static readonly MemoryTree s_tree = MemoryTree.OfEntries(600);

    [Fact]
    public void Inclusion_proofs_are_those_of_the_vectors()
    {
        foreach (JsonProperty vector in Vectors.Root.GetProperty("incl").EnumerateObject())
        {
            long[] at = [.. vector.Name.Split('/').Select(text => long.Parse(text, CultureInfo.InvariantCulture))];
            Hash[] expected = Vectors.Hashes(vector.Value);
            Assert.Equal(expected, InclusionProof.Create(s_tree, at[0], at[1]));
            Assert.True(InclusionProof.Verify(s_tree.ReadNode(0, at[0]), at[0], s_tree.HeadAt(at[1]), expected));
        }
    }

    [Fact]
    public void Consistency_proofs_are_those_of_the_vectors()
    {
        foreach (JsonProperty vector in Vectors.Root.GetProperty("cons").EnumerateObject())
        {
            long[] sizes = [.. vector.Name.Split("->").Select(text => long.Parse(text, CultureInfo.InvariantCulture))];
            Hash[] expected = Vectors.Hashes(vector.Value);
            Assert.Equal(expected, ConsistencyProof.Create(s_tree, sizes[0], sizes[1]));
            Assert.True(ConsistencyProof.Verify(s_tree.HeadAt(sizes[0]), s_tree.HeadAt(sizes[1]), expected));
        }
    }

    [Fact]
    public void Every_leaf_of_every_tree_up_to_600_proves_and_proves_nothing_else()
    {
        for (long size = 1; size <= 600; size++)
        {
            TreeHead head = s_tree.HeadAt(size);
            for (long index = 0; index < size; index += size <= 130 ? 1 : 7)
            {
                Hash leaf = s_tree.ReadNode(0, index);
                Hash[] proof = InclusionProof.Create(s_tree, index, size);
                Assert.True(InclusionProof.Verify(leaf, index, head, proof));
                Assert.False(InclusionProof.Verify(s_tree.ReadNode(0, (index + 1) % 600), index, head, proof));
                Assert.False(InclusionProof.Verify(leaf, index, head with { Root = leaf == head.Root ? default : leaf }, proof));
                Assert.False(InclusionProof.Verify(leaf, index, head, [.. proof, default]));
                Assert.False(proof.Length > 0 && InclusionProof.Verify(leaf, index, head, proof.AsSpan()[..^1]));
                Assert.False(InclusionProof.Verify(leaf, size, head, proof));
                Assert.False(InclusionProof.Verify(leaf, -1, head, proof));
                if (size > 1)
                {
                    Assert.False(InclusionProof.Verify(leaf, (index + 1) % size, head, proof));
                }
            }
        }
    }

    [Fact]
    public void Every_pair_of_sizes_up_to_600_is_consistent_and_no_other_root_is()
    {
        for (long to = 1; to <= 600; to++)
        {
            TreeHead newer = s_tree.HeadAt(to);
            for (long from = 1; from <= to; from += to <= 130 ? 1 : 11)
            {
                TreeHead older = s_tree.HeadAt(from);
                Hash[] proof = ConsistencyProof.Create(s_tree, from, to);
                Assert.True(ConsistencyProof.Verify(older, newer, proof));
                Assert.False(ConsistencyProof.Verify(older with { Root = default }, newer, proof));
                Assert.False(ConsistencyProof.Verify(older, newer with { Root = default }, proof));
                Assert.False(ConsistencyProof.Verify(older, newer, [.. proof, default]));
                Assert.False(proof.Length > 0 && ConsistencyProof.Verify(older, newer, proof.AsSpan()[..^1]));
                Assert.False(from < to && ConsistencyProof.Verify(newer, older, proof));
            }
        }
    }

    [Fact]
    public void Any_flipped_bit_of_any_proof_fails()
    {
        var random = new Random(6962);
        for (int round = 0; round < 40; round++)
        {
            long size = random.Next(2, 600);
            long index = random.NextInt64(size);
            long from = random.NextInt64(1, size);
            Hash[] inclusion = InclusionProof.Create(s_tree, index, size);
            Hash[] consistency = ConsistencyProof.Create(s_tree, from, size);
            for (int bit = random.Next(8); bit < 256; bit += 8)
            {
                for (int i = 0; i < inclusion.Length; i++)
                {
                    Assert.False(InclusionProof.Verify(s_tree.ReadNode(0, index), index, s_tree.HeadAt(size), Flip(inclusion, i, bit)));
                }

                for (int i = 0; i < consistency.Length; i++)
                {
                    Assert.False(ConsistencyProof.Verify(s_tree.HeadAt(from), s_tree.HeadAt(size), Flip(consistency, i, bit)));
                }
            }
        }
    }

    [Fact]
    public void Random_proofs_in_trees_to_200000_verify()
    {
        MemoryTree tree = MemoryTree.OfEntries(200_000);
        var random = new Random(9162);
        for (int round = 0; round < 500; round++)
        {
            long size = random.NextInt64(1, tree.Size + 1);
            long index = random.NextInt64(size);
            long from = random.NextInt64(1, size + 1);
            TreeHead head = tree.HeadAt(size);
            Assert.True(InclusionProof.Verify(tree.ReadNode(0, index), index, head, InclusionProof.Create(tree, index, size)), $"index {index}, size {size}");
            Assert.True(ConsistencyProof.Verify(tree.HeadAt(from), head, ConsistencyProof.Create(tree, from, size)), $"from {from}, to {size}");
        }
    }

    [Fact]
    public void From_nothing_only_the_empty_proof_of_the_empty_root_is_accepted()
    {
        var empty = new TreeHead(0, TreeHasher.EmptyRoot);
        TreeHead seven = s_tree.HeadAt(7);
        Assert.True(ConsistencyProof.Verify(empty, seven, []));
        Assert.True(ConsistencyProof.Verify(empty, empty, []));
        Assert.False(ConsistencyProof.Verify(empty, seven, [seven.Root]));
        Assert.False(ConsistencyProof.Verify(empty with { Root = seven.Root }, seven, []));
        Assert.False(ConsistencyProof.Verify(empty, empty with { Root = seven.Root }, []));
        Assert.False(ConsistencyProof.Verify(seven with { Size = -1 }, seven, []));
    }

    [Fact]
    public void A_proof_at_the_largest_sizes_does_not_overflow()
    {
        var head = new TreeHead(long.MaxValue, default);
        Assert.False(InclusionProof.Verify(default, long.MaxValue - 1, head, new Hash[63]));
        Assert.False(InclusionProof.Verify(default, 0, head, new Hash[63]));
        Assert.False(ConsistencyProof.Verify(new TreeHead(1L << 62, default), head, new Hash[63]));
        Assert.False(ConsistencyProof.Verify(new TreeHead(long.MaxValue - 1, default), head, new Hash[63]));
    }

    [Fact]
    public void A_tree_is_never_the_growth_of_a_larger_one_even_where_the_hashes_would_fit()
    {
        TreeHead eight = s_tree.HeadAt(8);
        for (long size = 0; size < 8; size++)
        {
            Assert.False(ConsistencyProof.Verify(eight, new TreeHead(size, eight.Root), []), $"{size}");
        }

        // 12 leaves are 8 and 4: this is the way of the hashes when the sizes are not compared first.
        Hash[] siblings = [s_tree.ReadNode(2, 2), s_tree.ReadNode(3, 0)];
        Assert.False(ConsistencyProof.Verify(s_tree.HeadAt(12), s_tree.HeadAt(12) with { Size = 9 }, siblings));
    }

    [Fact]
    public void A_leaf_at_or_beyond_the_size_is_not_in_the_tree_even_where_the_hashes_would_fit()
    {
        Hash[] proof = InclusionProof.Create(s_tree, 7, 8);
        Assert.True(InclusionProof.Verify(s_tree.ReadNode(0, 7), 7, s_tree.HeadAt(8), proof));
        Assert.False(InclusionProof.Verify(s_tree.ReadNode(0, 7), 7, s_tree.HeadAt(8) with { Size = 7 }, proof));
        Assert.False(InclusionProof.Verify(s_tree.ReadNode(0, 7), 7, s_tree.HeadAt(8) with { Size = 5 }, proof));
    }

    [Fact]
    public void No_proof_is_made_of_what_is_not_in_the_tree()
    {
        Assert.Throws<ArgumentNullException>("nodes", () => InclusionProof.Create(null!, 0, 1));
        Assert.Throws<ArgumentOutOfRangeException>("index", () => InclusionProof.Create(new UnreadTree(), -1, 7));
        Assert.Throws<ArgumentOutOfRangeException>("index", () => InclusionProof.Create(s_tree, 7, 7));
        Assert.Throws<ArgumentNullException>("nodes", () => ConsistencyProof.Create(null!, 1, 2));
        Assert.Throws<ArgumentOutOfRangeException>("from", () => ConsistencyProof.Create(s_tree, 0, 7));
        Assert.Throws<ArgumentOutOfRangeException>("to", () => ConsistencyProof.Create(s_tree, 7, 6));
        Assert.Empty(ConsistencyProof.Create(s_tree, 7, 7));
    }

    private static Hash[] Flip(Hash[] proof, int index, int bit)
    {
        byte[] bytes = proof[index].Bytes.ToArray();
        bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        Hash[] altered = [.. proof];
        altered[index] = new Hash(bytes);
        return altered;
    }

    /// <summary>A tree of which nothing may be read.</summary>
    private sealed class UnreadTree : INodeReader
    {
        public Hash ReadNode(int height, long index) => throw new InvalidOperationException($"({height}, {index}) was read.");
    }
}
