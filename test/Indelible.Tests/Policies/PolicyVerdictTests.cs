using System.Buffers.Binary;
using System.Text;
using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Policies;
using Indelible.Proofs;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Xunit;
using static Indelible.Tests.Policies.PolicyKeys;

namespace Indelible.Tests.Policies;

public sealed class PolicyVerdictTests
{
    [Fact]
    public void Without_a_quorum_the_logs_signature_is_enough()
    {
        PolicyVerdict verdict = Policy(LogLine + "quorum none\n").Verify(Note(Log), NoteVerifiers.Of);
        Assert.True(verdict.IsSatisfied);
        Assert.True(verdict.IsQuorumSatisfied);
        Assert.Empty(verdict.Faults);
        Assert.Null(verdict.NewestPosixSeconds);
        Assert.False(verdict.HasWindows);
        Assert.Equal(7, verdict.Require(Origin).Head.Size);
        Assert.Same(verdict.Verified, verdict.Require(null));
        Assert.Equal(Note(Log), verdict.Verified!.Note.ToArray());
        Assert.Equal(Log.KeyId, Assert.Single(verdict.Verified.Vouching).KeyId);
        Assert.Throws<VerificationException>(() => verdict.Require("audit.example/logs/other"));
    }

    [Fact]
    public void The_published_vectors_satisfy_a_policy_of_their_log_and_witness()
    {
        string log = Vectors.Root.GetProperty("log").GetProperty("vkey").GetString()!;
        string witness = Vectors.Root.GetProperty("witness").GetProperty("vkey_0x04").GetString()!;
        TlogPolicy policy = Policy($"log {log}\nwitness w {witness}\nquorum w\n");
        byte[] note = Encoding.UTF8.GetBytes(Vectors.Text("checkpoint_7") + Vectors.Text("cosig_7"));
        PolicyVerdict verdict = policy.Verify(note, NoteVerifiers.Of);
        Assert.True(verdict.IsSatisfied);
        Assert.Equal(1_700_000_000, verdict.NewestPosixSeconds);
        Assert.Equal(2, verdict.Verified!.Vouching.Count);
        Assert.False(policy.Verify(Encoding.UTF8.GetBytes(Vectors.Text("checkpoint_7")), NoteVerifiers.Of).IsSatisfied);

        for (int bit = 0; bit < note.Length * 8; bit += 3)
        {
            byte[] altered = [.. note];
            altered[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(SignedNote.TryParse(altered, out SignedNote? read) && Checkpoint.TryParse(read.Text.Span, out _)
                && policy.Verify(altered, NoteVerifiers.Of).IsSatisfied);
        }
    }

    [Fact]
    public void A_proof_file_is_verified_under_the_checkpoint_that_a_policy_accepts()
    {
        string log = Vectors.Root.GetProperty("log").GetProperty("vkey").GetString()!;
        string witness = Vectors.Root.GetProperty("witness").GetProperty("vkey_0x04").GetString()!;
        TlogProof proof = TlogProof.Parse(Encoding.UTF8.GetBytes(Vectors.Text("tlog_proof_3_of_7")));
        VerifiedCheckpoint checkpoint = Policy($"log {log}\nwitness w {witness}\nquorum w\n")
            .Verify(proof.Checkpoint.Span, NoteVerifiers.Of).Require(Vectors.Root.GetProperty("log").GetProperty("origin").GetString());
        Assert.Equal(3, proof.Verify(Vectors.EntryAt(3), checkpoint).Index);
        Assert.Throws<VerificationException>(() => proof.Verify(Vectors.EntryAt(4), checkpoint));
    }

    // X needs 2 of X1 to X3, Y any of Y1 to Y3, the quorum both.
    [Theory]
    [InlineData("X1 X2 Y3", true, "")]
    [InlineData("X1 X2 X3 Y1 Y2 Y3", true, "")]
    [InlineData("X2 X3 Y2", true, "")]
    [InlineData("X1 X2 X3", false, "Q has 1 of the 2 members that it needs; Y has 0 of the 1 members that it needs; Y1: has not signed; Y2: has not signed; Y3: has not signed.")]
    [InlineData("X1 Y1 Y2", false, "Q has 1 of the 2 members that it needs; X has 1 of the 2 members that it needs; X2: has not signed; X3: has not signed.")]
    [InlineData("Y1", false, "X has 0 of the 2")]
    [InlineData("", false, "Q has 0 of the 2")]
    public void Nested_groups_need_their_thresholds(string cosigners, bool isSatisfied, string lacks)
    {
        string[] names = ["X1", "X2", "X3", "Y1", "Y2", "Y3"];
        TlogPolicy policy = Policy(
            LogLine + string.Concat(names.Select((name, i) => $"witness {name} {Vkey(i)}\n")) + "group X 2 X1 X2 X3\ngroup Y any Y1 Y2 Y3\ngroup Q all X Y\nquorum Q\n");
        string[] signing = cosigners.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        PolicyVerdict verdict = policy.Verify(Note([Log, .. signing.Select(name => Witness(Array.IndexOf(names, name)))]), NoteVerifiers.Of);
        Assert.Equal(isSatisfied, verdict.IsSatisfied);
        Assert.Equal(isSatisfied, verdict.IsQuorumSatisfied);
        Assert.Equal(isSatisfied, verdict.Verified is not null);
        Assert.Equal(signing, verdict.Witnesses.Where(witness => witness.Value.Standing == KeyStanding.Believed).Select(witness => witness.Key.ToString()));
        Assert.Equal(isSatisfied ? 1 + signing.Length : 0, verdict.Verified?.Vouching.Count ?? 0);
        if (!isSatisfied)
        {
            Assert.Contains(lacks, Assert.Throws<VerificationException>(() => verdict.Require(Origin)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Any_set_of_cosigners_is_judged_as_its_members_count()
    {
        // Three levels, thresholds of every kind, and the witness w7 in no group.
        TlogPolicy policy = Policy(
            LogLine + string.Concat(Enumerable.Range(0, 8).Select(WitnessLine))
            + "group a 2 w0 w1 w2\ngroup b any w3 w4\ngroup c all a w5\ngroup d 2 c b w6\nquorum d\n");
        for (int set = 0; set < 256; set++)
        {
            bool Has(int number) => (set & (1 << number)) != 0;
            bool a = (Has(0) ? 1 : 0) + (Has(1) ? 1 : 0) + (Has(2) ? 1 : 0) >= 2;
            bool b = Has(3) || Has(4);
            bool c = a && Has(5);
            bool d = (c ? 1 : 0) + (b ? 1 : 0) + (Has(6) ? 1 : 0) >= 2;
            NoteSigner[] signers = [Log, .. Enumerable.Range(0, 8).Where(Has).Select(number => Witness(number))];
            PolicyVerdict verdict = policy.Verify(Note(signers), NoteVerifiers.Of);
            Assert.True(d == verdict.IsSatisfied, $"set {set:b8}");
            Assert.Equal(
                new[] { ("a", a), ("b", b), ("c", c), ("d", d) }.Where(group => group.Item2).Select(group => group.Item1),
                verdict.SatisfiedGroups.Select(group => group.Name.ToString()));
        }
    }

    [Fact]
    public void A_hundred_nested_groups_are_judged()
    {
        string groups = string.Concat(Enumerable.Range(0, 100).Select(i => $"group g{i} all {(i == 0 ? "w1" : $"g{i - 1}")}\n"));
        TlogPolicy policy = Policy(LogLine + WitnessLine(1) + groups + "quorum g99\n");
        Assert.True(policy.Verify(Note(Log, Witness(1)), NoteVerifiers.Of).IsSatisfied);
        PolicyVerdict verdict = policy.Verify(Note(Log), NoteVerifiers.Of);
        Assert.EndsWith("w1: has not signed.", Assert.Single(verdict.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void A_witness_can_be_the_quorum_itself()
    {
        TlogPolicy policy = Policy(LogLine + WitnessLine(1) + WitnessLine(2) + "quorum w1\n");
        Assert.True(policy.Verify(Note(Log, Witness(1)), NoteVerifiers.Of).IsSatisfied);
        PolicyVerdict verdict = policy.Verify(Note(Log, Witness(2)), NoteVerifiers.Of);
        Assert.False(verdict.IsSatisfied);
        Assert.Equal("The quorum w1 is not satisfied: w1: has not signed.", Assert.Single(verdict.Faults));
        Assert.Equal(KeyStanding.Believed, verdict.Witnesses[1].Value.Standing);
    }

    [Fact]
    public void Keys_that_the_policy_does_not_have_are_ignored()
    {
        TlogPolicy policy = Policy(LogLine + WitnessLine(1) + "quorum w1\n");
        using Ed25519NoteSigner sameName = Ed25519NoteSigner.FromSeed(Origin, Seed(9));
        SignedNote good = SignedNote.Parse(Note(sameName, Log, Witness(5), Witness(1)));
        Assert.True(policy.Verify(good.ToBytes(), NoteVerifiers.Of).IsSatisfied);

        // Under a known id but another name, or a known name but another id, even a wrong signature says nothing.
        byte[] wrong = new byte[72];
        Assert.True(policy.Verify(
            [.. good.ToBytes(), .. Line("other", Witness(1).KeyId, wrong), .. Line(Witness(1).Name, 7, wrong)], NoteVerifiers.Of).IsSatisfied);
        PolicyVerdict verdict = policy.Verify(Note(sameName, Witness(1)), NoteVerifiers.Of);
        Assert.Equal(KeyStanding.Absent, Assert.Single(verdict.Logs).Standing);
        Assert.Contains($"No log key of {Origin} is believed", Assert.Single(verdict.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Any_one_log_key_of_the_origin_is_enough_and_one_of_another_origin_is_not()
    {
        using Ed25519NoteSigner next = Ed25519NoteSigner.FromSeed(Origin, Seed(2));
        using Ed25519NoteSigner other = Ed25519NoteSigner.FromSeed("audit.example/logs/other", Seed(3));
        TlogPolicy policy = Policy(LogLine + $"log {next.VerifierKey}\nlog {other.VerifierKey}\nquorum none\n");
        Assert.True(policy.Verify(Note(Log), NoteVerifiers.Of).IsSatisfied);
        Assert.True(policy.Verify(Note(next), NoteVerifiers.Of).IsSatisfied);
        Assert.Equal(2, policy.Verify(Note(next, Log), NoteVerifiers.Of).Verified!.Vouching.Count);
        PolicyVerdict verdict = policy.Verify(Note(other), NoteVerifiers.Of);
        Assert.False(verdict.IsSatisfied);
        Assert.Equal(2, verdict.Logs.Count);

        byte[] foreign = SignedNote.Sign(new Checkpoint("audit.example/logs/third", 0, TreeHasher.EmptyRoot).Format(), Log).ToBytes();
        Assert.Equal(
            $"The policy has no log audit.example/logs/third; it has {Origin}, audit.example/logs/other.",
            Assert.Single(policy.Verify(foreign, NoteVerifiers.Of).Faults));
        Assert.Equal("The policy has no log.", Assert.Single(Policy("quorum none\n").Verify(Note(Log), NoteVerifiers.Of).Faults));
        Assert.True(Policy("quorum none\n").WithLog(Log.VerifierKey).Verify(Note(Log), NoteVerifiers.Of).IsSatisfied);
    }

    [Fact]
    public void A_cosignature_without_the_log_is_not_enough()
    {
        PolicyVerdict verdict = Policy(LogLine + WitnessLine(1) + "quorum w1\n").Verify(Note(Witness(1)), NoteVerifiers.Of);
        Assert.True(verdict.IsQuorumSatisfied);
        Assert.False(verdict.IsSatisfied);
        Assert.Null(verdict.Verified);
    }

    [Fact]
    public void A_wrong_signature_under_a_known_key_refuses_the_whole_note()
    {
        TlogPolicy policy = Policy(LogLine + WitnessLine(1) + WitnessLine(2) + "group g any w1 w2\nquorum g\n");
        byte[] wrong = Witness(2).Sign("another text\n"u8);
        PolicyVerdict verdict = policy.Verify([.. Note(Log, Witness(1)), .. Line(Witness(2).Name, Witness(2).KeyId, wrong)], NoteVerifiers.Of);
        Assert.True(verdict.IsQuorumSatisfied);
        Assert.False(verdict.IsSatisfied);
        Assert.Equal(KeyStanding.Wrong, verdict.Witnesses[1].Value.Standing);
        Assert.Equal($"The signature of {Witness(2).Name}+{Witness(2).KeyId:x8} is not over this text.", Assert.Single(verdict.Faults));

        // And so does one of the log, beside a right one under its next key.
        using Ed25519NoteSigner next = Ed25519NoteSigner.FromSeed(Origin, Seed(2));
        TlogPolicy two = Policy(LogLine + $"log {next.VerifierKey}\nquorum none\n");
        Assert.False(two.Verify([.. Note(Log), .. Line(Origin, next.KeyId, new byte[64])], NoteVerifiers.Of).IsSatisfied);
    }

    [Fact]
    public void A_wrong_signature_under_the_key_of_another_log_of_the_policy_refuses_the_note_too()
    {
        using Ed25519NoteSigner other = Ed25519NoteSigner.FromSeed("audit.example/logs/other", Seed(3));
        TlogPolicy policy = Policy(LogLine + $"log {other.VerifierKey}\nquorum none\n");
        PolicyVerdict verdict = policy.Verify([.. Note(Log), .. Line(other.Name, other.KeyId, new byte[64])], NoteVerifiers.Of);
        Assert.False(verdict.IsSatisfied);
        Assert.Equal($"The signature of {other.Name}+{other.KeyId:x8} is not over this text.", Assert.Single(verdict.Faults));

        // A right one refuses nothing, and vouches for nothing: the log's name is another.
        PolicyVerdict right = policy.Verify(Note(other, Log), NoteVerifiers.Of);
        Assert.Equal(Log.KeyId, Assert.Single(right.Require(Origin).Vouching).KeyId);
        Assert.Equal(Log.KeyId, Assert.Single(right.Logs).Key.KeyId);
    }

    [Fact]
    public void A_timestamp_that_was_not_signed_is_a_wrong_signature()
    {
        TlogPolicy policy = Policy(LogLine + WitnessLine(1) + "quorum w1\n");
        CosignatureSigner witness = Witness(1);
        foreach (long seconds in new[] { 0, 1, NewYear - 1, NewYear + 1, long.MaxValue, -1, long.MinValue })
        {
            byte[] signature = witness.Sign(Text);
            BinaryPrimitives.WriteInt64BigEndian(signature, seconds);
            PolicyVerdict verdict = policy.Verify([.. Note(Log), .. Line(witness.Name, witness.KeyId, signature)], NoteVerifiers.Of);
            Assert.Equal(KeyStanding.Wrong, verdict.Witnesses[0].Value.Standing);
            Assert.False(verdict.IsSatisfied);
        }

        // Zero is refused even when it was signed: type 0x04 always claims a time. So is a verifier that would accept anything.
        Assert.False(policy.Verify(Note(Log, Witness(1, 0)), NoteVerifiers.Of).IsSatisfied);
        foreach (byte[] timeless in new byte[][] { new byte[72], new byte[8], new byte[1], [0x80, .. new byte[71]] })
        {
            Assert.False(policy.Verify([.. Note(Log), .. Line(witness.Name, witness.KeyId, timeless)], key => new Credulous(key)).IsSatisfied);
        }
    }

    [Fact]
    public void Of_two_lines_under_one_key_the_first_counts_and_counts_once()
    {
        TlogPolicy policy = Policy(LogLine + WitnessLine(1) + WitnessLine(2) + "group g all w1 w2\nquorum g\n");
        PolicyVerdict twice = policy.Verify(Note(Log, Witness(1), Witness(1, NewYear + 60), Log), NoteVerifiers.Of);
        Assert.False(twice.IsSatisfied);
        Assert.Equal(NewYear, twice.NewestPosixSeconds);

        byte[] good = Note(Log, Witness(1), Witness(2));
        byte[] wrong = Line(Witness(1).Name, Witness(1).KeyId, Witness(1).Sign("another text\n"u8));
        Assert.True(policy.Verify([.. good, .. wrong], NoteVerifiers.Of).IsSatisfied);
        byte[] first = [.. Note(Log), .. wrong, .. Note(Witness(1), Witness(2)).AsSpan(Text.Length + 1)];
        Assert.False(policy.Verify(first, NoteVerifiers.Of).IsSatisfied);
    }

    [Fact]
    public void The_newest_cosignature_tells_the_time_whether_the_quorum_asks_for_it_or_not()
    {
        TlogPolicy policy = Policy(LogLine + WitnessLine(1) + WitnessLine(2) + WitnessLine(3) + "quorum w1\n");
        PolicyVerdict verdict = policy.Verify(Note(Log, Witness(1, 100), Witness(2, 300), Witness(3, 200)), NoteVerifiers.Of);
        Assert.Equal(300, verdict.NewestPosixSeconds);
        Assert.Equal([100, 300, 200], verdict.Witnesses.Select(witness => witness.Value.PosixSeconds!.Value));
    }

    [Fact]
    public void A_witness_of_a_type_that_cannot_be_verified_here_does_not_count()
    {
        TlogPolicy policy = PostQuantumPolicy("quorum pq\n");
        PolicyVerdict verdict = policy.Verify(PostQuantumNote(), NoteVerifiers.Of);
        Assert.False(verdict.IsSatisfied);
        Assert.Equal(KeyStanding.NotVerifiable, verdict.Witnesses[1].Value.Standing);
        Assert.Contains("pq: signatures of type 0x06 cannot be verified here", Assert.Single(verdict.Faults), StringComparison.Ordinal);

        // It refuses nothing either, right or wrong.
        Assert.True(PostQuantumPolicy("group g any w pq\nquorum g\n").Verify(PostQuantumNote(), NoteVerifiers.Of).IsSatisfied);
        Assert.False(PostQuantumPolicy("group g all w pq\nquorum g\n").Verify(PostQuantumNote(), NoteVerifiers.Of).IsSatisfied);
    }

    [Fact]
    public void A_caller_that_can_verify_the_type_makes_it_count()
    {
        PolicyVerdict verdict = PostQuantumPolicy("group g all w pq\nquorum g\n").Verify(PostQuantumNote(), OfAnyType);
        Assert.True(verdict.IsSatisfied);
        Assert.Equal(1_700_000_000, verdict.Witnesses[1].Value.PosixSeconds);
        Assert.Equal(3, verdict.Verified!.Vouching.Count);

        NoteSignature line = SignedNote.Parse(PostQuantumNote()).Signatures[2];
        byte[] wrong = line.Bytes.ToArray();
        wrong[^1] ^= 1;
        byte[] altered = [.. Encoding.UTF8.GetBytes(Vectors.Text("checkpoint_7")), .. Line(line.Name, line.KeyId, wrong)];
        Assert.Equal(KeyStanding.Wrong, PostQuantumPolicy("quorum pq\n").Verify(altered, OfAnyType).Witnesses[1].Value.Standing);
    }

    [Fact]
    public void A_cosigner_that_claims_no_time_counts_but_tells_none()
    {
        var key = new VerifierKey("pq.example/w", VerifierKey.MlDsa44, new byte[1312]);
        TlogPolicy policy = Policy(LogLine + $"witness pq {key}\nquorum pq\n");
        byte[] note = [.. Note(Log), .. Line(key.Name, key.KeyId, new byte[9])];
        NoteVerifier? Of(VerifierKey known) => known == key ? new Credulous(key) : NoteVerifiers.Of(known);
        PolicyVerdict verdict = policy.Verify(note, Of);
        Assert.True(verdict.IsSatisfied);
        Assert.Null(verdict.Witnesses[0].Value.PosixSeconds);
        Assert.Null(verdict.NewestPosixSeconds);

        // So the window of the log's key is not judged by it, nor one of its own.
        PolicyWindows ofLog = PolicyWindows.Parse(Encoding.UTF8.GetBytes($"valid {Log.VerifierKey} - 2026-01-01T00:00:00Z\n"), policy);
        Assert.Equal(KeyStanding.TimeUnknown, Assert.Single(policy.Verify(note, Of, ofLog).Logs).Standing);
        Assert.False(policy.Verify(note, Of, ofLog, DateTimeOffset.FromUnixTimeSeconds(NewYear)).IsSatisfied);
        Assert.True(policy.Verify(note, Of, ofLog, DateTimeOffset.FromUnixTimeSeconds(NewYear - 1)).IsSatisfied);
        PolicyWindows ofWitness = PolicyWindows.Parse(Encoding.UTF8.GetBytes($"valid {key} - 2026-01-01T00:00:00Z\n"), policy);
        Assert.Equal(KeyStanding.TimeUnknown, policy.Verify(note, Of, ofWitness).Witnesses[0].Value.Standing);
    }

    [Theory]
    [InlineData(KeyStanding.Believed, "believed")]
    [InlineData(KeyStanding.Absent, "has not signed")]
    [InlineData(KeyStanding.NotVerifiable, "signatures of type 0x04 cannot be verified here")]
    [InlineData(KeyStanding.Wrong, "its signature is wrong")]
    [InlineData(KeyStanding.OutsideWindow, "signed at 2026-01-01T00:00:00Z, believed from - until 2025-12-31T23:59:59Z")]
    [InlineData(KeyStanding.TimeUnknown, "nothing tells when it signed, believed from - until 2025-12-31T23:59:59Z")]
    public void A_finding_is_said_in_a_few_words(KeyStanding standing, string words)
    {
        VerifierKey key = Witness(1).VerifierKey;
        var window = new KeyWindow(key, null, DateTimeOffset.FromUnixTimeSeconds(NewYear - 1));
        Assert.Equal(words, new KeyFinding(key, standing, NewYear, window).ToString());
    }

    [Theory]
    [InlineData(-62_135_596_800, "0001-01-01T00:00:00Z")]
    [InlineData(-62_135_596_801, "-62135596801 s")]
    [InlineData(253_402_300_799, "9999-12-31T23:59:59Z")]
    [InlineData(253_402_300_800, "253402300800 s")]
    public void A_time_that_has_a_date_is_shown_as_one(long seconds, string shown) => Assert.Equal(
        $"signed at {shown}, believed from - until -", new KeyFinding(Witness(1).VerifierKey, KeyStanding.OutsideWindow, seconds, null).ToString());

    [Fact]
    public void What_is_no_checkpoint_is_refused_before_anything_is_judged()
    {
        TlogPolicy policy = Policy(LogLine + "quorum none\n");
        Assert.Throws<TlogFormatException>(() => policy.Verify("nothing"u8, NoteVerifiers.Of));
        Assert.Throws<TlogFormatException>(() => policy.Verify(SignedNote.Sign("text\n"u8, Log).ToBytes(), NoteVerifiers.Of));
    }

    [Fact]
    public void A_parsed_note_is_judged_as_its_bytes_are()
    {
        TlogPolicy policy = Policy(LogLine + WitnessLine(1) + WitnessLine(2) + "quorum w1\n");
        foreach (byte[] bytes in new[] { Note(Log, Witness(1)), Note(Log, Witness(2)), Note(Witness(1)) })
        {
            PolicyVerdict ofNote = policy.Evaluate(SignedNote.Parse(bytes), NoteVerifiers.Of);
            PolicyVerdict ofBytes = policy.Verify(bytes, NoteVerifiers.Of);
            Assert.Equal(ofBytes.Faults, ofNote.Faults);
            Assert.Equal(ofBytes.Witnesses, ofNote.Witnesses);
            Assert.Equal(ofBytes.Logs, ofNote.Logs);
            Assert.Equal(ofBytes.Verified?.Note.ToArray(), ofNote.Verified?.Note.ToArray());
        }

        Assert.Throws<TlogFormatException>(() => policy.Evaluate(SignedNote.Sign("text\n"u8, Log), NoteVerifiers.Of));
        Assert.Throws<ArgumentNullException>("note", () => policy.Evaluate(null!, NoteVerifiers.Of));
        Assert.Throws<ArgumentNullException>("verifierOf", () => policy.Evaluate(SignedNote.Parse(Note(Log)), null!));
    }

    [Fact]
    public void A_verifier_of_another_key_is_the_callers_mistake()
    {
        TlogPolicy policy = Policy(LogLine + "quorum none\n");
        Assert.Throws<ArgumentException>(() => policy.Verify(Note(Log), _ => NoteVerifiers.Of(Witness(1).VerifierKey)));
    }

    private static NoteVerifier? OfAnyType(VerifierKey key) => key.Type == VerifierKey.MlDsa44 ? new MlDsaVerifier(key) : NoteVerifiers.Of(key);

    private static TlogPolicy PostQuantumPolicy(string rest) => Policy(
        $"log {Vectors.Root.GetProperty("log").GetProperty("vkey").GetString()}\nwitness w {Vectors.Root.GetProperty("witness").GetProperty("vkey_0x04").GetString()}\n"
        + $"witness pq {Vectors.Root.GetProperty("mldsa").GetProperty("vkey").GetString()}\n" + rest);

    private static byte[] PostQuantumNote()
    {
        string line = Vectors.Root.GetProperty("mldsa").GetProperty("note_sig_line").GetString()!;
        return Encoding.UTF8.GetBytes(Vectors.Text("checkpoint_7") + Vectors.Text("cosig_7") + line.TrimEnd('\n') + "\n");
    }

    private static byte[] Line(string name, uint keyId, byte[] signature)
    {
        byte[] id = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(id, keyId);
        return Encoding.UTF8.GetBytes($"— {name} {Convert.ToBase64String([.. id, .. signature])}\n");
    }

    /// <summary>Accepts every signature.</summary>
    private sealed class Credulous(VerifierKey key) : NoteVerifier
    {
        public override string Name => key.Name;

        public override uint KeyId => key.KeyId;

        public override bool Verify(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature) => true;
    }

    /// <summary>Type 0x06, as a program that has ML-DSA would bring it.</summary>
    private sealed class MlDsaVerifier(VerifierKey key) : NoteVerifier
    {
        public override string Name => key.Name;

        public override uint KeyId => key.KeyId;

        public override bool Verify(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature)
        {
            Checkpoint checkpoint = Checkpoint.Parse(text);
            byte[] name = Encoding.UTF8.GetBytes(key.Name);
            byte[] origin = Encoding.UTF8.GetBytes(checkpoint.Origin);
            byte[] end = new byte[8];
            BinaryPrimitives.WriteInt64BigEndian(end, checkpoint.Size);
            byte[] message =
            [
                .. "subtree/v1\n\0"u8, (byte)name.Length, .. name, .. signature[..8], (byte)origin.Length, .. origin, .. new byte[8], .. end,
                .. Convert.FromBase64String(checkpoint.Root.ToBase64()),
            ];
            var signer = new MLDsaSigner(MLDsaParameters.ml_dsa_44, deterministic: true);
            signer.Init(false, MLDsaPublicKeyParameters.FromEncoding(MLDsaParameters.ml_dsa_44, key.PublicKey.ToArray()));
            signer.BlockUpdate(message, 0, message.Length);
            return signer.VerifySignature(signature[8..].ToArray());
        }
    }
}
