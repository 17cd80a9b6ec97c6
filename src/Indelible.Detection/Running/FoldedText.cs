using System.Buffers;
using System.Text;

namespace Indelible.Detection;

/// <summary>A text as it is compared without regard to case: in capital letters, each character by itself (as <see cref="StringComparison.OrdinalIgnoreCase"/>).</summary>
internal struct FoldedText
{
    private byte[]? _buffer;

    /// <summary>Folds UTF-8.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The folded text; valid until the next.</returns>
    public ReadOnlySpan<byte> Fold(ReadOnlySpan<byte> text)
    {
        if (_buffer is null || _buffer.Length < text.Length)
        {
            _buffer = new byte[Math.Max(256, text.Length)];
        }

        return Ascii.ToUpper(text, _buffer, out int written) == OperationStatus.Done ? _buffer.AsSpan(0, written) : Of(Encoding.UTF8.GetString(text));
    }

    /// <summary>Folds a text.</summary>
    public static byte[] Of(string text) => Encoding.UTF8.GetBytes(text.ToUpperInvariant());
}
