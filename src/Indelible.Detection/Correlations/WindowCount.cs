using System.Runtime.InteropServices;

namespace Indelible.Detection;

/// <summary>What the occurrences of a window of time come to, while it moves on: occurrences come in at its end and go out at its beginning, each once.</summary>
/// <remarks>Counted anew for each window, an event that comes before many others would cost their number times that of the occurrences in a window.</remarks>
internal sealed class WindowCount(CorrelationRule rule)
{
    private readonly Dictionary<ulong, int> _values = [];
    private readonly int[] _rules = new int[rule.Rules.Count];
    private readonly long[] _begun = new long[rule.Rules.Count];   // by place of a rule, the latest time at which what led to it in order began
    private long _times;
    private int _differentRules;
    private double _sum;

    /// <summary>Empties it.</summary>
    public void Clear()
    {
        _values.Clear();
        Array.Clear(_rules);
        Array.Fill(_begun, long.MinValue);
        (_times, _differentRules, _sum) = (0, 0, 0);
    }

    /// <summary>Takes in the occurrences of one instant, all of them together: they follow one another either way.</summary>
    public void Add(ReadOnlySpan<Occurrence> instant)
    {
        foreach (ref readonly Occurrence one in instant)
        {
            _times += one.Times;
            switch (rule.Kind)
            {
                case CorrelationKind.ValueCount:
                    CollectionsMarshal.GetValueRefOrAddDefault(_values, one.Value, out _)++;
                    break;
                case CorrelationKind.Temporal:
                    _differentRules += _rules[one.Rule]++ == 0 ? 1 : 0;
                    break;
                case CorrelationKind.ValueSum or CorrelationKind.ValueAverage:
                    _sum += one.Number;
                    break;
            }
        }

        for (bool hasMoved = rule.Kind == CorrelationKind.TemporalOrdered; hasMoved;)
        {
            hasMoved = false;
            foreach (ref readonly Occurrence one in instant)
            {
                long begun = one.Rule == 0 ? one.Time : _begun[one.Rule - 1];
                if (begun > _begun[one.Rule])
                {
                    _begun[one.Rule] = begun;
                    hasMoved = true;
                }
            }
        }
    }

    /// <summary>Lets out an occurrence, the oldest that is in.</summary>
    public void RemoveOldest(in Occurrence one)
    {
        _times -= one.Times;
        switch (rule.Kind)
        {
            case CorrelationKind.ValueCount:
                ref int times = ref CollectionsMarshal.GetValueRefOrNullRef(_values, one.Value);
                if (--times == 0)
                {
                    _values.Remove(one.Value);
                }

                break;
            case CorrelationKind.Temporal:
                _differentRules -= --_rules[one.Rule] == 0 ? 1 : 0;
                break;
            case CorrelationKind.ValueSum or CorrelationKind.ValueAverage:
                _sum -= one.Number;
                break;
        }
    }

    /// <summary>What is in comes to.</summary>
    /// <param name="window">The occurrences that are in.</param>
    /// <param name="oldest">The time at which the window begins.</param>
    public double Of(ReadOnlySpan<Occurrence> window, long oldest) => rule.Kind switch
    {
        CorrelationKind.EventCount => _times,
        CorrelationKind.ValueCount => _values.Count,
        CorrelationKind.Temporal => _differentRules,
        CorrelationKind.TemporalOrdered => InOrder(oldest),
        CorrelationKind.ValueSum => Sum(window),
        CorrelationKind.ValueAverage => Sum(window) / _times,
        _ => Percentile(window),
    };

    /// <summary>What a whole window comes to; it is emptied before.</summary>
    /// <param name="window">Its occurrences in the order of their times.</param>
    public double Whole(ReadOnlySpan<Occurrence> window)
    {
        Clear();
        for (int start = 0; start < window.Length;)
        {
            int end = EndOfInstant(window, start);
            Add(window[start..end]);
            start = end;
        }

        return Of(window, long.MinValue + 1);
    }

    /// <summary>Behind the last occurrence of the instant of another.</summary>
    public static int EndOfInstant(ReadOnlySpan<Occurrence> all, int at)
    {
        int end = at + 1;
        while (end < all.Length && all[end].Time == all[at].Time)
        {
            end++;
        }

        return end;
    }

    /// <summary>How many of the rules follow one another, from the first on, all in the window.</summary>
    private int InOrder(long oldest)
    {
        int reached = 0;
        while (reached < _begun.Length && _begun[reached] >= oldest)
        {
            reached++;
        }

        return reached;
    }

    private double Sum(ReadOnlySpan<Occurrence> window)
    {
        if (!double.IsFinite(_sum))
        {
            // Beyond all numbers it does not come back by taking away.
            _sum = 0;
            foreach (ref readonly Occurrence one in window)
            {
                _sum += one.Number;
            }
        }

        return _sum;
    }

    /// <summary>The percentile of numbers by the nearest rank; without one in the rule, the share that the values of the newest event have of all, in percent.</summary>
    private double Percentile(ReadOnlySpan<Occurrence> window)
    {
        if (double.IsNaN(rule.Percentile))
        {
            ulong newest = window[^1].Value;
            long same = 0;
            foreach (ref readonly Occurrence one in window)
            {
                same += one.Value == newest ? one.Times : 0;
            }

            return 100.0 * same / _times;
        }

        (double Number, int Times)[] numbers = new (double, int)[window.Length];
        for (int i = 0; i < window.Length; i++)
        {
            numbers[i] = (window[i].Number, window[i].Times);
        }

        Array.Sort(numbers, static (a, b) => a.Number.CompareTo(b.Number));
        long rank = Math.Clamp((long)Math.Ceiling(rule.Percentile / 100 * _times), 1, _times);
        int at = 0;
        while (rank > numbers[at].Times)
        {
            rank -= numbers[at++].Times;
        }

        return numbers[at].Number;
    }
}
