using System.Text;
using Indelible.Keys;
using Indelible.Notes;
using Indelible.Policies;
using Xunit;
using static Indelible.Tests.Policies.PolicyKeys;

namespace Indelible.Tests.Policies;

public sealed class PolicyWindowsTests
{
    private const long Day = 86_400;
    private static readonly TlogPolicy s_policy = Policy(LogLine + WitnessLine(1) + WitnessLine(2) + "group g any w1 w2\nquorum g\n");
    private static readonly TlogPolicy s_alone = Policy(LogLine + "quorum none\n");
    private static readonly DateTimeOffset s_newYear = DateTimeOffset.FromUnixTimeSeconds(NewYear);

    [Fact]
    public void A_window_has_a_first_moment_and_a_first_moment_after_it()
    {
        PolicyWindows windows = Windows($"# retired\n\n\tvalid {Vkey(1)}  2025-01-01T00:00:00Z 2026-01-01T00:00:00Z \nvalid {Log.VerifierKey} - 2027-01-01T00:00:00Z\n");
        Assert.Same(s_policy, windows.Policy);
        Assert.Equal(2, windows.Windows.Count);
        KeyWindow window = windows.Of(Witness(1).VerifierKey)!;
        Assert.Equal(s_newYear, window.Until);
        Assert.True(window.Contains(NewYear - 1));
        Assert.False(window.Contains(NewYear));
        Assert.True(window.Contains(window.From!.Value.ToUnixTimeSeconds()));
        Assert.False(window.Contains(window.From!.Value.ToUnixTimeSeconds() - 1));
        Assert.Null(windows.Of(Log.VerifierKey)!.From);
        Assert.True(windows.Of(Log.VerifierKey)!.Contains(long.MinValue));
        Assert.False(windows.Of(Log.VerifierKey)!.Contains(long.MaxValue));
        Assert.Null(windows.Of(Witness(2).VerifierKey));
    }

