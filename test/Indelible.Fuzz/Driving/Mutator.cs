using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Indelible.Fuzz.Driving;

/// <summary>Changes inputs as damage and malice do: bits, bytes, lengths, counts, lines, words, and parts of other inputs. Not thread-safe.</summary>
internal sealed class Mutator
{
    private static readonly byte[] s_bytes = [0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF, .. "\n\r\t \"\\/+=-_.,:;{}[]()*?~0123456789aAzZ"u8];

    private static readonly long[] s_numbers =
    [
        0, 1, 2, -1, 255, 256, 257, short.MaxValue, ushort.MaxValue, 65_536, 1 << 20, int.MaxValue, int.MaxValue - 7, int.MinValue, uint.MaxValue,
        1L << 32, 1L << 62, long.MaxValue, long.MaxValue - 255, long.MinValue,
    ];

    private static readonly byte[][] s_values =
    [
        .. new[] { "null", "true", "0", "-1", "1.5", "\"\"", "\"a\"", "[]", "{}", "[[]]", "[null]", "{\"a\":1}", "\"\\ud800\"" }.Select(Encoding.UTF8.GetBytes),
    ];

    private readonly Dice _dice;
    private readonly byte[][] _words;
    private readonly int _maxBytes;
    private readonly byte[] _bytes;
    private int _length;

    /// <summary>A mutator of inputs of at most <paramref name="maxBytes"/> bytes.</summary>
    public Mutator(Dice dice, IReadOnlyList<string> words, int maxBytes)
    {
        _dice = dice;
        _words = [.. words.Select(Encoding.UTF8.GetBytes)];
        _maxBytes = maxBytes;
        _bytes = new byte[maxBytes];
    }

    private Span<byte> Content => _bytes.AsSpan(0, _length);

    /// <summary>A changed copy.</summary>
    /// <param name="input">What is changed.</param>
    /// <param name="other">What parts may be taken from.</param>
    public byte[] Mutate(ReadOnlySpan<byte> input, ReadOnlySpan<byte> other)
    {
        _length = Math.Min(input.Length, _maxBytes);
        input[.._length].CopyTo(_bytes);
        for (int changes = 1 + _dice.Halving(6); changes > 0; changes--)
        {
            Change(other);
        }

        return Content.ToArray();
    }

    private void Change(ReadOnlySpan<byte> other)
    {
        switch (_dice.Below(16))
        {
            case 0 or 1 when _length > 0:
                Content[_dice.Below(_length)] ^= (byte)(1 << _dice.Below(8));
                break;
            case 2 or 3 when _length > 0:
                Content[_dice.Below(_length)] = _dice.OneIn(3) ? (byte)_dice.Next() : s_bytes[_dice.Below(s_bytes.Length)];
                break;
            case 4:
                (int from, int count) = Part(_length);
                Replace(from, count, []);
                break;
            case 5:
                (from, count) = Part(_length);
                Replace(_dice.Below(_length + 1), 0, Content.Slice(from, count).ToArray());
                break;
            case 6:
                (from, count) = Part(other.Length);
                Replace(_dice.Below(_length + 1), 0, other.Slice(from, count));
                break;
            case 7:
                (from, count) = Part(other.Length);
                int at = _dice.Below(_length + 1);
                Replace(at, Math.Min(count, _length - at), other.Slice(from, count));
                break;
            case 8:
                // The beginning of one and the end of the other.
                at = _dice.Below(_length + 1);
                Replace(at, _length - at, other[Math.Min(other.Length, _dice.OneIn(2) ? at : _dice.Below(other.Length + 1))..]);
                break;
            case 9:
                byte[] random = new byte[1 + _dice.Halving(5)];
                random.AsSpan().Fill(s_bytes[_dice.Below(s_bytes.Length)]);
                random[0] = (byte)_dice.Next();
                Replace(_dice.Below(_length + 1), 0, random);
                break;
            case 10 or 11 when _words.Length > 0:
                at = _dice.Below(_length + 1);
                byte[] word = _words[_dice.Below(_words.Length)];
                Replace(at, _dice.OneIn(2) ? Math.Min(word.Length, _length - at) : 0, word);
                break;
            case 12:
                ChangeNumber();
                break;
            case 13:
                ChangeDecimal();
                break;
            case 14:
                ChangeLine();
                break;
            case 15 when _dice.OneIn(2):
                ChangeValue();
                break;
            default:
                _length = _dice.OneIn(4) ? _dice.Below(_length + 1) : _length;
                break;
        }
    }

