using System.Globalization;
using Indelible.Fuzz.Driving;
using Indelible.Keys;
using Indelible.Notes;
using Indelible.Policies;
using Indelible.Tests.Policies;

namespace Indelible.Fuzz.Targets;

/// <summary>Trust policies and their windows: what they say to notes is decided a second time, from who has signed and nothing else.</summary>
internal static class PolicyTargets
{
    private const long Day = 86_400;

    private static readonly Dictionary<VerifierKey, NoteVerifier> s_verifiers = [];

    private static readonly SignedCase[] s_cases =
    [
        new(true),
        new(true, 1),
        new(true, 1, 2),
        new(true, 1, 2, 3),
        new(false, 1, 2, 3),
        new(false),
    ];

    private static readonly byte[] s_forged = Forged();

    private static readonly TlogPolicy s_policy = TlogPolicy.Parse(Foreign.OfText(Keys() + "group g 2 w1 w2 w3\nquorum g\n"));

    private static readonly SignedCase s_all = s_cases[3];

    private static readonly string[] s_vkeys = [PolicyKeys.Log.VerifierKey.ToString(), PolicyKeys.Vkey(1), PolicyKeys.Vkey(2), PolicyKeys.Vkey(3)];

    public static IEnumerable<FuzzTarget> All { get; } =
    [
        new("tlog-policy", "What parses formats to an equal policy, and accepts exactly the notes that its log and its quorum have signed.", PolicyOf, Policies)
        {
            Words =
            [
                "log ", "witness ", "group ", "quorum ", "none", "all", "any", " 1 ", " 2 ", " 3 ", "w1", "w2", "w3", "g", "g2", "\n", "\t", " ", "#", "\r", "\u00A0", "\u202E", "https://w.example/", .. s_vkeys,
                "witness w2 " + s_vkeys[2] + "\n", "group g2 any w1 w2\n", "quorum g2\n", "group g3 all g2 w3\n", "quorum none\n",
            ],
            Mend = MendKeys,
            Slowness = 4,
        },
        new("policy-windows", "What parses formats to equal windows; a key is believed inside its window and nowhere else.", WindowsOf, Windows)
        {
            Words =
            [
                "valid ", " - ", " -\n", "\n", "\t", "#", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", "2025-12-31T23:59:59Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z", "9999-12-31T23:59:59Z",
                "0001-01-01T00:00:00Z", "2026-02-29T00:00:00Z", "T24:00:00Z", "T23:59:60Z", "+00:00", .. s_vkeys,
            ],
            Slowness = 2,
        },
    ];

    private static string Keys() => PolicyKeys.LogLine + PolicyKeys.WitnessLine(1) + PolicyKeys.WitnessLine(2) + PolicyKeys.WitnessLine(3);

    private static IEnumerable<byte[]> Policies() =>
    [
        s_policy.Format(),
        Foreign.OfText("# none is asked\n\n \tlog " + s_vkeys[0] + " https://audit.example/\nquorum none\n"),
        Foreign.OfText(Keys() + "group g 1 w1 w2\ngroup h all g w3\nquorum h\n"),
        Foreign.OfText("witness all " + s_vkeys[1] + "\nwitness 2 " + s_vkeys[2] + "\ngroup any any all 2\nquorum any\n" + PolicyKeys.LogLine),
        Foreign.OfText(PolicyKeys.LogLine + "witness é " + s_vkeys[3] + " https://w.example/é\nquorum é\n"),
    ];

    private static bool PolicyOf(byte[] input)
    {
        if (!TlogPolicy.TryParse(input, out TlogPolicy? policy))
        {
            return false;
        }

        Must.Hold(TlogPolicy.TryParse(policy.Format(), out TlogPolicy? again) && policy.Equals(again), "A policy's own file is an equal policy");
        Must.BeSame(again!.Format(), policy.Format(), "A policy's own file stays the same");
        Must.Hold(policy.GetHashCode() == again.GetHashCode(), "Equal policies have equal hashes");
        foreach (SignedCase signed in s_cases)
        {
            bool expected = signed.ByLog && policy.Logs.Any(log => log.Key == PolicyKeys.Log.VerifierKey) && IsSatisfied(policy, policy.Quorum, signed.ByWitness);
            Judge(policy.Verify(signed.Note, VerifierOf), expected);
        }

        Judge(policy.Verify(s_forged, VerifierOf), expected: false);
        return true;
    }

    private static void Judge(PolicyVerdict verdict, bool expected)
    {
        Must.Hold(verdict.IsSatisfied == expected, $"A policy accepts what its log and quorum have signed ({expected}): {string.Join(' ', verdict.Faults)}");
        Must.Hold(verdict.IsSatisfied == (verdict.Faults.Count == 0), "A policy that does not accept says why");
        try
        {
            verdict.Require(PolicyKeys.Origin);
            Must.Hold(expected, "What is not accepted cannot be required");
        }
        catch (VerificationException)
        {
            Must.Hold(!expected, "What is accepted can be required");
        }
    }

    /// <summary>Whether a name of a policy is satisfied, asked from the top down: the other way round than the evaluation does it.</summary>
    private static bool IsSatisfied(TlogPolicy policy, PolicyWord name, Func<VerifierKey, bool> hasSigned) =>
        name == PolicyWord.None
        || policy.Witnesses.Any(witness => witness.Name == name && hasSigned(witness.Key))
        || policy.Groups.Any(group => group.Name == name && group.Members.Count(member => IsSatisfied(policy, member, hasSigned)) >= group.Threshold);

