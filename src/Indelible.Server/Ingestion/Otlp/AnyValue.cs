using System.Globalization;
using System.Text.Json.Nodes;
using Indelible.Events;

namespace Indelible.Server.Ingestion.Otlp;

/// <summary>OpenTelemetry's values as JSON that says the same: plain where JSON can, else an object with the one member that OTLP's own JSON has for it.</summary>
/// <remarks>
/// <c>7</c> is an integer and <c>7.5</c> a double. What JSON numbers do not keep is wrapped: integers beyond 2^53 − 1 and doubles that look
/// like integers or are no numbers (<c>{"doubleValue":7}</c>), bytes (<c>{"bytesValue":"…"}</c>), and maps that name a key twice or look
/// like such a wrapper themselves (<c>{"kvlistValue":[{"key":…,"value":…}]}</c>).
/// </remarks>
internal static class AnyValue
{
    private const string List = "kvlistValue";
    private static readonly HashSet<string> s_wrappers = new(StringComparer.Ordinal) { "intValue", "doubleValue", "bytesValue", List, "unknownValue" };

    /// <summary>An integer.</summary>
    public static JsonNode Of(long value) => Math.Abs((decimal)value) <= EventLimits.SafeInteger
        ? JsonValue.Create(value)
        : new JsonObject { ["intValue"] = value.ToString(CultureInfo.InvariantCulture) };

    /// <summary>A double.</summary>
    public static JsonNode Of(double value)
    {
        if (!double.IsFinite(value) || (value == 0 && double.IsNegative(value)))
        {
            return new JsonObject { ["doubleValue"] = double.IsFinite(value) ? "-0" : double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity" };
        }

        // Of a number beyond 2^53 the canonical form would keep no other digits than these; as a text it keeps them all.
        return double.IsInteger(value)
            ? new JsonObject { ["doubleValue"] = Math.Abs(value) <= EventLimits.SafeInteger ? JsonValue.Create(value) : value.ToString("R", CultureInfo.InvariantCulture) }
            : JsonValue.Create(value);
    }

    /// <summary>Bytes.</summary>
    public static JsonNode Of(ReadOnlySpan<byte> value) => new JsonObject { ["bytesValue"] = Convert.ToBase64String(value) };

    /// <summary>A value of a kind that is not known here.</summary>
    public static JsonNode OfUnknown(ReadOnlySpan<byte> field) => new JsonObject { ["unknownValue"] = Convert.ToBase64String(field) };

    /// <summary>A map.</summary>
    public static JsonNode Of(IReadOnlyList<(string Key, JsonNode? Value)> members)
    {
        bool isPlain = members.Select(member => member.Key).Distinct(StringComparer.Ordinal).Count() == members.Count
            && !(members is [var only] && s_wrappers.Contains(only.Key));
        return isPlain
            ? new JsonObject(members.Select(member => KeyValuePair.Create(member.Key, member.Value)))
            : new JsonObject { [List] = new JsonArray([.. members.Select(member => new JsonObject { ["key"] = member.Key, ["value"] = member.Value })]) };
    }
}
