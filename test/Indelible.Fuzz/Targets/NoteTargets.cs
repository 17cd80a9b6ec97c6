using System.Text;
using Indelible.Fuzz.Driving;
using Indelible.Keys;
using Indelible.Notes;
using Indelible.Tests;

namespace Indelible.Fuzz.Targets;

/// <summary>Signed notes, checkpoints and keys as text.</summary>
internal static class NoteTargets
{
    private const string Origin = "audit.example/log1";

    private static readonly Ed25519NoteSigner s_signer = Ed25519NoteSigner.FromSeed(Origin, Convert.FromHexString(Vectors.Root.GetProperty("log").GetProperty("seed_hex").GetString()!));

    private static readonly CosignatureSigner s_witness = CosignatureSigner.FromSeed(
        "witness.example/w1", Convert.FromHexString(Vectors.Root.GetProperty("witness").GetProperty("seed_hex").GetString()!), new FixedClock());

    private static readonly Ed25519NoteVerifier s_log = Ed25519NoteVerifier.FromVkey(s_signer.VerifierKey);

    private static readonly CosignatureVerifier s_cosigner = CosignatureVerifier.FromVkey(s_witness.VerifierKey);

    private static readonly string[] s_checkpoints = [Vectors.Text("checkpoint_0"), Vectors.Text("checkpoint_3"), Vectors.Text("checkpoint_7")];

    public static IEnumerable<FuzzTarget> All { get; } =
    [
        new("signed-note", "What parses formats back to the same bytes; verifying ends in a verified note or a refusal.", SignedNoteOf, Notes)
        {
            Words = ["— ", "\n\n", "\n", "=", "==", " ", "+", Origin, "witness.example/w1", "\u00A0", "\u2028", "\uFEFF", "\0", "\r"],
        },
        new("checkpoint", "What parses formats back to the same bytes.", CheckpointOf, () => s_checkpoints.Select(text => Foreign.OfText(text[..(text.IndexOf("\n\n", StringComparison.Ordinal) + 1)])))
        {
            Words = ["\n", "\n\n", "0\n", "9223372036854775807", "9223372036854775808", "=", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "\uFEFF", "\u00A0"],
        },
        new("signed-checkpoint", "What verifies is a text that the key has signed.", SignedCheckpointOf, Notes)
        {
            Words = ["— ", "\n\n", "\n", "=", Origin, "witness.example/w1"],
        },
        new("vkey", "What parses formats back to the same text; making a verifier of it ends in one or in TlogFormatException.", VkeyOf, Vkeys)
        {
            Words = ["+", "++", "=", "AQ", "\u00A0", "\u2028", "/", "é", "😀"],
            Mend = MendVkey,
            MaxBytes = 600,
        },
        new("skey", "What parses formats back to the same text.", SkeyOf, () => [Foreign.OfText(s_signer.ToSkey())])
        {
            Words = ["PRIVATE+KEY+", "+", "=", "\u00A0", " ", "\n"],
            MaxBytes = 600,
            Slowness = 2,
        },
    ];

    private static IEnumerable<byte[]> Notes() =>
    [
        .. s_checkpoints.Select(Foreign.OfText),
        Foreign.OfText(Vectors.Text("checkpoint_7") + Vectors.Text("cosig_7").TrimEnd('\n') + "\n"),
        SignedNote.Sign("one line\n"u8, s_signer, s_witness).ToBytes(),
        SignedNote.Sign("an empty line\n\nin the text\n"u8, s_signer).ToBytes(),
        SignedNote.Sign("\n"u8, s_signer).ToBytes(),
    ];

    private static IEnumerable<byte[]> Vkeys() =>
    [
        Foreign.OfText(s_signer.VerifierKey.ToString()),
        Foreign.OfText(s_witness.VerifierKey.ToString()),
        Foreign.OfText(new VerifierKey("é", 0xFF, new byte[] { 1 }).ToString()),
        Foreign.OfCodeUnits(s_signer.VerifierKey.ToString()),
    ];

    private static bool SignedNoteOf(byte[] input)
    {
        if (!SignedNote.TryParse(input, out SignedNote? note))
        {
            return false;
        }

        Must.BeSame(note.ToBytes(), input, "A note formats back to its bytes");
        try
        {
            note.Verify(s_log, s_cosigner);
        }
        catch (VerificationException)
        {
            // Not signed by these keys: the other outcome there may be.
        }

        return true;
    }

    private static bool CheckpointOf(byte[] input)
    {
        if (!Checkpoint.TryParse(input, out Checkpoint? checkpoint))
        {
            return false;
        }

        Must.BeSame(checkpoint.Format(), input, "A checkpoint formats back to its bytes");
        return true;
    }

    private static bool SignedCheckpointOf(byte[] input)
    {
        try
        {
            VerifiedCheckpoint verified = VerifiedCheckpoint.Verify(input, Origin, s_log, s_cosigner);
            string text = Encoding.UTF8.GetString(verified.Checkpoint.Format());
            Must.Hold(s_checkpoints.Any(known => known.StartsWith(text + "\n", StringComparison.Ordinal)), "Only what was signed verifies");
            return true;
        }
        catch (Exception e) when (e is TlogFormatException or VerificationException)
        {
            return false;
        }
    }

    private static bool VkeyOf(byte[] input)
    {
        string text = Foreign.Text(input);
        if (!VerifierKey.TryParse(text, out VerifierKey? key))
        {
            return false;
        }

        Must.Hold(key.ToString() == text, "A vkey formats back to its text");
        try
        {
            NoteVerifier verifier = key.Type == VerifierKey.Cosignature ? CosignatureVerifier.FromVkey(key) : Ed25519NoteVerifier.FromVkey(key);
            Must.Hold(verifier.KeyId == key.KeyId && verifier.Name == key.Name, "A verifier has its vkey's name and id");
        }
        catch (TlogFormatException)
        {
            // Of a type that nobody here verifies, or no point of the curve.
        }

        return true;
    }

    /// <summary>Makes the id of a vkey fit its name and key.</summary>
    public static byte[] MendVkey(byte[] input)
    {
        string[] parts = Foreign.Text(input).Split('+', 3);
        byte[] key = new byte[input.Length];
        return parts.Length == 3 && KeyName.IsValid(parts[0]) && Convert.TryFromBase64String(parts[2], key, out int length) && length > 1
            ? Foreign.OfText(new VerifierKey(parts[0], key[0], key.AsMemory(1, length - 1)).ToString())
            : input;
    }

    private static bool SkeyOf(byte[] input)
    {
        string text = Foreign.Text(input);
        if (!Ed25519NoteSigner.TryParseSkey(text, out Ed25519NoteSigner? signer))
        {
            return false;
        }

        using (signer)
        {
            Must.Hold(signer.ToSkey() == text, "A secret key formats back to its text");
        }

        return true;
    }

    /// <summary>The seeds must be the same at every start.</summary>
    private sealed class FixedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddSeconds(1_700_000_000);
    }
}
