using System.Buffers.Binary;
using System.Text;

namespace Indelible.Server.Ingestion.Otlp;

/// <summary>Reads the fields of one protobuf message, within its bytes and no further. The wire format is that of protobuf.dev, "Encoding".</summary>
/// <remarks>Groups, which no message of ours has, and field numbers that there are none of are refused. A caller that descends bounds its depth itself.</remarks>
internal ref struct ProtoReader(ReadOnlySpan<byte> message)
{
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int Delimited = 2;
    private const int Fixed32 = 5;
    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> _message = message;
    private int _at;
    private int _fieldStart;
    private int _wireType;

    /// <summary>The field that was read last.</summary>
    public int Field { get; private set; }

    /// <summary>Goes to the next field; its value is to be read, or skipped, before the next.</summary>
    /// <exception cref="TlogFormatException">The message is damaged.</exception>
    public bool Next()
    {
        if (_at == _message.Length)
        {
            return false;
        }

        _fieldStart = _at;
        ulong key = ReadRawVarint();
        if (key >> 3 is 0 or > 536_870_911)
        {
            throw Damaged();
        }

        Field = (int)(key >> 3);
        _wireType = (int)(key & 7);
        return true;
    }

    /// <summary>An integer, or a boolean.</summary>
    public ulong ReadVarint()
    {
        Require(Varint);
        return ReadRawVarint();
    }

    /// <summary>Eight bytes.</summary>
    public ulong ReadFixed64()
    {
        Require(Fixed64);
        return BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
    }

    /// <summary>Four bytes.</summary>
    public uint ReadFixed32()
    {
        Require(Fixed32);
        return BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
    }

    /// <summary>Bytes, or a message within this one.</summary>
    public ReadOnlySpan<byte> ReadBytes()
    {
        Require(Delimited);
        ulong length = ReadRawVarint();
        return length <= (ulong)(_message.Length - _at) ? Take((int)length) : throw Damaged();
    }

    /// <summary>A text; as proto3 wants it, valid UTF-8.</summary>
    public string ReadText()
    {
        try
        {
            return s_strict.GetString(ReadBytes());
        }
        catch (DecoderFallbackException)
        {
            throw new TlogFormatException("A text is not UTF-8.");
        }
    }

    /// <summary>A field that is not known here: passed over, and given as it stands.</summary>
    public ReadOnlySpan<byte> Skip()
    {
        switch (_wireType)
        {
            case Varint:
                ReadRawVarint();
                break;
            case Fixed64:
                Take(8);
                break;
            case Delimited:
                ReadBytes();
                break;
            case Fixed32:
                Take(4);
                break;
            default:
                throw Damaged();
        }

        return _message[_fieldStart.._at];
    }

    private readonly void Require(int wireType)
    {
        if (_wireType != wireType)
        {
            throw new TlogFormatException($"Field {Field} is of wire type {_wireType}, not {wireType}.");
        }
    }

    private ulong ReadRawVarint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 70 && _at < _message.Length; shift += 7)
        {
            byte part = _message[_at++];
            if (shift == 63 && part > 1)
            {
                throw Damaged();
            }

            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }

        throw Damaged();
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _message.Length - _at)
        {
            throw Damaged();
        }

        ReadOnlySpan<byte> taken = _message.Slice(_at, count);
        _at += count;
        return taken;
    }

    private readonly TlogFormatException Damaged() => new($"The message is damaged at byte {_at}.");
}
