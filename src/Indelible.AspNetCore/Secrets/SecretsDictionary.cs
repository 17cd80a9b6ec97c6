using System.Buffers;
using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace Indelible.AspNetCore.Secrets;

/// <summary>Knows secrets by the name of their field and by their look, so that they are not recorded. It errs towards hiding.</summary>
/// <remarks>
/// A field is secret when one of its words is (<c>newPassword</c>, <c>X-Api-Key</c>, <c>card_number</c>); words are told apart by case and punctuation, so that a <c>shipping</c> address has no
/// <c>pin</c> in it. A text is secret when it looks like a token (JWT, bearer, keys with a known beginning, PEM) or holds a card number: 13 to 19 digits, spaces and dashes
/// aside, that pass the Luhn check.
/// </remarks>
public sealed partial class SecretsDictionary
{
    private static readonly FrozenSet<string> s_words = new[]
    {
        "password", "passwd", "passphrase", "passcode", "pwd", "secret", "secrets", "token", "tokens", "jwt", "apikey", "authorization", "cookie", "cookies", "credential", "credentials", "pin", "otp",
        "totp", "cvv", "cvc", "cvv2", "cvc2", "pan", "signature", "sig", "hmac", "assertion", "connectionstring", "nonce", "bearer", "mnemonic", "cardnumber", "ccnumber", "accesskey", "privatekey",
        "clientsecret", "verifier", "csrf", "xsrf", "antiforgery", "requestverificationtoken", "samlresponse", "viewstate",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Words that are a secret only one after the other.</summary>
    private static readonly FrozenSet<(string, string)> s_pairs = new[]
    {
        ("api", "key"), ("access", "key"), ("private", "key"), ("secret", "key"), ("signing", "key"), ("encryption", "key"), ("account", "key"), ("shared", "key"), ("license", "key"), ("card", "number"),
        ("credit", "card"), ("cc", "number"), ("security", "code"), ("verification", "code"), ("recovery", "code"), ("auth", "code"), ("connection", "string"), ("one", "time"), ("pass", "word"),
        ("pass", "phrase"), ("set", "cookie"), ("session", "key"), ("code", "verifier"),
    }.ToFrozenSet();

    private static readonly SearchValues<string> s_beginnings = SearchValues.Create(
        ["Bearer ", "Basic ", "-----BEGIN ", "ind_a_", "ind_w_", "ind_r_", "ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "sk_live_", "rk_live_", "sk-ant-", "sk-proj-", "xoxb-", "xoxp-", "AKIA", "ASIA", "AIza", "CfDJ8"],
        StringComparison.Ordinal);

    private readonly HashSet<string> _added = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Makes the fields of one more name secret, whole and without regard to case.</summary>
    public SecretsDictionary Add(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        _added.Add(name);
        return this;
    }

    /// <summary>Whether a field of this name holds a secret.</summary>
    public bool IsSecretName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (_added.Contains(name))
        {
            return true;
        }

        string? before = null;
        foreach (ValueMatch found in Words().EnumerateMatches(name))
        {
            string word = name.Substring(found.Index, found.Length).ToLowerInvariant();
            if (s_words.Contains(word) || (before is not null && (s_pairs.Contains((before, word)) || s_words.Contains(before + word))))
            {
                return true;
            }

            before = word;
        }

        return false;
    }

    /// <summary>What a text is that must not be recorded: <c>secret</c> or <c>card</c>; null when it may be.</summary>
    public static string? KindOf(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length < 12)
        {
            return null;
        }

        return text.AsSpan().ContainsAny(s_beginnings) || LooksLikeJwt(text) ? "secret" : CardNumber.IsIn(text) ? "card" : null;
    }

    private static bool LooksLikeJwt(string text)
    {
        int at = text.IndexOf("eyJ", StringComparison.Ordinal);
        return at >= 0 && text.AsSpan(at).Count('.') >= 2;
    }

    /// <summary>Words of a name: runs of lower case with a capital before, runs of capitals, and digits that belong to the word before.</summary>
    [GeneratedRegex("[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*", RegexOptions.CultureInvariant)]
    private static partial Regex Words();
}
