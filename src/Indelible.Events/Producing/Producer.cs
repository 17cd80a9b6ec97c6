using System.Text.Json;

namespace Indelible.Events.Producing;

/// <summary>The numbering by which lost events are noticed.</summary>
public sealed record Producer
{
    /// <summary><c>stream_id</c>. A random id of this process.</summary>
    public string? StreamId { get; init; }

    /// <summary><c>seq</c>. From 1, one more for each event.</summary>
    public long? Sequence { get; init; }

    /// <summary><c>end</c>. Whether the stream ends here, on purpose.</summary>
    public bool? End { get; init; }

    /// <summary><c>previous_stream</c>. On a stream's first event: the stream that this instance wrote before.</summary>
    public string? PreviousStream { get; init; }

    /// <summary><c>previous_seq</c>. The last number that was given out in <see cref="PreviousStream"/>; 0 for none.</summary>
    public long? PreviousSequence { get; init; }

    /// <summary><c>highest</c>. The highest number given out so far, this event's included: what a heartbeat states.</summary>
    public long? Highest { get; init; }

    /// <summary><c>signature</c>. Over the claim without itself.</summary>
    public ProducerSignature? Signature { get; init; }

    internal void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteOptional("stream_id"u8, StreamId);
        writer.WriteOptional("seq"u8, Sequence);
        writer.WriteOptional("end"u8, End);
        writer.WriteOptional("previous_stream"u8, PreviousStream);
        writer.WriteOptional("previous_seq"u8, PreviousSequence);
        writer.WriteOptional("highest"u8, Highest);
        if (Signature is not null)
        {
            writer.WritePropertyName("signature"u8);
            Signature.WriteTo(writer);
        }

        writer.WriteEndObject();
    }
}
