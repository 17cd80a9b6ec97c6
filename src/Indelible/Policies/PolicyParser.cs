using Indelible.Notes;

namespace Indelible.Policies;

/// <summary>Reads a policy line by line, and refuses the first that breaks a rule of c2sp.org/tlog-policy.</summary>
internal sealed class PolicyParser
{
    private const int Ed25519KeyBytes = 32;
    private const int MlDsa44KeyBytes = 1_312;

    private readonly List<PolicyLog> _logs = [];
    private readonly List<PolicyWitness> _witnesses = [];
    private readonly List<PolicyGroup> _groups = [];
    private readonly HashSet<PolicyWord> _names = [PolicyWord.None];
    private readonly HashSet<PolicyWord> _members = [];
    private PolicyWord? _quorum;

    /// <summary>Reads a file.</summary>
    /// <param name="file">Untrusted.</param>
    /// <param name="fault">The line and what is wrong with it, or null.</param>
    /// <returns>The policy, or null.</returns>
    public static TlogPolicy? Read(ReadOnlySpan<byte> file, out string? fault)
    {
        var parser = new PolicyParser();
        var lines = new PolicyLines(file);
        var words = new List<PolicyWord>();
        while (lines.TryRead(words))
        {
            if (parser.ReadLine(words) is { } what)
            {
                fault = lines.Say(what);
                return null;
            }
        }

        fault = lines.Fault ?? (parser._quorum is null ? lines.Say("the file ends without a quorum line.") : null);
        return fault is null ? new TlogPolicy(parser._logs, parser._witnesses, parser._groups, parser._quorum!) : null;
    }

    /// <summary>What keeps a key from being a log's, or null.</summary>
    public static string? FaultOfLogKey(VerifierKey key, IReadOnlyList<PolicyLog> logs) =>
        logs.Count == PolicyLimits.MaxLogs ? $"there are more than {PolicyLimits.MaxLogs} logs."
        : !HasSize(key, VerifierKey.Ed25519) && !HasSize(key, VerifierKey.MlDsa44)
            ? $"{Shown(key)} has not the type and size of a log's key: 0x01 (Ed25519) or 0x06 (ML-DSA-44)."
        : logs.FirstOrDefault(log => IsSamePublicKey(log.Key, key)) is { } same
            ? $"the public key of the log {key.Name} is that of the log {same.Key.Name} already."
        : null;

    private string? ReadLine(List<PolicyWord> words) => words[0].ToString() switch
    {
        "log" => ReadLog(words),
        "witness" => ReadWitness(words),
        "group" => ReadGroup(words),
        "quorum" => ReadQuorum(words),
        string other => $"'{other}' is none of log, witness, group and quorum.",
    };

    private string? ReadLog(List<PolicyWord> words)
    {
        if (words.Count is not (2 or 3))
        {
            return "expected: log VKEY [URL].";
        }

        if (!TryReadKey(words[1], out VerifierKey? key))
        {
            return NotAVkey(words[1]);
        }

        PolicyWord? url = words.ElementAtOrDefault(2);
        if ((FaultOfLogKey(key, _logs) ?? FaultOfUrl(url)) is { } fault)
        {
            return fault;
        }

        _logs.Add(new PolicyLog(key, url));
        return null;
    }

    private string? ReadWitness(List<PolicyWord> words)
    {
        if (words.Count is not (3 or 4))
        {
            return "expected: witness NAME VKEY [URL].";
        }

        if (!TryReadKey(words[2], out VerifierKey? key))
        {
            return NotAVkey(words[2]);
        }

        PolicyWord? url = words.ElementAtOrDefault(3);
        if ((FaultOfWitnessKey(words[1], key) ?? FaultOfUrl(url) ?? FaultOfNewName(words[1])) is { } fault)
        {
            return fault;
        }

        _names.Add(words[1]);
        _witnesses.Add(new PolicyWitness(words[1], key, url));
        return null;
    }

