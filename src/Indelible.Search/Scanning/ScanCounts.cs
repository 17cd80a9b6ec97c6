namespace Indelible.Search;

/// <summary>Counts by looking at every entry, newest first; within the bounds that hold for sorting by time.</summary>
/// <remarks>Stateless and safe to share. What the bounds cut off is said in the result.</remarks>
public sealed class ScanCounts
{
    /// <summary>The most intervals of a histogram: 200.</summary>
    public const int MaxIntervals = 200;

    /// <summary>The most different values that are told apart: 10,000.</summary>
    public const int MaxDistinct = 10_000;

    private const int BundleEntries = 256;

    private readonly ScanLimits _limits;

    /// <summary>Makes a counter with bounds.</summary>
    public ScanCounts(ScanLimits? limits = null) => _limits = limits ?? new ScanLimits();

    /// <summary>Counts.</summary>
    /// <param name="source">The entries as the asker may see them.</param>
    /// <param name="request">What to count.</param>
    /// <param name="cancellationToken">Ends the counting.</param>
    /// <exception cref="SearchException">The size or the number of values asked for is out of range.</exception>
    public async Task<CountResult> CountAsync(IEntrySource source, CountRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(request);
        long size = source.Size;
        long asOf = request.AsOf ?? size;
        if (asOf < 0 || asOf > size)
        {
            throw new SearchException(SearchFault.AsOfOutOfRange, $"The size {asOf} is outside of what is durable: 0 to {size}.");
        }

        if (request.Top is < 1 or > ScanLimits.MaxPageItems)
        {
            throw new SearchException(
                SearchFault.LimitOutOfRange, $"The number of values is {request.Top}; it must be between 1 and {ScanLimits.MaxPageItems}.");
        }

        Query query = request.Query.Within(request.Time);
        var tally = new Tally(request.By?.Path);
        int cost = query.Cost;
        long total = 0;
        long work = 0;
        long to = asOf;
        while (to > 0 && asOf - to < _limits.MaxSorted && work / 4 < _limits.MaxWork)
        {
            long from = (to - 1) / BundleEntries * BundleEntries;
            await source.ReadAsync(from, to, Visit, cancellationToken).ConfigureAwait(false);
            to = from;
        }

        return tally.Result(asOf, new SearchTotal(total, to == 0), to, request.Top);

        void Visit(long index, ReadOnlySpan<byte> view)
        {
            cancellationToken.ThrowIfCancellationRequested();
            work += (long)view.Length * cost;
            if (query.Matches(view))
            {
                total++;
                tally.Add(index, view);
            }
        }
    }

    private sealed class Tally(FieldPath? by)
    {
        // Each width is a multiple of the one before, so that intervals can be merged. Tick 0 was a Monday: weeks start on one.
        private static readonly long[] Widths =
        [
            .. new long[]
            {
                1, 5, 15, 60, 300, 900, 3600, 10_800, 43_200, 86_400, 604_800, 2_419_200, 31_449_600, 314_496_000, 3_144_960_000,
            }.Select(seconds => seconds * TimeSpan.TicksPerSecond),
        ];

        private readonly Dictionary<string, (long Count, long LastIndex)> _values = new(StringComparer.Ordinal);
        private Dictionary<long, long> _intervals = [];
        private int _width;
        private long _untimed;
        private long _beyond;

        public void Add(long index, ReadOnlySpan<byte> entry)
        {
            long time = EntryTime.Read(entry);
            if (time < 0)
            {
                _untimed++;
            }
            else
            {
                AddTime(time);
            }

            if (by is not null)
            {
                EntryValues.Visit(entry, by, value => AddValue(index, value));
            }
        }

        public CountResult Result(long asOf, SearchTotal total, long countedFrom, int top)
        {
            List<ValueCount> values = [.. _values
                .Select(value => new ValueCount(value.Key, value.Value.Count))
                .OrderByDescending(value => value.Count)
                .ThenBy(value => value.Value, StringComparer.Ordinal)
                .Take(top)];
            long other = _beyond + _values.Sum(value => value.Value.Count) - values.Sum(value => value.Count);
            return new CountResult(
                asOf,
                total,
                countedFrom,
                TimeSpan.FromTicks(Widths[_width]),
                [.. _intervals
                    .OrderBy(pair => pair.Key)
                    .Select(pair => new TimeCount(new DateTimeOffset(pair.Key, TimeSpan.Zero), pair.Value))],
                _untimed,
                values,
                other,
                _beyond == 0);
        }

        private void AddTime(long time)
        {
            long start = time - (time % Widths[_width]);
            _intervals[start] = _intervals.GetValueOrDefault(start) + 1;
            while (_width + 1 < Widths.Length && _intervals.Count > MaxIntervals)
            {
                _width++;
                var wider = new Dictionary<long, long>();
                foreach ((long from, long count) in _intervals)
                {
                    long merged = from - (from % Widths[_width]);
                    wider[merged] = wider.GetValueOrDefault(merged) + count;
                }

                _intervals = wider;
            }
        }

        private void AddValue(long index, string value)
        {
            if (_values.TryGetValue(value, out (long Count, long LastIndex) seen))
            {
                if (seen.LastIndex != index)
                {
                    _values[value] = (seen.Count + 1, index);
                }
            }
            else if (_values.Count < MaxDistinct)
            {
                _values[value] = (1, index);
            }
            else
            {
                _beyond++;
            }
        }
    }
}
