using System.Text.Json;
using Indelible.Engine;
using Indelible.Events;
using Indelible.Server.Problems;

namespace Indelible.Server.Ingestion;

/// <summary>The events of a request body: divided, then each validated by the schema.</summary>
/// <param name="Claims">The valid ones; a null stands for one that is not.</param>
/// <param name="Refused">The others, with what is wrong.</param>
internal sealed record EventBatch(IReadOnlyList<Claim?> Claims, IReadOnlyList<RefusedEvent> Refused)
{
    /// <summary>The claims whose events had no time, by place: each can be made anew with one.</summary>
    public IReadOnlyDictionary<int, Func<string, Claim?>> Untimed { get; init; } = new Dictionary<int, Func<string, Claim?>>();

    /// <summary>Reads a body of one event, an array of events, or events line by line.</summary>
    /// <param name="contentType">As the request gives it.</param>
    /// <param name="body">Untrusted.</param>
    /// <exception cref="ProblemException">415, or 400 or 413 where the body cannot be divided into events.</exception>
    public static EventBatch Read(string? contentType, ReadOnlyMemory<byte> body)
    {
        string type = (contentType ?? "").Split(';')[0].Trim().ToLowerInvariant();
        List<ReadOnlyMemory<byte>> items = type switch
        {
            "application/json" => DivideJson(body),
            "application/x-ndjson" => DivideLines(body),
            _ => throw new ProblemException(Problem.Unsupported("Content-Type is application/json (one event or an array), application/x-ndjson (an event a line), application/cloudevents+json or application/cloudevents-batch+json.")),
        };
        if (items.Count == 0)
        {
            throw new ProblemException(Problem.InvalidBody("There is no event in the body."));
        }

        var claims = new Claim?[items.Count];
        var refused = new List<RefusedEvent>();
        for (int i = 0; i < claims.Length; i++)
        {
            if (Claim.TryParse(items[i].Span, out Claim? claim, out IReadOnlyList<Fault> faults))
            {
                claims[i] = claim;
            }
            else
            {
                refused.Add(new RefusedEvent(i, faults));
            }
        }

        return new EventBatch(claims, refused);
    }

    /// <summary>The same batch with further events refused.</summary>
    public EventBatch Without(IReadOnlyCollection<RefusedEvent> refused)
    {
        Claim?[] claims = [.. Claims];
        foreach (RefusedEvent e in refused)
        {
            claims[e.Item] = null;
        }

        return this with { Claims = claims, Refused = [.. Refused.Concat(refused).OrderBy(e => e.Item)] };
    }

    private static List<ReadOnlyMemory<byte>> DivideLines(ReadOnlyMemory<byte> body)
    {
        var items = new List<ReadOnlyMemory<byte>>();
        while (!body.IsEmpty)
        {
            int end = body.Span.IndexOf((byte)'\n');
            ReadOnlyMemory<byte> line = end < 0 ? body : body[..end];
            body = end < 0 ? default : body[(end + 1)..];
            if (line.Span.ContainsAnyExcept(" \t\r"u8))
            {
                Add(items, line);
            }
        }

        return items;
    }

    /// <summary>One event, or the elements of an array. Their own form and depth are left to the schema's reader.</summary>
    internal static List<ReadOnlyMemory<byte>> DivideJson(ReadOnlyMemory<byte> body)
    {
        var items = new List<ReadOnlyMemory<byte>>();
        int start = body.Span.IndexOfAnyExcept(" \t\r\n"u8);
        if (start < 0)
        {
            return items;
        }

        if (body.Span[start] != (byte)'[')
        {
            items.Add(body);
            return items;
        }

        var reader = new Utf8JsonReader(body.Span, new JsonReaderOptions { MaxDepth = ServerLimits.BodyBytes });
        try
        {
            reader.Read();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                int first = (int)reader.TokenStartIndex;
                reader.Skip();
                Add(items, body[first..(int)reader.BytesConsumed]);
            }

            while (reader.Read())
            {
                // Nothing may follow the array; the reader says so.
            }
        }
        catch (JsonException e)
        {
            throw new ProblemException(Problem.InvalidArray(
                items.Count, $"line {e.LineNumber + 1}, byte {e.BytePositionInLine} of it: this is not JSON"));
        }

        return items;
    }

    private static void Add(List<ReadOnlyMemory<byte>> items, ReadOnlyMemory<byte> item)
    {
        if (items.Count == EventLimits.BatchEvents)
        {
            throw new ProblemException(Problem.TooLarge($"A batch has at most {EventLimits.BatchEvents} events; send several."));
        }

        items.Add(item);
    }
}
