using Indelible.Search;
using Indelible.Server.Access;

namespace Indelible.Server.Views;

/// <summary>A log in the order of its events' time, from any instant in either direction: at one size, as one caller sees it.</summary>
/// <remarks>
/// Searches find what was logged last. What happened next to an instant is found by counting as well: the histogram tells in which span of time the
/// nearest lie, and that span is searched. For one request; not thread-safe.
/// </remarks>
/// <param name="entries">The log as the caller sees it.</param>
/// <param name="asOf">The size.</param>
/// <param name="time">Nothing more is asked after <see cref="ServerLimits.ViewTime"/>.</param>
/// <param name="cancellationToken">Ends whatever is under way.</param>
internal sealed class Timeline(VisibleEntries entries, long asOf, TimeProvider time, CancellationToken cancellationToken)
{
    // Few enough to hold, so many that most groups are found by one search.
    private const int Many = 256;

    // Each makes the span some 200 times narrower: six go from a century to a second.
    private const int MostNarrowings = 12;

    // A page may end before it is full, where much has to be looked at.
    private const int MostPages = 16;

    private readonly long _started = time.GetTimestamp();
    private readonly List<string> _notices = [];

    /// <summary>The size.</summary>
    public long AsOf => asOf;

    /// <summary>Whether all that was asked so far was answered in full: nothing was too much to count or to put in order.</summary>
    public bool IsExact { get; private set; } = true;

    /// <summary>Whether it took so long that something was not asked.</summary>
    public bool IsCutShort { get; private set; }

    /// <summary>Whether an index covered all entries each time.</summary>
    public bool IsIndexed { get; private set; } = true;

    /// <summary>What the answers said of themselves, each sentence once.</summary>
    public IReadOnlyList<string> Notices => _notices;

    /// <summary>Counts; nothing, where the time is over.</summary>
    /// <param name="query">Which entries.</param>
    /// <param name="range">When they happened; null for always.</param>
    /// <param name="by">The field whose values are counted; null for none.</param>
    /// <param name="top">How many values at most.</param>
    public async Task<CountResult> CountAsync(Query query, TimeRange? range = null, Field? by = null, int top = 1)
    {
        if (IsOver())
        {
            return new CountResult(asOf, new SearchTotal(0, false), asOf, TimeSpan.FromSeconds(1), [], 0, [], 0, 0, false, 0, 0, []);
        }

        CountResult counts = await Searches.CountAsync(entries, new CountRequest(query, range, by, top, asOf), cancellationToken);
        IsExact &= counts.Total.Exact;
        Take(counts.Indexed == counts.AsOf, counts.Notices);
        return counts;
    }

    /// <summary>The entries around a place: the nearest before and the nearest behind, each in the order of time; and how many there are at all.</summary>
    /// <param name="query">Which entries.</param>
    /// <param name="place">From where; it is on neither side, whether the query selects it or not.</param>
    /// <param name="window">When they happened, at most.</param>
    /// <param name="limit">How many of each side.</param>
    public async Task<Neighbours> AroundAsync(Query query, Found place, TimeRange window, int limit)
    {
        (List<Found> all, bool isAll) = await SearchAsync(query, window, SearchOrder.NewestFirst, Many);
        if (isAll)
        {
            all.Sort();
            return new Neighbours(
                new SearchTotal(all.Count, true), [.. all.Where(found => found.CompareTo(place) < 0).TakeLast(limit)], [.. all.Where(found => found.CompareTo(place) > 0).Take(limit)]);
        }

        SearchTotal total = (await CountAsync(query, window)).Total;
        if (place.Ticks < 0)
        {
            // Of an event of no time that queries know, only what comes after can be told: it stands before all that have one.
            IsExact = false;
            return new Neighbours(total, [], await NearestAsync(query, window with { From = DateTimeOffset.MinValue }, isBackward: false, limit));
        }

        var at = new TimeRange(new DateTimeOffset(place.Ticks, TimeSpan.Zero), Behind(place.Ticks));

        // Of one instant: by index. Those before it are all there were when the log was so large.
        (List<Found> before, _) = await SearchAsync(query, at, SearchOrder.NewestFirst, limit, place.Index);
        before.Reverse();
        if (before.Count < limit)
        {
            before = [.. (await NearestAsync(query, window with { To = at.From }, isBackward: true, limit)).Concat(before).TakeLast(limit)];
        }

        (List<Found> same, bool isWhole) = await SearchAsync(query, at, SearchOrder.OldestFirst, ScanLimits.MaxPageItems);
        List<Found> after = [.. same.Where(found => found.Index > place.Index).Take(limit)];
        if (after.Count < limit && at.To is not null)
        {
            IsExact &= isWhole;
            after = [.. after.Concat(await NearestAsync(query, window with { From = at.To }, isBackward: false, limit)).Take(limit)];
        }

        return new Neighbours(total, before, after);
    }

