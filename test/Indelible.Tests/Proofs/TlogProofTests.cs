using System.Text;
using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Proofs;
using Xunit;

namespace Indelible.Tests.Proofs;

public sealed class TlogProofTests
{
    private static readonly string s_file = Vectors.Text("tlog_proof_3_of_7");
    private static readonly string s_origin = Vectors.Root.GetProperty("log").GetProperty("origin").GetString()!;
    private static readonly Ed25519NoteVerifier s_logKey = Ed25519NoteVerifier.FromVkey(Vectors.Root.GetProperty("log").GetProperty("vkey").GetString()!);

    [Fact]
    public void The_proof_of_the_vectors_verifies_and_reads_back_byte_for_byte()
    {
        TlogProof proof = TlogProof.Parse(Encoding.UTF8.GetBytes(s_file));
        Assert.Equal(s_file, Encoding.UTF8.GetString(proof.Format()));
        VerifiedInclusion inclusion = proof.Verify("entry-3"u8, s_origin, s_logKey);
        Assert.Equal(3, inclusion.Index);
        Assert.Equal(7, inclusion.Checkpoint.Head.Size);
    }

    [Fact]
    public void Another_entry_origin_or_key_is_not_proven()
    {
        TlogProof proof = TlogProof.Parse(Encoding.UTF8.GetBytes(s_file));
        using Ed25519NoteSigner other = Ed25519NoteSigner.FromSeed(s_origin, new byte[32]);
        Assert.Throws<VerificationException>(() => proof.Verify("entry-4"u8, s_origin, s_logKey));
        Assert.Throws<VerificationException>(() => proof.Verify("entry-3"u8, "audit.example/log2", s_logKey));
        Assert.Throws<VerificationException>(() => proof.Verify("entry-3"u8, s_origin, Ed25519NoteVerifier.FromVkey(other.VerifierKey)));
    }

