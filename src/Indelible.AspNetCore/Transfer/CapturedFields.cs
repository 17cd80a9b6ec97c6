using System.Text;
using System.Text.Json;
using Indelible.AspNetCore.Secrets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Indelible.AspNetCore.Transfer;

/// <summary>Writes what is allowed of query, headers and bodies into an event's <c>data</c>, and hides what is secret.</summary>
/// <remarks>
/// A hidden value stays as <c>{"$redacted":"secret"}</c> or <c>{"$redacted":"card"}</c>: that it was there is part of the record. Objects and arrays are not taken; they stay as
/// <c>{"omitted":"object"}</c>. A body that is longer than what was kept of it says by how much under <c>bytes_not_seen</c>.
/// </remarks>
internal sealed class CapturedFields(SecretsDictionary secrets)
{
    private const int LongestText = 1_024;
    private const int LongestName = 64;
    private const int MostValues = 64;

    /// <summary>Whether a body of this type is looked into.</summary>
    public static bool IsReadable(string? contentType) => IsJson(contentType) || IsForm(contentType);

    public static bool IsJson(string? contentType)
    {
        ReadOnlySpan<char> type = MediaType(contentType);
        return type.Equals("application/json", StringComparison.OrdinalIgnoreCase) || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase);
    }

    public void WriteQuery(Utf8JsonWriter writer, IQueryCollection query, IList<string> names)
    {
        foreach (string name in names)
        {
            if (query.TryGetValue(name, out Microsoft.Extensions.Primitives.StringValues value))
            {
                Write(writer, name, value.ToString());
            }
        }
    }

    public void WriteHeaders(Utf8JsonWriter writer, IHeaderDictionary headers, IList<string> names)
    {
        foreach (string name in names)
        {
            if (headers.TryGetValue(name, out Microsoft.Extensions.Primitives.StringValues value))
            {
                Write(writer, name.ToLowerInvariant(), value.ToString());
            }
        }
    }

    public void WriteBody(Utf8JsonWriter writer, ByteTee tee, string? contentType, IList<string> names)
    {
        if (IsJson(contentType))
        {
            WriteJson(writer, tee.Start.Span, names);
        }
        else if (IsForm(contentType))
        {
            WriteForm(writer, tee.Start.Span, tee.Total > tee.Kept, names);
        }

        if (tee.Total > tee.Kept)
        {
            writer.WriteNumber("bytes_not_seen"u8, tee.Total - tee.Kept);
        }
    }

    public void Write(Utf8JsonWriter writer, string name, string value)
    {
        writer.WritePropertyName(NameOf(name));
        if ((secrets.IsSecretName(name) ? "secret" : SecretsDictionary.KindOf(value)) is { } kind)
        {
            WriteRedacted(writer, kind);
        }
        else
        {
            writer.WriteStringValue(Bounded.Text(value, LongestText) ?? "");
        }
    }

    public static void WriteRedacted(Utf8JsonWriter writer, string kind)
    {
        writer.WriteStartObject();
        writer.WriteString("$redacted"u8, kind);
        writer.WriteEndObject();
    }

    private static bool IsForm(string? contentType) => MediaType(contentType).Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase);

    private static ReadOnlySpan<char> MediaType(string? contentType)
    {
        ReadOnlySpan<char> type = contentType;
        int end = type.IndexOf(';');
        return (end < 0 ? type : type[..end]).Trim();
    }

    /// <summary>Reads as far as the kept bytes go; what is not JSON, or not whole, gives what came before.</summary>
    private void WriteJson(Utf8JsonWriter writer, ReadOnlySpan<byte> json, IList<string> names)
    {
        var reader = new Utf8JsonReader(json, isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = 64 }));
        var path = new List<string>();
        int values = 0;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            string? name = null;
            int arrays = 0;
            while (values < MostValues && reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        name = arrays == 0 ? reader.GetString() : null;
                        continue;
                    case JsonTokenType.StartArray:
                        values += Omit(writer, Full(path, name), "array", names, seen);
                        arrays++;
                        break;
                    case JsonTokenType.EndArray:
                        arrays--;
                        break;
                    case JsonTokenType.StartObject when arrays == 0:
                        values += Omit(writer, Full(path, name), "object", names, seen);
                        path.Add(name ?? "");
                        break;
                    case JsonTokenType.EndObject when arrays == 0:
                        path.RemoveAt(path.Count - 1);
                        break;
                    case JsonTokenType.StartObject or JsonTokenType.EndObject:
                        break;
                    default:
                        if (name is not null && Full(path, name) is { } full && names.Contains(full) && seen.Add(full))
                        {
                            WriteScalar(writer, full, ref reader);
                            values++;
                        }

                        break;
                }

                name = null;
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // Not JSON, or no Unicode: the handler tells the caller. What was read up to there is written.
        }
    }

    private static string? Full(List<string> path, string? name)
    {
        if (name is null)
        {
            return null;
        }

        // The first level is the document itself.
        return path.Count <= 1 ? name : string.Join('.', path.Skip(1).Append(name));
    }

    private static int Omit(Utf8JsonWriter writer, string? name, string what, IList<string> names, HashSet<string> seen)
    {
        if (name is null || !names.Contains(name) || !seen.Add(name))
        {
            return 0;
        }

        writer.WriteStartObject(NameOf(name));
        writer.WriteString("omitted"u8, what);
        writer.WriteEndObject();
        return 1;
    }

    private void WriteScalar(Utf8JsonWriter writer, string name, ref Utf8JsonReader reader)
    {
        string text = reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString()!,
            JsonTokenType.True => "true",
            JsonTokenType.False => "false",
            JsonTokenType.Null => "null",
            _ => Encoding.UTF8.GetString(reader.ValueSpan),
        };
        bool keepsKind = reader.TokenType != JsonTokenType.String && !secrets.IsSecretName(LastOf(name)) && SecretsDictionary.KindOf(text) is null;
        if (!keepsKind)
        {
            writer.WritePropertyName(NameOf(name));
            if ((secrets.IsSecretName(LastOf(name)) ? "secret" : SecretsDictionary.KindOf(text)) is { } kind)
            {
                WriteRedacted(writer, kind);
            }
            else
            {
                writer.WriteStringValue(Bounded.Text(text, LongestText) ?? "");
            }

            return;
        }

        writer.WritePropertyName(NameOf(name));

        // Fifteen digits pass a double and back; a number that an event cannot hold exactly is kept as it was spelt.
        if (reader.TokenType == JsonTokenType.Number && (text.Length > 15 || text.Contains('e', StringComparison.OrdinalIgnoreCase)))
        {
            writer.WriteStringValue(Bounded.Text(text, 64));
        }
        else
        {
            writer.WriteRawValue(text);
        }
    }

    /// <summary>A member's name as an event may have it: those that start with <c>$</c> are the log's own.</summary>
    private static string NameOf(string name) => (Bounded.Text(name, LongestName) ?? "_") is var fits && fits.StartsWith('$') ? "_" + fits[1..] : fits;

    private static string LastOf(string name) => name[(name.LastIndexOf('.') + 1)..];

    private void WriteForm(Utf8JsonWriter writer, ReadOnlySpan<byte> form, bool cut, IList<string> names)
    {
        // A name or value that was cut in two is left out.
        if (cut)
        {
            form = form[..Math.Max(0, form.LastIndexOf((byte)'&'))];
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        var reader = new QueryStringEnumerable(Encoding.UTF8.GetString(form));
        foreach (QueryStringEnumerable.EncodedNameValuePair pair in reader)
        {
            string name = pair.DecodeName().ToString();
            if (names.Contains(name) && seen.Add(name))
            {
                Write(writer, name, pair.DecodeValue().ToString());
            }
        }
    }
}
