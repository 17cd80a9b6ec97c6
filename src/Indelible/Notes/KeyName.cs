using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Indelible.Notes;

/// <summary>The names of keys and the ids made of them. c2sp.org/signed-note.</summary>
public static class KeyName
{
    /// <summary>The longest name, in UTF-8 bytes: cosignatures carry it behind a length of one byte.</summary>
    public const int MaxBytes = 255;

    /// <summary>Whether a name may be one: not empty, no white space or control character, no <c>+</c>, at most <see cref="MaxBytes"/> bytes.</summary>
    public static bool IsValid(string name)
    {
        ArgumentNullException.ThrowIfNull(name);

        // The length first: notes bring names of a million characters.
        return name.Length is > 0 and <= MaxBytes && !name.Contains('+', StringComparison.Ordinal)
            && !name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c)) && TryCount(name, out int bytes) && bytes <= MaxBytes;
    }

    /// <summary>The id of a key: the first four bytes of SHA-256(name ‖ LF ‖ type ‖ public key).</summary>
    /// <param name="name">The key's name.</param>
    /// <param name="type">The signature type.</param>
    /// <param name="publicKey">The key's bytes.</param>
    public static uint IdOf(string name, byte type, ReadOnlySpan<byte> publicKey)
    {
        byte[] nameBytes = Encoding.UTF8.GetBytes(name);
        byte[] input = [.. nameBytes, (byte)'\n', type, .. publicKey];
        return BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(input));
    }

    private static bool TryCount(string name, out int bytes)
    {
        try
        {
            bytes = CanonicalText.StrictUtf8.GetByteCount(name);
            return true;
        }
        catch (EncoderFallbackException)
        {
            bytes = 0;
            return false;
        }
    }
}
