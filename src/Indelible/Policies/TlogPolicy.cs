using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Indelible.Notes;

namespace Indelible.Policies;

/// <summary>Which logs a verifier accepts, and which witnesses must have cosigned. c2sp.org/tlog-policy. Immutable.</summary>
/// <remarks>
/// <code>
/// log VKEY [URL]                       any one of the logs is enough; the key's name is the origin
/// witness NAME VKEY [URL]
/// group NAME all|any|K MEMBER…         members are witnesses and groups of earlier lines
/// quorum NAME|none                     exactly one such line, of an earlier name
/// </code>
/// Lines end in LF, words are divided by spaces and tabs; empty lines, and those whose first word begins with #, say nothing. Octets are
/// tab, LF, 0x20 to 0x7E and 0x80 to 0xFF. The file is written by people, so it is not canonical: what comes back after
/// <see cref="Format"/> is its meaning, not its bytes. Bounds are in <see cref="PolicyLimits"/>. The format has no times;
/// <see cref="PolicyWindows"/> adds them beside it.
/// </remarks>
public sealed class TlogPolicy : IEquatable<TlogPolicy>
{
    internal TlogPolicy(
        IReadOnlyList<PolicyLog> logs, IReadOnlyList<PolicyWitness> witnesses, IReadOnlyList<PolicyGroup> groups, PolicyWord quorum)
    {
        Logs = logs;
        Witnesses = witnesses;
        Groups = groups;
        Quorum = quorum;
    }

    /// <summary>
    /// The logs, in the order of the file. May be none: then no checkpoint is accepted until <see cref="WithLog"/> adds one.
    /// </summary>
    public IReadOnlyList<PolicyLog> Logs { get; }

    /// <summary>The witnesses, in the order of the file.</summary>
    public IReadOnlyList<PolicyWitness> Witnesses { get; }

    /// <summary>The groups, in the order of the file: members come before the groups that they are in.</summary>
    public IReadOnlyList<PolicyGroup> Groups { get; }

    /// <summary>The witness or group that must be satisfied, or <see cref="PolicyWord.None"/>.</summary>
    public PolicyWord Quorum { get; }

    /// <summary>Reads a policy file.</summary>
    /// <param name="file">Untrusted.</param>
    /// <param name="policy">The policy, or null.</param>
    public static bool TryParse(ReadOnlySpan<byte> file, [NotNullWhen(true)] out TlogPolicy? policy) => TryParse(file, out policy, out _);

    /// <summary>Reads a policy file, and says what is wrong with one that is none.</summary>
    /// <param name="file">Untrusted.</param>
    /// <param name="policy">The policy, or null.</param>
    /// <param name="fault">
    /// The first line at fault, counted from 1, and what is wrong with it; of a file that is too long, its length. Null where it parses.
    /// </param>
    public static bool TryParse(
        ReadOnlySpan<byte> file, [NotNullWhen(true)] out TlogPolicy? policy, [NotNullWhen(false)] out string? fault)
    {
        policy = PolicyParser.Read(file, out fault);
        return policy is not null;
    }

    /// <summary>Reads a policy file.</summary>
    /// <param name="file">Untrusted.</param>
    /// <exception cref="TlogFormatException">It is none; the message names the line, counted from 1, and what is wrong with it.</exception>
    public static TlogPolicy Parse(ReadOnlySpan<byte> file) =>
        TryParse(file, out TlogPolicy? policy, out string? fault) ? policy : throw new TlogFormatException($"Not a policy. {fault}");

    /// <summary>The policy with one more log, for callers that know the log from elsewhere.</summary>
    /// <param name="key">The log's key.</param>
    /// <exception cref="ArgumentException">
    /// Its type is not a log's, its public key is listed already, or there are too many logs.
    /// </exception>
    public TlogPolicy WithLog(VerifierKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return PolicyParser.FaultOfLogKey(key, Logs) is { } fault
            ? throw new ArgumentException(fault, nameof(key))
            : new TlogPolicy([.. Logs, new PolicyLog(key, null)], Witnesses, Groups, Quorum);
    }

