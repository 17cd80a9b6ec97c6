using System.Globalization;
using System.Text.Json;
using Indelible.Engine.Access;
using Indelible.Search;
using Indelible.Server.Access;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Indexing;

/// <summary>Answers by looking at every entry, one after the other, with nothing of the search but the question whether one entry matches.</summary>
internal sealed class Oracle
{
    private readonly List<(long Index, DateTimeOffset Time, JsonElement View)> _matches = [];

    public IEnumerable<long> Found(string order) => order switch
    {
        "desc" => _matches.Select(match => match.Index).Reverse(),
        "asc" => _matches.Select(match => match.Index),
        _ => _matches.OrderByDescending(match => match.Time).ThenByDescending(match => match.Index).Select(match => match.Index),
    };

    public int Total => _matches.Count;

    /// <param name="log">The log.</param>
    /// <param name="sight">How it is seen.</param>
    /// <param name="query">What to look for.</param>
    public static async Task<Oracle> AskAsync(TestLog log, Sight sight, string query)
    {
        Assert.True(Query.TryParse(query, DateTimeOffset.UnixEpoch, out Query? parsed, out QueryError? error), $"{query}: {error}");
        var entries = new VisibleEntries(log.Server.Engine.Find(log.Name)!, [sight]);
        var oracle = new Oracle();
        for (long from = 0; from < entries.Size; from += 256)
        {
            await entries.ReadAsync(from, Math.Min(entries.Size, from + 256), (index, view) =>
            {
                if (parsed.Matches(view))
                {
                    JsonElement entry = JsonElement.Parse(view);
                    oracle._matches.Add((index, entry.GetProperty("time").GetDateTimeOffset(), entry));
                }
            }, TestContext.Current.CancellationToken);
        }

        return oracle;
    }

    /// <summary>Counts by time, as text.</summary>
    public string Histogram(long intervalSeconds)
    {
        long width = intervalSeconds * TimeSpan.TicksPerSecond;
        return string.Join(' ', _matches.GroupBy(match => match.Time.UtcTicks / width * width).OrderBy(group => group.Key)
            .Select(group => string.Create(CultureInfo.InvariantCulture, $"{group.Key}={group.Count()}")));
    }

    /// <summary>Counts by value, as text: the most frequent, the others, how many different ones.</summary>
    public string Values(string path, int top)
    {
        (string Value, int Count)[] counts =
        [
            .. _matches.SelectMany(match => ValuesAt(match.View, path.Split('.')).Distinct()).GroupBy(value => value)
                .Select(group => (group.Key, group.Count())).OrderByDescending(value => value.Item2).ThenBy(value => value.Key, StringComparer.Ordinal),
        ];
        return $"{string.Join(' ', counts.Take(top).Select(one => $"{one.Value}={one.Count}"))} others {counts.Skip(top).Sum(one => one.Count)} distinct {counts.Length}";
    }

    private static IEnumerable<string> ValuesAt(JsonElement at, ReadOnlyMemory<string> path) => at.ValueKind switch
    {
        JsonValueKind.Array => at.EnumerateArray().SelectMany(element => ValuesAt(element, path)),
        JsonValueKind.Object => path.IsEmpty || at.TryGetProperty("$pii", out _) || !at.TryGetProperty(path.Span[0], out JsonElement member) ? [] : ValuesAt(member, path[1..]),
        _ when !path.IsEmpty => [],
        JsonValueKind.String => [at.GetString()!],
        _ => [at.GetRawText()],
    };
}
