using System.Text.Json.Nodes;

namespace Indelible.Server.Ingestion.Otlp;

/// <summary>What emitted records, or the part of it that did: a Resource or an InstrumentationScope.</summary>
internal sealed class OtlpSource
{
    /// <summary>A scope's name.</summary>
    public string Name { get; set; } = "";

    /// <summary>A scope's version.</summary>
    public string Version { get; set; } = "";

    /// <summary>Its attributes, in their order.</summary>
    public List<(string Key, JsonNode? Value)> Attributes { get; } = [];

    /// <summary>Attributes that the emitter left out.</summary>
    public uint DroppedAttributes { get; set; }

    /// <summary>The schema of its attributes.</summary>
    public string SchemaUrl { get; set; } = "";

    /// <summary>Fields that are not known here, as they came.</summary>
    public List<byte> Unknown { get; } = [];
}

/// <summary>One LogRecord, with what it came from. OTLP 1.x, <c>opentelemetry.proto.logs.v1</c>.</summary>
internal sealed class OtlpRecord(OtlpSource resource, OtlpSource scope)
{
    /// <summary>The resource; shared by all its records.</summary>
    public OtlpSource Resource { get; } = resource;

    /// <summary>The scope; shared by all its records.</summary>
    public OtlpSource Scope { get; } = scope;

    /// <summary>When it happened, in nanoseconds since 1970; 0 where that is not known.</summary>
    public ulong Time { get; set; }

    /// <summary>When it was observed, likewise.</summary>
    public ulong ObservedTime { get; set; }

    /// <summary>The severity, 1 to 24; 0 where there is none.</summary>
    public int SeverityNumber { get; set; }

    /// <summary>The severity as the source names it.</summary>
    public string SeverityText { get; set; } = "";

    /// <summary>The body.</summary>
    public JsonNode? Body { get; set; }

    /// <summary>Its attributes, in their order.</summary>
    public List<(string Key, JsonNode? Value)> Attributes { get; } = [];

    /// <summary>Attributes that the emitter left out.</summary>
    public uint DroppedAttributes { get; set; }

    /// <summary>Flags; the lowest eight bits are those of W3C Trace Context.</summary>
    public uint Flags { get; set; }

    /// <summary>The trace, lower-case hex; empty where there is none.</summary>
    public string TraceId { get; set; } = "";

    /// <summary>The span, lower-case hex; empty where there is none.</summary>
    public string SpanId { get; set; } = "";

    /// <summary>The event's name.</summary>
    public string EventName { get; set; } = "";

    /// <summary>Fields that are not known here, as they came.</summary>
    public List<byte> Unknown { get; } = [];

    /// <summary>The whole record with what it came from, one way for each content, whatever encoding it came in.</summary>
    public JsonObject ToJson() => new()
    {
        ["resource"] = ToJson(Resource),
        ["scope"] = ToJson(Scope),
        ["record"] = Without(new()
        {
            ["timeUnixNano"] = Time == 0 ? null : Time.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["observedTimeUnixNano"] = ObservedTime == 0 ? null : ObservedTime.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["severityNumber"] = SeverityNumber == 0 ? null : SeverityNumber,
            ["severityText"] = TextOf(SeverityText),
            ["eventName"] = TextOf(EventName),
            ["body"] = Body?.DeepClone(),
            ["attributes"] = ListOf(Attributes),
            ["droppedAttributesCount"] = DroppedAttributes == 0 ? null : DroppedAttributes,
            ["flags"] = Flags == 0 ? null : Flags,
            ["traceId"] = TextOf(TraceId),
            ["spanId"] = TextOf(SpanId),
            ["unknownFields"] = BytesOf(Unknown),
        }),
    };

    private static JsonObject ToJson(OtlpSource source) => Without(new()
    {
        ["name"] = TextOf(source.Name),
        ["version"] = TextOf(source.Version),
        ["attributes"] = ListOf(source.Attributes),
        ["droppedAttributesCount"] = source.DroppedAttributes == 0 ? null : source.DroppedAttributes,
        ["schemaUrl"] = TextOf(source.SchemaUrl),
        ["unknownFields"] = BytesOf(source.Unknown),
    });

    private static JsonNode? TextOf(string text) => text.Length == 0 ? null : text;

    private static JsonNode? BytesOf(List<byte> bytes) => bytes.Count == 0 ? null : Convert.ToBase64String([.. bytes]);

    private static JsonArray? ListOf(List<(string Key, JsonNode? Value)> attributes) =>
        attributes.Count == 0 ? null : new JsonArray([.. attributes.Select(attribute => new JsonObject { ["key"] = attribute.Key, ["value"] = attribute.Value?.DeepClone() })]);

    private static JsonObject Without(JsonObject members)
    {
        foreach (string empty in members.Where(member => member.Value is null).Select(member => member.Key).ToArray())
        {
            members.Remove(empty);
        }

        return members;
    }
}
