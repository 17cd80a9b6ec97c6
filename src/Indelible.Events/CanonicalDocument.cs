using System.Globalization;
using System.Text;

namespace Indelible.Events;

/// <summary>Canonical JSON bytes (RFC 8785) with the place of every value in them. Immutable, so safe to share between threads.</summary>
internal sealed class CanonicalDocument
{
    private readonly byte[] _bytes;
    private readonly CanonicalNode[] _nodes;

    public CanonicalDocument(byte[] bytes, CanonicalNode[] nodes)
    {
        _bytes = bytes;
        _nodes = nodes;
    }

    public ReadOnlySpan<byte> Bytes => _bytes;

    public ReadOnlyMemory<byte> Memory => _bytes;

    public ReadOnlySpan<CanonicalNode> Nodes => _nodes;

    /// <summary>The canonical bytes of one value; of a string or name, with its quotes.</summary>
    public ReadOnlySpan<byte> Value(int node) => _bytes.AsSpan(_nodes[node].Start, _nodes[node].End - _nodes[node].Start);

    /// <summary>Reads a document that must be in canonical form already.</summary>
    /// <param name="json">Untrusted; refused above <see cref="EventLimits.EntryBytes"/>.</param>
    public static CanonicalDocument? Read(ReadOnlySpan<byte> json)
    {
        if (json.Length > EventLimits.EntryBytes)
        {
            return null;
        }

        JsonTape tape = JsonTape.Rent();
        try
        {
            if (!tape.Parse(json, new FaultList()))
            {
                return null;
            }

            CanonicalDocument document = CanonicalWriter.Write(tape);
            return document.Bytes.SequenceEqual(json) ? document : null;
        }
        finally
        {
            tape.Return();
        }
    }

    /// <summary>Whether a member's name, or a text, is this one. Names without escapes only: the schema's own.</summary>
    public bool Is(int node, ReadOnlySpan<byte> plain) => _nodes[node].Kind == JsonKind.String && Value(node)[1..^1].SequenceEqual(plain);

    /// <summary>The value of the member of this name in an object, or -1 when there is none or the node is no object.</summary>
    public int Member(int node, ReadOnlySpan<byte> name)
    {
        if (node < 0 || _nodes[node].Kind != JsonKind.Object)
        {
            return -1;
        }

        for (int child = node + 1; child < _nodes[node].Next; child = _nodes[child + 1].Next)
        {
            if (Is(child, name))
            {
                return child + 1;
            }
        }

        return -1;
    }

    /// <summary>The decoded text of a string, or null when there is none or it is something else.</summary>
    public string? Text(int node)
    {
        if (node < 0 || _nodes[node].Kind != JsonKind.String)
        {
            return null;
        }

        ReadOnlySpan<byte> inner = Value(node)[1..^1];
        return inner.Contains((byte)'\\') ? Unescape(inner) : Encoding.UTF8.GetString(inner);
    }

    /// <summary>The JSON Pointer of a value.</summary>
    public string Pointer(int target)
    {
        var pointer = new StringBuilder();
        int at = 0;
        while (at != target)
        {
            bool isObject = _nodes[at].Kind == JsonKind.Object;
            int child = at + 1;
            for (int index = 0; ; index++)
            {
                int value = isObject ? child + 1 : child;
                if (target < _nodes[value].Next)
                {
                    JsonTape.AppendStep(pointer, isObject ? Text(child)! : index.ToString(CultureInfo.InvariantCulture));
                    at = value;
                    break;
                }

                child = _nodes[value].Next;
            }
        }

        return pointer.ToString();
    }

    // Canonical escapes only: the two-character ones, and \u00xx for the other controls.
    private static string Unescape(ReadOnlySpan<byte> text)
    {
        byte[] plain = new byte[text.Length];
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            byte b = text[i];
            if (b == '\\')
            {
                b = text[++i] switch
                {
                    (byte)'b' => 8,
                    (byte)'t' => 9,
                    (byte)'n' => 10,
                    (byte)'f' => 12,
                    (byte)'r' => 13,
                    (byte)'u' => byte.Parse(text.Slice(i + 3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
                    byte itself => itself,
                };
                i += text[i] == 'u' ? 4 : 0;
            }

            plain[length++] = b;
        }

        return Encoding.UTF8.GetString(plain, 0, length);
    }
}
