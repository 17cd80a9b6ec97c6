using System.Text.Json;
using Indelible.Privacy;

namespace Indelible.Server.Endpoints;

/// <summary>The JSON of openings: what an auditor needs to check a personal value against its commitment with SHA-256 alone.</summary>
internal static class OpeningsJson
{
    public static void Write(Utf8JsonWriter json, IReadOnlyList<Opening> openings)
    {
        json.WriteStartArray("openings");
        foreach (Opening opening in openings)
        {
            json.WriteStartObject();
            json.WriteString("pointer", opening.Pointer);
            json.WritePropertyName("value");
            json.WriteRawValue(opening.Value.Span);
            json.WriteString("r", opening.RText);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