    /// <summary>The earliest entry of a range; null where there is none.</summary>
    public async Task<Found?> FirstAsync(Query query, TimeRange time = default) => await NearestAsync(query, time, isBackward: false, 1) is [var first, ..] ? first : null;

    /// <summary>The latest entry of a range; null where there is none.</summary>
    public async Task<Found?> LastAsync(Query query, TimeRange time = default) => await NearestAsync(query, time, isBackward: true, 1) is [.., var last] ? last : null;

    /// <summary>The first instant behind some ticks; null where there is no later one.</summary>
    public static DateTimeOffset? Behind(long ticks) => ticks < DateTimeOffset.MaxValue.Ticks ? new DateTimeOffset(ticks + 1, TimeSpan.Zero) : null;

    /// <summary>The latest of a range, or the earliest; in the order of time.</summary>
    private async Task<List<Found>> NearestAsync(Query query, TimeRange range, bool isBackward, int limit)
    {
        SearchOrder order = isBackward ? SearchOrder.NewestFirst : SearchOrder.OldestFirst;
        for (int narrowing = 0; ; narrowing++)
        {
            (List<Found> found, bool isAll) = await SearchAsync(query, range, order, Many);
            if (!isAll)
            {
                if (narrowing < MostNarrowings && await NarrowAsync(query, range, isBackward, limit) is { } narrower)
                {
                    range = narrower;
                    continue;
                }

                (found, isAll) = await SearchAsync(query, range, order, ScanLimits.MaxPageItems);
                IsExact &= isAll;
            }

            found.Sort();
            return isBackward ? [.. found.TakeLast(limit)] : [.. found.Take(limit)];
        }
    }

    /// <summary>The part of a range in which the nearest lie; null where none is smaller than the range.</summary>
    private async Task<TimeRange?> NarrowAsync(Query query, TimeRange range, bool isBackward, int limit)
    {
        CountResult counts = await CountAsync(query, range);
        long enough = 0;
        foreach (TimeCount interval in isBackward ? counts.Histogram.Reverse() : counts.Histogram)
        {
            enough += interval.Count;
            if (enough >= limit)
            {
                DateTimeOffset? end = DateTimeOffset.MaxValue - interval.From < counts.Interval ? range.To : interval.From + counts.Interval;
                TimeRange narrower = isBackward
                    ? range with { From = interval.From < range.From ? range.From : interval.From }
                    : range with { To = end > range.To ? range.To : end };
                return narrower == range ? null : narrower;
            }
        }

        return null;
    }

    /// <summary>What a search finds, up to so many; and whether that is all.</summary>
    private async Task<(List<Found> Items, bool IsAll)> SearchAsync(Query query, TimeRange range, SearchOrder order, int limit, long? size = null)
    {
        var items = new List<Found>();
        string? cursor = null;
        for (int page = 0; page < MostPages && items.Count < limit && !IsOver(); page++)
        {
            SearchPage found = await Searches.FindAsync(entries, new SearchRequest(query, range, order, limit - items.Count, cursor, size ?? asOf), cancellationToken);
            items.AddRange(found.Items.Select(hit => new Found(EntryTime.Read(hit.View.Span), hit.Index)));
            cursor = found.Next;

            // Of what is beyond the page nothing is said here: it is asked for.
            Take(found.Indexed == found.AsOf, found.Total.Exact ? found.Notices : []);
            if (cursor is null)
            {
                return (items, true);
            }
        }

        return (items, false);
    }

    private bool IsOver()
    {
        IsCutShort = IsCutShort || time.GetElapsedTime(_started) > ServerLimits.ViewTime;
        IsExact &= !IsCutShort;
        return IsCutShort;
    }

    private void Take(bool isIndexed, IReadOnlyList<string> notices)
    {
        IsIndexed &= isIndexed;
        _notices.AddRange(notices.Except(_notices));
    }
}

/// <summary>What is nearest to a place, in the order of time.</summary>
/// <param name="Total">How many entries there are at all, the place's own included.</param>
/// <param name="Before">The nearest before it.</param>
/// <param name="After">The nearest behind it.</param>
internal sealed record Neighbours(SearchTotal Total, IReadOnlyList<Found> Before, IReadOnlyList<Found> After)
{
    /// <summary>How many of them are shown.</summary>
    public int Count => Before.Count + After.Count;
}
