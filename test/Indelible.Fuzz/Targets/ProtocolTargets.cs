using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Indelible.Events;
using Indelible.Fuzz.Driving;
using Indelible.Server.Ingestion;
using Indelible.Server.Ingestion.CloudEvents;
using Indelible.Server.Ingestion.Otlp;
using Indelible.Server.Problems;
using Microsoft.AspNetCore.Http;

namespace Indelible.Fuzz.Targets;

/// <summary>Events in the words of other protocols.</summary>
internal static class ProtocolTargets
{
    private const string Now = "2026-11-23T06:14:25.2000000Z";

    public static IEnumerable<FuzzTarget> All { get; } =
    [
        new("otlp-protobuf", "A request is refused, or every record a claim or a fault; the same request gives the same ids, and no text of a record is lost.", ProtobufOf, Messages)
        {
            MemoryBytes = 64 << 20,
            Slowness = 20,
        },
        new("otlp-json", "As otlp-protobuf, in JSON.", JsonOf, Requests)
        {
            Words =
            [
                "\"resourceLogs\":[", "\"scopeLogs\":[", "\"logRecords\":[", "\"attributes\":[", "{\"key\":\"", "\"value\":{", "\"stringValue\":\"", "\"intValue\":", "\"doubleValue\":", "\"NaN\"", "\"bytesValue\":\"AA==\"",
                "\"arrayValue\":{\"values\":[", "\"kvlistValue\":{\"values\":[", "\"timeUnixNano\":\"", "18446744073709551615", "\"eventName\":\"", "audit.record.id", "audit.target.id", "audit.outcome", "client.address", "\\ud800", "]}", "}}",
            ],
            MaxBytes = 4096,
            MemoryBytes = 64 << 20,
            Slowness = 20,
        },
        new("cloudevents", "An event or a batch is refused, or every event a claim or has faults; no text of an event is lost.", CloudEventsOf, Events)
        {
            Words =
            [
                "\"specversion\":\"1.0\"", "\"id\":\"", "\"source\":\"", "\"type\":\"", "\"time\":\"", "\"subject\":\"", "\"data\":{", "\"data_base64\":\"", "\"traceparent\":\"00-", "\"schema\":\"audit/1\"", "\"actorid\":", "\"outcome\":",
                "[", "]", "},{", "\"cloudevent\":", "\"original\":", "\"payload\":", "null", "\\ud800",
            ],
            MaxBytes = 4096,
            MemoryBytes = 64 << 20,
            Slowness = 20,
        },
    ];

    private static IEnumerable<byte[]> Messages()
    {
        byte[] record = [.. Field(3, "INFO"u8), .. Field(5, Field(1, "hello"u8)), .. Pair("audit.actor.id", Field(1, "u-1"u8)), .. Pair("n", [0x18, 7]), .. Pair("d", [0x21, 0, 0, 0, 0, 0, 0, 0x1C, 0x40]), .. Field(9, new byte[16]), .. Field(12, "invoice.refund"u8)];
        yield return Field(1, [.. Field(1, Field(1, [.. Field(1, "service.name"u8), .. Field(2, Field(1, "shop"u8))])), .. Field(2, [.. Field(1, Field(1, "scope"u8)), .. Field(2, record), .. Field(2, record)])]);
        yield return Field(1, Field(2, Field(2, [0x09, 1, 2, 3, 4, 5, 6, 7, 8, .. Field(5, Field(6, Field(1, [.. Field(1, "k"u8), .. Field(2, Field(5, Field(1, Field(7, "bytes"u8))))])))])));
    }

    private static IEnumerable<byte[]> Requests() =>
    [
        Foreign.OfText("""{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeLogs":[{"scope":{"name":"s"},"logRecords":[{"timeUnixNano":"1764000000123456789","eventName":"invoice.refund","traceId":"4bf92f3577b34da6a3ce929d0e0e4736","body":{"stringValue":"x"},"attributes":[{"key":"audit.actor.id","value":{"stringValue":"u-1"}},{"key":"audit.outcome","value":{"stringValue":"SUCCESS"}}]}]}]}]}"""),
        Foreign.OfText("""{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"kvlistValue":{"values":[{"key":"a","value":{"arrayValue":{"values":[{"intValue":"9007199254740993"},{"doubleValue":"NaN"},{"bytesValue":"AAEC"},{}]}}}]}}},{"attributes":[{"key":"same","value":{"boolValue":true}},{"key":"same","value":{"intValue":2}},{"key":"client.address","value":{"stringValue":"a-host"}}]}]}]}]}"""),
        Foreign.OfText("{}"),
    ];

    private static IEnumerable<byte[]> Events() =>
    [
        Foreign.OfText("""{"specversion":"1.0","id":"a","source":"https://billing.example/","type":"com.example.invoice.refunded","subject":"i-77","time":"2026-11-23T07:14:25+01:00","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","actorid":"u-1","outcome":"success","data":{"amount":12.5,"deep":{"a":[1,null]}}}"""),
        Foreign.OfText("""[{"specversion":"1.0","id":"a","source":"s","type":"T t","data":"text"},{"specversion":"1.0","id":"b","source":"s","type":"t","data_base64":"AAEC"}]"""),
        Foreign.OfText("""{"specversion":"1.0","id":"a","source":"s","type":"t","data":{"schema":"audit/1","id":"e-1","time":"2026-11-23T06:14:25Z","action":"invoice.read","outcome":"success","actor":{"id":"u-1","type":"user"},"service":{"name":"billing"},"data":{"a":1}}}"""),
    ];

