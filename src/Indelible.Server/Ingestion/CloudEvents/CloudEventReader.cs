using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Indelible.Engine;
using Indelible.Events;
using Indelible.Server.Problems;

namespace Indelible.Server.Ingestion.CloudEvents;

/// <summary>Reads CloudEvents 1.0 over HTTP: structured, binary and in batches, in the JSON format.</summary>
/// <remarks>CloudEvents: the core specification, its HTTP protocol binding and its JSON event format, all 1.0.2. Which member becomes which is in <c>docs/mappings/cloudevents.md</c>.</remarks>
internal static class CloudEventReader
{
    /// <summary>One event as JSON.</summary>
    public const string Structured = "application/cloudevents+json";

    /// <summary>An array of them.</summary>
    public const string Batch = "application/cloudevents-batch+json";

    private const string HeaderPrefix = "ce-";
    private const string AnyFormat = "application/cloudevents";
    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false, MaxDepth = EventLimits.JsonDepth };

    /// <summary>Whether a request says that it carries CloudEvents.</summary>
    public static bool IsCloudEvent(HttpRequest request) => IsBinary(request) || TypeOf(request).StartsWith(AnyFormat, StringComparison.Ordinal);

    /// <summary>Reads the events of a request.</summary>
    /// <param name="request">Its headers.</param>
    /// <param name="body">Its body, decoded. Untrusted.</param>
    /// <param name="time">Gives events that have no time one.</param>
    /// <exception cref="ProblemException">415 for another format than JSON; 400 or 413 where the body cannot be divided into events.</exception>
    public static EventBatch Read(HttpRequest request, ReadOnlyMemory<byte> body, TimeProvider time)
    {
        if (IsBinary(request))
        {
            return ToBatch([ReadBinary(request, body)], time);
        }

        return TypeOf(request) switch
        {
            Structured => ToBatch([ReadStructured(body)], time),
            Batch => ToBatch([.. DivideBatch(body).Select(ReadStructured)], time),
            _ => throw new ProblemException(Problem.Unsupported($"CloudEvents come as {Structured}, {Batch}, or in binary mode with ce- headers.")),
        };
    }

    /// <summary>A content type of CloudEvents' own says more than the headers, which are allowed beside it; any other says less.</summary>
    private static bool IsBinary(HttpRequest request) => request.Headers.ContainsKey(HeaderPrefix + "specversion") && !TypeOf(request).StartsWith(AnyFormat, StringComparison.Ordinal);

    private static string TypeOf(HttpRequest request) => (request.ContentType ?? "").Split(';')[0].Trim().ToLowerInvariant();

    private static List<ReadOnlyMemory<byte>> DivideBatch(ReadOnlyMemory<byte> body)
    {
        int start = body.Span.IndexOfAnyExcept(" \t\r\n"u8);
        return start >= 0 && body.Span[start] == (byte)'['
            ? EventBatch.DivideJson(body)
            : throw new ProblemException(Problem.InvalidBody("A batch of CloudEvents is a JSON array."));
    }

    private static ReadEvent ReadStructured(ReadOnlyMemory<byte> json) => TryParse(json.Span, "", out JsonNode? whole) is { } fault ? new ReadEvent(null, fault)
        : whole is JsonObject attributes ? new ReadEvent(attributes, null)
        : new ReadEvent(null, new Fault("", FaultCode.WrongType, "a CloudEvent is a JSON object"));

    /// <summary>Parses untrusted JSON; what is read from it later cannot fail.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    private static Fault? TryParse(ReadOnlySpan<byte> json, string pointer, out JsonNode? node)
    {
        node = null;
        try
        {
            node = JsonNode.Parse(json, documentOptions: s_strict);
            ReadTexts(node);
            return null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            string where = e is JsonException at ? $"line {at.LineNumber + 1}, byte {at.BytePositionInLine} of it: " : "";
            return new Fault(pointer, FaultCode.InvalidJson, $"{where}this is not JSON, has a member twice, half of a surrogate pair, or is too deep");
        }
    }

    /// <summary>A text is decoded when it is read: of one that cannot be, this is the place to find out.</summary>
    private static void ReadTexts(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject members:
                foreach ((_, JsonNode? value) in members)
                {
                    ReadTexts(value);
                }

                break;
            case JsonArray items:
                foreach (JsonNode? item in items)
                {
                    ReadTexts(item);
                }

                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                value.GetValue<string>();
                break;
        }
    }

    /// <summary>The binary mode's event as the structured mode would have it.</summary>
    private static ReadEvent ReadBinary(HttpRequest request, ReadOnlyMemory<byte> body)
    {
        var whole = new JsonObject();
        foreach ((string name, Microsoft.Extensions.Primitives.StringValues value) in request.Headers)
        {
            if (name.StartsWith(HeaderPrefix, StringComparison.OrdinalIgnoreCase))
            {
                // RFC 3986 escapes stand for what a header cannot hold.
                whole[name[HeaderPrefix.Length..].ToLowerInvariant()] = Uri.UnescapeDataString(value.ToString());
            }
        }

        if (request.ContentType is { } type)
        {
            whole["datacontenttype"] = type;
        }

        if (body.Length == 0)
        {
            return new ReadEvent(whole, null);
        }

        string media = TypeOf(request);
        if (media == "application/json" || media.EndsWith("+json", StringComparison.Ordinal))
        {
            Fault? fault = TryParse(body.Span, "/data", out JsonNode? data);
            whole["data"] = data;
            return new ReadEvent(fault is null ? whole : null, fault);
        }

        if (media.StartsWith("text/", StringComparison.Ordinal) && System.Text.Unicode.Utf8.IsValid(body.Span))
        {
            whole["data"] = Encoding.UTF8.GetString(body.Span);
        }
        else
        {
            whole["data_base64"] = Convert.ToBase64String(body.Span);
        }

        return new ReadEvent(whole, null);
    }

    private static EventBatch ToBatch(ReadEvent[] events, TimeProvider time)
    {
        string now = Instant.Format(time.GetUtcNow());
        var claims = new Claim?[events.Length];
        var refused = new List<RefusedEvent>();
        var untimed = new Dictionary<int, Func<string, Claim?>>();
        for (int i = 0; i < events.Length; i++)
        {
            IReadOnlyList<Fault> faults = events[i].Fault is { } fault ? [fault] : CloudEventMapping.FaultsOf(events[i].Event!);
            if (faults.Count == 0)
            {
                JsonObject whole = events[i].Event!;
                claims[i] = CloudEventMapping.ToClaim(whole, now, out bool hasTime, out faults);
                if (!hasTime)
                {
                    untimed.Add(i, earlier => CloudEventMapping.ToClaim(whole, earlier, out _, out _));
                }
            }

            if (claims[i] is null)
            {
                refused.Add(new RefusedEvent(i, faults));
            }
        }

        return new EventBatch(claims, refused) { Untimed = untimed };
    }

    /// <summary>One event: itself, or what is wrong with it.</summary>
    private readonly record struct ReadEvent(JsonObject? Event, Fault? Fault);
}