    /// <summary>A part of something of this length: short ones are likelier.</summary>
    private (int From, int Count) Part(int length)
    {
        int longest = Math.Max(1, length >> _dice.Halving(12));
        int count = Math.Min(length, 1 + _dice.Below(longest));
        return (_dice.Below(length - count + 1), count);
    }

    /// <summary>A binary number where a length or count may stand: another one, or one that is off by little.</summary>
    private void ChangeNumber()
    {
        int width = 1 << _dice.Below(4);
        if (_length < width)
        {
            return;
        }

        Span<byte> field = Content.Slice(_dice.Below(_length - width + 1), width);
        long value = 0;
        foreach (byte b in field)
        {
            value = (value << 8) | b;
        }

        value = _dice.Below(4) switch
        {
            0 => value + 1 + _dice.Halving(8),
            1 => value - 1 - _dice.Halving(8),
            2 => _length + _dice.Below(17) - 8,
            _ => s_numbers[_dice.Below(s_numbers.Length)],
        };
        Span<byte> eight = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(eight, value);
        eight[^width..].CopyTo(field);
    }

    /// <summary>A decimal number, wherever one stands.</summary>
    private void ChangeDecimal()
    {
        int from = _dice.Below(_length + 1);
        int found = Content[from..].IndexOfAnyInRange((byte)'0', (byte)'9');
        if (found < 0)
        {
            return;
        }

        from += found;
        int count = Content[from..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        count = count < 0 ? _length - from : count;
        string text = _dice.Below(4) switch
        {
            0 when long.TryParse(Content.Slice(from, count), NumberStyles.None, CultureInfo.InvariantCulture, out long value)
                => (value + _dice.Below(5) - 2).ToString(CultureInfo.InvariantCulture),
            1 => "0" + Encoding.ASCII.GetString(Content.Slice(from, count)),
            2 => new string('9', 1 + _dice.Below(24)),
            _ => s_numbers[_dice.Below(s_numbers.Length)].ToString(CultureInfo.InvariantCulture),
        };
        Replace(from, count, Encoding.ASCII.GetBytes(text));
    }

    /// <summary>A line taken away, or put in a second time elsewhere.</summary>
    private void ChangeLine()
    {
        int from = LineStart(_dice.Below(_length + 1));
        int end = Content[from..].IndexOf((byte)'\n');
        int count = end < 0 ? _length - from : end + 1;
        byte[] line = Content.Slice(from, count).ToArray();
        if (_dice.OneIn(2))
        {
            Replace(from, count, []);
        }

        if (_dice.OneIn(2))
        {
            Replace(LineStart(_dice.Below(_length + 1)), 0, line);
        }
    }

    /// <summary>What stands behind a colon, in JSON a member's value: one of another kind.</summary>
    private void ChangeValue()
    {
        int from = _dice.Below(_length + 1);
        int colon = Content[from..].IndexOf((byte)':');
        if (colon < 0)
        {
            return;
        }

        from += colon + 1;
        int count = Content[from..].IndexOfAny(",]}"u8);
        Replace(from, count < 0 ? _length - from : count, s_values[_dice.Below(s_values.Length)]);
    }

    private int LineStart(int at) => Content[..at].LastIndexOf((byte)'\n') + 1;

    private void Replace(int at, int count, ReadOnlySpan<byte> with)
    {
        with = with[..Math.Min(with.Length, _maxBytes - (_length - count))];
        Content[(at + count)..].CopyTo(_bytes.AsSpan(at + with.Length));
        with.CopyTo(_bytes.AsSpan(at));
        _length += with.Length - count;
    }
}