    [Fact]
    public void No_flipped_bit_of_the_file_proves_anything_but_a_signature_line_of_a_stranger()
    {
        byte[] file = Encoding.UTF8.GetBytes(s_file);
        int strangers = Encoding.UTF8.GetByteCount(s_file[..s_file.IndexOf("— witness", StringComparison.Ordinal)]);
        for (int bit = 0; bit < strangers * 8; bit++)
        {
            byte[] altered = [.. file];
            altered[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.ThrowsAny<Exception>(() => TlogProof.Parse(altered).Verify("entry-3"u8, s_origin, s_logKey));
        }
    }

    [Fact]
    public void Files_that_are_not_in_the_form_are_refused()
    {
        string hash = Hash.Base64Length > 0 ? TreeHasher.EmptyRoot.ToBase64() : "";
        string[] refused =
        [
            "",
            s_file.Replace("@v1", "@v2", StringComparison.Ordinal),
            s_file.Replace("index 3", "index 03", StringComparison.Ordinal),
            s_file.Replace("index 3", "index +3", StringComparison.Ordinal),
            s_file.Replace("index 3", "index -3", StringComparison.Ordinal),
            s_file.Replace("index 3\n", "", StringComparison.Ordinal),
            s_file.Replace("index 3", "index 3 ", StringComparison.Ordinal),
            s_file.Replace("hGg=\n", "hGg= \n", StringComparison.Ordinal).Replace("Kg=\n", "Kg= \n", StringComparison.Ordinal),
            s_file.Replace("\n", "\r\n", StringComparison.Ordinal),
            s_file.Replace("index 3", "extra AAA\nindex 3", StringComparison.Ordinal),
            s_file.Replace("index 3", "index 3\nextra AAAA", StringComparison.Ordinal),
            s_file.Replace("index 3\n", "index 3\n" + string.Concat(Enumerable.Repeat(hash + "\n", 64)), StringComparison.Ordinal),
            s_file[..^1],
            s_file[..s_file.IndexOf("\n\n", StringComparison.Ordinal)],
        ];
        foreach (string text in refused)
        {
            Assert.False(TlogProof.TryParse(Encoding.UTF8.GetBytes(text), out _), text);
        }
    }

    [Fact]
    public void A_head_without_an_index_or_a_checkpoint_without_a_text_is_refused()
    {
        string checkpoint = s_file[(s_file.IndexOf("\n\n", StringComparison.Ordinal) + 2)..];
        string signatures = checkpoint[(checkpoint.IndexOf("\n\n", StringComparison.Ordinal) + 2)..];
        foreach (string text in new[]
        {
            "c2sp.org/tlog-proof@v1\n\n" + checkpoint,
            "c2sp.org/tlog-proof@v1\nextra AAAA\n\n" + checkpoint,
            "c2sp.org/tlog-proof@v1\nindex 3\n\n" + signatures,
            "\n\n" + checkpoint,
            "index 3\n\n" + checkpoint,
            "c2sp.org/tlog-proof@v1\nindex 3\u0001\n\n" + checkpoint,
        })
        {
            Assert.False(TlogProof.TryParse(Encoding.UTF8.GetBytes(text), out TlogProof? proof), text);
            Assert.Null(proof);
        }
    }

    [Fact]
    public void Extra_data_is_kept_and_vouched_for_by_nobody()
    {
        byte[] withExtra = Encoding.UTF8.GetBytes(s_file.Replace("index 3", "extra AAAA\nindex 3", StringComparison.Ordinal));
        TlogProof proof = TlogProof.Parse(withExtra);
        Assert.Equal(new byte[3], proof.Extra!.Value.ToArray());
        Assert.Equal(withExtra, proof.Format());
        Assert.NotNull(proof.Verify("entry-3"u8, s_origin, s_logKey));
    }

    [Fact]
    public void A_proof_of_63_hashes_is_read_and_one_of_64_is_not_made()
    {
        string hash = TreeHasher.EmptyRoot.ToBase64() + "\n";
        string checkpoint = s_file[(s_file.IndexOf("\n\n", StringComparison.Ordinal) + 2)..];
        string longest = $"c2sp.org/tlog-proof@v1\nindex 3\n{string.Concat(Enumerable.Repeat(hash, 63))}\n{checkpoint}";
        Assert.Equal(longest, Encoding.UTF8.GetString(TlogProof.Parse(Encoding.UTF8.GetBytes(longest)).Format()));
        Assert.False(TlogProof.TryParse(Encoding.UTF8.GetBytes(longest.Replace("index 3\n", "index 3\n" + hash, StringComparison.Ordinal)), out _));
        Assert.Equal(63, new TlogProof(0, new Hash[63], default).Hashes.Count);
        Assert.Throws<ArgumentOutOfRangeException>("hashes", () => new TlogProof(0, new Hash[64], default));
        Assert.Throws<ArgumentOutOfRangeException>("index", () => new TlogProof(-1, [], default));
        Assert.Throws<ArgumentNullException>("hashes", () => new TlogProof(0, null!, default));
        Assert.Throws<ArgumentNullException>("checkpoint", () => new TlogProof(0, [], default).Verify(default, null!));
    }

    [Fact]
    public void A_proof_of_a_tree_of_one_entry_has_no_hashes()
    {
        using Ed25519NoteSigner signer = Ed25519NoteSigner.FromSeed(s_origin, new byte[32]);
        byte[] checkpoint = SignedNote.Sign(new Checkpoint(s_origin, 1, TreeHasher.Leaf("x"u8)).Format(), signer).ToBytes();
        TlogProof proof = TlogProof.Parse(new TlogProof(0, [], checkpoint).Format());
        Assert.Equal(0, proof.Verify("x"u8, s_origin, Ed25519NoteVerifier.FromVkey(signer.VerifierKey)).Index);
        Assert.Equal(TreeHasher.Leaf("x"u8), proof.Verify("x"u8, s_origin, Ed25519NoteVerifier.FromVkey(signer.VerifierKey)).LeafHash);
    }

    [Fact]
    public void The_longest_file_is_read_and_one_byte_more_is_not()
    {
        const int Longest = SignedNote.MaxBytes + 100_000;
        byte[] FileOf(int extraBytes, int textBytes)
        {
            using Ed25519NoteSigner signer = Ed25519NoteSigner.FromSeed(s_origin, new byte[32]);
            byte[] checkpoint = SignedNote.Sign(Encoding.UTF8.GetBytes(new string('x', textBytes) + "\n"), signer).ToBytes();
            return new TlogProof(0, [], checkpoint, new byte[extraBytes]).Format();
        }

        // Of equal lengths of the extra bytes, those of the text make the difference.
        int rest = Longest - FileOf(80_000, 1).Length + 1;
        Assert.Equal(Longest, FileOf(80_000, rest).Length);
        Assert.True(TlogProof.TryParse(FileOf(80_000, rest), out _));
        Assert.False(TlogProof.TryParse(FileOf(80_000, rest + 1), out _));
    }
}
