using System.Text;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Proofs;
using Xunit;

namespace Indelible.Tests.Proofs;

public sealed class ReceiptLeafTests
{
    [Theory]
    [InlineData("log.example/logs/main", 0, "order-1")]
    [InlineData("log.example/logs/main", long.MaxValue, "ü—縁🙂")]
    [InlineData("log.example/logs/main", 7, "")]
    public void A_promise_is_a_leaf_of_the_five_lines_that_construction_B_names(string origin, long index, string id)
    {
        AssertLeaf(origin, index, id);
    }

    [Fact]
    public void A_promise_of_the_longest_origin_and_id_is_whole()
    {
        AssertLeaf(new string('o', 255), 1, new string('縁', 400));
    }

    [Fact]
    public void A_promise_that_takes_three_bytes_for_each_character_is_whole()
    {
        // What is reserved for the leaf is counted, not measured: here each part of it takes nearly all that was counted for it.
        const string ReceivedAt = "縁縁縁縁縁縁縁縁縁縁";
        for (int characters = 200; characters < 500; characters++)
        {
            AssertLeaf(new string('縁', 85), long.MaxValue, new string('縁', characters), ReceivedAt);
        }
    }

    private static void AssertLeaf(string origin, long index, string id, string receivedAt = "2026-11-01T00:00:00.0000000Z")
    {
        Hash leafHash = TreeHasher.Leaf("entry"u8);
        var group = new ReceiptGroup();
        group.Add(origin, index, leafHash, receivedAt, id);
        group.Add(origin, index, leafHash, receivedAt, "another");

        Hash first = group.Sign(new NoSigner()).PathOf(1).Single();

        Assert.Equal(TreeHasher.Leaf(Encoding.UTF8.GetBytes($"{origin}\n{index}\n{leafHash.ToBase64()}\n{receivedAt}\n{id}\n")), first);
    }

    private sealed class NoSigner : NoteSigner
    {
        public override string Name => "log.example/receipts";

        public override uint KeyId => 1;

        public override byte[] Sign(ReadOnlySpan<byte> text) => new byte[64];
    }
}
