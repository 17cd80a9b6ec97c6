using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Indelible.Connections;

/// <summary>Makes Kestrel refuse what it would take in its leniency, where another reader of the same bytes could see other requests. RFC 9112, 2.2 and 6.3.</summary>
/// <remarks>
/// Of a request whose end is in doubt, what follows it may be its body to a proxy and another request to us: an event smuggled in under
/// somebody else's connection. Kestrel itself refuses and closes in most such cases; these it does not.
/// </remarks>
internal static class StrictHttp1
{
    // Read when an endpoint is bound. It holds for the process; nobody there wants the lenient form.
    private const string NoBareLineFeeds = "Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators";

    /// <summary>Has every endpoint be strict: lines end with CR LF, and lengths are digits.</summary>
    public static void Use(KestrelServerOptions kestrel)
    {
        AppContext.SetSwitch(NoBareLineFeeds, isEnabled: true);
        kestrel.RequestHeaderEncodingSelector = name => name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase) ? Digits.Only : null;
    }

    /// <summary>Reads digits, and of everything else makes a text that is no number: Kestrel's own reading takes a sign.</summary>
    private sealed class Digits : Encoding
    {
        public static readonly Digits Only = new();

        public override int GetByteCount(char[] chars, int index, int count) => count;

        public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) => Latin1.GetBytes(chars, charIndex, charCount, bytes, byteIndex);

        public override int GetCharCount(byte[] bytes, int index, int count) => count;

        public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex)
        {
            for (int i = 0; i < byteCount; i++)
            {
                byte one = bytes[byteIndex + i];
                chars[charIndex + i] = char.IsAsciiDigit((char)one) ? (char)one : '?';
            }

            return byteCount;
        }

        public override int GetMaxByteCount(int charCount) => charCount;

        public override int GetMaxCharCount(int byteCount) => byteCount;
    }
}
