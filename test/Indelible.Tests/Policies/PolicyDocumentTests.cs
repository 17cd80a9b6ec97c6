using System.Text;
using Indelible.Keys;
using Indelible.Notes;
using Indelible.Policies;
using Indelible.Proofs;
using Xunit;

namespace Indelible.Tests.Policies;

/// <summary>The example of docs/policies.md does what is said of it.</summary>
public sealed class PolicyDocumentTests
{
    private const string Origin = "audit.example/log1";
    private const long NewYear = PolicyKeys.NewYear;
    private static readonly string s_document = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "docs", "policies.md"));

    [Theory]
    [InlineData(false, NewYear - 1, "ours net", true)]
    [InlineData(false, NewYear - 1, "ours org", true)]
    [InlineData(false, NewYear - 1, "net org", false)]
    [InlineData(false, NewYear, "ours net", false)]
    [InlineData(true, NewYear, "ours net", true)]
    [InlineData(true, NewYear - 1, "ours net", false)]
    [InlineData(true, NewYear + (300 * 86_400), "ours net", false)]
    [InlineData(true, NewYear + (300 * 86_400), "ours org", true)]
    public void The_example_accepts_what_it_says(bool isNextKey, long posixSeconds, string cosigners, bool isSatisfied)
    {
        (TlogPolicy policy, PolicyWindows windows) = Example();
        TlogProof proof = TlogProof.Parse(Encoding.UTF8.GetBytes(Vectors.Text("tlog_proof_3_of_7")));
        var clock = new StoppedClock(posixSeconds);
        NoteSigner log = Ed25519NoteSigner.FromSeed(Origin, isNextKey ? Bytes(0x40, 0) : Bytes(0x00, 1));
        IEnumerable<NoteSigner> witnesses = cosigners.Split(' ').Select(name => name switch
        {
            "ours" => CosignatureSigner.FromSeed("witness.example/w1", Bytes(0x20, 1), clock),
            "net" => CosignatureSigner.FromSeed("witness.example.net/b", Bytes(0x41, 0), clock),
            _ => CosignatureSigner.FromSeed("witness.example.org/c", Bytes(0x42, 0), clock),
        });
        byte[] note = SignedNote.Sign(SignedNote.Parse(proof.Checkpoint.Span).Text.Span, [log, .. witnesses]).ToBytes();
        PolicyVerdict verdict = policy.Verify(note, NoteVerifiers.Of, windows);
        Assert.Equal(isSatisfied, verdict.IsSatisfied);
        if (isSatisfied)
        {
            Assert.Equal(3, proof.Verify(Vectors.EntryAt(3), verdict.Require(Origin)).Index);
        }
    }

    [Fact]
    public void The_limits_that_it_names_are_those_of_the_code()
    {
        Assert.Contains(
            $"At most {PolicyLimits.MaxLogs} logs, {PolicyLimits.MaxWitnesses} witnesses and {PolicyLimits.MaxGroups} groups; "
            + $"{PolicyLimits.MaxFileBytes / 1_048_576} MiB, lines of {PolicyLimits.MaxLineBytes / 1024} KiB.",
            s_document,
            StringComparison.Ordinal);
    }

    private static (TlogPolicy Policy, PolicyWindows Windows) Example()
    {
        TlogPolicy policy = TlogPolicy.Parse(Block("policy"));
        return (policy, PolicyWindows.Parse(Block("windows"), policy));
    }

    private static byte[] Block(string language)
    {
        string fence = $"```{language}\n";
        int start = s_document.IndexOf(fence, StringComparison.Ordinal) + fence.Length;
        return Encoding.UTF8.GetBytes(s_document[start..s_document.IndexOf("```", start, StringComparison.Ordinal)]);
    }

    private static byte[] Bytes(byte first, byte step) => [.. Enumerable.Range(0, 32).Select(i => (byte)(first + (i * step)))];

    private sealed class StoppedClock(long posixSeconds) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeSeconds(posixSeconds);
    }
}
