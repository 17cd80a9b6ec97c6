using System.Text;
using System.Text.Json;
using Indelible.Events;

namespace Indelible.Search;

/// <summary>Reads the scalars that stand at a path of an entry, by the same rules as a clause sees them.</summary>
internal static class EntryValues
{
    public static void Visit(ReadOnlySpan<byte> entry, FieldPath path, Action<string> visit)
    {
        var reader = new Utf8JsonReader(entry);
        reader.Read();
        Value(ref reader, path.Segments, visit);
    }

    private static void Value(ref Utf8JsonReader reader, ReadOnlySpan<string> rest, Action<string> visit)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                bool first = true;
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    if (first && HiddenValue.TrySkip(ref reader))
                    {
                        return;
                    }

                    first = false;
                    bool wanted = rest.Length > 0 && reader.ValueTextEquals(rest[0]);
                    reader.Read();
                    if (wanted)
                    {
                        Value(ref reader, rest[1..], visit);
                    }
                    else
                    {
                        reader.Skip();
                    }
                }

                break;
            case JsonTokenType.StartArray:
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    Value(ref reader, rest, visit);
                }

                break;
            case JsonTokenType.String when rest.Length == 0:
                visit(reader.GetString()!);
                break;
            default:
                if (rest.Length == 0)
                {
                    visit(Encoding.UTF8.GetString(reader.ValueSpan));
                }

                break;
        }
    }
}
