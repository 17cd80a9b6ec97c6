using System.Collections;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Indelible.Detection;

/// <summary>The events of a test, as JSON: plain scalars are what they would be there.</summary>
/// <remarks>
/// <c>{repeat: 200, every: 15s, event: {…}}</c> is one event many times: <c>&lt;n&gt;</c> in its texts is 1, 2, 3 …, and its <c>time</c> moves on by <c>every</c>. So a threshold of hundreds is
/// tested without hundreds of lines. Each event is made when it is asked for: a small file must not take much memory by saying how often.
/// </remarks>
internal sealed class TestEvents : IReadOnlyList<string>
{
    private const string Number = "<n>";

    private readonly List<(YamlNode Event, int First, int Times, TimeSpan Every)> _parts = [];

    /// <param name="nodes">The items of the list.</param>
    /// <exception cref="RuleFaultException">One is wrong.</exception>
    public TestEvents(IEnumerable<YamlNode> nodes)
    {
        foreach (YamlNode node in nodes)
        {
            var map = new RuleMap(node as YamlMappingNode ?? throw new RuleFaultException(node.Start, "An event is a map of members."));
            (YamlNode told, int times, TimeSpan every) = map.Has("repeat") ? Repeated(map) : (node, 1, TimeSpan.Zero);
            if (times > DetectionLimits.GroupOccurrences - Count)
            {
                throw new RuleFaultException(node.Start, $"A test has at most {DetectionLimits.GroupOccurrences} events.");
            }

            _parts.Add((told, Count, times, every));
            Count += times;
            _ = this[Count - 1];
        }
    }

    /// <inheritdoc/>
    public int Count { get; private set; }

    /// <inheritdoc/>
    public string this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            (YamlNode node, int first, int times, TimeSpan every) = _parts.FindLast(part => part.First <= index);
            if (times == 1 && every == TimeSpan.Zero)
            {
                return Json(node, null)!.ToJsonString();
            }

            var made = (JsonObject)Json(node, (index - first + 1).ToString(CultureInfo.InvariantCulture))!;
            if (made["time"] is JsonValue value && value.TryGetValue(out string? time))
            {
                made["time"] = Later(time, every * (index - first), node);
            }

            return made.ToJsonString();
        }
    }

    /// <inheritdoc/>
    public IEnumerator<string> GetEnumerator() => Enumerable.Range(0, Count).Select(index => this[index]).GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static (YamlNode Event, int Times, TimeSpan Every) Repeated(RuleMap map)
    {
        int times = int.TryParse(map.RequireText("repeat"), NumberStyles.None, CultureInfo.InvariantCulture, out int read) && read is > 0 and <= DetectionLimits.GroupOccurrences
            ? read
            : throw new RuleFaultException(map.PlaceOf("repeat"), $"repeat is a number from 1 to {DetectionLimits.GroupOccurrences}.");
        TimeSpan every = RuleReader.Span(map.Text("every") ?? "0s") ?? throw new RuleFaultException(map.PlaceOf("every"), "every is a number with s, m, h or d behind it.");
        return map.Find("event") is YamlMappingNode told ? (told, times, every) : throw new RuleFaultException(map.Place, "What repeats is a map of members, event: it is missing.");
    }

    private static string Later(string time, TimeSpan by, YamlNode node) =>
        DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset read) && read < DateTimeOffset.MaxValue - by
            ? (read + by).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
            : throw new RuleFaultException(node.Start, $"The time {time} is none, or too late.");

    private static JsonNode? Json(YamlNode node, string? number)
    {
        switch (node)
        {
            case YamlMappingNode map:
                var made = new JsonObject();
                foreach ((YamlNode key, YamlNode value) in map.Children)
                {
                    if (!made.TryAdd(RuleMap.TextOf(key, "a name"), Json(value, number)))
                    {
                        throw new RuleFaultException(key.Start, $"{key} stands there twice.");
                    }
                }

                return made;
            case YamlSequenceNode list:
                return new JsonArray([.. list.Children.Select(item => Json(item, number))]);
            case YamlScalarNode { Style: ScalarStyle.Plain } scalar:
                return scalar.Value is null or "" or "~" ? null : Plain(Text(scalar.Value, number));
            default:
                return Text(((YamlScalarNode)node).Value!, number);
        }
    }

    private static string Text(string text, string? number) => number is null ? text : text.Replace(Number, number, StringComparison.Ordinal);

    private static JsonNode? Plain(string text)
    {
        try
        {
            return JsonElement.Parse(text).ValueKind is JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null or JsonValueKind.Number ? JsonNode.Parse(text) : text;
        }
        catch (JsonException)
        {
            return text;
        }
    }
}
