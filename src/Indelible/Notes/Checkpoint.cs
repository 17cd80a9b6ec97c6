using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Indelible.Merkle;

namespace Indelible.Notes;

/// <summary>The text of a checkpoint: which log, how many entries, which root. <b>Not verified.</b> c2sp.org/tlog-checkpoint. Immutable.</summary>
/// <param name="Origin">The log's identity.</param>
/// <param name="Size">The tree size.</param>
/// <param name="Root">The root hash.</param>
public sealed record Checkpoint(string Origin, long Size, Hash Root)
{
    /// <summary>Further lines, which we never write and only keep: not every kind of cosignature covers them.</summary>
    public IReadOnlyList<string> Extensions { get; init; } = [];

    /// <summary>Reads a checkpoint's text.</summary>
    /// <param name="text">Untrusted.</param>
    /// <param name="checkpoint">The checkpoint, or null.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, [NotNullWhen(true)] out Checkpoint? checkpoint)
    {
        checkpoint = null;
        if (!CanonicalText.TryDecode(text, out string decoded) || !decoded.EndsWith('\n'))
        {
            return false;
        }

        string[] lines = decoded[..^1].Split('\n');
        if (lines.Length < 3 || lines.Any(line => line.Length == 0) || Encoding.UTF8.GetByteCount(lines[0]) > KeyName.MaxBytes
            || !CanonicalText.TryParseDecimal(lines[1], out long size) || !Hash.TryParseBase64(lines[2], out Hash root)
            || (size == 0 && root != TreeHasher.EmptyRoot))
        {
            return false;
        }

        checkpoint = new Checkpoint(lines[0], size, root) { Extensions = lines[3..] };
        return true;
    }

    /// <summary>Reads a checkpoint's text.</summary>
    /// <exception cref="TlogFormatException">It is not one.</exception>
    public static Checkpoint Parse(ReadOnlySpan<byte> text) => TryParse(text, out Checkpoint? checkpoint)
        ? checkpoint
        : throw new TlogFormatException("The text of the note is not a checkpoint: origin, size and root, each on a line.");

    /// <summary>The text, to be signed.</summary>
    public byte[] Format()
    {
        var text = new StringBuilder();
        text.Append(Origin).Append('\n').Append(CultureInfo.InvariantCulture, $"{Size}\n").Append(Root.ToBase64()).Append('\n');
        foreach (string extension in Extensions)
        {
            text.Append(extension).Append('\n');
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
