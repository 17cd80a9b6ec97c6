using System.Buffers;
using System.Collections.Frozen;

namespace Indelible.Client.Recording;

/// <summary>Finds the delivery mode of an action. Immutable, thread-safe.</summary>
internal sealed class ModeTable
{
    private const string AnyRest = ".*";
    private static readonly SearchValues<char> s_characters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789._-");
    private readonly FrozenDictionary<string, DeliveryMode> _exact;
    private readonly (string Prefix, DeliveryMode Mode)[] _prefixes;

    public ModeTable(IEnumerable<KeyValuePair<string, DeliveryMode>> modes)
    {
        KeyValuePair<string, DeliveryMode>[] all = [.. modes];
        _exact = all.Where(mode => !mode.Key.EndsWith(AnyRest, StringComparison.Ordinal)).ToFrozenDictionary(StringComparer.Ordinal);
        _prefixes =
        [
            .. all.Where(mode => mode.Key.EndsWith(AnyRest, StringComparison.Ordinal))
                .Select(mode => (Prefix: mode.Key[..^1], mode.Value))
                .OrderByDescending(mode => mode.Prefix.Length),
        ];
    }

    /// <summary>Whether a text is an action, or first words of one and <c>.*</c>.</summary>
    public static bool IsPattern(string text)
    {
        ReadOnlySpan<char> words = text.EndsWith(AnyRest, StringComparison.Ordinal) ? text.AsSpan(0, text.Length - 2) : text;
        return !words.IsEmpty && char.IsAsciiLetterOrDigit(words[0]) && char.IsAsciiLetterOrDigit(words[^1])
            && !words.ContainsAnyExcept(s_characters);
    }

    /// <summary>The mode that is configured for an action, or null where none is.</summary>
    public DeliveryMode? Of(string action)
    {
        if (_exact.TryGetValue(action, out DeliveryMode mode))
        {
            return mode;
        }

        foreach ((string prefix, DeliveryMode inPrefix) in _prefixes)
        {
            if (action.StartsWith(prefix, StringComparison.Ordinal))
            {
                return inPrefix;
            }
        }

        return null;
    }
}
