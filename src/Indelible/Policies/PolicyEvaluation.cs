using System.Buffers.Binary;
using Indelible.Notes;

namespace Indelible.Policies;

/// <summary>One note held against one policy.</summary>
internal sealed class PolicyEvaluation(
    TlogPolicy policy, SignedNote note, Func<VerifierKey, NoteVerifier?> verifierOf, PolicyWindows? windows)
{
    private const int TimeBytes = 8;
    private readonly Checkpoint _claimed = Checkpoint.Parse(note.Text.Span);
    private readonly List<NoteVerifier> _vouching = [];

    public PolicyVerdict Judge(long? atPosixSeconds)
    {
        // Witnesses first: their times are what the log's window is judged by.
        List<KeyValuePair<PolicyWord, KeyFinding>> witnesses =
            [.. policy.Witnesses.Select(witness => KeyValuePair.Create(witness.Name, JudgeWitness(witness.Key)))];
        long? newest = witnesses.Max(witness => witness.Value.Standing == KeyStanding.Believed ? witness.Value.PosixSeconds : null);
        List<KeyFinding> logs =
            [.. policy.Logs.Where(log => log.Key.Name == _claimed.Origin).Select(log => JudgeLog(log.Key, newest ?? atPosixSeconds))];

        HashSet<PolicyWord> satisfied =
            [.. witnesses.Where(witness => witness.Value.Standing == KeyStanding.Believed).Select(witness => witness.Key)];
        Dictionary<PolicyWord, int> counts = SatisfyGroups(satisfied);
        bool isQuorumSatisfied = policy.Quorum == PolicyWord.None || satisfied.Contains(policy.Quorum);

        var faults = new List<string>();
        IEnumerable<KeyFinding> wrong = logs.Concat(witnesses.Select(witness => witness.Value))
            .Where(finding => finding.Standing == KeyStanding.Wrong);
        AddWrong(faults, wrong.Select(finding => finding.Key).Concat(WrongStrangers()));
        if (!logs.Exists(log => log.Standing == KeyStanding.Believed))
        {
            faults.Add(LackOfLog(logs));
        }

        if (!isQuorumSatisfied)
        {
            faults.Add($"The quorum {policy.Quorum} is not satisfied: {LackOfQuorum(witnesses, satisfied, counts)}.");
        }

        return new PolicyVerdict(_claimed)
        {
            Verified = faults.Count == 0 ? new VerifiedCheckpoint(_claimed, note.ToBytes(), _vouching) : null,
            Logs = logs,
            Witnesses = witnesses,
            SatisfiedGroups = [.. policy.Groups.Where(group => satisfied.Contains(group.Name))],
            IsQuorumSatisfied = isQuorumSatisfied,
            NewestPosixSeconds = newest,
            HasWindows = windows is not null,
            Faults = faults,
        };
    }

    private KeyFinding JudgeWitness(VerifierKey key)
    {
        KeyStanding standing = VerifySignature(key, out NoteVerifier? verifier, out ReadOnlySpan<byte> signature);
        if (standing != KeyStanding.Believed)
        {
            return new KeyFinding(key, standing, null, windows?.Of(key));
        }

        // Types 0x04 and 0x06 both begin with the time, which their signatures cover. Zero is for cosigners that claim no time, and those
        // are of type 0x06 alone.
        long seconds = signature.Length > TimeBytes ? BinaryPrimitives.ReadInt64BigEndian(signature) : -1;
        if (seconds < 0 || (seconds == 0 && key.Type != VerifierKey.MlDsa44))
        {
            return new KeyFinding(key, KeyStanding.Wrong, null, windows?.Of(key));
        }

        return Within(key, seconds == 0 ? null : seconds, verifier!);
    }

    private KeyFinding JudgeLog(VerifierKey key, long? seconds)
    {
        KeyStanding standing = VerifySignature(key, out NoteVerifier? verifier, out _);
        return standing == KeyStanding.Believed ? Within(key, seconds, verifier!) : new KeyFinding(key, standing, null, windows?.Of(key));
    }

    private KeyFinding Within(VerifierKey key, long? seconds, NoteVerifier verifier)
    {
        KeyWindow? window = windows?.Of(key);
        bool isBounded = window is { From: not null } or { Until: not null };
        KeyStanding standing = !isBounded ? KeyStanding.Believed
            : seconds is not { } time ? KeyStanding.TimeUnknown
            : window!.Contains(time) ? KeyStanding.Believed
            : KeyStanding.OutsideWindow;
        if (standing == KeyStanding.Believed && !_vouching.Exists(other => other.Name == key.Name && other.KeyId == key.KeyId))
        {
            _vouching.Add(verifier);
        }

        return new KeyFinding(key, standing, seconds, window);
    }

    // Of several lines under one key the first counts, as in SignedNote.Verify.
    private KeyStanding VerifySignature(VerifierKey key, out NoteVerifier? verifier, out ReadOnlySpan<byte> signature)
    {
        verifier = null;
        signature = default;
        NoteSignature? line = note.Signatures.FirstOrDefault(line => line.Name == key.Name && line.KeyId == key.KeyId);
        if (line is null)
        {
            return KeyStanding.Absent;
        }

        verifier = verifierOf(key);
        if (verifier is null)
        {
            return KeyStanding.NotVerifiable;
        }

        if (verifier.Name != key.Name || verifier.KeyId != key.KeyId)
        {
            throw new ArgumentException(
                $"The verifier for {key.Name}+{key.KeyId:x8} is that of {verifier.Name}+{verifier.KeyId:x8}.", nameof(key));
        }

        signature = line.Bytes.Span;
        return verifier.Verify(note.Text.Span, signature) ? KeyStanding.Believed : KeyStanding.Wrong;
    }

    /// <summary>
    /// Adds the satisfied groups to the satisfied witnesses. Members stand before their groups: one pass in order is enough, however deep
    /// they nest.
    /// </summary>
    /// <returns>The number of satisfied members of each group.</returns>
    private Dictionary<PolicyWord, int> SatisfyGroups(HashSet<PolicyWord> satisfied)
    {
        var counts = new Dictionary<PolicyWord, int>();
        foreach (PolicyGroup group in policy.Groups)
        {
            counts[group.Name] = group.Members.Count(satisfied.Contains);
            if (counts[group.Name] >= group.Threshold)
            {
                satisfied.Add(group.Name);
            }
        }

        return counts;
    }

    // The key of another log cannot make this checkpoint believed, but it is known all the same: a wrong line under it refuses the note.
    private IEnumerable<VerifierKey> WrongStrangers() => policy.Logs.Select(log => log.Key)
        .Where(key => key.Name != _claimed.Origin && VerifySignature(key, out _, out _) == KeyStanding.Wrong);

    private static void AddWrong(List<string> faults, IEnumerable<VerifierKey> wrong)
    {
        foreach (VerifierKey key in wrong.Distinct())
        {
            faults.Add($"The signature of {key.Name}+{key.KeyId:x8} is not over this text.");
        }
    }

    private string LackOfLog(List<KeyFinding> logs) => logs.Count > 0
        ? $"No log key of {_claimed.Origin} is believed: {string.Join("; ", logs.Select(log => $"{log.Key.KeyId:x8} {log}"))}."
        : policy.Logs.Count > 0
        ? $"The policy has no log {_claimed.Origin}; it has {string.Join(", ", policy.Logs.Select(log => log.Key.Name).Distinct())}."
        : "The policy has no log.";

    /// <summary>From the quorum down, what each unsatisfied member that counts still lacks.</summary>
    private string LackOfQuorum(
        List<KeyValuePair<PolicyWord, KeyFinding>> witnesses, HashSet<PolicyWord> satisfied, Dictionary<PolicyWord, int> counts)
    {
        Dictionary<PolicyWord, KeyFinding> byName = witnesses.ToDictionary();
        Dictionary<PolicyWord, PolicyGroup> groups = policy.Groups.ToDictionary(group => group.Name);
        var lacks = new List<string>();
        var open = new Queue<PolicyWord>([policy.Quorum]);
        while (open.TryDequeue(out PolicyWord? name))
        {
            if (byName.TryGetValue(name, out KeyFinding? witness))
            {
                lacks.Add($"{name}: {witness}");
                continue;
            }

            PolicyGroup group = groups[name];
            lacks.Add($"{name} has {counts[name]} of the {group.Threshold} members that it needs");
            foreach (PolicyWord member in group.Members.Where(member => !satisfied.Contains(member)))
            {
                open.Enqueue(member);
            }
        }

        return string.Join("; ", lacks);
    }
}
