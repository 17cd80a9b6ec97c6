namespace Indelible.Detection.Tests;

/// <summary><c>first_seen</c> and <c>returned</c> as their definition reads: all that was is gone over each time.</summary>
internal sealed class PlainHistory(bool isFirstSeen, double span, double learning, double within, double quiet)
{
    private readonly List<(long Index, double Time, string Group, string Value)> _all = [];
    private readonly Dictionary<string, double> _quiet = [];

    /// <summary>Takes an event that matched.</summary>
    /// <returns>The groups that are told of.</returns>
    public List<string> Take(double time, long index, IReadOnlyList<string> groups, IReadOnlyList<string> values)
    {
        var found = new List<string>();
        foreach (string group in groups.Distinct())
        {
            foreach (string value in isFirstSeen ? values.Distinct() : [""])
            {
                bool isNew = isFirstSeen
                    ? !_all.Exists(one => one.Index < index && one.Group == group && one.Value == value && one.Time >= time - span)
                        && _all.Exists(one => one.Index < index && one.Group == group && one.Time >= time - span && one.Time <= time - learning)
                    : !_all.Exists(one => one.Index < index && one.Group == group && one.Time >= time - span)
                        && _all.Exists(one => one.Index < index && one.Group == group && one.Time >= time - within);
                if (isNew)
                {
                    if (!(time <= _quiet.GetValueOrDefault(group, double.MinValue)))
                    {
                        found.Add(group);
                    }

                    _quiet[group] = Math.Max(_quiet.GetValueOrDefault(group, double.MinValue), time + quiet);
                }
            }
        }

        _all.AddRange(groups.Distinct().SelectMany(group => (isFirstSeen ? values.Distinct() : [""]).Select(value => (index, time, group, value))));
        return found;
    }
}
