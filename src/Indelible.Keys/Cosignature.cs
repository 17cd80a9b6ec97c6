using System.Globalization;
using System.Text;

namespace Indelible.Keys;

/// <summary>What a cosignature of type 0x04 signs: a checkpoint's text and the time at which it was the largest seen. c2sp.org/tlog-cosignature.</summary>
internal static class Cosignature
{
    public const int TimeBytes = 8;

    /// <summary>The message: <c>cosignature/v1</c>, the time in seconds, and the checkpoint's text.</summary>
    public static byte[] Message(long posixSeconds, ReadOnlySpan<byte> text)
    {
        byte[] head = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"cosignature/v1\ntime {posixSeconds}\n"));
        return [.. head, .. text];
    }
}
