using System.Runtime.InteropServices;
using System.Text.Json;

namespace Indelible.Cli.Import;

/// <summary>One record as it was found in a file, not yet understood.</summary>
/// <param name="Number">Counted from 1 in the file; 0 for the file as a whole.</param>
/// <param name="Offset">Where it starts in the unpacked content; <see langword="null"/> where that is not known.</param>
/// <param name="Utf8">One JSON object, well formed, valid only until the next record is asked for; empty where there is an error.</param>
/// <param name="Error">Why no record could be read here, else <see langword="null"/>.</param>
internal readonly record struct FramedRecord(long Number, long? Offset, ReadOnlyMemory<byte> Utf8, string? Error);

/// <summary>Cuts a stream of JSON into records and goes on behind a broken one.</summary>
/// <remarks>
/// <para>
/// Three layouts, told apart by their first characters and freely following one another: <c>{"Records":[…]}</c> as CloudTrail
/// writes to its bucket, a bare array, and objects one after another, usually one a line.
/// </para>
/// <para>
/// A record ends where JSON's grammar says so. Behind a broken one the reader looks for the next place where a record may start: in
/// an array by counting brackets outside strings, elsewhere at the next line that starts with a bracket. What was passed over is
/// named with its bytes, because it may have held more than one record.
/// </para>
/// </remarks>
internal sealed class RecordReader(Stream stream)
{
    /// <summary>The longest record read, in bytes: more than ten times what CloudTrail writes at most (256 KiB).</summary>
    public const int MaxRecordBytes = 4 << 20;

