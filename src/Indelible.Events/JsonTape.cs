using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Indelible.Events;

/// <summary>A JSON document as a flat list of nodes over its decoded text: what the strict reader makes.</summary>
/// <remarks>
/// <para>
/// The reader accepts I-JSON (RFC 7493) and nothing more: no duplicate members, no lone surrogates (raw or escaped), no number whose
/// canonical form would denote another value, nothing before or after the value. It goes on after faults of content, so that a
/// caller hears of all at once, and stops at faults of form.
/// </para>
/// <para>
/// One pass, no recursion, no allocation once warm: the tape is rented per thread, and nothing outside may keep it. The input is copied
/// in, so the caller's buffer is free when <see cref="Parse"/> returns. Not thread-safe.
/// </para>
/// </remarks>
internal sealed class JsonTape
{
    // What ends a run of plain characters inside a string: the quote, the escape, and the controls that JSON forbids.
    public static readonly SearchValues<byte> Special =
        SearchValues.Create([(byte)'"', (byte)'\\', .. Enumerable.Range(0, 32).Select(control => (byte)control)]);

    private const int KeptTextBytes = 256 * 1024;
    private const int KeptNodes = 16 * 1024;

    [ThreadStatic]
    private static JsonTape? t_spare;

    private readonly int[] _stack = new int[EventLimits.JsonDepth];
    private byte[] _text = new byte[4096];
    private JsonNode[] _nodes = new JsonNode[256];
    private int[] _order = new int[64];
    private int _textLength;
    private int _inputLength;
    private int _count;
    private int _orderCount;
    private bool _validUtf8;
    private FaultList _faults = new();

    private JsonTape()
    {
    }

    /// <summary>Whether some member's name starts with <c>$</c>.</summary>
    public bool HasDollarNames { get; private set; }

    /// <summary>The nodes in document order; the root is node 0.</summary>
    public ReadOnlySpan<JsonNode> Nodes => _nodes.AsSpan(0, _count);

    /// <summary>Takes this thread's tape, or a new one when it is in use.</summary>
    public static JsonTape Rent()
    {
        JsonTape tape = t_spare ?? new JsonTape();
        t_spare = null;
        return tape;
    }

    /// <summary>Gives the tape back, unless one large document made it too big to keep.</summary>
    public void Return()
    {
        if (_text.Length <= KeptTextBytes && _nodes.Length <= KeptNodes)
        {
            t_spare = this;
        }
    }

    /// <summary>The decoded text of a string or name, or the canonical text of a number.</summary>
    public ReadOnlySpan<byte> Text(int node) => _text.AsSpan(_nodes[node].Start, _nodes[node].Length);

    /// <summary>The decoded text as a string of its own.</summary>
    public string TextString(int node) => Encoding.UTF8.GetString(Text(node));

    /// <summary>The value of the member of this name, or -1.</summary>
    public int Member(int container, ReadOnlySpan<byte> name)
    {
        if (_nodes[container].Kind != JsonKind.Object)
        {
            return -1;
        }

        for (int i = container + 1; i < _nodes[container].Next; i = _nodes[i + 1].Next)
        {
            if (Text(i).SequenceEqual(name))
            {
                return i + 1;
            }
        }

        return -1;
    }

    /// <summary>The name nodes of an object in canonical order, or empty when the document's order is canonical already.</summary>
    public ReadOnlySpan<int> Order(int node) =>
        _nodes[node].Start < 0 ? default : _order.AsSpan(_nodes[node].Start, _nodes[node].Length);

