using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Indelible.Notes;

namespace Indelible.Policies;

/// <summary>
/// When the keys of a policy are believed: a file of our own beside the policy's, which stays as c2sp.org/tlog-policy says. Immutable.
/// </summary>
/// <remarks>
/// <code>
/// valid VKEY FROM UNTIL        each 2026-01-31T00:00:00Z, or - for no bound; FROM is in the window, UNTIL is not
/// </code>
/// Octets, blanks, empty lines and comments are those of the policy. A key without a line is believed at any time. Keys that the policy
/// does not list are refused: a window under a mistyped key would leave the key that was meant believed for ever.
/// </remarks>
public sealed class PolicyWindows : IEquatable<PolicyWindows>
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";
    private readonly Dictionary<VerifierKey, KeyWindow> _byKey;

    private PolicyWindows(TlogPolicy policy, List<KeyWindow> windows)
    {
        Policy = policy;
        Windows = windows;
        _byKey = windows.ToDictionary(window => window.Key);
    }

    /// <summary>The policy whose keys these are.</summary>
    public TlogPolicy Policy { get; }

    /// <summary>The windows, in the order of the file.</summary>
    public IReadOnlyList<KeyWindow> Windows { get; }

    /// <summary>The window of a key; null where it has none.</summary>
    public KeyWindow? Of(VerifierKey key) => _byKey.GetValueOrDefault(key);

    /// <summary>Reads a file of windows.</summary>
    /// <param name="file">Untrusted.</param>
    /// <param name="policy">The policy beside which it lies.</param>
    /// <param name="windows">The windows, or null.</param>
    public static bool TryParse(ReadOnlySpan<byte> file, TlogPolicy policy, [NotNullWhen(true)] out PolicyWindows? windows) =>
        TryParse(file, policy, out windows, out _);

    /// <summary>Reads a file of windows, and says what is wrong with one that is none.</summary>
    /// <param name="file">Untrusted.</param>
    /// <param name="policy">The policy beside which it lies.</param>
    /// <param name="windows">The windows, or null.</param>
    /// <param name="fault">
    /// The first line at fault, counted from 1, and what is wrong with it; of a file that is too long, its length. Null where it parses.
    /// </param>
    public static bool TryParse(
        ReadOnlySpan<byte> file, TlogPolicy policy, [NotNullWhen(true)] out PolicyWindows? windows, [NotNullWhen(false)] out string? fault)
    {
        windows = Read(file, policy, out fault);
        return windows is not null;
    }

    /// <summary>Reads a file of windows.</summary>
    /// <param name="file">Untrusted.</param>
    /// <param name="policy">The policy beside which it lies.</param>
    /// <exception cref="TlogFormatException">It is none for this policy; the message names the line and what is wrong.</exception>
    public static PolicyWindows Parse(ReadOnlySpan<byte> file, TlogPolicy policy) =>
        TryParse(file, policy, out PolicyWindows? windows, out string? fault)
            ? windows
            : throw new TlogFormatException($"Not the windows of a policy. {fault}");

    /// <summary>A file of the same windows, without comments; parsing it gives equal windows.</summary>
    public byte[] Format()
    {
        var text = new StringBuilder();
        foreach (KeyWindow window in Windows)
        {
            text.Append(CultureInfo.InvariantCulture, $"valid {window.Key} {Format(window.From)} {Format(window.Until)}\n");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Whether policy and windows are the same, the windows in the same order.</summary>
    public bool Equals(PolicyWindows? other) => other is not null && Policy.Equals(other.Policy) && Windows.SequenceEqual(other.Windows);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PolicyWindows);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Policy, Windows.Count);

    private static PolicyWindows? Read(ReadOnlySpan<byte> file, TlogPolicy policy, out string? fault)
    {
        ArgumentNullException.ThrowIfNull(policy);
        HashSet<VerifierKey> known = [.. policy.Logs.Select(log => log.Key), .. policy.Witnesses.Select(witness => witness.Key)];
        var windows = new List<KeyWindow>();
        var lines = new PolicyLines(file);
        var words = new List<PolicyWord>();
        while (lines.TryRead(words))
        {
            if (ReadLine(words, known, windows) is { } what)
            {
                fault = lines.Say(what);
                return null;
            }
        }

        fault = lines.Fault;
        return fault is null ? new PolicyWindows(policy, windows) : null;
    }

    // A key leaves the known ones with its line, so that the windows are never more than the policy's keys.
    private static string? ReadLine(List<PolicyWord> words, HashSet<VerifierKey> known, List<KeyWindow> windows)
    {
        if (words.Count != 4 || words[0].ToString() != "valid")
        {
            return "expected: valid VKEY FROM UNTIL.";
        }

        if (!PolicyParser.TryReadKey(words[1], out VerifierKey? key))
        {
            return PolicyParser.NotAVkey(words[1]);
        }

        if (!known.Remove(key))
        {
            return windows.Exists(window => window.Key == key)
                ? $"a second window of {key.Name}+{key.KeyId:x8}; a key has one."
                : $"the policy lists no log or witness with the key {key.Name}+{key.KeyId:x8}.";
        }

        if (!TryReadTime(words[2], out DateTimeOffset? from) || !TryReadTime(words[3], out DateTimeOffset? until))
        {
            return $"'{words[2]}' and '{words[3]}': expected times like 2026-01-31T00:00:00Z, or - for no bound.";
        }

        if (from >= until)
        {
            return $"the window from {words[2]} until {words[3]} is empty.";
        }

        windows.Add(new KeyWindow(key, from, until));
        return null;
    }

    private static bool TryReadTime(PolicyWord word, out DateTimeOffset? time)
    {
        time = null;
        string text = word.ToString();
        if (text == "-")
        {
            return true;
        }

        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        bool isTime = DateTimeOffset.TryParseExact(text, TimeFormat, CultureInfo.InvariantCulture, Utc, out DateTimeOffset parsed);
        time = isTime ? parsed : null;
        return isTime && Format(time) == text;
    }

    /// <summary>A bound as the file spells it.</summary>
    internal static string Format(DateTimeOffset? time) =>
        time?.ToUniversalTime().ToString(TimeFormat, CultureInfo.InvariantCulture) ?? "-";
}
