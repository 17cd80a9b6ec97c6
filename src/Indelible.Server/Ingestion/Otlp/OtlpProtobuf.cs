using System.Text.Json.Nodes;
using Indelible.Events;

namespace Indelible.Server.Ingestion.Otlp;

/// <summary>Reads an ExportLogsServiceRequest in protobuf. OTLP 1.x: <c>collector/logs/v1</c>, <c>logs/v1</c>, <c>resource/v1</c>, <c>common/v1</c>.</summary>
internal sealed class OtlpProtobuf
{
    /// <summary>Levels that a value may be nested: more than an event can hold.</summary>
    public const int MaxDepth = EventLimits.OriginalDepth;

    /// <summary>Values of one request: a hundred for each of the most records. Two bytes make a value, and a hundred of memory.</summary>
    public const int MaxValues = 1_000_000;

    private int _values;

    private OtlpProtobuf()
    {
    }

    /// <summary>The records of a request, in their order.</summary>
    /// <param name="request">Untrusted.</param>
    /// <param name="maxRecords">More are refused.</param>
    /// <exception cref="TlogFormatException">It is no such message, or has more records.</exception>
    public static List<OtlpRecord> Read(ReadOnlySpan<byte> request, int maxRecords)
    {
        var reader = new OtlpProtobuf();
        var records = new List<OtlpRecord>();
        var message = new ProtoReader(request);
        while (message.Next())
        {
            if (message.Field == 1)
            {
                reader.ReadResourceLogs(message.ReadBytes(), records, maxRecords);
            }
            else
            {
                // Beside the records there is nothing that an entry could keep it with.
                message.Skip();
            }
        }

        return records;
    }

    private void ReadResourceLogs(ReadOnlySpan<byte> bytes, List<OtlpRecord> records, int maxRecords)
    {
        // The resource may come behind its records: fields have no order.
        var resource = new OtlpSource();
        var first = new ProtoReader(bytes);
        while (first.Next())
        {
            switch (first.Field)
            {
                case 1:
                    ReadResource(first.ReadBytes(), resource);
                    break;
                case 3:
                    resource.SchemaUrl = first.ReadText();
                    break;
                case 2:
                    first.Skip();
                    break;
                default:
                    resource.Unknown.AddRange(first.Skip());
                    break;
            }
        }

        var second = new ProtoReader(bytes);
        while (second.Next())
        {
            if (second.Field == 2)
            {
                ReadScopeLogs(second.ReadBytes(), resource, records, maxRecords);
            }
            else
            {
                second.Skip();
            }
        }
    }

    private void ReadScopeLogs(ReadOnlySpan<byte> bytes, OtlpSource resource, List<OtlpRecord> records, int maxRecords)
    {
        var scope = new OtlpSource();
        var first = new ProtoReader(bytes);
        while (first.Next())
        {
            switch (first.Field)
            {
                case 1:
                    ReadScope(first.ReadBytes(), scope);
                    break;
                case 3:
                    scope.SchemaUrl = first.ReadText();
                    break;
                case 2:
                    first.Skip();
                    break;
                default:
                    scope.Unknown.AddRange(first.Skip());
                    break;
            }
        }

        var second = new ProtoReader(bytes);
        while (second.Next())
        {
            if (second.Field != 2)
            {
                second.Skip();
                continue;
            }

            if (records.Count == maxRecords)
            {
                throw new TlogFormatException($"The request has more than {maxRecords} records.");
            }

            records.Add(ReadRecord(second.ReadBytes(), resource, scope));
        }
    }

    private void ReadResource(ReadOnlySpan<byte> bytes, OtlpSource resource)
    {
        var message = new ProtoReader(bytes);
        while (message.Next())
        {
            switch (message.Field)
            {
                case 1:
                    resource.Attributes.Add(ReadPair(message.ReadBytes(), 1));
                    break;
                case 2:
                    resource.DroppedAttributes = (uint)message.ReadVarint();
                    break;
                default:
                    resource.Unknown.AddRange(message.Skip());
                    break;
            }
        }
    }

