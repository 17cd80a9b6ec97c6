using System.Text;
using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Proofs;
using Xunit;

namespace Indelible.Tests.Proofs;

public sealed class ReceiptTests
{
    private const string Origin = "audit.example/logs/main";
    private const string Time = "2026-11-23T06:14:25.1234567Z";
    private static readonly Ed25519NoteSigner s_signer = Ed25519NoteSigner.FromSeed("audit.example/receipts", new byte[32]);
    private static readonly Ed25519NoteVerifier s_key = Ed25519NoteVerifier.FromVkey(s_signer.VerifierKey);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(100)]
    [InlineData(257)]
    public void Every_promise_of_a_group_verifies(int count)
    {
        foreach (DurableReceipt receipt in Group(count))
        {
            receipt.Verify(s_key);
        }
    }

    [Fact]
    public void The_signed_root_is_that_of_a_tree_over_the_leaves_as_specified()
    {
        var tree = new CompactRange();
        for (int i = 0; i < 5; i++)
        {
            tree.Append(TreeHasher.Leaf(Encoding.UTF8.GetBytes($"{Origin}\n{i}\n{TreeHasher.Leaf(Vectors.EntryAt(i)).ToBase64()}\n{Time}\nid-{i}\n")));
        }

        string text = Encoding.UTF8.GetString(SignedNote.Parse(Group(5)[0].Note.Span).Verify(s_key).Text.Span);
        Assert.Equal($"indelible.dev/receipt/v1\n5\n{tree.Root().ToBase64()}\n", text);
    }

    [Fact]
    public void A_changed_field_is_not_among_what_was_signed()
    {
        DurableReceipt receipt = Group(7)[3];
        DurableReceipt[] altered =
        [
            receipt with { Origin = "audit.example/logs/other" },
            receipt with { Index = 4 },
            receipt with { LeafHash = default },
            receipt with { ReceivedAt = "2026-11-23T06:14:25.1234568Z" },
            receipt with { Id = "id-4" },
            receipt with { Position = 4 },
            receipt with { Position = 7 },
            receipt with { Position = -1 },
            receipt with { Path = [.. receipt.Path, default] },
            receipt with { Path = [.. receipt.Path.Skip(1)] },
            receipt with { Note = Group(6)[3].Note },
            receipt with { ReceivedAt = Time + "\nid-3", Id = "" },
        ];
        Assert.All(altered, changed => Assert.ThrowsAny<Exception>(() => changed.Verify(s_key)));
    }

    [Fact]
    public void A_key_signs_no_receipts_for_another_host_and_a_checkpoint_is_no_receipt()
    {
        var group = new ReceiptGroup();
        group.Add("evil.example/logs/main", 0, default, Time, "x");
        SignedReceiptGroup signed = group.Sign(s_signer);
        var receipt = new DurableReceipt("evil.example/logs/main", 0, default, Time, "x", 0, [], Encoding.UTF8.GetBytes(signed.Note));
        Assert.Throws<VerificationException>(() => receipt.Verify(s_key));
        byte[] checkpoint = SignedNote.Sign(new Checkpoint("audit.example/receipts", 0, TreeHasher.EmptyRoot).Format(), s_signer).ToBytes();
        Assert.Throws<TlogFormatException>(() => (Group(1)[0] with { Note = checkpoint }).Verify(s_key));
    }

    [Fact]
    public void A_group_of_nothing_is_not_signed() => Assert.Throws<InvalidOperationException>(() => new ReceiptGroup().Sign(s_signer));

    [Fact]
    public void A_line_feed_in_a_field_does_not_move_the_border_between_two()
    {
        // Signed for the id "x LF y"; the same leaf bytes, told as another time and the id "y", or as another origin.
        var group = new ReceiptGroup();
        group.Add(Origin, 0, default, Time, "x\ny");
        byte[] note = Encoding.UTF8.GetBytes(group.Sign(s_signer).Note);
        Assert.Throws<VerificationException>(() => new DurableReceipt(Origin, 0, default, Time, "x\ny", 0, [], note).Verify(s_key));
        Assert.Throws<VerificationException>(() => new DurableReceipt(Origin, 0, default, Time + "\nx", "y", 0, [], note).Verify(s_key));

        const string Longer = Origin + "\n0";
        var ofOrigin = new ReceiptGroup();
        ofOrigin.Add(Longer, 0, default, Time, "x");
        byte[] other = Encoding.UTF8.GetBytes(ofOrigin.Sign(s_signer).Note);
        Assert.Throws<VerificationException>(() => new DurableReceipt(Longer, 0, default, Time, "x", 0, [], other).Verify(s_key));
    }

    [Theory]
    [InlineData("audit.example/receipts", "audit.example.evil/logs/main")]
    [InlineData("audit.example/receipts", "audit.example/other/main")]
    [InlineData("audit.example/receipts", "audit.example")]
    [InlineData("audit.example/receiptx", "audit.example/logs/main")]
    [InlineData("receipts", "/logs/main")]
    public void Only_a_hosts_key_for_receipts_signs_those_of_its_logs(string key, string origin)
    {
        using Ed25519NoteSigner signer = Ed25519NoteSigner.FromSeed(key, new byte[32]);
        var group = new ReceiptGroup();
        group.Add(origin, 0, default, Time, "x");
        var receipt = new DurableReceipt(origin, 0, default, Time, "x", 0, [], Encoding.UTF8.GetBytes(group.Sign(signer).Note));
        Assert.Throws<VerificationException>(() => receipt.Verify(Ed25519NoteVerifier.FromVkey(signer.VerifierKey)));
    }

    [Theory]
    [InlineData("indelible.dev/receipt/v1\n1\nROOT\n\n")]
    [InlineData("indelible.dev/receipt/v1\n1\nROOT\nmore\n")]
    [InlineData("indelible.dev/receipt/v1\n1\n")]
    [InlineData("indelible.dev/receipt/v2\n1\nROOT\n")]
    [InlineData("\n1\nROOT\n")]
    [InlineData("indelible.dev/receipt/v1\n01\nROOT\n")]
    [InlineData("indelible.dev/receipt/v1\n-1\nROOT\n")]
    [InlineData("indelible.dev/receipt/v1\n1\nROOT=\n")]
    [InlineData("indelible.dev/receipt/v1\n1\nAAAA\n")]
    public void A_signed_text_in_another_form_is_no_group(string text)
    {
        DurableReceipt receipt = Group(1)[0];
        string root = ReceiptRoot(receipt).ToBase64();
        byte[] note = SignedNote.Sign(Encoding.UTF8.GetBytes(text.Replace("ROOT", root, StringComparison.Ordinal)), s_signer).ToBytes();
        Assert.Throws<TlogFormatException>(() => (receipt with { Note = note }).Verify(s_key));
    }

    [Fact]
    public void A_way_to_the_root_is_given_for_the_promises_of_the_group_and_no_others()
    {
        var group = new ReceiptGroup();
        Assert.Equal(0, group.Add(Origin, 5, default, Time, "a"));
        Assert.Equal(1, group.Add(Origin, 6, default, Time, "b"));
        Assert.Equal(2, group.Count);
        SignedReceiptGroup signed = group.Sign(s_signer);
        Assert.Equal(2, signed.Count);
        Assert.Throws<ArgumentOutOfRangeException>("position", () => signed.PathOf(-1));
        Assert.Throws<ArgumentOutOfRangeException>("position", () => signed.PathOf(2));
        Assert.Throws<ArgumentNullException>("receiptsKey", () => Group(1)[0].Verify(null!));
    }

    private static Hash ReceiptRoot(DurableReceipt receipt) =>
        TreeHasher.Leaf(Encoding.UTF8.GetBytes($"{receipt.Origin}\n{receipt.Index}\n{receipt.LeafHash.ToBase64()}\n{receipt.ReceivedAt}\n{receipt.Id}\n"));

    private static DurableReceipt[] Group(int count)
    {
        var group = new ReceiptGroup();
        for (int i = 0; i < count; i++)
        {
            group.Add(Origin, i, TreeHasher.Leaf(Vectors.EntryAt(i)), Time, $"id-{i}");
        }

        SignedReceiptGroup signed = group.Sign(s_signer);
        return [.. Enumerable.Range(0, count).Select(i => new DurableReceipt(
            Origin, i, TreeHasher.Leaf(Vectors.EntryAt(i)), Time, $"id-{i}", i, signed.PathOf(i), Encoding.UTF8.GetBytes(signed.Note)))];
    }
}
