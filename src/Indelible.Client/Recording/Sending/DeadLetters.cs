using System.Text.Json;
using Indelible.Client.Recording.Spooling;
using Indelible.Events;

namespace Indelible.Client.Recording.Sending;

/// <summary>The file of events that the server will never take, one a line, each with the reason. Shared by the processes of a spool.</summary>
internal sealed class DeadLetters(string path, long limit, TimeProvider time)
{
    /// <summary>Adds events; durable on return.</summary>
    /// <returns>How many there was no room for.</returns>
    public int Add(IReadOnlyList<(OutgoingEvent Event, string Reason)> refused)
    {
        using var lines = new MemoryStream();
        using FileStream file = SpoolDisk.Open(path, FileMode.Append, FileAccess.Write);
        string now = Instant.Format(time.GetUtcNow());
        int kept = 0;
        foreach ((OutgoingEvent one, string reason) in refused)
        {
            if (file.Length + lines.Length + one.Json.Length > limit)
            {
                break;
            }

            using (var writer = new Utf8JsonWriter(lines))
            {
                writer.WriteStartObject();
                writer.WriteString("time", now);
                writer.WriteString("id", one.Id);
                writer.WriteString("reason", reason);
                writer.WritePropertyName("event");
                writer.WriteRawValue(one.Json.Span, skipInputValidation: true);
                writer.WriteEndObject();
            }

            lines.WriteByte((byte)'\n');
            kept++;
        }

        // In one write, at the end: other processes' lines stay whole.
        file.Write(lines.GetBuffer(), 0, (int)lines.Length);
        file.Flush(flushToDisk: true);
        return refused.Count - kept;
    }
}
