using System.Numerics;

namespace Indelible.Search;

/// <summary>A histogram over time: of a width that was asked for, or of the least that gives at most <see cref="ScanCounts.MaxIntervals"/> intervals.</summary>
internal sealed class TimeTally
{
    // Each width is a multiple of the one before, so that intervals can be merged. Tick 0 was a Monday: weeks start on one.
    private static readonly long[] s_widths =
    [
        .. new long[]
        {
            1, 5, 15, 60, 300, 900, 3600, 10_800, 43_200, 86_400, 604_800, 2_419_200, 31_449_600, 314_496_000, 3_144_960_000,
        }.Select(seconds => seconds * TimeSpan.TicksPerSecond),
    ];

    private readonly List<(long Start, long Count)> _staged = [];
    private readonly bool _isChosen;
    private Dictionary<long, long> _intervals = [];
    private long _stagedUntimed;
    private int _number;
    private long _width;

    /// <param name="interval">The width asked for, or null.</param>
    /// <exception cref="SearchException">It is not one that can be.</exception>
    public TimeTally(TimeSpan? interval)
    {
        _isChosen = interval is not null;
        _width = interval?.Ticks ?? s_widths[0];
        if (_width < TimeSpan.TicksPerSecond || _width % TimeSpan.TicksPerSecond != 0 || _width > s_widths[^1])
        {
            throw new SearchException(
                SearchFault.IntervalOutOfRange, $"The interval is {interval}; it must be whole seconds, from 1 to {s_widths[^1] / TimeSpan.TicksPerSecond}.");
        }
    }

    /// <summary>The width as it is.</summary>
    public TimeSpan Interval => TimeSpan.FromTicks(_width);

    /// <summary>Entries without a time that can be read.</summary>
    public long Untimed { get; private set; }

    /// <summary>Adds one entry.</summary>
    /// <param name="time">Its ticks, or −1.</param>
    /// <exception cref="SearchException">The width that was asked for makes too many intervals.</exception>
    public void Add(long time)
    {
        if (time < 0)
        {
            Untimed++;
        }
        else
        {
            Add(time, 1);
        }
    }

    /// <summary>Reads the times of rows from their column, for <see cref="AddPrepared"/>.</summary>
    /// <exception cref="IndexDamagedException">The index proved damaged.</exception>
    public void Prepare(RowSet rows, ITimeColumn column)
    {
        _staged.Clear();
        _stagedUntimed = 0;
        Stage(rows, column);
    }

    /// <summary>Adds what was prepared.</summary>
    /// <exception cref="SearchException">The width that was asked for makes too many intervals.</exception>
    public void AddPrepared()
    {
        Untimed += _stagedUntimed;
        foreach ((long start, long count) in _staged)
        {
            Add(start, count);
        }
    }

    /// <summary>The intervals that are not empty, ascending.</summary>
    public IReadOnlyList<TimeCount> Result() =>
        [.. _intervals.OrderBy(pair => pair.Key).Select(pair => new TimeCount(new DateTimeOffset(pair.Key, TimeSpan.Zero), pair.Value))];

    /// <summary>A block that lies in one interval is counted at once; only of others are the times read.</summary>
    private void Stage(RowSet rows, ITimeColumn column)
    {
        Span<long> times = stackalloc long[TimeOrderSearch.BlockRows];
        var run = new Run(this);
        for (int row = rows.FirstFrom(0); row >= 0;)
        {
            int block = row / TimeOrderSearch.BlockRows;
            (ulong low, ulong high) = (rows.Bits[block * 2], rows.Bits[(block * 2) + 1]);
            (long least, long greatest) = column.Bounds(block);
            if (least >= 0 && greatest < run.EndOf(least))
            {
                run.Add(least, BitOperations.PopCount(low) + BitOperations.PopCount(high));
            }
            else
            {
                column.Read(block, times);
                StageTimes(times, low, ref run);
                StageTimes(times[64..], high, ref run);
            }

            row = rows.FirstFrom((block + 1) * TimeOrderSearch.BlockRows);
        }

        run.End();
    }

    private void StageTimes(ReadOnlySpan<long> times, ulong rows, ref Run run)
    {
        for (; rows != 0; rows &= rows - 1)
        {
            long time = times[BitOperations.TrailingZeroCount(rows)];
            if (time < 0)
            {
                _stagedUntimed++;
            }
            else
            {
                run.Add(time, 1);
            }
        }
    }

    private void Add(long time, long count)
    {
        if (count == 0)
        {
            return;
        }

        long start = time - (time % _width);
        _intervals[start] = _intervals.GetValueOrDefault(start) + count;
        if (_isChosen)
        {
            if (_intervals.Count > ScanCounts.MaxChosenIntervals)
            {
                throw new SearchException(
                    SearchFault.IntervalOutOfRange,
                    $"Intervals of {Interval} are too many: at most {ScanCounts.MaxChosenIntervals}. Ask for wider ones, or for a shorter time.");
            }

            return;
        }

        while (_number + 1 < s_widths.Length && _intervals.Count > ScanCounts.MaxIntervals)
        {
            Widen();
        }
    }

    private void Widen()
    {
        _width = s_widths[++_number];
        var wider = new Dictionary<long, long>();
        foreach ((long from, long count) in _intervals)
        {
            long merged = from - (from % _width);
            wider[merged] = wider.GetValueOrDefault(merged) + count;
        }

        _intervals = wider;
    }

    /// <summary>Entries of one interval that follow each other.</summary>
    private struct Run(TimeTally tally)
    {
        private long _start;
        private long _end;
        private long _count;

        public readonly long EndOf(long time) => time >= _start && time < _end ? _end : time - (time % tally._width) + tally._width;

        public void Add(long time, long count)
        {
            if (time < _start || time >= _end)
            {
                End();
                _start = time - (time % tally._width);
                _end = _start + tally._width;
            }

            _count += count;
        }

        public void End()
        {
            tally._staged.Add((_start, _count));
            _count = 0;
        }
    }
}
