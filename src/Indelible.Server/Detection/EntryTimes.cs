using System.Text.Json;

namespace Indelible.Server.Detection;

/// <summary>The two times of an entry that detection goes by.</summary>
internal static class EntryTimes
{
    /// <summary>Reads <c>time</c> and <c>received_at</c>.</summary>
    /// <param name="entry">An entry as it is logged.</param>
    /// <exception cref="JsonException">It has not both.</exception>
    public static (DateTimeOffset Time, DateTimeOffset Received) Read(ReadOnlySpan<byte> entry)
    {
        DateTimeOffset? time = null;
        DateTimeOffset? received = null;
        var reader = new Utf8JsonReader(entry);
        reader.Read();
        while ((time is null || received is null) && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isTime = reader.ValueTextEquals("time"u8);
            bool isReceived = reader.ValueTextEquals("received_at"u8);
            reader.Read();
            if (isTime)
            {
                time = reader.GetDateTimeOffset();
            }
            else if (isReceived)
            {
                received = reader.GetDateTimeOffset();
            }
            else
            {
                reader.Skip();
            }
        }

        return time is { } happened && received is { } taken ? (happened, taken) : throw new JsonException("An entry has no time or no time of receipt.");
    }
}
