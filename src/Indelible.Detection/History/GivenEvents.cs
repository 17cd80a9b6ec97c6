namespace Indelible.Detection;

/// <summary>The past where there is no log: the events that a <see cref="Correlator"/> was shown, all of them, in memory.</summary>
/// <remarks>Not bounded: for files of events and for tests. A server asks the log.</remarks>
internal sealed class GivenEvents : IEventHistory
{
    private readonly Dictionary<UInt128, List<long>> _times = [];

    /// <inheritdoc/>
    public HistoryAnswer Find(HistoryQuestion question)
    {
        if (!_times.TryGetValue(HistoryKey.Of(question.Correlation, question.Group, question.Value), out List<long>? times))
        {
            return HistoryAnswer.None;
        }

        // The latest that is not too late.
        int place = question.Until is { } until ? Behind(times, until.UtcTicks) : times.Count;
        return place > 0 && times[place - 1] >= question.From.UtcTicks ? HistoryAnswer.At(new DateTimeOffset(times[place - 1], TimeSpan.Zero)) : HistoryAnswer.None;
    }

    /// <summary>Takes what was judged: from now on it was before.</summary>
    public void Add(int correlation, string[] group, string? value, long time)
    {
        Add(HistoryKey.Of(correlation, group, null), time);
        if (value is not null)
        {
            Add(HistoryKey.Of(correlation, group, value), time);
        }
    }

    private void Add(UInt128 key, long time)
    {
        if (!_times.TryGetValue(key, out List<long>? times))
        {
            _times.Add(key, times = []);
        }

        int place = times.Count > 0 && times[^1] > time ? Behind(times, time) : times.Count;
        if (place == 0 || times[place - 1] != time)
        {
            times.Insert(place, time);
        }
    }

    /// <summary>The place behind the last time that is not later.</summary>
    private static int Behind(List<long> times, long time)
    {
        int place = times.BinarySearch(time);
        return place < 0 ? ~place : place + 1;
    }
}