    /// <summary>The deepest record read. An entry nests 32 levels at most, and the record stands two levels down in it.</summary>
    public const int MaxDepth = 30;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = MaxDepth };

    private byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;
    private bool _ended;
    private string? _readError;

    // The offset of _buffer[0] in the unpacked content.
    private long _bufferOffset;
    private long _number;

    // False once the end of an array's element can no longer be found: then nothing behind it means what it seems to.
    private bool _sound = true;

    private long Offset => _bufferOffset + _start;

    /// <summary>Reads to the end of the stream.</summary>
    /// <returns>Every record and every fault, in order. A failing stream is a fault too, not an exception.</returns>
    public IEnumerable<FramedRecord> ReadAll()
    {
        if (At(0) == 0xEF && At(1) == 0xBB && At(2) == 0xBF)
        {
            _start += 3;
        }

        if (SkipWhiteSpace() < 0 && _readError is null)
        {
            yield return new FramedRecord(0, null, default, "The file is empty.");
        }

        while (_sound && SkipWhiteSpace() >= 0)
        {
            foreach (FramedRecord record in ReadNext())
            {
                yield return record;
            }
        }

        if (_readError is not null)
        {
            yield return new FramedRecord(0, Offset, default, $"The file could not be read beyond byte {Offset}: {_readError}");
        }
    }

    private IEnumerable<FramedRecord> ReadNext()
    {
        if (At(0) == '[')
        {
            _start++;
            return ReadElements();
        }

        int envelope = EnvelopeLength();
        if (envelope > 0)
        {
            _start += envelope;
            return ReadEnvelope();
        }

        return ReadObject();
    }

    private IEnumerable<FramedRecord> ReadEnvelope()
    {
        foreach (FramedRecord record in ReadElements())
        {
            yield return record;
        }

        // Other members of the envelope are none of CloudTrail's; passing over them in silence would hide a second list.
        if (!_sound)
        {
            yield break;
        }

        if (SkipWhiteSpace() == '}')
        {
            _start++;
            yield break;
        }

        _sound = false;
        yield return Fault(_number + 1, Offset, $"Behind the list of records byte {Offset} is not the end of the object: the rest is not read.");
    }

    private IEnumerable<FramedRecord> ReadElements()
    {
        if (SkipWhiteSpace() == ']')
        {
            _start++;
            yield break;
        }

        while (true)
        {
            yield return ReadElement();
            if (!_sound)
            {
                yield break;
            }

            int next = SkipWhiteSpace();
            if (next == ']')
            {
                _start++;
                yield break;
            }

            if (next != ',')
            {
                _sound = false;
                yield return Fault(_number + 1, Offset, next < 0
                    ? "The file ends inside the list of records."
                    : $"Byte {Offset} is neither a comma nor the end of the list: the rest of the file is not read.");
                yield break;
            }

            _start++;
            SkipWhiteSpace();
        }
    }

    private FramedRecord ReadElement()
    {
        long offset = Offset;
        _number++;
        if (At(0) < 0)
        {
            _sound = false;
            return Fault(_number, offset, "The file ends inside the list of records.");
        }

        string error = "A record is a JSON object.";
        if (At(0) == '{' && TryFrame(out int length, out error))
        {
            return Take(length, offset);
        }

        _sound = TrySkipElement();
        error += _sound ? $" Bytes {offset} to {Offset - 1} were passed over." : $" Nothing from byte {offset} on can be read.";
        return Fault(_number, offset, error);
    }

    private IEnumerable<FramedRecord> ReadObject()
    {
        long offset = Offset;
        _number++;
        if (At(0) != '{')
        {
            SkipToNextStart();
            return [Fault(_number, offset, $"A record is a JSON object. Bytes {offset} to {Offset - 1} were passed over.")];
        }

        if (!TryFrame(out int length, out string error))
        {
            SkipToNextStart();
            return [Fault(_number, offset, $"{error} Bytes {offset} to {Offset - 1} were passed over.")];
        }

        return Unwrap(Take(length, offset));
    }

    /// <summary>Finds an envelope whose list is not its first member, which the first characters do not tell.</summary>
    private IEnumerable<FramedRecord> Unwrap(FramedRecord record)
    {
        using JsonDocument document = JsonDocument.Parse(record.Utf8, new JsonDocumentOptions { MaxDepth = MaxDepth });
        if (!IsEnvelope(document.RootElement, out JsonElement list))
        {
            yield return record;
            yield break;
        }

        _number--;
        foreach (JsonElement element in list.EnumerateArray())
        {
            _number++;
            yield return element.ValueKind == JsonValueKind.Object
                ? new FramedRecord(_number, null, JsonMarshal.GetRawUtf8Value(element).ToArray(), null)
                : new FramedRecord(_number, null, default, "A record is a JSON object.");
        }
    }

    private static bool IsEnvelope(JsonElement root, out JsonElement list)
    {
        try
        {
            return root.TryGetProperty("Records", out list) && list.ValueKind == JsonValueKind.Array && !root.TryGetProperty("eventID", out _);
        }
        catch (InvalidOperationException)
        {
            // A name that is not Unicode: as a record, it is refused with its place.
            list = default;
            return false;
        }
    }

    private FramedRecord Take(int length, long offset)
    {
        var record = new FramedRecord(_number, offset, _buffer.AsMemory(_start, length), null);
        _start += length;
        return record;
    }

    private static FramedRecord Fault(long number, long offset, string error) => new(number, offset, default, error);

    /// <summary>Finds the end of the JSON value at the current position, without moving.</summary>
    private bool TryFrame(out int length, out string error)
    {
        length = 0;
        int consumed = 0;
        var state = new JsonReaderState(Options);
        while (true)
        {
            var reader = new Utf8JsonReader(_buffer.AsSpan(_start + consumed, _end - _start - consumed), isFinalBlock: false, state);
            try
            {
                while (reader.Read())
                {
                    if (reader.CurrentDepth == 0 && reader.TokenType == JsonTokenType.EndObject)
                    {
                        length = consumed + (int)reader.BytesConsumed;
                        error = "";
                        return true;
                    }
                }
            }
            catch (JsonException e)
            {
                error = $"The record is not JSON: {FirstSentence(e.Message)}";
                return false;
            }

            consumed += (int)reader.BytesConsumed;
            state = reader.CurrentState;
            if (!Fill())
            {
                error = _ended ? "The file ends inside the record." : $"The record is longer than {MaxRecordBytes} bytes.";
                return false;
            }
        }
    }

    // The reader's messages end with a path and line that count from the buffer's start, which tells nobody anything.
    private static string FirstSentence(string message)
    {
        int end = message.IndexOf(" LineNumber", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }

    /// <summary>Passes over one element of a list by counting brackets outside strings; false where that finds no end.</summary>
    private bool TrySkipElement()
    {
        int depth = 0;
        bool inString = false;
        for (; At(0) is var c and >= 0; _start++)
        {
            if (inString)
            {
                switch (c)
                {
                    case '\\':
                        At(1);
                        _start++;
                        break;
                    case '"':
                        inString = false;
                        break;
                    case < 0x20:
                        return false;
                }

                continue;
            }

            switch (c)
            {
                case '"':
                    inString = true;
                    break;
                case '{' or '[':
                    depth++;
                    break;
                case '}' or ']' or ',' when depth == 0:
                    return c != '}';
                case '}' or ']':
                    depth--;
                    break;
            }
        }

        return false;
    }

    private void SkipToNextStart()
    {
        do
        {
            while (At(0) is >= 0 and not '\n')
            {
                _start++;
            }

            if (At(0) == '\n')
            {
                _start++;
            }
        }
        while (At(0) is >= 0 and not '{' and not '[');
    }

    /// <summary>The length of <c>{"Records":[</c> at the current position, white space included; 0 where something else stands.</summary>
    private int EnvelopeLength()
    {
        int at = 0;
        foreach (string token in (ReadOnlySpan<string>)["{", "\"Records\"", ":", "["])
        {
            while (At(at) is ' ' or '\t' or '\r' or '\n')
            {
                at++;
            }

            foreach (char c in token)
            {
                if (At(at++) != c)
                {
                    return 0;
                }
            }
        }

        return at;
    }

    private int SkipWhiteSpace()
    {
        while (At(0) is ' ' or '\t' or '\r' or '\n')
        {
            _start++;
        }

        return At(0);
    }

    /// <summary>The byte so far ahead, or -1 behind the end (and where looking ahead would hold more than one record's memory).</summary>
    private int At(int ahead)
    {
        while (_start + ahead >= _end)
        {
            if (!Fill())
            {
                return -1;
            }
        }

        return _buffer[_start + ahead];
    }

    /// <summary>Reads more behind what is held; false at the end and where the longest record is held already.</summary>
    private bool Fill()
    {
        if (_ended)
        {
            return false;
        }

        if (_start > 0)
        {
            int kept = Math.Max(0, _end - _start);
            int dropped = Math.Min(_start, _end);
            _buffer.AsSpan(dropped, kept).CopyTo(_buffer);
            _bufferOffset += dropped;
            _start -= dropped;
            _end = kept;
        }

        if (_end == _buffer.Length)
        {
            if (_buffer.Length >= MaxRecordBytes)
            {
                return false;
            }

            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        int read = 0;
        try
        {
            read = stream.Read(_buffer, _end, _buffer.Length - _end);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            _readError = e.Message;
        }

        _end += read;
        _ended = read == 0;
        return read > 0;
    }
}
