using System.Buffers.Text;
using System.Text;

namespace Indelible.Server.Secrets;

/// <summary>The master key of a data folder, kept elsewhere: the 32 bytes of <c>master.key</c>, or the same in base64.</summary>
public static class MasterKeyReference
{
    private const int KeyBytes = 32;

    /// <summary>The key that a reference leads to.</summary>
    /// <param name="reference">See <see cref="SecretReference"/>.</param>
    /// <exception cref="SecretNotFoundException">It leads to none.</exception>
    public static byte[] Resolve(string reference)
    {
        byte[] found = SecretReference.ResolveBytes(reference);
        if (found.Length == KeyBytes)
        {
            return found;
        }

        ReadOnlySpan<byte> text = found.AsSpan().Trim("\r\n"u8);
        byte[] key = new byte[KeyBytes];
        return text.Length == Base64.GetMaxEncodedToUtf8Length(KeyBytes) && Convert.TryFromBase64String(Encoding.ASCII.GetString(text), key, out int written) && written == KeyBytes
            ? key
            : throw new SecretNotFoundException($"what it leads to is no master key: {KeyBytes} bytes, or the same in base64");
    }
}
