using System.Text;
using System.Text.Json;

namespace Indelible.Detection.Tests;

/// <summary>A log that is gone over from its end for each question.</summary>
internal sealed class StoredEvents(CompiledRules rules) : IEventHistory
{
    private readonly RuleMatcher _matcher = new(rules);

    public List<(string Json, DateTimeOffset Time, DateTimeOffset Received)> Events { get; } = [];

    /// <summary>How often it was asked.</summary>
    public int Questions { get; private set; }

    /// <summary>What it answers whatever it is asked; null for the truth.</summary>
    public HistoryAnswer? Always { get; set; }

    public HistoryAnswer Find(HistoryQuestion question)
    {
        Questions++;
        if (Always is { } always)
        {
            return always;
        }

        for (int index = (int)question.Before - 1; index >= 0; index--)
        {
            (string json, DateTimeOffset time, DateTimeOffset received) = Events[index];
            if (question.TimeOf(_matcher, Encoding.UTF8.GetBytes(json), time, received) is { } at)
            {
                // What an index is asked must not lose it.
                Assert.Contains(question.Alternatives, clauses => clauses.All(clause => Holds(clause, json)));
                return HistoryAnswer.At(at);
            }
        }

        return HistoryAnswer.None;
    }

    private static bool Holds(HistoryClause clause, string json)
    {
        IEnumerable<JsonElement> at = [JsonElement.Parse(json)];
        foreach (string name in clause.Path)
        {
            at = [.. at.SelectMany(Elements).Where(value => value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out _)).Select(value => value.GetProperty(name))];
        }

        string[] values = [.. at.SelectMany(Elements).Select(value => value.ToString())];
        return clause.Values.Count == 0
            ? values.Length > 0
            : clause.IsNetwork
                ? values.Any(value => System.Net.IPAddress.TryParse(value, out System.Net.IPAddress? address) && System.Net.IPNetwork.Parse(clause.Values[0]).Contains(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address))
                : values.Intersect(clause.Values, StringComparer.Ordinal).Any();
    }

    private static IEnumerable<JsonElement> Elements(JsonElement value) => value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [value];
}
