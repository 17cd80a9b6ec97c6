using System.Buffers.Text;

namespace Indelible.Server.Access;

/// <summary>Base64url (RFC 4648, section 5) as tokens and JWKs have it: no padding, no white space, and one spelling alone for the same bytes.</summary>
internal static class StrictBase64Url
{
    /// <summary>Decodes a text.</summary>
    /// <param name="text">Untrusted; its length is bounded by the caller.</param>
    /// <returns>Null where it is none, or another spelling of what it says.</returns>
    public static byte[]? TryDecode(ReadOnlySpan<char> text)
    {
        byte[] bytes = new byte[Base64Url.GetMaxDecodedLength(text.Length)];
        return Base64Url.IsValid(text) && Base64Url.TryDecodeFromChars(text, bytes, out int written) && text.SequenceEqual(Base64Url.EncodeToString(bytes.AsSpan(0, written)))
            ? bytes[..written]
            : null;
    }
}
