using System.Text.Json;

namespace Indelible.Events;

/// <summary>What stands in an entry in the place of a value that its reader may not see (<c>{"$pii":…}</c>) or nobody can any more (<c>{"$redacted":…}</c>).</summary>
public static class HiddenValue
{
    /// <summary>Passes over such an object: the value is there, and what stands in its place is none.</summary>
    /// <param name="reader">At the first member's name of an object; at the object's end, if it is one.</param>
    /// <returns>Whether it is one; the reader has not moved where not.</returns>
    /// <exception cref="JsonException">What follows is no JSON.</exception>
    public static bool TrySkip(ref Utf8JsonReader reader)
    {
        if (reader.ValueSpan.Length == 0 || reader.ValueSpan[0] is not ((byte)'$' or (byte)'\\')
            || !(reader.ValueTextEquals("$pii"u8) || reader.ValueTextEquals("$redacted"u8)))
        {
            return false;
        }

        Utf8JsonReader ahead = reader;
        ahead.Read();
        ahead.Skip();
        ahead.Read();
        if (ahead.TokenType != JsonTokenType.EndObject)
        {
            return false;
        }

        reader = ahead;
        return true;
    }
}
