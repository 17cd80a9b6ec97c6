using Indelible.Search;
using Indelible.Server.Access;

namespace Indelible.Server.Views;

/// <summary>What a log knows of one entity: when it was seen, how often, with what and how it ended.</summary>
internal sealed class EntityView
{
    private static readonly (string Name, Field Field)[] s_sides =
    [
        ("actions", EntityKind.FieldOf("action")), ("actors", EntityKind.Actor.Field), ("targets", EntityKind.Target.Field), ("services", EntityKind.FieldOf("service")),
        ("addresses", EntityKind.FieldOf("ip")),
    ];

    private static readonly Field s_outcome = EntityKind.FieldOf("outcome");
    private static readonly Field s_decision = EntityKind.FieldOf("decision");

    /// <summary>How many entries it is in.</summary>
    public required SearchTotal Total { get; init; }

    /// <summary>The earliest of them.</summary>
    public required Found? First { get; init; }

    /// <summary>The latest of them.</summary>
    public required Found? Last { get; init; }

    /// <summary>Entries by outcome.</summary>
    public required IReadOnlyList<ValueCount> Outcomes { get; init; }

    /// <summary>Entries by the effect of a decision.</summary>
    public required IReadOnlyList<ValueCount> Decisions { get; init; }

    /// <summary>Entries by day, ascending; days without any are left out.</summary>
    public required IReadOnlyList<(DateOnly Day, long Count)> Days { get; init; }

    /// <summary>The first day that is in <see cref="Days"/>, whether it was seen then or not; null where it was never seen.</summary>
    public required DateOnly? DaysFrom { get; init; }

    /// <summary>What it was seen with: the most frequent values of some fields, its own left out; null where they are personal and not shown.</summary>
    public required IReadOnlyList<(string Name, CountResult? Counts)> Sides { get; init; }

    /// <summary>Looks at an entity.</summary>
    /// <param name="timeline">The log.</param>
    /// <param name="entries">It as the caller sees it.</param>
    /// <param name="kind">What the entity is.</param>
    /// <param name="query">What selects its entries.</param>
    /// <param name="top">How many values of each field.</param>
    public static async Task<EntityView> OfAsync(Timeline timeline, VisibleEntries entries, EntityKind kind, Query query, int top)
    {
        CountResult outcomes = await timeline.CountAsync(query, by: s_outcome, top: EntityWords);
        CountResult decisions = await timeline.CountAsync(query, by: s_decision, top: EntityWords);
        var sides = new List<(string Name, CountResult? Counts)>();
        foreach ((string name, Field field) in s_sides.Where(side => side.Field.ToString() != kind.Field.ToString()))
        {
            bool isHidden = name == "addresses" && !entries.ShowsPersonal;
            sides.Add((name, isHidden ? null : await timeline.CountAsync(query, by: field, top: top)));
        }

        Found? last = await timeline.LastAsync(query);
        (DateOnly? from, List<(DateOnly, long)> days) = await DaysAsync(timeline, query, last);
        return new EntityView
        {
            Total = outcomes.Total,
            First = await timeline.FirstAsync(query),
            Last = last,
            Outcomes = outcomes.Values,
            Decisions = decisions.Values,
            Days = days,
            DaysFrom = from,
            Sides = sides,
        };
    }

    // Outcomes and effects are words of the schema: there are no more of them.
    private const int EntityWords = 10;

    private static async Task<(DateOnly? From, List<(DateOnly Day, long Count)> Days)> DaysAsync(Timeline timeline, Query query, Found? last)
    {
        if (last is not { Ticks: >= 0 } seen)
        {
            return (null, []);
        }

        // Widths of a histogram with so few intervals divide a day.
        long end = seen.Ticks - (seen.Ticks % TimeSpan.TicksPerDay) + TimeSpan.TicksPerDay;
        long start = Math.Max(0, end - (ServerLimits.EntityDays * TimeSpan.TicksPerDay));
        var range = new TimeRange(new DateTimeOffset(start, TimeSpan.Zero), end > DateTimeOffset.MaxValue.Ticks ? null : new DateTimeOffset(end, TimeSpan.Zero));
        CountResult counts = await timeline.CountAsync(query, range);
        IEnumerable<(DateOnly, long)> days = counts.Histogram
            .GroupBy(interval => DateOnly.FromDateTime(interval.From.UtcDateTime))
            .OrderBy(day => day.Key)
            .Select(day => (day.Key, day.Sum(interval => interval.Count)));
        return (DateOnly.FromDateTime(range.From!.Value.UtcDateTime), [.. days]);
    }
}
