using System.Text.Json;

namespace Indelible.Events;

/// <summary>Strings and names as a reader of JSON comes to them, unescaped, without an object for each. Not thread-safe.</summary>
public sealed class UnescapedText
{
    private const int LeastBytes = 256;
    private byte[] _unescaped = [];

    /// <summary>The UTF-8 of the string or name that the reader stands at.</summary>
    /// <param name="reader">Over bytes in one piece.</param>
    /// <returns>Holds until the next call, and as long as the reader's bytes do.</returns>
    public ReadOnlySpan<byte> Of(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
        {
            return reader.ValueSpan;
        }

        if (_unescaped.Length < reader.ValueSpan.Length)
        {
            _unescaped = new byte[Math.Max(LeastBytes, reader.ValueSpan.Length)];
        }

        return _unescaped.AsSpan(0, reader.CopyString(_unescaped));
    }
}
