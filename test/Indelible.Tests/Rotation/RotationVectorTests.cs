using System.Text;
using System.Text.Json;
using Indelible.Keys;
using Indelible.Notes;
using Indelible.Proofs;
using Indelible.Rotation;
using Xunit;

namespace Indelible.Tests.Rotation;

/// <summary>Construction C as another implementation makes it: testdata/rotation-vectors.json, from Python.</summary>
public sealed class RotationVectorTests
{
    private static readonly JsonElement s_root = JsonElement.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "testdata", "rotation-vectors.json")));

    [Fact]
    public void Another_implementations_handovers_lead_from_every_key_to_every_other()
    {
        byte[] list = Bytes("handovers");
        Assert.Equal(list, HandoverList.Format(HandoverList.Parse(list)));
        string[] vkeys = Texts("vkeys");
        foreach (string pinned in vkeys)
        {
            KeyChain chain = KeyChain.Of(VerifierKey.Parse(pinned), NoteVerifiers.OfLog).With(list);
            Assert.Equal(vkeys, chain.Keys.Select(key => key.ToString()));
            Assert.Equal([(1, 3), (4, 6)], chain.Handovers.Select(handover => (handover.Index, handover.Head.Size)));
            Assert.Equal(7, chain.Verify(Bytes("checkpoint"), out VerifierKey key).Head.Size);
            Assert.Equal(vkeys[2], key.ToString());
            Assert.Contains("signs nothing above", Assert.Throws<VerificationException>(() => chain.Verify(Bytes("old_key_above"), out _)).Message, StringComparison.Ordinal);
            Assert.Equal(list, chain.Format());
        }
    }

    [Fact]
    public void The_keys_of_the_vectors_are_made_of_their_seeds()
    {
        Assert.Equal(Texts("vkeys"), new byte[] { 1, 2, 3 }.Select(seed => Vkey("audit.example/logs/main", seed)));
        Assert.Equal(Texts("receipts_vkeys"), new byte[] { 4, 5, 6 }.Select(seed => Vkey("audit.example/receipts", seed)));
    }

    [Fact]
    public void Another_implementations_handovers_of_receipts_are_ours_byte_for_byte()
    {
        byte[] list = [];
        for (byte seed = 4; seed < 6; seed++)
        {
            using Ed25519NoteSigner old = Signer("audit.example/receipts", seed);
            using Ed25519NoteSigner next = Signer("audit.example/receipts", (byte)(seed + 1));
            list = ReceiptsKeys.Append(list, SignedNote.Sign(new ReceiptsHandoverNote(old.VerifierKey, next.VerifierKey).Format(), old, next).ToBytes());
        }

        Assert.Equal(Encoding.UTF8.GetString(Bytes("receipts_handovers")), Encoding.UTF8.GetString(list));
        string[] vkeys = Texts("receipts_vkeys");
        foreach (string pinned in vkeys)
        {
            ReceiptsKeys keys = ReceiptsKeys.Of(VerifierKey.Parse(pinned), NoteVerifiers.OfLog).With(list);
            Assert.Equal(vkeys, keys.Keys.Select(key => key.ToString()));
            Assert.Equal(list, keys.Format());
        }
    }

    [Fact]
    public void Every_bit_of_a_handover_of_receipts_counts()
    {
        byte[] list = Bytes("receipts_handovers");
        ReceiptsKeys pinned = ReceiptsKeys.Of(VerifierKey.Parse(Texts("receipts_vkeys")[0]), NoteVerifiers.OfLog);
        for (int bit = 0; bit < 8 * list.Length; bit++)
        {
            byte[] altered = [.. list];
            altered[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.ThrowsAny<Exception>(() => pinned.With(altered));
        }
    }

    [Fact]
    public void Handovers_of_receipts_by_one_key_in_another_order_or_to_two_keys_are_refused()
    {
        using Ed25519NoteSigner old = Signer("audit.example/receipts", 4);
        using Ed25519NoteSigner next = Signer("audit.example/receipts", 5);
        using Ed25519NoteSigner third = Signer("audit.example/receipts", 6);
        ReceiptsKeys pinned = ReceiptsKeys.Of(old.VerifierKey, NoteVerifiers.OfLog);
        byte[] first = Note(old, next, old, next);
        byte[] second = Note(next, third, next, third);
        Assert.Equal(third.VerifierKey, pinned.With(ReceiptsKeys.Append(first, second)).Current);
        foreach (byte[] refused in (byte[][])[Note(old, next, next), Note(old, next, old), Note(old, next, old, third), second, ReceiptsKeys.Append(second, first), ReceiptsKeys.Append(first, first)])
        {
            Assert.Throws<VerificationException>(() => pinned.With(refused));
        }

        Assert.Throws<VerificationException>(() => pinned.With(first).With(Note(old, third, old, third)));

        // A list that says less leaves what is known.
        Assert.Equal(third.VerifierKey, pinned.With(ReceiptsKeys.Append(first, second)).With(first).Current);
        Assert.Equal(next.VerifierKey, pinned.With(first).With([]).Current);
        Assert.Throws<TlogFormatException>(() => pinned.With([.. first, (byte)'\n']));
    }

    private static byte[] Note(Ed25519NoteSigner old, Ed25519NoteSigner next, params NoteSigner[] signers) =>
        SignedNote.Sign(new ReceiptsHandoverNote(old.VerifierKey, next.VerifierKey).Format(), signers).ToBytes();

    private static Ed25519NoteSigner Signer(string name, byte seed) => Ed25519NoteSigner.FromSeed(name, [.. Enumerable.Repeat(seed, 32)]);

    private static string Vkey(string name, byte seed)
    {
        using Ed25519NoteSigner signer = Signer(name, seed);
        return signer.VerifierKey.ToString();
    }

    private static byte[] Bytes(string name) => Encoding.UTF8.GetBytes(s_root.GetProperty(name).GetString()!);

    private static string[] Texts(string name) => [.. s_root.GetProperty(name).EnumerateArray().Select(text => text.GetString()!)];
}