    private static bool ProtobufOf(byte[] input) => Otlp(() => OtlpProtobuf.Read(input, 100));

    private static bool JsonOf(byte[] input) => Otlp(() => OtlpJson.Read(input, 100));

    private static bool Otlp(Func<List<OtlpRecord>> read)
    {
        List<OtlpRecord> records;
        try
        {
            records = read();
        }
        catch (TlogFormatException)
        {
            return false;
        }

        var mapping = new OtlpMapping(Now);
        var again = new OtlpMapping(Now);
        bool found = false;
        foreach (OtlpRecord record in records)
        {
            Claim? claim = mapping.ToClaim(record, out Func<string, Claim?>? withTime, out IReadOnlyList<Fault> faults);
            Must.Hold(claim is not null || faults.Count > 0, "A record that is no claim has faults");
            if (claim is null)
            {
                again.ToClaim(record, out _, out _);
                continue;
            }

            found = true;
            Must.BeSame(claim.CanonicalBytes.ToArray(), again.ToClaim(record, out _, out _)!.CanonicalBytes.ToArray(), "A record is mapped the same way again");
            Must.Hold(withTime is null || withTime(Now)!.Id == claim.Id, "With another time it keeps its id");
            HashSet<string> kept = TextsOf(claim);
            foreach ((string key, JsonNode? value) in record.Attributes.Concat(record.Resource.Attributes))
            {
                Must.Hold(value is not JsonValue text || text.GetValueKind() != JsonValueKind.String || kept.Contains(text.GetValue<string>()), $"The value of {key} is in the claim");
            }

            Must.Hold(record.SeverityText.Length == 0 || kept.Contains(record.SeverityText), "The severity is in the claim");
            Must.Hold(record.EventName.Length == 0 || kept.Contains(record.EventName), "The event's name is in the claim");
        }

        return found;
    }

    private static bool CloudEventsOf(byte[] input)
    {
        var request = new DefaultHttpContext().Request;
        request.ContentType = input.AsSpan().IndexOfAnyExcept(" \t\r\n"u8) is >= 0 and var start && input[start] == '[' ? CloudEventReader.Batch : CloudEventReader.Structured;
        EventBatch batch;
        try
        {
            batch = CloudEventReader.Read(request, input, TimeProvider.System);
        }
        catch (ProblemException)
        {
            return false;
        }

        bool found = false;
        for (int i = 0; i < batch.Claims.Count; i++)
        {
            Must.Hold((batch.Claims[i] is null) == batch.Refused.Any(refused => refused.Item == i && refused.Faults.Count > 0), "What is no claim is refused with faults");
            found |= batch.Claims[i] is not null;
        }

        if (request.ContentType == CloudEventReader.Structured && batch.Claims is [{ } only])
        {
            HashSet<string> kept = TextsOf(only);
            using JsonDocument whole = JsonDocument.Parse(input);
            foreach (JsonProperty attribute in whole.RootElement.EnumerateObject().Where(attribute => attribute.Name is not ("specversion" or "data") && attribute.Value.ValueKind == JsonValueKind.String))
            {
                string value = attribute.Value.GetString()!;
                Must.Hold(kept.Contains(value) || (attribute.Name == "traceparent" && value.EndsWith("-00", StringComparison.Ordinal)), $"The attribute {attribute.Name} is in the claim");
            }
        }

        return found;
    }

    private static HashSet<string> TextsOf(Claim claim)
    {
        using JsonDocument document = JsonDocument.Parse(claim.CanonicalBytes, new JsonDocumentOptions { MaxDepth = 128 });
        var texts = new HashSet<string>(StringComparer.Ordinal);
        Collect(document.RootElement);
        return texts;

        void Collect(JsonElement at)
        {
            switch (at.ValueKind)
            {
                case JsonValueKind.String:
                    texts.Add(at.GetString()!);
                    break;
                case JsonValueKind.Array:
                    foreach (JsonElement item in at.EnumerateArray())
                    {
                        Collect(item);
                    }

                    break;
                case JsonValueKind.Object:
                    foreach (JsonProperty member in at.EnumerateObject())
                    {
                        Collect(member.Value);
                    }

                    break;
            }
        }
    }

    private static byte[] Field(int number, ReadOnlySpan<byte> bytes)
    {
        var field = new List<byte> { (byte)((number << 3) | 2) };
        int rest = bytes.Length;
        for (; rest >= 0x80; rest >>= 7)
        {
            field.Add((byte)(rest | 0x80));
        }

        return [.. field, (byte)rest, .. bytes];
    }

    private static byte[] Pair(string key, byte[] value) => Field(6, [.. Field(1, Encoding.UTF8.GetBytes(key)), .. Field(2, value)]);
}
