using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Indelible.Server.Ingestion.Otlp;

/// <summary>Reads an ExportLogsServiceRequest in OTLP's JSON: lower camel case, ids in hex, 64-bit integers as texts or numbers, bytes in base64.</summary>
internal static class OtlpJson
{
    private const int LevelsAboveValues = 8;
    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false, MaxDepth = (2 * OtlpProtobuf.MaxDepth) + LevelsAboveValues };

    /// <summary>The records of a request, in their order.</summary>
    /// <param name="request">Untrusted.</param>
    /// <param name="maxRecords">More are refused.</param>
    /// <exception cref="TlogFormatException">It is no such message, or has more records.</exception>
    public static List<OtlpRecord> Read(ReadOnlyMemory<byte> request, int maxRecords)
    {
        try
        {
            using var document = JsonDocument.Parse(request, s_strict);
            var records = new List<OtlpRecord>();
            foreach (JsonElement resourceLogs in List(document.RootElement, "resourceLogs"))
            {
                ReadResourceLogs(resourceLogs, records, maxRecords);
            }

            return records;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException or OverflowException)
        {
            throw new TlogFormatException($"The body is no ExportLogsServiceRequest in JSON: {e.Message}");
        }
    }

    private static void ReadResourceLogs(JsonElement resourceLogs, List<OtlpRecord> records, int maxRecords)
    {
        var resource = new OtlpSource { SchemaUrl = Text(resourceLogs, "schemaUrl") };
        if (resourceLogs.TryGetProperty("resource", out JsonElement stated))
        {
            ReadSource(stated, resource);
        }

        foreach (JsonElement scopeLogs in List(resourceLogs, "scopeLogs"))
        {
            var scope = new OtlpSource { SchemaUrl = Text(scopeLogs, "schemaUrl") };
            if (scopeLogs.TryGetProperty("scope", out JsonElement statedScope))
            {
                scope.Name = Text(statedScope, "name");
                scope.Version = Text(statedScope, "version");
                ReadSource(statedScope, scope);
            }

            foreach (JsonElement record in List(scopeLogs, "logRecords"))
            {
                if (records.Count == maxRecords)
                {
                    throw new FormatException($"there are more than {maxRecords} records");
                }

                records.Add(ReadRecord(record, resource, scope));
            }
        }
    }

    private static void ReadSource(JsonElement stated, OtlpSource source)
    {
        source.DroppedAttributes = (uint)Number(stated, "droppedAttributesCount", 0, uint.MaxValue);
        source.Attributes.AddRange(List(stated, "attributes").Select(pair => ReadPair(pair, 1)));
    }

    private static OtlpRecord ReadRecord(JsonElement stated, OtlpSource resource, OtlpSource scope)
    {
        var record = new OtlpRecord(resource, scope)
        {
            Time = Nanoseconds(stated, "timeUnixNano"),
            ObservedTime = Nanoseconds(stated, "observedTimeUnixNano"),
            SeverityNumber = (int)Number(stated, "severityNumber", int.MinValue, int.MaxValue),
            SeverityText = Text(stated, "severityText"),
            Body = stated.TryGetProperty("body", out JsonElement body) ? ReadValue(body, 1) : null,
            DroppedAttributes = (uint)Number(stated, "droppedAttributesCount", 0, uint.MaxValue),
            Flags = (uint)Number(stated, "flags", 0, uint.MaxValue),
            TraceId = Hex(stated, "traceId"),
            SpanId = Hex(stated, "spanId"),
            EventName = Text(stated, "eventName"),
        };
        record.Attributes.AddRange(List(stated, "attributes").Select(pair => ReadPair(pair, 1)));
        return record;
    }

    private static (string Key, JsonNode? Value) ReadPair(JsonElement pair, int depth) =>
        (Text(pair, "key"), pair.TryGetProperty("value", out JsonElement value) ? ReadValue(value, depth) : null);

    private static JsonNode? ReadValue(JsonElement any, int depth)
    {
        if (depth > OtlpProtobuf.MaxDepth)
        {
            throw new FormatException($"a value is nested deeper than {OtlpProtobuf.MaxDepth} levels");
        }

        JsonNode? value = null;
        foreach (JsonProperty member in any.EnumerateObject())
        {
            JsonElement stated = member.Value;
            value = stated.ValueKind == JsonValueKind.Null ? null : member.Name switch
            {
                "stringValue" => stated.GetString(),
                "boolValue" => stated.GetBoolean(),
                "intValue" => AnyValue.Of(Integer(stated)),
                "doubleValue" => AnyValue.Of(Double(stated)),
                "bytesValue" => AnyValue.Of(stated.GetBytesFromBase64()),
                "arrayValue" => new JsonArray([.. List(stated, "values").Select(item => ReadValue(item, depth + 1))]),
                "kvlistValue" => AnyValue.Of([.. List(stated, "values").Select(item => ReadPair(item, depth + 1))]),
                _ => throw new FormatException($"'{member.Name}' is no kind of value"),
            };
        }

        return value;
    }

    private static IEnumerable<JsonElement> List(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement list) && list.ValueKind != JsonValueKind.Null ? list.EnumerateArray() : [];

    private static string Text(JsonElement parent, string name) => parent.TryGetProperty(name, out JsonElement text) ? text.GetString() ?? "" : "";

    private static string Hex(JsonElement parent, string name) => Convert.ToHexStringLower(Convert.FromHexString(Text(parent, name)));

    private static ulong Nanoseconds(JsonElement parent, string name) => !parent.TryGetProperty(name, out JsonElement number) ? 0
        : number.ValueKind == JsonValueKind.String ? ulong.Parse(number.GetString()!, NumberStyles.None, CultureInfo.InvariantCulture) : number.GetUInt64();

    private static long Integer(JsonElement number) =>
        number.ValueKind == JsonValueKind.String ? long.Parse(number.GetString()!, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : number.GetInt64();

    private static long Number(JsonElement parent, string name, long least, long most) =>
        !parent.TryGetProperty(name, out JsonElement number) || number.ValueKind == JsonValueKind.Null ? 0
        : Integer(number) is var value && value >= least && value <= most ? value : throw new FormatException($"{name} is {value}");

    private static double Double(JsonElement number) => number.ValueKind != JsonValueKind.String ? number.GetDouble() : number.GetString() switch
    {
        "NaN" => double.NaN,
        "Infinity" => double.PositiveInfinity,
        "-Infinity" => double.NegativeInfinity,
        var text => double.Parse(text!, NumberStyles.Float, CultureInfo.InvariantCulture),
    };
}