    /// <summary>A file of the same meaning: logs, witnesses, groups, quorum, without comments; parsing it gives an equal policy.</summary>
    public byte[] Format()
    {
        using var file = new MemoryStream();
        foreach (PolicyLog log in Logs)
        {
            Write(file, [PolicyWord.Of("log"), PolicyWord.Of(log.Key.ToString()), log.Url]);
        }

        foreach (PolicyWitness witness in Witnesses)
        {
            Write(file, [PolicyWord.Of("witness"), witness.Name, PolicyWord.Of(witness.Key.ToString()), witness.Url]);
        }

        foreach (PolicyGroup group in Groups)
        {
            string threshold = group.Threshold == group.Members.Count ? "all"
                : group.Threshold == 1 ? "any"
                : group.Threshold.ToString(CultureInfo.InvariantCulture);
            Write(file, [PolicyWord.Of("group"), group.Name, PolicyWord.Of(threshold), .. group.Members]);
        }

        Write(file, [PolicyWord.Of("quorum"), Quorum]);
        return file.ToArray();
    }

    /// <summary>Judges a checkpoint.</summary>
    /// <param name="note">The note, parsed; its signatures are untrusted.</param>
    /// <param name="verifierOf">
    /// Gives the verifier of a key, or null where signatures of its type cannot be verified here: those count as not there.
    /// </param>
    /// <param name="windows">When the keys are believed; null where they are at any time.</param>
    /// <param name="at">
    /// The time by which the window of the log's key is judged where no believed cosignature tells one: a time that the caller trusts to
    /// lie at or after the signing, such as the newest time of receipt among entries that he has verified, or else his clock. Null where
    /// he has none: then a log key with a window is not believed without cosignatures.
    /// </param>
    /// <returns>Who has signed, whether that is enough, and what lacks.</returns>
    /// <remarks>
    /// Lines under names and ids that the policy does not have are ignored, and of one key the first line counts. A wrong signature under
    /// a key of the policy refuses the whole note. A witness is judged by the time that it signed, a log by the newest of them, so that a
    /// checkpoint that was cosigned while the keys were in use is still believed when they are not.
    /// </remarks>
    /// <exception cref="TlogFormatException">
    /// The note's text is not a checkpoint; or <paramref name="verifierOf"/> refuses a key.
    /// </exception>
    /// <exception cref="ArgumentException">The windows are those of another policy, or a verifier is that of another key.</exception>
    public PolicyVerdict Evaluate(
        SignedNote note, Func<VerifierKey, NoteVerifier?> verifierOf, PolicyWindows? windows = null, DateTimeOffset? at = null)
    {
        ArgumentNullException.ThrowIfNull(note);
        ArgumentNullException.ThrowIfNull(verifierOf);
        if (windows is not null && !Equals(windows.Policy))
        {
            throw new ArgumentException("These windows were read for another policy.", nameof(windows));
        }

        return new PolicyEvaluation(this, note, verifierOf, windows).Judge(at?.ToUnixTimeSeconds());
    }

    /// <summary>Judges a checkpoint by its bytes: parses them and calls <see cref="Evaluate"/>.</summary>
    /// <param name="note">The signed note; untrusted.</param>
    /// <param name="verifierOf">As in <see cref="Evaluate"/>.</param>
    /// <param name="windows">As in <see cref="Evaluate"/>.</param>
    /// <param name="at">As in <see cref="Evaluate"/>.</param>
    /// <returns>Who has signed, whether that is enough, and what lacks.</returns>
    /// <exception cref="TlogFormatException">
    /// The bytes are not a note with a checkpoint's text; or <paramref name="verifierOf"/> refuses a key.
    /// </exception>
    /// <exception cref="ArgumentException">The windows are those of another policy, or a verifier is that of another key.</exception>
    public PolicyVerdict Verify(
        ReadOnlySpan<byte> note, Func<VerifierKey, NoteVerifier?> verifierOf, PolicyWindows? windows = null, DateTimeOffset? at = null) =>
        Evaluate(SignedNote.Parse(note), verifierOf, windows, at);

    /// <summary>Whether logs, witnesses, groups and quorum are the same, in the same order.</summary>
    public bool Equals(TlogPolicy? other) => other is not null && (ReferenceEquals(this, other)
        || (Quorum == other.Quorum && Logs.SequenceEqual(other.Logs)
            && Witnesses.SequenceEqual(other.Witnesses) && Groups.SequenceEqual(other.Groups)));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TlogPolicy);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Quorum, Logs.Count, Witnesses.Count, Groups.Count);

    private static void Write(MemoryStream file, ReadOnlySpan<PolicyWord?> words)
    {
        for (int i = 0; i < words.Length && words[i] is { } word; i++)
        {
            file.Write(i == 0 ? [] : " "u8);
            file.Write(word.ToBytes());
        }

        file.WriteByte((byte)'\n');
    }
}
