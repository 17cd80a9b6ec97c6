namespace Indelible.Detection;

/// <summary>What an event is to a correlation that asks for what was before.</summary>
internal enum SeenVerdict
{
    /// <summary>Nothing new.</summary>
    Known,

    /// <summary>The correlation matches.</summary>
    New,

    /// <summary>It matches, and the group was told of a moment ago.</summary>
    More,
}

/// <summary>One correlation of <c>first_seen</c> or <c>returned</c>: asks the past of the log, and keeps what it learned as far as there is room.</summary>
/// <remarks>
/// What is kept of what was seen only spares questions: each says that something was there, never that nothing was, and where it does not decide, the log is asked. So what is forgotten changes nothing, and neither does a
/// restart. Most events have a value that their group had a moment ago, and ask nothing.
/// </remarks>
internal sealed class SeenBefore(CorrelationPlan plan, IEventHistory history)
{
    private readonly RecentTimes _newest = new(DetectionLimits.SeenKeys);   // by group and value, the newest time that is known
    private readonly RecentTimes _groups = new(DetectionLimits.SeenKeys);   // by group, a time that it was seen at
    private readonly RecentTimes _quiet = new(DetectionLimits.SeenKeys);    // by group, until when nothing more is told of it
    private readonly HistoryTerms _terms = plan.Rule.History!;

    /// <summary>How many questions were not answered.</summary>
    public long Unanswered { get; private set; }

    /// <summary>How many times are remembered.</summary>
    public int Remembered => _newest.Count + _groups.Count + _quiet.Count;

    /// <summary>Takes an occurrence.</summary>
    /// <param name="group">Its group.</param>
    /// <param name="value">Its value; null for <c>returned</c>.</param>
    /// <param name="at">Its time, in ticks.</param>
    /// <param name="index">Its index.</param>
    public SeenVerdict Take(string[] group, string? value, long at, long index)
    {
        UInt128 key = HistoryKey.Of(plan.Number, group, value);
        UInt128 groupKey = value is null ? key : HistoryKey.Of(plan.Number, group, null);
        long? newest = _newest.Find(key);
        bool isKnown = newest >= at - plan.Rule.Timespan.Ticks;
        bool isNew = !isKnown && (value is null ? HasReturned(group, at, index) : IsFirst(groupKey, group, value, at, index));
        _newest.Set(key, Math.Max(newest ?? long.MinValue, at));
        (history as GivenEvents)?.Add(plan.Number, group, value, at);
        if (!isNew)
        {
            return SeenVerdict.Known;
        }

        long? quiet = _quiet.Find(groupKey);
        _quiet.Set(groupKey, Math.Max(quiet ?? long.MinValue, at + DetectionLimits.SeenQuiet.Ticks));
        return at <= quiet ? SeenVerdict.More : SeenVerdict.New;
    }

    /// <summary>Writes how long groups are quiet: what else it remembers, the log can be asked for.</summary>
    public void Save(BinaryWriter to) => _quiet.Save(to);

    /// <summary>Takes over what <see cref="Save"/> wrote; into one that remembers nothing.</summary>
    /// <exception cref="IOException">It ends too early.</exception>
    /// <exception cref="InvalidDataException">It cannot be that.</exception>
    public void Load(BinaryReader from) => _quiet.Load(from);

    private bool IsFirst(UInt128 groupKey, string[] group, string value, long at, long index) =>
        IsLearned(groupKey, group, at, index) && Ask(group, value, index, at - plan.Rule.Timespan.Ticks, null) is { IsKnown: true, Time: null };

    /// <summary>Whether the group was seen so long ago that what it does is known.</summary>
    private bool IsLearned(UInt128 groupKey, string[] group, long at, long index)
    {
        long from = at - plan.Rule.Timespan.Ticks;
        long until = at - _terms.Learning.Ticks;
        if (_groups.Find(groupKey) is { } known && known >= from && known <= until)
        {
            return true;
        }

        if (Ask(group, null, index, from, until).Time is not { } time)
        {
            return false;
        }

        _groups.Set(groupKey, time.UtcTicks);
        return true;
    }

    private bool HasReturned(string[] group, long at, long index)
    {
        long silentFrom = at - plan.Rule.Timespan.Ticks;

        // Of a group that was never seen, or was a moment ago, one question tells; the other is for those that are left.
        return Ask(group, null, index, at - _terms.Within.Ticks, null).Time is { } time
            && time.UtcTicks < silentFrom
            && Ask(group, null, index, silentFrom, null) is { IsKnown: true, Time: null };
    }

    private HistoryAnswer Ask(string[] group, string? value, long index, long from, long? until)
    {
        HistoryAnswer answer = history.Find(new HistoryQuestion(plan, group, value, index, Instant(from), until is { } end ? Instant(end) : null));
        Unanswered += answer.IsKnown ? 0 : 1;
        return answer;
    }

    private static DateTimeOffset Instant(long ticks) => new(Math.Max(0, ticks), TimeSpan.Zero);
}
