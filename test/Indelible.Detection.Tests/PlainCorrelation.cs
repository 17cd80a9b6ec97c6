namespace Indelible.Detection.Tests;

/// <summary>A correlation as its definition reads: everything is kept, every window is counted anew.</summary>
internal sealed class PlainCorrelation(string kind, int rules, Func<double, bool>? isMet, bool isUpward, double percentile, double span, double lateness, double late)
{
    private readonly List<Happened> _all = [];
    private readonly Dictionary<string, double> _quiet = [];
    private readonly Dictionary<(double Start, string Group), List<Happened>> _open = [];
    private double _latest = double.MinValue;

    private bool IsAtOnce => kind is "temporal" or "temporal_ordered" || (kind is "event_count" or "value_count" or "value_sum" && isUpward);

    /// <summary>Takes an event that matched some of the rules.</summary>
    /// <returns>What is found: the indexes and the count.</returns>
    public List<string> Take(double time, long index, string group, IReadOnlyList<int> matched, double value)
    {
        var found = new List<string>();
        _latest = Math.Max(_latest, time);
        foreach (((double start, string name), List<Happened> open) in _open.Where(one => one.Key.Start + span + lateness < _latest).ToList())
        {
            List<Happened> window = [.. open.OrderBy(one => one.Time)];
            double count = Count(window);
            if (isMet!(count))
            {
                found.Add(Told(window, count));
            }

            _open.Remove((start, name));
        }

        double begun = Math.Floor(time / span) * span;
        foreach (int rule in matched)
        {
            var happened = new Happened(time, index, rule, value, group);
            if (IsAtOnce && time >= _latest - late)
            {
                _all.Add(happened);
                Judge(happened, found);
            }
            else if (IsAtOnce)
            {
                continue;
            }
            else if (begun + span + lateness >= _latest)
            {
                if (!_open.TryGetValue((begun, group), out List<Happened>? open))
                {
                    _open[(begun, group)] = open = [];
                }

                open.Add(happened);
            }
        }

        return found;
    }

    private void Judge(Happened happened, List<string> found)
    {
        foreach (double end in _all.Where(one => one.Group == happened.Group && one.Time >= happened.Time && one.Time <= happened.Time + span).Select(one => one.Time).Distinct().Order().ToList())
        {
            List<Happened> window = [.. _all.Where(one => one.Group == happened.Group && one.Time >= end - span && one.Time <= end).OrderBy(one => one.Time)];
            if (kind == "temporal_ordered")
            {
                // What stands before the first of the first rule is no part of the story.
                double begin = window.Where(one => one.Rule == 0).Select(one => one.Time).DefaultIfEmpty(double.MaxValue).Min();
                window.RemoveAll(one => one.Time < begin);
            }

            double count = Count(window);
            if (!(isMet?.Invoke(count) ?? count >= rules))
            {
                continue;
            }

            if (end > _quiet.GetValueOrDefault(happened.Group, double.MinValue))
            {
                found.Add(Told(window, count));
            }

            _quiet[happened.Group] = Math.Max(_quiet.GetValueOrDefault(happened.Group, double.MinValue), end + span);
        }
    }

    private double Count(List<Happened> window) => kind switch
    {
        "event_count" => window.Select(one => one.Index).Distinct().Count(),
        "value_count" => window.Select(one => one.Value).Distinct().Count(),
        "value_sum" => window.Sum(one => one.Value),
        "value_avg" => window.Average(one => one.Value),
        "value_percentile" => window.Select(one => one.Value).Order().ElementAt(Math.Max(0, (int)Math.Ceiling(percentile / 100 * window.Count) - 1)),
        "temporal" => window.Select(one => one.Rule).Distinct().Count(),
        _ => Reached(window),
    };

    /// <summary>The longest beginning of the rules that some events spell, one not before the other.</summary>
    private int Reached(List<Happened> window)
    {
        double after = double.MinValue;
        int reached = 0;
        while (reached < rules && window.Where(one => one.Rule == reached && one.Time >= after).Select(one => (double?)one.Time).Min() is { } time)
        {
            (after, reached) = (time, reached + 1);
        }

        return reached;
    }

    private static string Told(List<Happened> window, double count) => $"[{string.Join(',', window.Select(one => one.Index).Distinct().Order())}] {Math.Round(count, 6)}";

    private sealed record Happened(double Time, long Index, int Rule, double Value, string Group);
}
