using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Indelible.Engine.Storage;

namespace Indelible.Engine.Configuration;

/// <summary>The text of keys: <c>ind_{a|w|r}_</c> and 32 random bytes in base64url.</summary>
public static class ApiKeyText
{
    private const int SecretBytes = 32;
    private const int PrefixLength = 6;
    private const int SecretLength = 43;

    /// <summary>Draws a new key.</summary>
    public static string New(KeyKind kind, RandomSource random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Span<byte> secret = stackalloc byte[SecretBytes];
        random.Fill(secret);
        return PrefixOf(kind) + Base64Url.EncodeToString(secret);
    }

    /// <summary>Whether text has the form of a key; says nothing about its being one.</summary>
    public static bool HasForm(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length == PrefixLength + SecretLength
            && (text.StartsWith("ind_a_", StringComparison.Ordinal) || text.StartsWith("ind_w_", StringComparison.Ordinal) || text.StartsWith("ind_r_", StringComparison.Ordinal))
            && Base64Url.IsValid(text.AsSpan(PrefixLength));
    }

    /// <summary>What is stored of a key: SHA-256 of its text, base64url. 256 random bits need no slow hash.</summary>
    public static string HashOf(string key) => Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    /// <summary>A key's public id: its prefix and 48 bits of its hash.</summary>
    public static string IdOf(KeyKind kind, string key) => PrefixOf(kind) + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)).AsSpan(0, 6));

    private static string PrefixOf(KeyKind kind) => kind switch
    {
        KeyKind.Admin => "ind_a_",
        KeyKind.Writer => "ind_w_",
        _ => "ind_r_",
    };
}
