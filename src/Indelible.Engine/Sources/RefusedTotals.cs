using System.Collections.Immutable;
using System.Text.Json;
using Indelible.Engine.Configuration;

namespace Indelible.Engine.Sources;

/// <summary>How many events of a principal a log refused, and why.</summary>
/// <param name="Log">The log that they were for.</param>
/// <param name="Principal">Whose they were; empty for those of principals that are not counted apart.</param>
/// <param name="Reasons">How many, by the code of the fault or problem.</param>
public sealed record RefusedEvents(string Log, string Principal, ImmutableSortedDictionary<string, long> Reasons)
{
    /// <summary>The sum of two counts of the same log and principal.</summary>
    public RefusedEvents With(RefusedEvents more)
    {
        ArgumentNullException.ThrowIfNull(more);
        ImmutableSortedDictionary<string, long> sum = Reasons;
        foreach ((string reason, long count) in more.Reasons)
        {
            sum = sum.SetItem(reason, sum.GetValueOrDefault(reason) + count);
        }

        return this with { Reasons = sum };
    }
}

/// <summary>What the entries of <c>_access</c> tell of refused events, added up. Guarded by its log's <see cref="LogSources"/>.</summary>
internal sealed class RefusedTotals
{
    private readonly SortedDictionary<(string Log, string Principal), RefusedEvents> _counts = new(
        Comparer<(string Log, string Principal)>.Create(static (a, b) => string.CompareOrdinal(a.Log, b.Log) is var order and not 0 ? order : string.CompareOrdinal(a.Principal, b.Principal)));

    /// <summary>The counts, by log and principal.</summary>
    public IEnumerable<RefusedEvents> All => _counts.Values;

    /// <summary>Adds what an entry tells, if it is one of those.</summary>
    public void Apply(ReadOnlySpan<byte> entry)
    {
        if (entry.IndexOf(SystemActions.RefusedUtf8) < 0)
        {
            return;
        }

        try
        {
            var reader = new Utf8JsonReader(entry);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement.GetProperty("action").GetString() != SystemActions.Refused)
            {
                return;
            }

            foreach (JsonElement item in document.RootElement.GetProperty("data").GetProperty("refused").EnumerateArray())
            {
                Add(Read(item));
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            // A later version may say it otherwise; what cannot be read is not counted, and keeps nobody from starting.
        }
    }

    /// <summary>Adds counts; those of too many principals go together.</summary>
    public void Add(RefusedEvents more)
    {
        (string Log, string Principal) key = (more.Log, more.Principal);
        if (!_counts.ContainsKey(key) && _counts.Count >= EngineLimits.RefusedCounters)
        {
            key = ("", "");
            more = more with { Log = "", Principal = "" };
        }

        _counts[key] = _counts.TryGetValue(key, out RefusedEvents? before) ? before.With(more) : more;
    }

    /// <summary>Writes counts as the <c>data</c> of an entry.</summary>
    public static void Write(Utf8JsonWriter data, IReadOnlyList<RefusedEvents> refused)
    {
        data.WriteStartArray("refused");
        foreach (RefusedEvents count in refused)
        {
            data.WriteStartObject();
            data.WriteString("log", count.Log);
            data.WriteString("principal", count.Principal);
            data.WriteStartObject("reasons");
            foreach ((string reason, long events) in count.Reasons)
            {
                data.WriteNumber(reason, events);
            }

            data.WriteEndObject();
            data.WriteEndObject();
        }

        data.WriteEndArray();
    }

    private static RefusedEvents Read(JsonElement item)
    {
        ImmutableSortedDictionary<string, long> reasons = ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal);
        foreach (JsonProperty reason in item.GetProperty("reasons").EnumerateObject())
        {
            reasons = reasons.SetItem(reason.Name, reason.Value.GetInt64());
        }

        return new RefusedEvents(item.GetProperty("log").GetString()!, item.GetProperty("principal").GetString()!, reasons);
    }
}