    private void ReadScope(ReadOnlySpan<byte> bytes, OtlpSource scope)
    {
        var message = new ProtoReader(bytes);
        while (message.Next())
        {
            switch (message.Field)
            {
                case 1:
                    scope.Name = message.ReadText();
                    break;
                case 2:
                    scope.Version = message.ReadText();
                    break;
                case 3:
                    scope.Attributes.Add(ReadPair(message.ReadBytes(), 1));
                    break;
                case 4:
                    scope.DroppedAttributes = (uint)message.ReadVarint();
                    break;
                default:
                    scope.Unknown.AddRange(message.Skip());
                    break;
            }
        }
    }

    private OtlpRecord ReadRecord(ReadOnlySpan<byte> bytes, OtlpSource resource, OtlpSource scope)
    {
        var record = new OtlpRecord(resource, scope);
        var message = new ProtoReader(bytes);
        while (message.Next())
        {
            switch (message.Field)
            {
                case 1:
                    record.Time = message.ReadFixed64();
                    break;
                case 2:
                    record.SeverityNumber = (int)message.ReadVarint();
                    break;
                case 3:
                    record.SeverityText = message.ReadText();
                    break;
                case 5:
                    record.Body = ReadValue(message.ReadBytes(), 1);
                    break;
                case 6:
                    record.Attributes.Add(ReadPair(message.ReadBytes(), 1));
                    break;
                case 7:
                    record.DroppedAttributes = (uint)message.ReadVarint();
                    break;
                case 8:
                    record.Flags = message.ReadFixed32();
                    break;
                case 9:
                    record.TraceId = Convert.ToHexStringLower(message.ReadBytes());
                    break;
                case 10:
                    record.SpanId = Convert.ToHexStringLower(message.ReadBytes());
                    break;
                case 11:
                    record.ObservedTime = message.ReadFixed64();
                    break;
                case 12:
                    record.EventName = message.ReadText();
                    break;
                default:
                    record.Unknown.AddRange(message.Skip());
                    break;
            }
        }

        return record;
    }

    private (string Key, JsonNode? Value) ReadPair(ReadOnlySpan<byte> bytes, int depth)
    {
        Count();
        string key = "";
        JsonNode? value = null;
        var message = new ProtoReader(bytes);
        while (message.Next())
        {
            switch (message.Field)
            {
                case 1:
                    key = message.ReadText();
                    break;
                case 2:
                    value = ReadValue(message.ReadBytes(), depth);
                    break;
                default:
                    message.Skip();
                    break;
            }
        }

        return (key, value);
    }

    private JsonNode? ReadValue(ReadOnlySpan<byte> bytes, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new TlogFormatException($"A value is nested deeper than {MaxDepth} levels.");
        }

        Count();

        // Of several in a oneof, the last counts.
        JsonNode? value = null;
        var message = new ProtoReader(bytes);
        while (message.Next())
        {
            value = message.Field switch
            {
                1 => message.ReadText(),
                2 => message.ReadVarint() != 0,
                3 => AnyValue.Of((long)message.ReadVarint()),
                4 => AnyValue.Of(BitConverter.UInt64BitsToDouble(message.ReadFixed64())),
                5 => ReadArray(message.ReadBytes(), depth + 1),
                6 => ReadMap(message.ReadBytes(), depth + 1),
                7 => AnyValue.Of(message.ReadBytes()),
                _ => AnyValue.OfUnknown(message.Skip()),
            };
        }

        return value;
    }

    private JsonArray ReadArray(ReadOnlySpan<byte> bytes, int depth)
    {
        var array = new JsonArray();
        var message = new ProtoReader(bytes);
        while (message.Next())
        {
            if (message.Field == 1)
            {
                array.Add(ReadValue(message.ReadBytes(), depth));
            }
            else
            {
                message.Skip();
            }
        }

        return array;
    }

    private JsonNode ReadMap(ReadOnlySpan<byte> bytes, int depth)
    {
        var members = new List<(string Key, JsonNode? Value)>();
        var message = new ProtoReader(bytes);
        while (message.Next())
        {
            if (message.Field == 1)
            {
                members.Add(ReadPair(message.ReadBytes(), depth));
            }
            else
            {
                message.Skip();
            }
        }

        return AnyValue.Of(members);
    }

    private void Count()
    {
        if (++_values > MaxValues)
        {
            throw new TlogFormatException($"The request has more than {MaxValues} values.");
        }
    }
}
