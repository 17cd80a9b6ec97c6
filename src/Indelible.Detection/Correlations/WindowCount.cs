namespace Indelible.Detection;

/// <summary>What the occurrences of one window of time come to.</summary>
internal static class WindowCount
{
    /// <summary>Counts.</summary>
    /// <param name="rule">What is counted.</param>
    /// <param name="window">Occurrences in the order of their times, none of which lie further apart than the timespan.</param>
    public static double Of(CorrelationRule rule, ReadOnlySpan<Occurrence> window) => rule.Kind switch
    {
        CorrelationKind.EventCount => Events(window),
        CorrelationKind.ValueCount => Different(window),
        CorrelationKind.Temporal => Rules(window),
        CorrelationKind.TemporalOrdered => InOrder(window, rule.Rules.Count),
        CorrelationKind.ValueSum => Sum(window),
        CorrelationKind.ValueAverage => Numbers(window).DefaultIfEmpty(double.NaN).Average(),
        _ => Percentile(rule, window),
    };

    private static int Events(ReadOnlySpan<Occurrence> window)
    {
        int count = 0;
        long last = -1;
        foreach (ref readonly Occurrence one in window)
        {
            // An event that several of the rules match is one event.
            count += one.Index != last ? 1 : 0;
            last = one.Index;
        }

        return count;
    }

    private static int Different(ReadOnlySpan<Occurrence> window)
    {
        var values = new HashSet<ulong>();
        foreach (ref readonly Occurrence one in window)
        {
            values.Add(one.Value);
        }

        return values.Count;
    }

    private static int Rules(ReadOnlySpan<Occurrence> window)
    {
        var rules = new HashSet<int>();
        foreach (ref readonly Occurrence one in window)
        {
            rules.Add(one.Rule);
        }

        return rules.Count;
    }

    /// <summary>How many of the rules follow one another, from the first on. Events of one instant follow one another either way.</summary>
    private static int InOrder(ReadOnlySpan<Occurrence> window, int rules)
    {
        int reached = 0;
        for (int i = 0; i < window.Length && reached < rules;)
        {
            // All of one instant together.
            int end = i;
            while (end < window.Length && window[end].Time == window[i].Time)
            {
                end++;
            }

            for (bool hasMoved = true; hasMoved && reached < rules;)
            {
                hasMoved = false;
                foreach (ref readonly Occurrence one in window[i..end])
                {
                    if (one.Rule == reached)
                    {
                        reached++;
                        hasMoved = true;
                        break;
                    }
                }
            }

            i = end;
        }

        return reached;
    }

    private static double Sum(ReadOnlySpan<Occurrence> window)
    {
        double sum = 0;
        foreach (ref readonly Occurrence one in window)
        {
            sum += BitConverter.UInt64BitsToDouble(one.Value);
        }

        return sum;
    }

    private static double[] Numbers(ReadOnlySpan<Occurrence> window)
    {
        double[] numbers = new double[window.Length];
        for (int i = 0; i < window.Length; i++)
        {
            numbers[i] = BitConverter.UInt64BitsToDouble(window[i].Value);
        }

        return numbers;
    }

    /// <summary>The percentile of numbers by the nearest rank; without one in the rule, the share that the values of the newest event have of all, in percent.</summary>
    private static double Percentile(CorrelationRule rule, ReadOnlySpan<Occurrence> window)
    {
        if (double.IsNaN(rule.Percentile))
        {
            ulong newest = window[^1].Value;
            int same = 0;
            foreach (ref readonly Occurrence one in window)
            {
                same += one.Value == newest ? 1 : 0;
            }

            return 100.0 * same / window.Length;
        }

        double[] numbers = Numbers(window);
        Array.Sort(numbers);
        return numbers[Math.Clamp((int)Math.Ceiling(rule.Percentile / 100 * numbers.Length) - 1, 0, numbers.Length - 1)];
    }
}
