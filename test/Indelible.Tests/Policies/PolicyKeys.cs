using System.Text;
using Indelible.Keys;
using Indelible.Notes;
using Indelible.Policies;

namespace Indelible.Tests.Policies;

/// <summary>A log and witnesses with real keys, which sign the checkpoints that the policies of these tests judge.</summary>
internal static class PolicyKeys
{
    public const string Origin = "audit.example/logs/main";

    /// <summary>2026-01-01T00:00:00Z.</summary>
    public const long NewYear = 1_767_225_600;

    public static byte[] Text { get; } = new Checkpoint(Origin, 7, MemoryTree.OfEntries(7).HeadAt(7).Root).Format();

    public static Ed25519NoteSigner Log { get; } = Ed25519NoteSigner.FromSeed(Origin, Seed(1));

    public static CosignatureSigner Witness(int number, long posixSeconds = NewYear) =>
        CosignatureSigner.FromSeed($"witness.example/w{number}", Seed(100 + number), new StoppedClock(posixSeconds));

    public static string Vkey(int number) => Witness(number).VerifierKey.ToString();

    /// <summary>The line of a witness that the file calls <c>wN</c>.</summary>
    public static string WitnessLine(int number) => $"witness w{number} {Vkey(number)}\n";

    public static string LogLine => $"log {Log.VerifierKey}\n";

    public static byte[] Note(params NoteSigner[] signers) => SignedNote.Sign(Text, signers).ToBytes();

    public static TlogPolicy Policy(string text) => TlogPolicy.Parse(Encoding.UTF8.GetBytes(text));

    public static byte[] Seed(int number)
    {
        byte[] seed = new byte[32];
        seed[0] = (byte)number;
        seed[1] = (byte)(number >> 8);
        return seed;
    }

    private sealed class StoppedClock(long posixSeconds) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeSeconds(posixSeconds);
    }
}
