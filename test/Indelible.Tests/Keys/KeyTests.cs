using System.Text.Json;
using Indelible.Keys;
using Indelible.Notes;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Xunit;

namespace Indelible.Tests.Keys;

public sealed class KeyTests
{
    private static readonly JsonElement s_log = Vectors.Root.GetProperty("log");

    [Fact]
    public void A_seed_gives_the_vkey_the_skey_and_the_id_of_the_vectors()
    {
        using Ed25519NoteSigner signer = Ed25519NoteSigner.FromSeed(s_log.GetProperty("origin").GetString()!, Convert.FromHexString(s_log.GetProperty("seed_hex").GetString()!));
        Assert.Equal(s_log.GetProperty("vkey").GetString(), signer.VerifierKey.ToString());
        Assert.Equal(s_log.GetProperty("skey").GetString(), signer.ToSkey());
        Assert.Equal(s_log.GetProperty("key_id").GetString(), $"{signer.KeyId:x8}");
        Assert.Equal(s_log.GetProperty("pub_hex").GetString(), Convert.ToHexStringLower(signer.VerifierKey.PublicKey.Span));
        Assert.True(Ed25519NoteSigner.TryParseSkey(signer.ToSkey(), out Ed25519NoteSigner? again));
        Assert.Equal(signer.VerifierKey, again.VerifierKey);
        again.Dispose();
    }

    [Fact]
    public void A_cosigners_key_has_another_id_than_the_same_key_of_a_log()
    {
        JsonElement witness = Vectors.Root.GetProperty("witness");
        byte[] seed = Convert.FromHexString(witness.GetProperty("seed_hex").GetString()!);
        using CosignatureSigner cosigner = CosignatureSigner.FromSeed(witness.GetProperty("name").GetString()!, seed, new FixedTime(witness.GetProperty("time").GetInt64()));
        Assert.Equal(witness.GetProperty("vkey_0x04").GetString(), cosigner.VerifierKey.ToString());
        using Ed25519NoteSigner same = Ed25519NoteSigner.FromSeed(witness.GetProperty("name").GetString()!, seed);
        Assert.Equal(witness.GetProperty("key_id_0x01_same_key").GetString(), $"{same.KeyId:x8}");
        Assert.Throws<TlogFormatException>(() => Ed25519NoteVerifier.FromVkey(cosigner.VerifierKey));
        Assert.Throws<TlogFormatException>(() => CosignatureVerifier.FromVkey(same.VerifierKey));
    }

    [Fact]
    public void A_cosignature_is_the_very_line_of_the_vectors()
    {
        JsonElement witness = Vectors.Root.GetProperty("witness");
        using CosignatureSigner cosigner = CosignatureSigner.FromSeed(
            witness.GetProperty("name").GetString()!, Convert.FromHexString(witness.GetProperty("seed_hex").GetString()!), new FixedTime(witness.GetProperty("time").GetInt64()));
        SignedNote log = SignedNote.Parse(System.Text.Encoding.UTF8.GetBytes(Vectors.Text("checkpoint_7")));
        string note = System.Text.Encoding.UTF8.GetString(SignedNote.Sign(log.Text.Span, cosigner).ToBytes());
        Assert.EndsWith("\n\n" + Vectors.Text("cosig_7"), note, StringComparison.Ordinal);
        CosignatureVerifier verifier = CosignatureVerifier.FromVkey(cosigner.VerifierKey);
        byte[] signature = cosigner.Sign(log.Text.Span);
        Assert.True(verifier.Verify(log.Text.Span, signature));
        signature[7] ^= 1;
        Assert.False(verifier.Verify(log.Text.Span, signature));
        Assert.False(verifier.Verify(log.Text.Span, signature.AsSpan()[..^1]));
        using CosignatureSigner timeless = CosignatureSigner.FromSeed("w", new byte[32], new FixedTime(0));
        Assert.False(CosignatureVerifier.FromVkey(timeless.VerifierKey).Verify("t\n"u8, timeless.Sign("t\n"u8)));
    }

    [Fact]
    public void Signatures_are_those_of_an_independent_implementation_of_ed25519()
    {
        var random = new Random(8032);
        for (int round = 0; round < 50; round++)
        {
            byte[] seed = new byte[32];
            byte[] text = new byte[random.Next(200)];
            random.NextBytes(seed);
            random.NextBytes(text);
            var other = new Ed25519Signer();
            other.Init(true, new Ed25519PrivateKeyParameters(seed));
            other.BlockUpdate(text, 0, text.Length);
            using Ed25519NoteSigner ours = Ed25519NoteSigner.FromSeed("k", seed);
            byte[] signature = ours.Sign(text);
            Assert.Equal(other.GenerateSignature(), signature);
            Ed25519NoteVerifier verifier = Ed25519NoteVerifier.FromVkey(ours.VerifierKey);
            Assert.True(verifier.Verify(text, signature));
            signature[random.Next(64)] ^= 4;
            Assert.False(verifier.Verify(text, signature));
        }
    }

    [Fact]
    public void Vkeys_in_any_other_spelling_are_refused()
    {
        string vkey = s_log.GetProperty("vkey").GetString()!;
        string[] parts = vkey.Split('+', 3);
        string[] refused =
        [
            "", "+", "++", "name", vkey[..^1], vkey + "=", vkey + " ", " " + vkey, vkey.ToUpperInvariant(),
            $"{parts[0]}+{parts[1].ToUpperInvariant()}+{parts[2]}", $"{parts[0]}+640a2510+{parts[2]}", $"other+{parts[1]}+{parts[2]}",
            $"{parts[0]}+0{parts[1]}+{parts[2]}", $"{parts[0]} +{parts[1]}+{parts[2]}", $"+{parts[1]}+{parts[2]}", $"{parts[0]}+{parts[1]}+AQ==",
        ];
        foreach (string text in refused)
        {
            Assert.False(VerifierKey.TryParse(text, out _), text);
        }

        Assert.Equal(vkey, VerifierKey.Parse(vkey).ToString());
        Assert.False(Ed25519NoteSigner.TryParseSkey(vkey, out _));
        Assert.False(Ed25519NoteSigner.TryParseSkey(s_log.GetProperty("skey").GetString()!.Replace("640a", "640b", StringComparison.Ordinal), out _));
        Assert.Throws<ArgumentException>(() => Ed25519NoteSigner.FromSeed("a b", new byte[32]));
        Assert.Throws<ArgumentException>(() => Ed25519NoteSigner.FromSeed("a", new byte[31]));
        Assert.Throws<ArgumentException>(() => new VerifierKey(new string('a', 256), 1, new byte[32]));
    }

    private sealed class FixedTime(long seconds) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeSeconds(seconds);
    }
}
