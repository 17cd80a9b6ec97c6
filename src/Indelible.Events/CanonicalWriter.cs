namespace Indelible.Events;

/// <summary>Writes a tape as canonical JSON (RFC 8785) in one pass.</summary>
/// <remarks>Recursive: the reader has bounded the depth by <see cref="EventLimits.JsonDepth"/>. One is kept per thread.</remarks>
internal sealed class CanonicalWriter
{
    private const int KeptBytes = 256 * 1024;
    private const int KeptNodes = 16 * 1024;

    [ThreadStatic]
    private static CanonicalWriter? t_spare;

    private byte[] _bytes = new byte[4096];
    private CanonicalNode[] _nodes = new CanonicalNode[256];
    private int _length;
    private int _count;

    private CanonicalWriter()
    {
    }

    /// <summary>Writes a tape that was read without a fault.</summary>
    public static CanonicalDocument Write(JsonTape tape)
    {
        CanonicalWriter writer = Run(tape);
        var document = new CanonicalDocument(
            writer._bytes.AsSpan(0, writer._length).ToArray(),
            writer._nodes.AsSpan(0, writer._count).ToArray());
        writer.Return();
        return document;
    }

    /// <summary>Whether the canonical form of a tape that was read without a fault is these bytes. Keeps nothing.</summary>
    public static bool Matches(JsonTape tape, ReadOnlySpan<byte> json)
    {
        CanonicalWriter writer = Run(tape);
        bool same = json.SequenceEqual(writer._bytes.AsSpan(0, writer._length));
        writer.Return();
        return same;
    }

    private static CanonicalWriter Run(JsonTape tape)
    {
        CanonicalWriter writer = t_spare ?? new CanonicalWriter();
        t_spare = null;
        writer._length = 0;
        writer._count = 0;
        if (writer._nodes.Length < tape.Nodes.Length)
        {
            writer._nodes = new CanonicalNode[Math.Max(tape.Nodes.Length, writer._nodes.Length * 2)];
        }

        writer.WriteValue(tape, 0);
        return writer;
    }

    private void Return()
    {
        if (_bytes.Length <= KeptBytes && _nodes.Length <= KeptNodes)
        {
            t_spare = this;
        }
    }

    private void WriteValue(JsonTape tape, int node)
    {
        JsonNode value = tape.Nodes[node];
        int self = _count++;
        _nodes[self] = new CanonicalNode(_length, value.Kind);
        switch (value.Kind)
        {
            case JsonKind.Object:
                WriteObject(tape, node);
                break;
            case JsonKind.Array:
                Put((byte)'[');
                for (int item = node + 1; item < value.Next; item = tape.Nodes[item].Next)
                {
                    if (item > node + 1)
                    {
                        Put((byte)',');
                    }

                    WriteValue(tape, item);
                }

                Put((byte)']');
                break;
            case JsonKind.String:
                WriteText(tape.Text(node), value.NeedsEscape);
                break;
            default:
                Put(tape.Text(node));
                break;
        }

        _nodes[self].End = _length;
        _nodes[self].Next = _count;
    }

    private void WriteObject(JsonTape tape, int node)
    {
        Put((byte)'{');
        ReadOnlySpan<int> order = tape.Order(node);
        int name = node + 1;
        for (int i = 0; i < tape.Nodes[node].Length; i++)
        {
            if (i > 0)
            {
                Put((byte)',');
            }

            name = order.IsEmpty ? name : order[i];
            WriteValue(tape, name);
            Put((byte)':');
            WriteValue(tape, name + 1);
            name = tape.Nodes[name + 1].Next;
        }

        Put((byte)'}');
    }

    private void WriteText(ReadOnlySpan<byte> text, bool needsEscape)
    {
        Ensure(text.Length + 2);
        _bytes[_length++] = (byte)'"';
        while (needsEscape)
        {
            int plain = text.IndexOfAny(JsonTape.Special);
            if (plain < 0)
            {
                break;
            }

            Put(text[..plain]);
            PutEscape(text[plain]);
            text = text[(plain + 1)..];
        }

        Ensure(text.Length + 1);
        text.CopyTo(_bytes.AsSpan(_length));
        _length += text.Length;
        _bytes[_length++] = (byte)'"';
    }

    // RFC 8785, section 3.2.2.2: the two-character escapes where JSON has them, else \u00xx in lower case.
    private void PutEscape(byte escaped)
    {
        Put((byte)'\\');
        switch (escaped)
        {
            case 8:
                Put((byte)'b');
                break;
            case 9:
                Put((byte)'t');
                break;
            case 10:
                Put((byte)'n');
                break;
            case 12:
                Put((byte)'f');
                break;
            case 13:
                Put((byte)'r');
                break;
            case >= 32:
                Put(escaped);
                break;
            default:
                Put("u00"u8);
                Put((byte)(escaped < 16 ? '0' : '1'));
                Put("0123456789abcdef"u8[escaped & 0xF]);
                break;
        }
    }

    private void Put(byte b)
    {
        Ensure(1);
        _bytes[_length++] = b;
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        Ensure(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
    }

    private void Ensure(int bytes)
    {
        if (_bytes.Length - _length < bytes)
        {
            Array.Resize(ref _bytes, Math.Max(_length + bytes, _bytes.Length * 2));
        }
    }
}
