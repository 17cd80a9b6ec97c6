using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Indelible.SearchBench;

/// <summary>What somebody who keeps events in a table would take out of an entry: a column for each field that he searches, and the words.</summary>
/// <param name="Number">The leaf index.</param>
/// <param name="Time">Milliseconds since 1970.</param>
/// <param name="Id">The id.</param>
/// <param name="Actor"><c>actor.id</c>.</param>
/// <param name="Target"><c>targets.id</c>; no event here has more than one.</param>
/// <param name="Ip"><c>source.ip</c>.</param>
/// <param name="Action">The action.</param>
/// <param name="Words">The words of all texts in lower case, each between blanks; not those of ids, traces and times.</param>
/// <param name="Body">The entry.</param>
internal sealed record EventRow(long Number, long Time, string Id, string Actor, string? Target, string? Ip, string Action, string Words, string Body)
{
    /// <summary>Reads an entry.</summary>
    public static EventRow Of(long number, ReadOnlySpan<byte> entry)
    {
        var reading = new Reading();
        var reader = new Utf8JsonReader(entry);
        reader.Read();
        reading.Object(ref reader, "");
        return new EventRow(
            number, reading.Time, reading.Id!, reading.Actor!, reading.Target, reading.Ip, reading.Action!, reading.Words.Append(' ').ToString(), Encoding.UTF8.GetString(entry));
    }

    private sealed class Reading
    {
        public long Time { get; private set; }

        public string? Id { get; private set; }

        public string? Actor { get; private set; }

        public string? Target { get; private set; }

        public string? Ip { get; private set; }

        public string? Action { get; private set; }

        public StringBuilder Words { get; } = new(512);

        public void Object(ref Utf8JsonReader reader, string path)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = reader.GetString()!;
                reader.Read();
                Value(ref reader, path.Length == 0 ? name : $"{path}.{name}");
            }
        }

        private void Value(ref Utf8JsonReader reader, string path)
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    Object(ref reader, path);
                    break;
                case JsonTokenType.StartArray:
                    while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    {
                        Value(ref reader, path);
                    }

                    break;
                case JsonTokenType.String:
                    Text(reader.GetString()!, path);
                    break;
                default:
                    break;
            }
        }

        private void Text(string text, string path)
        {
            switch (path)
            {
                case "id":
                    Id = text;
                    return;
                case "time":
                    Time = DateTimeOffset.Parse(text, CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();
                    return;
                case "received_at" or "salt" or "relates_to" or "auth.session_id" or "producer.stream_id":
                    return;
                case "actor.id":
                    Actor = text;
                    break;
                case "targets.id":
                    Target = text;
                    break;
                case "source.ip":
                    Ip = text;
                    break;
                case "action":
                    Action = text;
                    break;
            }

            if (!path.StartsWith("trace.", StringComparison.Ordinal))
            {
                Add(text);
            }
        }

        private void Add(string text)
        {
            bool inside = false;
            foreach (char c in text)
            {
                bool isWord = char.IsLetterOrDigit(c);
                if (isWord && !inside)
                {
                    Words.Append(' ');
                }

                if (isWord)
                {
                    Words.Append(char.ToLowerInvariant(c));
                }

                inside = isWord;
            }
        }
    }
}
