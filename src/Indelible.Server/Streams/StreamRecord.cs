using System.Text.Json;
using System.Text.Json.Serialization;
using Indelible.Engine;

namespace Indelible.Server.Streams;

/// <summary>What is kept of a stream on the disk, as <c>streams/NAME.json</c>.</summary>
/// <param name="Paused">Whether it is held.</param>
/// <param name="Logs">The index of the next entry of each log: everything below was taken, was not the stream's, or is in the list of refused ones.</param>
/// <param name="RefusedCount">Entries that were passed over since the receiver does not take them, or they cannot be read.</param>
/// <param name="Refused">The newest of them.</param>
internal sealed record StreamRecord(bool Paused, IReadOnlyDictionary<string, long> Logs, long RefusedCount, IReadOnlyList<RefusedEntry> Refused)
{
    /// <summary>Reads what is kept of a stream; null where it never ran.</summary>
    /// <exception cref="IOException">It cannot be read, or is not what was written.</exception>
    public static StreamRecord? Read(DataFolder folder, string stream)
    {
        if (folder.ReadStream(stream) is not { } bytes)
        {
            return null;
        }

        StreamRecord? record;
        try
        {
            record = JsonSerializer.Deserialize(bytes, StreamJson.Default.StreamRecord);
        }
        catch (JsonException e)
        {
            throw new IOException(FaultOf(folder, stream), e);
        }

        // Without a log in it, a stream that began with what is to come would begin there again.
        return record is { Logs: not null, Refused: not null, RefusedCount: >= 0 } && record.Logs.Values.All(next => next >= 0) && record.Refused.All(entry => entry is { Log: not null, Id: not null, Why: not null })
            ? record
            : throw new IOException(FaultOf(folder, stream));
    }

    /// <summary>Keeps it; durable on return.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public void Write(DataFolder folder, string stream) => folder.WriteStream(stream, JsonSerializer.SerializeToUtf8Bytes(this, StreamJson.Default.StreamRecord));

    private static string FaultOf(DataFolder folder, string stream) =>
        $"{folder.StreamFile(stream)} does not say how far the stream {stream} has come. Take it away, and the stream begins where its 'from' says.";
}

/// <summary>An entry that was passed over.</summary>
/// <param name="Log">Its log.</param>
/// <param name="Index">Its index.</param>
/// <param name="Id">What it is known by in the stream.</param>
/// <param name="Why">Why, in our words.</param>
/// <param name="At">When.</param>
internal sealed record RefusedEntry(string Log, long Index, string Id, string Why, string At);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StreamRecord))]
internal sealed partial class StreamJson : JsonSerializerContext;
