using System.Text;
using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Notes;
using Xunit;

namespace Indelible.Tests.Notes;

public sealed class NoteTests
{
    private static readonly byte[] s_seed = Convert.FromHexString(Vectors.Root.GetProperty("log").GetProperty("seed_hex").GetString()!);
    private static readonly string s_origin = Vectors.Root.GetProperty("log").GetProperty("origin").GetString()!;
    private static readonly Ed25519NoteSigner s_log = Ed25519NoteSigner.FromSeed(s_origin, s_seed);
    private static readonly Ed25519NoteVerifier s_logKey = Ed25519NoteVerifier.FromVkey(Vectors.Root.GetProperty("log").GetProperty("vkey").GetString()!);

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(7)]
    public void We_sign_checkpoints_to_the_very_bytes_of_the_vectors(int size)
    {
        var checkpoint = new Checkpoint(s_origin, size, MemoryTree.OfEntries(7).HeadAt(size).Root);
        byte[] note = SignedNote.Sign(checkpoint.Format(), s_log).ToBytes();
        Assert.Equal(Vectors.Text($"checkpoint_{size}"), Encoding.UTF8.GetString(note));
        Assert.Equal(size, VerifiedCheckpoint.Verify(note, s_origin, s_logKey).Head.Size);
    }

    [Fact]
    public void A_cosigned_checkpoint_is_vouched_for_by_both_and_reads_back_byte_for_byte()
    {
        byte[] note = Encoding.UTF8.GetBytes(Vectors.Text("checkpoint_7") + Vectors.Text("cosig_7"));
        CosignatureVerifier witness = CosignatureVerifier.FromVkey(VerifierKey.Parse(Vectors.Root.GetProperty("witness").GetProperty("vkey_0x04").GetString()!));
        VerifiedCheckpoint verified = VerifiedCheckpoint.Verify(note, s_origin, s_logKey, witness);
        Assert.Equal(2, verified.Vouching.Count);
        Assert.Equal(note, SignedNote.Parse(note).ToBytes());
    }

    [Fact]
    public void A_cosignature_alone_does_not_make_a_checkpoint_of_the_log()
    {
        string text = Vectors.Text("checkpoint_7");
        byte[] note = Encoding.UTF8.GetBytes(text[..(text.IndexOf("\n\n", StringComparison.Ordinal) + 2)] + Vectors.Text("cosig_7"));
        CosignatureVerifier witness = CosignatureVerifier.FromVkey(VerifierKey.Parse(Vectors.Root.GetProperty("witness").GetProperty("vkey_0x04").GetString()!));
        Assert.Throws<VerificationException>(() => VerifiedCheckpoint.Verify(note, s_origin, s_logKey, witness));
    }

    [Fact]
    public void A_post_quantum_signature_line_is_read_and_ignored()
    {
        byte[] note = Encoding.UTF8.GetBytes(Vectors.Text("checkpoint_7") + Vectors.Root.GetProperty("mldsa").GetProperty("note_sig_line").GetString());
        Assert.Equal(2, SignedNote.Parse(note).Signatures.Count);
        Assert.Single(VerifiedCheckpoint.Verify(note, s_origin, s_logKey).Vouching);
    }

    [Fact]
    public void Unknown_names_and_ids_are_ignored_and_a_known_pair_with_a_wrong_signature_refuses_the_whole_note()
    {
        SignedNote signed = SignedNote.Parse(Encoding.UTF8.GetBytes(Vectors.Text("checkpoint_7")));
        string text = Encoding.UTF8.GetString(signed.Text.Span);
        string good = Line(s_origin, signed.Signatures[0].KeyId, signed.Signatures[0].Bytes.ToArray());
        byte[] wrong = signed.Signatures[0].Bytes.ToArray();
        wrong[10] ^= 1;
        Assert.NotNull(SignedNote.Parse(Note(text, Line("other", 1, wrong), Line(s_origin, 1, wrong), Line("other", signed.Signatures[0].KeyId, wrong), good)).Verify(s_logKey));
        Assert.Throws<VerificationException>(() => SignedNote.Parse(Note(text, Line(s_origin, signed.Signatures[0].KeyId, wrong))).Verify(s_logKey));
        Assert.Throws<VerificationException>(() => SignedNote.Parse(Note(text, Line("other", 1, wrong))).Verify(s_logKey));
        Assert.Throws<VerificationException>(() => SignedNote.Parse(Note(text, good)).Verify());

        // A second line of the same key is passed over, right or wrong.
        Assert.Single(SignedNote.Parse(Note(text, good, Line(s_origin, signed.Signatures[0].KeyId, wrong))).Verify(s_logKey).Vouching);
    }

    [Fact]
    public void A_text_with_empty_lines_is_divided_at_the_last_one()
    {
        byte[] note = SignedNote.Sign("first\n\nsecond\n\n\nthird\n"u8, s_log).ToBytes();
        VerifiedNote verified = SignedNote.Parse(note).Verify(s_logKey);
        Assert.Equal("first\n\nsecond\n\n\nthird\n", Encoding.UTF8.GetString(verified.Text.Span));

        byte[] shortest = SignedNote.Sign("\n"u8, s_log).ToBytes();
        Assert.Equal("\n", Encoding.UTF8.GetString(SignedNote.Parse(shortest).Verify(s_logKey).Text.Span));
    }

    [Fact]
    public void Any_flipped_bit_of_a_note_is_refused()
    {
        byte[] note = Encoding.UTF8.GetBytes(Vectors.Text("checkpoint_7"));
        for (int bit = 0; bit < note.Length * 8; bit++)
        {
            byte[] altered = [.. note];
            altered[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.ThrowsAny<Exception>(() => VerifiedCheckpoint.Verify(altered, s_origin, s_logKey));
        }
    }

    [Fact]
    public void Bytes_that_are_no_note_are_refused()
    {
        string note = Vectors.Text("checkpoint_7");
        string line = note[(note.IndexOf("\n\n", StringComparison.Ordinal) + 2)..];
        string text = note[..^line.Length];
        string[] refused =
        [
            "",
            "\n",
            "\n\n",
            text,
            note[..^1],
            note + "\n",
            note.Replace("\n\n", "\n", StringComparison.Ordinal),
            note.Replace("\n", "\r\n", StringComparison.Ordinal),
            note.Replace('—', '-'),
            note.Replace('—', '–'),
            note.Replace("— ", "—", StringComparison.Ordinal),
            note.Replace("— ", "—  ", StringComparison.Ordinal),
            note + " ",
            note[..^1] + " \n",
            "\uFEFF" + note,
            "\u0001" + note,
            note.Replace("\n\n", "\t\n\n", StringComparison.Ordinal),
            text + Line("a", 7, []),
            text + Line("", 7, new byte[64]),
            text + Line("a b", 7, new byte[64]),
            text + Line("a+b", 7, new byte[64]),
            text + Line("a\u00A0b", 7, new byte[64]),
            text + "— a AAAA\n",
            text + "— a " + Convert.ToBase64String(new byte[68]).TrimEnd('=') + "\n",
            text + "— a " + Convert.ToBase64String(new byte[68])[..^2] + "B=\n",
            text + string.Concat(Enumerable.Repeat(line, 101)),
            text + line + "extra\n",
        ];
        foreach (string bytes in refused)
        {
            Assert.False(SignedNote.TryParse(Encoding.UTF8.GetBytes(bytes), out _), bytes);
            Assert.Throws<TlogFormatException>(() => SignedNote.Parse(Encoding.UTF8.GetBytes(bytes)));
        }

        Assert.False(SignedNote.TryParse([.. Encoding.UTF8.GetBytes(text), 0xC3, (byte)'\n'], out _));
        Assert.False(SignedNote.TryParse([0xFF, .. Encoding.UTF8.GetBytes(note)], out _));
        Assert.True(SignedNote.TryParse(Encoding.UTF8.GetBytes(text + string.Concat(Enumerable.Repeat(line, 100))), out _));
        Assert.False(SignedNote.TryParse(Encoding.UTF8.GetBytes(new string('a', SignedNote.MaxBytes) + "\n\n" + line), out _));
    }

    [Theory]
    [InlineData("log\n07\nROOT\n")]
    [InlineData("log\n+7\nROOT\n")]
    [InlineData("log\n-7\nROOT\n")]
    [InlineData("log\n7 \nROOT\n")]
    [InlineData("log\n9223372036854775808\nROOT\n")]
    [InlineData("log\n7\nROOT")]
    [InlineData("log\n7\nROOTx")]
    [InlineData("log\n7\nROOT\nextension")]
    [InlineData("log\n7\nROOT\nexten\u0001sion\n")]
    [InlineData("log\n7\nROOT\n\n")]
    [InlineData("\n7\nROOT\n")]
    [InlineData("log\n7\n")]
    [InlineData("log\n7\nAAAA\n")]
    [InlineData("log\n7\nROOT=\n")]
    [InlineData("log\r\n7\r\nROOT\r\n")]
    [InlineData("log\n0\nROOT\n")]
    [InlineData("log\n7\nROOT\n\nextension\n")]
    public void Texts_that_are_no_checkpoint_are_refused(string text)
    {
        string root = MemoryTree.OfEntries(7).HeadAt(7).Root.ToBase64();
        Assert.False(Checkpoint.TryParse(Encoding.UTF8.GetBytes(text.Replace("ROOT", root, StringComparison.Ordinal)), out _));
    }

    [Fact]
    public void A_root_of_31_bytes_is_refused_and_extension_lines_are_kept()
    {
        Assert.False(Checkpoint.TryParse(Encoding.UTF8.GetBytes($"log\n7\n{Convert.ToBase64String(new byte[31])}\n"), out _));
        byte[] text = Encoding.UTF8.GetBytes($"log\n7\n{Convert.ToBase64String(new byte[32])}\none\ntwo three\n");
        Assert.True(Checkpoint.TryParse(text, out Checkpoint? checkpoint));
        Assert.Equal(["one", "two three"], checkpoint.Extensions);
        Assert.Equal(text, checkpoint.Format());
        Assert.False(Checkpoint.TryParse(Encoding.UTF8.GetBytes($"{new string('a', 256)}\n7\n{Convert.ToBase64String(new byte[32])}\n"), out _));
    }

    [Fact]
    public void A_checkpoint_of_another_origin_under_the_same_key_is_refused()
    {
        byte[] note = SignedNote.Sign(new Checkpoint("audit.example/log2", 0, TreeHasher.EmptyRoot).Format(), s_log).ToBytes();
        Assert.Throws<VerificationException>(() => VerifiedCheckpoint.Verify(note, s_origin, s_logKey));
    }

    [Fact]
    public void Texts_that_cannot_be_signed_are_refused()
    {
        Assert.Throws<ArgumentException>(() => SignedNote.Sign("no line feed"u8, s_log));
        Assert.Throws<ArgumentException>(() => SignedNote.Sign(""u8, s_log));
        Assert.Throws<ArgumentException>(() => SignedNote.Sign("tab\t\n"u8, s_log));
        Assert.Throws<ArgumentException>(() => SignedNote.Sign([0xFF, (byte)'\n'], s_log));
        Assert.Throws<ArgumentException>(() => SignedNote.Sign("text\n"u8));
    }

    [Fact]
    public void A_note_of_a_million_bytes_is_read_and_one_byte_more_is_not()
    {
        byte[] NoteOf(int bytes)
        {
            int around = SignedNote.Sign("\n"u8, s_log).ToBytes().Length;
            return SignedNote.Sign(Encoding.UTF8.GetBytes(new string('x', bytes - around) + "\n"), s_log).ToBytes();
        }

        Assert.Equal(1_000_000, SignedNote.MaxBytes);
        Assert.True(SignedNote.TryParse(NoteOf(SignedNote.MaxBytes), out _));
        Assert.False(SignedNote.TryParse(NoteOf(SignedNote.MaxBytes + 1), out _));
    }

    [Fact]
    public void An_origin_of_255_bytes_is_read_and_one_byte_more_is_not()
    {
        string root = TreeHasher.EmptyRoot.ToBase64();
        foreach (string longest in new[] { new string('a', 255), new string('縁', 85) })
        {
            Assert.True(Checkpoint.TryParse(Encoding.UTF8.GetBytes($"{longest}\n7\n{root}\n"), out Checkpoint? checkpoint));
            Assert.Equal(longest, checkpoint.Origin);
            Assert.False(Checkpoint.TryParse(Encoding.UTF8.GetBytes($"{longest}a\n7\n{root}\n"), out _));
        }

        Assert.Equal("log", Checkpoint.Parse(Encoding.UTF8.GetBytes($"log\n{long.MaxValue}\n{root}\n")).Origin);
        Assert.Throws<TlogFormatException>(() => Checkpoint.Parse("log\n"u8));
    }

    [Fact]
    public void A_text_with_a_control_character_anywhere_is_refused()
    {
        string note = Vectors.Text("checkpoint_7");
        for (int control = 0; control < 0x20; control++)
        {
            byte[] altered = [(byte)'x', (byte)control, .. Encoding.UTF8.GetBytes(note)];
            Assert.Equal(control == '\n', SignedNote.TryParse(altered, out _));
        }
    }

    [Fact]
    public void Names_of_keys_have_up_to_255_bytes_and_no_blank_plus_or_half_character()
    {
        foreach (string name in new[] { "a", "é", new string('a', 255), new string('縁', 85), "a.b/c-d" })
        {
            Assert.True(KeyName.IsValid(name), name);
        }

        foreach (string name in new[] { "", "a b", "a\u00A0b", "a\u2028b", "a\u007f", "a\u0085b", "+", "a+b", new string('a', 256), new string('縁', 85) + "a", "\ud800", "a\udc00" })
        {
            Assert.False(KeyName.IsValid(name), name);
        }
    }

    [Fact]
    public void Each_key_that_the_caller_knows_vouches_for_what_it_has_signed()
    {
        using Ed25519NoteSigner other = Ed25519NoteSigner.FromSeed("other", new byte[32]);
        Ed25519NoteVerifier otherKey = Ed25519NoteVerifier.FromVkey(other.VerifierKey);
        SignedNote note = SignedNote.Sign("text\n"u8, s_log, other, s_log);
        Assert.Equal([s_logKey, otherKey], note.Verify(otherKey, s_logKey).Vouching);
        Assert.Equal([otherKey], note.Verify(otherKey).Vouching);
        Assert.Equal("text\n", Encoding.UTF8.GetString(note.Verify(otherKey).Text.Span));

        // A wrong line of one refuses the note, though the other has signed it.
        byte[] wrong = [.. note.ToBytes(), .. Encoding.UTF8.GetBytes(Line("third", 7, new byte[64]))];
        Assert.Throws<VerificationException>(() => SignedNote.Parse(wrong).Verify(s_logKey, new Distrustful("third", 7)));
    }

    [Fact]
    public void A_verified_checkpoint_is_the_note_as_it_came()
    {
        byte[] note = Encoding.UTF8.GetBytes(Vectors.Text("checkpoint_7"));
        VerifiedCheckpoint verified = VerifiedCheckpoint.Verify(note, s_origin, s_logKey);
        Assert.Equal(note, verified.Note.ToArray());
        Assert.Equal(MemoryTree.OfEntries(7).HeadAt(7), verified.Head);
        Assert.Throws<ArgumentNullException>("logKey", () => VerifiedCheckpoint.Verify(note, s_origin, null!));
        Assert.Throws<ArgumentNullException>("name", () => KeyName.IsValid(null!));
        Assert.Throws<ArgumentNullException>("text", () => VerifierKey.TryParse(null!, out _));
    }

    [Fact]
    public void Keys_are_equal_when_name_type_and_bytes_are()
    {
        var key = new VerifierKey("a", 1, new byte[32]);
        Assert.Equal(key, new VerifierKey("a", 1, new byte[32]));
        Assert.Equal(key.GetHashCode(), new VerifierKey("a", 1, new byte[32]).GetHashCode());
        Assert.NotEqual(key, new VerifierKey("b", 1, new byte[32]));
        Assert.NotEqual(key, new VerifierKey("a", 2, new byte[32]));
        Assert.NotEqual(key, new VerifierKey("a", 1, (byte[])[.. new byte[31], 1]));
        Assert.False(key.Equals(null));
    }

    /// <summary>A key under which every signature is wrong.</summary>
    private sealed class Distrustful(string name, uint keyId) : NoteVerifier
    {
        public override string Name => name;

        public override uint KeyId => keyId;

        public override bool Verify(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature) => false;
    }

    private static byte[] Note(string text, params string[] lines) => Encoding.UTF8.GetBytes(text + "\n" + string.Concat(lines));

    private static string Line(string name, uint keyId, byte[] signature) =>
        $"— {name} {Convert.ToBase64String([(byte)(keyId >> 24), (byte)(keyId >> 16), (byte)(keyId >> 8), (byte)keyId, .. signature])}\n";
}
