using System.IO.Hashing;
using System.Text;

namespace Indelible.Search;

/// <summary>The way to a value: member names from the entry's top. Arrays are no step: every element stands at its array's path.</summary>
internal sealed class FieldPath : IEquatable<FieldPath>
{
    private byte[][]? _names;
    private uint _hash;

    public FieldPath(params string[] segments) => Segments = segments;

    public string[] Segments { get; }

    /// <summary>The names as they stand in an entry, in UTF-8; made once.</summary>
    public byte[][] Names
    {
        get
        {
            if (Volatile.Read(ref _names) is { } made)
            {
                return made;
            }

            byte[][] names = [.. Segments.Select(Encoding.UTF8.GetBytes)];
            _hash = names.Aggregate(0u, (hash, name) => HashOf(hash, name));
            Volatile.Write(ref _names, names);
            return names;
        }
    }

    /// <summary>The hash of <see cref="Names"/>: <see cref="HashOf"/> from the first to the last.</summary>
    public uint Hash => Names.Length == 0 ? 0 : _hash;

    /// <summary>The hash of a path, from that of the path above it (0 for the entry itself) and its own name.</summary>
    public static uint HashOf(uint above, ReadOnlySpan<byte> name) => (uint)XxHash3.HashToUInt64(name, above);

    public bool Equals(FieldPath? other) => other is not null && Segments.AsSpan().SequenceEqual(other.Segments);

    public override bool Equals(object? obj) => Equals(obj as FieldPath);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (string segment in Segments)
        {
            hash.Add(segment, StringComparer.Ordinal);
        }

        return hash.ToHashCode();
    }

    /// <summary>The path as a query writes it: names that a reader would take for something else are quoted.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        for (int i = 0; i < Segments.Length; i++)
        {
            if (i > 0)
            {
                text.Append('.');
            }

            if (IsPlain(Segments[i]) && (i > 0 || FieldCatalogue.IsPlainStart(Segments)))
            {
                text.Append(Segments[i]);
            }
            else
            {
                QuotedText.Append(text, Segments[i]);
            }
        }

        return text.ToString();
    }

    public static bool IsSegmentStart(char c) => char.IsLetterOrDigit(c) || c is '_' or '$' or '@';

    public static bool IsSegmentPart(char c) => IsSegmentStart(c) || c == '-';

    private static bool IsPlain(string segment)
    {
        if (segment.Length == 0 || !IsSegmentStart(segment[0]))
        {
            return false;
        }

        foreach (char c in segment)
        {
            if (!IsSegmentPart(c))
            {
                return false;
            }
        }

        return true;
    }
}
