using System.Text.Json;
using Indelible.Search;

namespace Indelible.Server.Endpoints;

/// <summary>How many there are, as every answer says it: the number, and whether it is exact or the least that it can be.</summary>
internal static class TotalJson
{
    /// <summary>Writes the member <paramref name="name"/>.</summary>
    public static void Write(Utf8JsonWriter json, SearchTotal total, string name = "total")
    {
        json.WriteStartObject(name);
        json.WriteNumber("value", total.Value);
        json.WriteBoolean("exact", total.Exact);
        json.WriteEndObject();
    }
}