    private static IEnumerable<byte[]> Windows() =>
    [
        PolicyWindows.Parse(Foreign.OfText($"valid {s_vkeys[1]} 2026-01-01T00:00:00Z 2026-01-02T00:00:00Z\nvalid {s_vkeys[0]} - 2027-01-01T00:00:00Z\n"), s_policy).Format(),
        Foreign.OfText($"# retired\nvalid {s_vkeys[2]} - 2026-01-01T00:00:00Z\n\nvalid {s_vkeys[3]} - -\n"),
        Foreign.OfText($"valid {s_vkeys[0]} 2026-01-03T00:00:00Z -\n"),
        [],
    ];

    private static bool WindowsOf(byte[] input)
    {
        if (!PolicyWindows.TryParse(input, s_policy, out PolicyWindows? windows))
        {
            return false;
        }

        Must.Hold(PolicyWindows.TryParse(windows.Format(), s_policy, out PolicyWindows? again) && windows.Equals(again), "The windows' own file gives equal windows");
        Must.BeSame(again!.Format(), windows.Format(), "The windows' own file stays the same");

        // Witness n signs n days after New Year's Day, so that windows come between them.
        long[] believed = [.. new[] { 1, 2, 3 }.Where(number => IsInside(windows, PolicyKeys.Witness(number).VerifierKey, TimeOf(number))).Select(TimeOf)];
        bool isLogBelieved = believed.Length > 0
            ? IsInside(windows, PolicyKeys.Log.VerifierKey, believed.Max())
            : windows.Of(PolicyKeys.Log.VerifierKey) is not { } window || (window.From is null && window.Until is null);
        PolicyVerdict verdict = s_policy.Verify(s_all.Note, VerifierOf, windows);
        Must.Hold(verdict.Witnesses.Count(witness => witness.Value.Standing == KeyStanding.Believed) == believed.Length, "A witness is believed inside its window");
        Judge(verdict, isLogBelieved && believed.Length >= 2);
        return windows.Windows.Count > 0;
    }

    private static bool IsInside(PolicyWindows windows, VerifierKey key, long posixSeconds)
    {
        var time = DateTimeOffset.FromUnixTimeSeconds(posixSeconds);
        return windows.Windows.All(window => window.Key != key || ((window.From ?? DateTimeOffset.MinValue) <= time && (window.Until is not { } until || time < until)));
    }

    private static long TimeOf(int witness) => PolicyKeys.NewYear + ((witness - 1) * Day);

    /// <summary>A note whose log has signed another text: nobody may accept it, however many witnesses do.</summary>
    private static byte[] Forged()
    {
        byte[] other = SignedNote.Sign(new Checkpoint(PolicyKeys.Origin, 0, Merkle.TreeHasher.EmptyRoot).Format(), PolicyKeys.Log).ToBytes();
        byte[] note = PolicyKeys.Note(PolicyKeys.Log, PolicyKeys.Witness(1), PolicyKeys.Witness(2), PolicyKeys.Witness(3));
        int line = other.AsSpan().IndexOf("\n\n"u8) + 2;
        int at = note.AsSpan().IndexOf("\n\n"u8) + 2;
        other.AsSpan(line).CopyTo(note.AsSpan(at));
        return note;
    }

    private static NoteVerifier? VerifierOf(VerifierKey key)
    {
        if (!s_verifiers.TryGetValue(key, out NoteVerifier? verifier) && NoteVerifiers.Of(key) is { } whole)
        {
            s_verifiers[key] = verifier = new Remembering(whole);
        }

        return verifier;
    }

    /// <summary>Makes the ids of vkeys fit again, in whatever word they stand.</summary>
    private static byte[] MendKeys(byte[] input)
    {
        string[] lines = Foreign.Text(input).Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            lines[i] = string.Join(' ', lines[i].Split(' ').Select(word => word.Contains('+', StringComparison.Ordinal) ? Foreign.Text(NoteTargets.MendVkey(Foreign.OfText(word))) : word));
        }

        return Foreign.OfText(string.Join('\n', lines));
    }

    /// <summary>A note of the log and of witnesses.</summary>
    private sealed class SignedCase
    {
        private readonly HashSet<VerifierKey> _witnesses;

        public SignedCase(bool byLog, params int[] witnesses)
        {
            ByLog = byLog;
            _witnesses = [.. witnesses.Select(number => PolicyKeys.Witness(number).VerifierKey)];
            NoteSigner[] signers = [.. byLog ? [PolicyKeys.Log] : Array.Empty<NoteSigner>(), .. witnesses.Select(number => PolicyKeys.Witness(number, TimeOf(number)))];
            Note = PolicyKeys.Note(signers.Length > 0 ? signers : [Ed25519NoteSigner.FromSeed("stranger", PolicyKeys.Seed(9))]);
        }

        public bool ByLog { get; }

        public byte[] Note { get; }

        public bool ByWitness(VerifierKey key) => _witnesses.Contains(key);
    }

    /// <summary>Verifies each signature once: the notes are few, and the time is for the policies.</summary>
    private sealed class Remembering(NoteVerifier whole) : NoteVerifier
    {
        private readonly Dictionary<string, bool> _known = new(StringComparer.Ordinal);

        public override string Name => whole.Name;

        public override uint KeyId => whole.KeyId;

        public override bool Verify(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature)
        {
            string both = string.Create(CultureInfo.InvariantCulture, $"{Convert.ToHexStringLower(text)} {Convert.ToHexStringLower(signature)}");
            if (!_known.TryGetValue(both, out bool isValid))
            {
                _known[both] = isValid = whole.Verify(text, signature);
            }

            return isValid;
        }
    }
}