    /// <summary>The JSON Pointer of a value, or of the member whose name the node is.</summary>
    public string Pointer(int target)
    {
        var pointer = new StringBuilder();
        int at = 0;
        while (at != target && at < _count && _nodes[at].Kind <= JsonKind.Array)
        {
            bool isObject = _nodes[at].Kind == JsonKind.Object;
            int child = at + 1;
            for (int index = 0; ; index++)
            {
                int value = isObject ? child + 1 : child;

                // An open value (Next is 0) reaches to the end of what was read; a name without a value yet ends the tape.
                int end = value >= _count || _nodes[value].Next == 0 ? int.MaxValue : _nodes[value].Next;
                if (target < end)
                {
                    AppendStep(pointer, isObject ? TextString(child) : index.ToString(CultureInfo.InvariantCulture));
                    at = target == child ? target : value;
                    break;
                }

                child = end;
            }
        }

        return pointer.ToString();
    }

    /// <summary>Appends one reference token, escaped by RFC 6901.</summary>
    public static void AppendStep(StringBuilder pointer, string token) =>
        pointer.Append('/').Append(token.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));

    /// <summary>Reads one document.</summary>
    /// <param name="json">Untrusted bytes; the caller has bounded their number.</param>
    /// <param name="faults">Receives what is wrong.</param>
    /// <returns>Whether the whole was read without any fault; else only pointers may be taken from the tape.</returns>
    public bool Parse(ReadOnlySpan<byte> json, FaultList faults)
    {
        _faults = faults;
        _count = 0;
        _orderCount = 0;
        HasDollarNames = false;
        _inputLength = json.Length;
        _textLength = json.Length + 1;
        if (_text.Length < _textLength)
        {
            _text = new byte[Math.Max(_textLength, _text.Length * 2)];
        }

        json.CopyTo(_text);

        // A zero after the input is no JSON, so the reader needs no check for the end before it looks at a byte.
        _text[json.Length] = 0;
        int before = faults.Count;
        if (json.StartsWith("\uFEFF"u8))
        {
            faults.Add("", FaultCode.InvalidJson, "starts with a byte order mark; JSON starts with its value");
            return false;
        }

        _validUtf8 = Utf8.IsValid(json);
        return ReadDocument() && faults.Count == before;
    }

    private bool ReadDocument()
    {
        int at = SkipSpace(0);
        int depth = 0;
        while (true)
        {
            // A value starts here.
            int node = _count;
            if (node >= EventLimits.JsonNodes)
            {
                return Fail(_stack[depth - 1], FaultCode.TooMany, $"more than {EventLimits.JsonNodes} values and names in one document");
            }

            byte first = _text[at];
            if (first is (byte)'{' or (byte)'[')
            {
                AddNode(first == '{' ? JsonKind.Object : JsonKind.Array, -1);
                if (depth == EventLimits.JsonDepth)
                {
                    return Fail(node, FaultCode.TooDeep, $"nested deeper than {EventLimits.JsonDepth} levels");
                }

                _stack[depth++] = node;
                at = SkipSpace(at + 1);
                if (_text[at] == (first == '{' ? '}' : ']'))
                {
                    at++;
                    depth--;
                    _nodes[node].Next = _count;
                }
                else if (first == '{')
                {
                    if (!ReadName(ref at, node))
                    {
                        return false;
                    }

                    continue;
                }
                else
                {
                    continue;
                }
            }
            else if (!ReadScalar(ref at, first))
            {
                return false;
            }

            // A value ended: so do the containers that close here, until one goes on.
            while (true)
            {
                at = SkipSpace(at);
                if (depth == 0)
                {
                    return at == _inputLength
                        || Fail(0, FaultCode.InvalidJson, $"bytes after the end of the value, from byte {at}");
                }

                int open = _stack[depth - 1];
                _nodes[open].Length++;
                bool isObject = _nodes[open].Kind == JsonKind.Object;
                if (_text[at] == ',')
                {
                    at = SkipSpace(at + 1);
                    if (isObject && !ReadName(ref at, open))
                    {
                        return false;
                    }

                    break;
                }

                if (_text[at] != (isObject ? '}' : ']'))
                {
                    return FailAt(open, at, isObject ? "',' or '}'" : "',' or ']'");
                }

                at++;
                depth--;
                _nodes[open].Next = _count;
                if (isObject)
                {
                    SortMembers(open);
                }
            }
        }
    }

    private bool ReadName(ref int at, int open)
    {
        if (_text[at] != '"')
        {
            return FailAt(open, at, "a member's name in double quotes");
        }

        if (_count >= EventLimits.JsonNodes)
        {
            return Fail(open, FaultCode.TooMany, $"more than {EventLimits.JsonNodes} values and names in one document");
        }

        int name = _count;
        if (!ReadString(ref at))
        {
            return false;
        }

        HasDollarNames |= _nodes[name].Length > 0 && _text[_nodes[name].Start] == '$';
        at = SkipSpace(at);
        if (_text[at] != ':')
        {
            return FailAt(name, at, "':' after the member's name");
        }

        at = SkipSpace(at + 1);
        return true;
    }

    private bool ReadScalar(ref int at, byte first)
    {
        switch (first)
        {
            case (byte)'"':
                return ReadString(ref at);
            case (byte)'t':
                return ReadLiteral(ref at, "true"u8, JsonKind.True);
            case (byte)'f':
                return ReadLiteral(ref at, "false"u8, JsonKind.False);
            case (byte)'n':
                return ReadLiteral(ref at, "null"u8, JsonKind.Null);
            case (byte)'-' or (>= (byte)'0' and <= (byte)'9'):
                return ReadNumber(ref at);
            default:
                return FailAt(AddNode(JsonKind.Null, 0), at, "a value");
        }
    }

    private bool ReadLiteral(ref int at, ReadOnlySpan<byte> literal, JsonKind kind)
    {
        int node = AddNode(kind, at);
        if (!_text.AsSpan(at, _inputLength - at).StartsWith(literal))
        {
            return FailAt(node, at, "a value");
        }

        _nodes[node].Length = literal.Length;
        _nodes[node].Next = _count;
        at += literal.Length;
        return true;
    }

    private bool ReadNumber(ref int at)
    {
        int node = AddNode(JsonKind.Number, at);
        int start = at;
        int end = at + (_text[at] == '-' ? 1 : 0);
        int integer = end;
        end = SkipDigits(end);
        bool valid = end > integer && (_text[integer] != '0' || end == integer + 1);

        // Up to 15 digits and no sign before a zero: the text is its own canonical form.
        bool plain = end - integer <= 15 && _text[start..end] is not [(byte)'-', (byte)'0'];
        if (_text[end] == '.')
        {
            int fraction = ++end;
            end = SkipDigits(end);
            valid &= end > fraction;
            plain = false;
        }

        if (_text[end] is (byte)'e' or (byte)'E')
        {
            end += _text[end + 1] is (byte)'+' or (byte)'-' ? 2 : 1;
            int exponent = end;
            end = SkipDigits(end);
            valid &= end > exponent;
            plain = false;
        }

        if (!valid)
        {
            return FailAt(node, start, "a number in JSON's form");
        }

        at = end;
        _nodes[node].Length = end - start;
        _nodes[node].Next = _count;
        if (!plain)
        {
            EnsureText(JsonNumber.MaxBytes);
            string? fault = JsonNumber.Canonicalize(_text.AsSpan(start, end - start), _text.AsSpan(_textLength), out int written);
            if (fault is not null)
            {
                AddFault(node, FaultCode.BadNumber, fault);
            }

            _nodes[node].Start = _textLength;
            _nodes[node].Length = written;
            _textLength += written;
        }

        return true;
    }

    private int SkipDigits(int at)
    {
        while (char.IsAsciiDigit((char)_text[at]))
        {
            at++;
        }

        return at;
    }

    // Reads a string from its opening quote, as a value or as a name.
    private bool ReadString(ref int at)
    {
        int start = at + 1;
        int node = AddNode(JsonKind.String, start);
        int run = _text.AsSpan(start, _inputLength - start).IndexOfAny(Special);
        if (run >= 0 && _text[start + run] == '"')
        {
            _nodes[node].Length = run;
            at = start + run + 1;
        }
        else if (!DecodeString(node, start, out at))
        {
            return false;
        }

        _nodes[node].Next = _count;
        if (!_validUtf8 && !Utf8.IsValid(Text(node)))
        {
            AddFault(node, FaultCode.BadString, "bytes that are not UTF-8");
        }

        return true;
    }

    // The rare path: a string with escapes is decoded behind the input, where nothing else needs to know of them.
    private bool DecodeString(int node, int start, out int at)
    {
        int decoded = _textLength;
        at = start;
        bool lone = false;
        while (true)
        {
            int run = _text.AsSpan(at, _inputLength - at).IndexOfAny(Special);
            if (run < 0)
            {
                return Fail(node, FaultCode.InvalidJson, "a string without its closing quote");
            }

            EnsureText(run + 4);
            _text.AsSpan(at, run).CopyTo(_text.AsSpan(_textLength));
            _textLength += run;
            at += run;
            byte special = _text[at++];
            if (special == '"')
            {
                break;
            }

            if (special != '\\')
            {
                return Fail(node, FaultCode.InvalidJson, $"an unescaped control character 0x{special:x2} in a string, at byte {at - 1}");
            }

            if (!DecodeEscape(ref at, out bool loneSurrogate))
            {
                return Fail(node, FaultCode.InvalidJson, $"an escape that JSON does not know, at byte {at}");
            }

            lone |= loneSurrogate;
        }

        ref JsonNode result = ref _nodes[node];
        result.Start = decoded;
        result.Length = _textLength - decoded;
        result.NeedsEscape = Text(node).IndexOfAny(Special) >= 0;
        if (lone)
        {
            AddFault(node, FaultCode.BadString, "a surrogate without its other half; text must be valid Unicode");
        }

        return true;
    }

    private bool DecodeEscape(ref int at, out bool loneSurrogate)
    {
        loneSurrogate = false;
        byte plain = _text[at] switch
        {
            (byte)'"' => (byte)'"',
            (byte)'\\' => (byte)'\\',
            (byte)'/' => (byte)'/',
            (byte)'b' => 8,
            (byte)'f' => 12,
            (byte)'n' => 10,
            (byte)'r' => 13,
            (byte)'t' => 9,
            _ => 0,
        };
        if (plain != 0)
        {
            at++;
            _text[_textLength++] = plain;
            return true;
        }

        if (!TryReadUnit(at, out char unit))
        {
            return false;
        }

        at += 5;
        Rune rune = Rune.ReplacementChar;
        if (char.IsHighSurrogate(unit) && _text[at] == '\\' && TryReadUnit(at + 1, out char low) && char.IsLowSurrogate(low))
        {
            at += 6;
            rune = new Rune(unit, low);
        }
        else
        {
            loneSurrogate = !Rune.TryCreate(unit, out rune);
            rune = loneSurrogate ? Rune.ReplacementChar : rune;
        }

        _textLength += rune.EncodeToUtf8(_text.AsSpan(_textLength));
        return true;
    }

    // The four digits after \u; the zero behind the input keeps this within the buffer's written part.
    private bool TryReadUnit(int at, out char unit)
    {
        unit = '\0';
        if (at + 5 > _inputLength || _text[at] != 'u')
        {
            return false;
        }

        int value = 0;
        foreach (byte digit in _text.AsSpan(at + 1, 4))
        {
            if (!char.IsAsciiHexDigit((char)digit))
            {
                return false;
            }

            value = (value << 4) | ((digit & 0xF) + (digit > '9' ? 9 : 0));
        }

        unit = (char)value;
        return true;
    }

    // Finds the canonical order of an object's members, and duplicates: names that are equal stand side by side in it.
    private void SortMembers(int open)
    {
        int last = -1;
        bool sorted = true;
        for (int name = open + 1; name < _count; name = _nodes[name + 1].Next)
        {
            if (last >= 0 && CompareNames(Text(last), Text(name)) >= 0)
            {
                sorted = false;
                break;
            }

            last = name;
        }

        if (sorted)
        {
            return;
        }

        int members = _nodes[open].Length;
        if (_order.Length < _orderCount + members)
        {
            Array.Resize(ref _order, Math.Max(_orderCount + members, _order.Length * 2));
        }

        Span<int> order = _order.AsSpan(_orderCount, members);
        int at = 0;
        for (int name = open + 1; name < _count; name = _nodes[name + 1].Next)
        {
            order[at++] = name;
        }

        SortNames(order);
        for (int i = 1; i < order.Length; i++)
        {
            if (Text(order[i - 1]).SequenceEqual(Text(order[i])))
            {
                AddFault(Math.Max(order[i - 1], order[i]), FaultCode.DuplicateMember, "the object has two members of this name");
            }
        }

        _nodes[open].Start = _orderCount;
        _orderCount += members;
    }

    private void SortNames(Span<int> order)
    {
        if (order.Length > 24)
        {
            order.Sort((left, right) => CompareNames(Text(left), Text(right)));
            return;
        }

        // Objects are small and mostly in order: insertion beats a sort that calls a delegate.
        for (int i = 1; i < order.Length; i++)
        {
            int name = order[i];
            int to = i;
            while (to > 0 && CompareNames(Text(order[to - 1]), Text(name)) > 0)
            {
                order[to] = order[to - 1];
                to--;
            }

            order[to] = name;
        }
    }

    /// <summary>Compares two UTF-8 names by their UTF-16 code units, as RFC 8785, section 3.2.3 orders members.</summary>
    /// <remarks>
    /// The byte order of UTF-8 is that of code points. It differs from UTF-16 in one place alone: a character beyond U+FFFF (lead byte F0
    /// and
    /// up) is a surrogate (D800 to DFFF) there, and so comes before U+E000 to U+FFFF (lead bytes EE and EF).
    /// </remarks>
    public static int CompareNames(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        // Most names differ at once, and below 0xEE bytes decide.
        if (!left.IsEmpty && !right.IsEmpty && left[0] != right[0] && left[0] < 0xEE)
        {
            return left[0] - right[0];
        }

        int common = left.CommonPrefixLength(right);
        if (common == left.Length || common == right.Length)
        {
            return left.Length - right.Length;
        }

        int a = left[common];
        int b = right[common];
        return a >= 0xEE && b >= 0xEE && (a >= 0xF0) != (b >= 0xF0) ? b - a : a - b;
    }

    private int SkipSpace(int at)
    {
        while (_text[at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            at++;
        }

        return at;
    }

    private int AddNode(JsonKind kind, int start)
    {
        if (_count == _nodes.Length)
        {
            Array.Resize(ref _nodes, _nodes.Length * 2);
        }

        _nodes[_count] = new JsonNode { Kind = kind, Start = start };
        return _count++;
    }

    private void EnsureText(int bytes)
    {
        if (_text.Length - _textLength < bytes)
        {
            Array.Resize(ref _text, Math.Max(_textLength + bytes, _text.Length * 2));
        }
    }

    private bool FailAt(int node, int at, string wanted)
    {
        string seen = at >= _inputLength ? "the end" : $"byte 0x{_text[at]:x2}";
        return Fail(node, FaultCode.InvalidJson, $"{seen} at {at} where {wanted} belongs");
    }

    private bool Fail(int node, string code, string detail)
    {
        AddFault(node, code, detail);
        return false;
    }

    // Finding a pointer walks the tape, so a document full of faults pays for the first ones only.
    private void AddFault(int node, string code, string detail)
    {
        if (!_faults.IsFull)
        {
            _faults.Add(Pointer(node), code, detail);
        }
    }
}