    private string? ReadGroup(List<PolicyWord> words)
    {
        if (words.Count < 4)
        {
            return "expected: group NAME all|any|K MEMBER…, with at least one member.";
        }

        if (_groups.Count == PolicyLimits.MaxGroups)
        {
            return $"there are more than {PolicyLimits.MaxGroups} groups.";
        }

        int members = words.Count - 3;
        string threshold = words[2].ToString();
        long needed = threshold switch
        {
            "all" => members,
            "any" => 1,
            _ => CanonicalText.TryParseDecimal(threshold, out long k) ? k : 0,
        };
        if (needed < 1 || needed > members)
        {
            return $"'{threshold}' of {members} members: expected all, any, or a decimal from 1 to {members}.";
        }

        if (FaultOfNewName(words[1]) is { } fault)
        {
            return fault;
        }

        foreach (PolicyWord member in words.Skip(3))
        {
            if (member == PolicyWord.None || !_names.Contains(member))
            {
                return $"the member '{member}' is no witness or group of an earlier line.";
            }

            if (!_members.Add(member))
            {
                return $"'{member}' is a member already: each may be one once in the whole file.";
            }
        }

        _names.Add(words[1]);
        _groups.Add(new PolicyGroup(words[1], (int)needed, words[3..]));
        return null;
    }

    private string? ReadQuorum(List<PolicyWord> words)
    {
        if (words.Count != 2)
        {
            return "expected: quorum NAME, or quorum none.";
        }

        if (_quorum is not null)
        {
            return "a second quorum line; there is exactly one.";
        }

        if (!_names.Contains(words[1]))
        {
            return $"the quorum '{words[1]}' is no witness or group of an earlier line.";
        }

        _quorum = words[1];
        return null;
    }

    private string? FaultOfWitnessKey(PolicyWord name, VerifierKey key) =>
        _witnesses.Count == PolicyLimits.MaxWitnesses ? $"there are more than {PolicyLimits.MaxWitnesses} witnesses."
        : !HasSize(key, VerifierKey.Cosignature) && !HasSize(key, VerifierKey.MlDsa44)
            ? $"{Shown(key)} has not the type and size of a witness's key: 0x04 (Ed25519 cosignature) or 0x06 (ML-DSA-44)."
        : _witnesses.FirstOrDefault(witness => IsSamePublicKey(witness.Key, key)) is { } same
            ? $"the public key of the witness '{name}' is that of the witness '{same.Name}' already."
        : null;

    private string? FaultOfNewName(PolicyWord name) =>
        name.Length > PolicyLimits.MaxNameBytes ? $"a name has {name.Length} bytes; at most {PolicyLimits.MaxNameBytes} are read."
        : name == PolicyWord.None ? "'none' is the quorum that asks for nobody, and cannot name a witness or group."
        : _names.Contains(name) ? $"the name '{name}' is taken already: witnesses and groups share their names."
        : null;

    private static string? FaultOfUrl(PolicyWord? url) =>
        url?.Length > PolicyLimits.MaxUrlBytes ? $"a URL has {url.Length} bytes; at most {PolicyLimits.MaxUrlBytes} are read." : null;

    /// <summary>Reads a word as a vkey.</summary>
    public static bool TryReadKey(PolicyWord word, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out VerifierKey? key)
    {
        key = null;
        return CanonicalText.TryDecode(word.ToBytes(), out string text) && VerifierKey.TryParse(text, out key);
    }

    /// <summary>The fault of a word that is no vkey.</summary>
    public static string NotAVkey(PolicyWord word) =>
        $"'{Shortened(word.ToString())}' is not a vkey: name+8 hex digits of the key id+base64, where the id follows from the rest.";

    // Under another name or type it is the same key all the same: whoever holds its secret would count twice.
    private static bool IsSamePublicKey(VerifierKey one, VerifierKey other) => one.PublicKey.Span.SequenceEqual(other.PublicKey.Span);

    private static bool HasSize(VerifierKey key, byte type) =>
        key.Type == type && key.PublicKey.Length == (type == VerifierKey.MlDsa44 ? MlDsa44KeyBytes : Ed25519KeyBytes);

    private static string Shown(VerifierKey key) => $"{key.Name}+{key.KeyId:x8} of type 0x{key.Type:x2} with {key.PublicKey.Length} bytes";

    private static string Shortened(string text) => text.Length <= 300 ? text : text[..300] + "…";
}
