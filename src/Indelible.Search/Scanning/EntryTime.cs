using System.Text.Json;

namespace Indelible.Search;

/// <summary>When an entry happened, read from its bytes without building a tree.</summary>
public static class EntryTime
{
    /// <summary>The ticks of the member <c>time</c>, or -1 when there is none that can be read.</summary>
    /// <param name="entry">An entry, or a view of one, UTF-8.</param>
    /// <exception cref="JsonException">The bytes are not JSON.</exception>
    public static long Read(ReadOnlySpan<byte> entry)
    {
        var reader = new Utf8JsonReader(entry);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isTime = reader.ValueTextEquals("time"u8);
            reader.Read();
            if (isTime)
            {
                return reader.TokenType == JsonTokenType.String && TimeText.TryReadInstant(reader.ValueSpan, out long ticks) ? ticks : -1;
            }

            reader.Skip();
        }

        return -1;
    }
}