    // L and A to C stand for vkeys; C is not in the policy.
    [Theory]
    [InlineData("valid A - -|valid A - -|", 2, "a second window")]
    [InlineData("valid A - -|valid B - -|valid A 2026-01-01T00:00:00Z -|", 3, "a second window")]
    [InlineData("valid C - -|", 1, "lists no log or witness")]
    [InlineData("|# x|valid nonsense - -|", 3, "not a vkey")]
    [InlineData("valid A -|", 1, "expected: valid")]
    [InlineData("valid A - - -|", 1, "expected: valid")]
    [InlineData("Valid A - -|", 1, "expected: valid")]
    [InlineData("valid w1 - -|", 1, "not a vkey")]
    [InlineData("valid A - -", 1, "does not end in LF")]
    [InlineData("valid A - -\r|", 1, "0x0d")]
    [InlineData("valid A 2026-01-01T00:00:00Z 2026-01-01T00:00:00Z|", 1, "is empty")]
    [InlineData("valid A 2026-01-01T00:00:01Z 2026-01-01T00:00:00Z|", 1, "is empty")]
    [InlineData("valid A 2026-01-01 -|", 1, "expected times")]
    [InlineData("valid A - 2026-01-01T00:00:00|", 1, "expected times")]
    [InlineData("valid A - 2026-01-01T00:00:00z|", 1, "expected times")]
    [InlineData("valid A - 2026-01-01t00:00:00Z|", 1, "expected times")]
    [InlineData("valid A - 2026-01-01T00:00:00.5Z|", 1, "expected times")]
    [InlineData("valid A - 2026-01-01T00:00:00+00:00|", 1, "expected times")]
    [InlineData("valid A - 2026-02-29T00:00:00Z|", 1, "expected times")]
    [InlineData("valid A - 2026-01-01T24:00:00Z|", 1, "expected times")]
    [InlineData("valid A - 2026-01-01T00:00:60Z|", 1, "expected times")]
    [InlineData("valid A - 2026-1-01T00:00:00Z|", 1, "expected times")]
    [InlineData("valid A - 0000-01-01T00:00:00Z|", 1, "expected times")]
    [InlineData("valid A - 10000-01-01T00:00:00Z|", 1, "expected times")]
    [InlineData("valid A -- -|", 1, "expected times")]
    public void What_breaks_a_rule_is_refused_with_its_line(string lines, int line, string what)
    {
        string file = lines.Replace(" L ", $" {Log.VerifierKey} ", StringComparison.Ordinal).Replace(" A ", $" {Vkey(1)} ", StringComparison.Ordinal)
            .Replace(" B ", $" {Vkey(2)} ", StringComparison.Ordinal).Replace(" C ", $" {Vkey(3)} ", StringComparison.Ordinal).Replace('|', '\n');
        Assert.False(PolicyWindows.TryParse(Encoding.UTF8.GetBytes(file), s_policy, out _));
        Assert.False(PolicyWindows.TryParse(Encoding.UTF8.GetBytes(file), s_policy, out PolicyWindows? windows, out string? fault));
        Assert.Null(windows);
        Assert.StartsWith($"Line {line}: ", fault, StringComparison.Ordinal);
        TlogFormatException refused = Assert.Throws<TlogFormatException>(() => Windows(file));
        Assert.EndsWith(fault, refused.Message, StringComparison.Ordinal);
        Assert.Contains(what, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Formatted_windows_parse_to_equal_ones()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            string Time(long from, long until) => random.Next(3) == 0
                ? "-"
                : DateTimeOffset.FromUnixTimeSeconds(random.NextInt64(from, until)).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null);
            string file = string.Concat(new[] { Log.VerifierKey.ToString(), Vkey(1), Vkey(2) }.Where(_ => random.Next(3) != 0)
                .Select(key => $"{(random.Next(2) == 0 ? "# x\n" : "")} valid\t{key} {Time(-62_135_596_800, NewYear)} {Time(NewYear, 253_402_300_799)}\n"));
            PolicyWindows windows = Windows(file);
            PolicyWindows again = PolicyWindows.Parse(windows.Format(), Policy(Encoding.UTF8.GetString(s_policy.Format())));
            Assert.True(windows.Equals(again), $"seed {seed}: {file}");
            Assert.Equal(windows.GetHashCode(), again.GetHashCode());
            Assert.True(windows.Format().AsSpan().SequenceEqual(again.Format()), $"seed {seed}");
        }

        Assert.False(Windows("").Equals(PolicyWindows.Parse("\n"u8, s_alone)));
        Assert.False(Windows($"valid {Vkey(1)} - -\n").Equals(Windows($"valid {Vkey(1)} - 2026-01-01T00:00:00Z\n")));
        Assert.Empty(Windows("").Format());
    }

    [Theory]
    [InlineData(-1, KeyStanding.Believed)]
    [InlineData(0, KeyStanding.OutsideWindow)]
    [InlineData(Day, KeyStanding.OutsideWindow)]
    public void A_witness_is_believed_for_what_it_signed_before_it_was_retired(long after, KeyStanding standing)
    {
        PolicyWindows windows = Windows($"valid {Vkey(1)} - 2026-01-01T00:00:00Z\n");
        PolicyVerdict verdict = s_policy.Verify(Note(Log, Witness(1, NewYear + after)), NoteVerifiers.Of, windows, s_newYear.AddYears(5));
        Assert.True(verdict.HasWindows);
        Assert.Equal(standing, verdict.Witnesses[0].Value.Standing);
        Assert.Equal(standing == KeyStanding.Believed, verdict.IsSatisfied);
        Assert.Equal(NewYear + after, verdict.Witnesses[0].Value.PosixSeconds);
    }

    [Fact]
    public void What_a_retired_witness_signs_neither_counts_nor_refuses_what_others_say()
    {
        PolicyWindows windows = Windows($"valid {Vkey(1)} 2025-01-01T00:00:00Z 2026-01-01T00:00:00Z\n");
        PolicyVerdict alone = s_policy.Verify(Note(Log, Witness(1, NewYear + Day)), NoteVerifiers.Of, windows);
        Assert.Contains(
            "w1: signed at 2026-01-02T00:00:00Z, believed from 2025-01-01T00:00:00Z until 2026-01-01T00:00:00Z", Assert.Single(alone.Faults), StringComparison.Ordinal);
        Assert.Null(alone.NewestPosixSeconds);
        PolicyVerdict both = s_policy.Verify(Note(Log, Witness(1, NewYear + Day), Witness(2, NewYear)), NoteVerifiers.Of, windows);
        Assert.True(both.IsSatisfied);
        Assert.Equal(NewYear, both.NewestPosixSeconds);
        Assert.Equal(2, both.Verified!.Vouching.Count);

        // Before its time it is not believed either.
        Assert.False(s_policy.Verify(Note(Log, Witness(1, NewYear - (366 * Day))), NoteVerifiers.Of, windows).IsSatisfied);
    }

    [Fact]
    public void An_old_checkpoint_is_still_believed_when_the_logs_key_has_been_retired()
    {
        PolicyWindows windows = Windows($"valid {Log.VerifierKey} 2025-01-01T00:00:00Z 2026-01-01T00:00:00Z\n");
        PolicyVerdict old = s_policy.Verify(Note(Log, Witness(1, NewYear - Day)), NoteVerifiers.Of, windows, s_newYear.AddYears(5));
        Assert.True(old.IsSatisfied);
        Assert.Equal(NewYear - Day, Assert.Single(old.Logs).PosixSeconds);
        PolicyVerdict late = s_policy.Verify(Note(Log, Witness(1, NewYear)), NoteVerifiers.Of, windows, s_newYear.AddDays(-1));
        Assert.False(late.IsSatisfied);
        Assert.Equal(KeyStanding.OutsideWindow, Assert.Single(late.Logs).Standing);
        Assert.Contains("signed at 2026-01-01T00:00:00Z", Assert.Single(late.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void The_newest_cosignature_judges_the_log_so_that_an_old_one_cannot_be_put_beside_it()
    {
        PolicyWindows windows = Windows($"valid {Log.VerifierKey} - 2026-01-01T00:00:00Z\n");
        Assert.False(s_policy.Verify(Note(Log, Witness(1, NewYear - Day), Witness(2, NewYear + Day)), NoteVerifiers.Of, windows).IsSatisfied);

        // One that is not believed tells no time.
        PolicyWindows both = Windows($"valid {Log.VerifierKey} - 2026-01-01T00:00:00Z\nvalid {Vkey(2)} - 2026-01-01T00:00:00Z\n");
        Assert.True(s_policy.Verify(Note(Log, Witness(1, NewYear - Day), Witness(2, NewYear + Day)), NoteVerifiers.Of, both).IsSatisfied);
    }

    [Fact]
    public void Without_cosignatures_the_callers_time_judges_the_log_and_without_any_it_is_not_believed()
    {
        PolicyWindows windows = PolicyWindows.Parse(
            Encoding.UTF8.GetBytes($"valid {Log.VerifierKey} 2025-01-01T00:00:00Z 2026-01-01T00:00:00Z\n"), s_alone);
        PolicyVerdict At(DateTimeOffset? at) => s_alone.Verify(Note(Log), NoteVerifiers.Of, windows, at);
        Assert.True(At(s_newYear.AddSeconds(-1)).IsSatisfied);
        Assert.True(At(s_newYear.AddMilliseconds(-1)).IsSatisfied);
        Assert.False(At(s_newYear).IsSatisfied);
        Assert.False(At(s_newYear.AddYears(-1).AddSeconds(-1)).IsSatisfied);
        Assert.True(At(s_newYear.AddYears(-1).ToOffset(TimeSpan.FromHours(5))).IsSatisfied);
        PolicyVerdict unknown = At(null);
        Assert.Equal(KeyStanding.TimeUnknown, Assert.Single(unknown.Logs).Standing);
        Assert.Contains("nothing tells when it signed", Assert.Single(unknown.Faults), StringComparison.Ordinal);
        Assert.True(s_alone.Verify(Note(Log), NoteVerifiers.Of).IsSatisfied);
        Assert.True(s_alone.Verify(Note(Log), NoteVerifiers.Of, PolicyWindows.Parse(Encoding.UTF8.GetBytes($"valid {Log.VerifierKey} - -\n"), s_alone)).IsSatisfied);
    }

    [Fact]
    public void The_key_that_follows_a_retired_one_takes_over_at_the_same_moment()
    {
        using Ed25519NoteSigner next = Ed25519NoteSigner.FromSeed(Origin, Seed(2));
        TlogPolicy policy = Policy(LogLine + $"log {next.VerifierKey}\n" + WitnessLine(1) + "quorum w1\n");
        PolicyWindows windows = PolicyWindows.Parse(
            Encoding.UTF8.GetBytes($"valid {Log.VerifierKey} - 2026-01-01T00:00:00Z\nvalid {next.VerifierKey} 2026-01-01T00:00:00Z -\n"), policy);
        foreach (long after in new[] { -1, 0 })
        {
            Assert.Equal(after < 0, policy.Verify(Note(Log, Witness(1, NewYear + after)), NoteVerifiers.Of, windows).IsSatisfied);
            Assert.Equal(after >= 0, policy.Verify(Note(next, Witness(1, NewYear + after)), NoteVerifiers.Of, windows).IsSatisfied);
            Assert.True(policy.Verify(Note(Log, next, Witness(1, NewYear + after)), NoteVerifiers.Of, windows).IsSatisfied);
        }
    }

    [Fact]
    public void A_time_beyond_all_dates_is_judged_and_shown()
    {
        PolicyWindows windows = Windows($"valid {Vkey(1)} - 9999-12-31T23:59:59Z\n");
        PolicyVerdict verdict = s_policy.Verify(Note(Log, new FarCosigner(long.MaxValue)), NoteVerifiers.Of, windows);
        Assert.Equal(KeyStanding.OutsideWindow, verdict.Witnesses[0].Value.Standing);
        Assert.Contains("signed at 9223372036854775807 s", Assert.Single(verdict.Faults), StringComparison.Ordinal);
        Assert.Equal(long.MaxValue, s_policy.Verify(Note(Log, new FarCosigner(long.MaxValue)), NoteVerifiers.Of).NewestPosixSeconds);
    }

    [Fact]
    public void The_windows_of_another_policy_are_the_callers_mistake()
    {
        Assert.Throws<ArgumentException>(() => s_alone.Verify(Note(Log), NoteVerifiers.Of, Windows("")));
        Assert.True(Policy(Encoding.UTF8.GetString(s_policy.Format())).Verify(Note(Log, Witness(1)), NoteVerifiers.Of, Windows("")).IsSatisfied);
    }

    private static PolicyWindows Windows(string file) => PolicyWindows.Parse(Encoding.UTF8.GetBytes(file), s_policy);

    /// <summary>The first witness with a time that no clock of ours can tell.</summary>
    private sealed class FarCosigner(long posixSeconds) : NoteSigner
    {
        public override string Name => Witness(1).Name;

        public override uint KeyId => Witness(1).KeyId;

        public override byte[] Sign(ReadOnlySpan<byte> text)
        {
            using NSec.Cryptography.Key key = NSec.Cryptography.Key.Import(
                NSec.Cryptography.SignatureAlgorithm.Ed25519, Seed(101), NSec.Cryptography.KeyBlobFormat.RawPrivateKey);
            byte[] time = new byte[8];
            System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(time, posixSeconds);
            byte[] message = [.. Encoding.ASCII.GetBytes($"cosignature/v1\ntime {posixSeconds}\n"), .. text];
            return [.. time, .. NSec.Cryptography.SignatureAlgorithm.Ed25519.Sign(key, message)];
        }
    }
}
