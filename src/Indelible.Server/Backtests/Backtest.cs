using System.Globalization;
using System.Text.Json;
using Indelible.Detection;
using Indelible.Search;
using Indelible.Server.Access;
using Indelible.Server.Detection;
using Indelible.Server.Views;

namespace Indelible.Server.Backtests;

/// <summary>Rules over what a log has, as one caller sees it: what they would have found as it was written.</summary>
/// <remarks>
/// <para>
/// The index says which entries rules may match (<see cref="RuleSketch"/>); those are read oldest first and given to the same matcher and the same correlator that follow the log. What was not selected
/// matters to correlations by its time alone: it can end windows. Those times come from the index too, and the correlator is shown the very entry that ends one, so that it finds the same, event by event.
/// </para>
/// <para>
/// Of a range, entries before it are taken into account as far back as rules look twice over, as after a start of the server: what they complete is only there to be known of.
/// </para>
/// </remarks>
internal sealed class Backtest : IEntryFollower
{
    private readonly BacktestRequest _request;
    private readonly VisibleEntries _entries;
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly RuleMatcher _matcher;
    private readonly Correlator _correlator;
    private readonly bool _hasCorrelations;
    private readonly List<int> _matched = [];
    private readonly List<Finding> _found = [];
    private readonly List<Finding> _findings = [];
    private readonly Dictionary<RuleHead, long> _byRule = new(ReferenceEqualityComparer.Instance);
    private readonly SortedDictionary<DateOnly, long> _byDay = [];
    private long _total;
    private long _asked;
    private long _selected;
    private long _matches;
    private long _unreadable;
    private long _latest = long.MinValue;
    private long _due = long.MaxValue;
    private CancellationToken _cancellation;

    /// <param name="request">What is to be found.</param>
    /// <param name="entries">The log as whoever asks sees it.</param>
    /// <param name="time">Measures how long it takes.</param>
    public Backtest(BacktestRequest request, VisibleEntries entries, TimeProvider time)
    {
        (_request, _entries, _time, _started) = (request, entries, time, time.GetTimestamp());
        _matcher = new RuleMatcher(request.Rules);
        _correlator = new Correlator(request.Rules, new LogHistory(entries, request.Rules) { GoesOn = () => GoesOn && !_cancellation.IsCancellationRequested });
        _hasCorrelations = request.Rules.CorrelationCount > 0;
    }

    /// <inheritdoc/>
    public bool GoesOn => _asked < ServerLimits.BacktestEntries && _time.GetElapsedTime(_started) < ServerLimits.BacktestTime;

    /// <summary>Runs it.</summary>
    /// <param name="cancellationToken">Ends it; nothing remains of it.</param>
    public async Task<BacktestResult> RunAsync(CancellationToken cancellationToken)
    {
        _cancellation = cancellationToken;
        var replay = new ReplayRequest(
            QueryTree.And([RuleQuery.Within(Considered()), RuleQuery.Of(_request.Rules.Sketch())]).ToQuery(), RuleQuery.Within(_request.Time).ToQuery(), _hasCorrelations, _request.AsOf);
        ReplayResult result = await Searches.ReplayAsync(_entries, replay, this, cancellationToken);
        return new BacktestResult(
            _findings,
            _total,
            [.. _byRule.Select(rule => (rule.Key, rule.Value))],
            [.. _byDay.TakeLast(ServerLimits.BacktestDays).Select(day => (day.Key, day.Value))],
            result.To,
            result.InRange,
            _selected,
            _matches,
            result.Read,
            result.Indexed,
            _time.GetElapsedTime(_started),
            [.. result.Notices, .. Notices(result)]);
    }

    /// <inheritdoc/>
    public void OnSelected(long index, ReadOnlySpan<byte> view)
    {
        DateTimeOffset time;
        DateTimeOffset received;
        _matched.Clear();
        _asked++;
        try
        {
            (time, received) = EntryTimes.Read(view);
            _matcher.Match(view, _matched);
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            // Passed over, as whoever follows the log does.
            _unreadable++;
            return;
        }

        bool isInRange = IsInRange(Correlator.TimeOf(time, received));
        _selected += isInRange ? 1 : 0;
        _matches += isInRange && _matched.Count > 0 ? 1 : 0;
        Follow(index, time, received, isInRange);
    }

    /// <inheritdoc/>
    public void OnOther(long index, ReadOnlySpan<byte> view)
    {
        try
        {
            (DateTimeOffset time, DateTimeOffset received) = EntryTimes.Read(view);
            OnTimes(index, time.UtcTicks, received.UtcTicks);
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            // Without its times it ends no window.
        }
    }

    /// <inheritdoc/>
    public void OnTimes(long index, long time, long received)
    {
        if (time < 0 || received < 0)
        {
            return;
        }

        long at = Math.Min(time, received + DetectionLimits.ClockAhead.Ticks);
        if (at > _due)
        {
            var instant = new DateTimeOffset(at, TimeSpan.Zero);
            _matched.Clear();
            Follow(index, instant, instant, IsInRange(instant));
        }
        else if (at > _latest)
        {
            _latest = at;
        }
    }

    private void Follow(long index, DateTimeOffset time, DateTimeOffset received, bool isInRange)
    {
        _found.Clear();
        if (_latest > long.MinValue)
        {
            _correlator.Reach(new DateTimeOffset(_latest, TimeSpan.Zero));
        }

        _correlator.Follow(_matcher, index, time, received, _matched, _found);
        _due = _hasCorrelations ? _correlator.Due?.UtcTicks ?? long.MaxValue : long.MaxValue;
        foreach (Finding finding in isInRange ? _found : [])
        {
            Take(finding);
        }
    }

    private void Take(Finding finding)
    {
        _total++;
        _byRule[finding.Rule] = _byRule.GetValueOrDefault(finding.Rule) + 1;
        var day = DateOnly.FromDateTime(finding.To.UtcDateTime);
        _byDay[day] = _byDay.GetValueOrDefault(day) + 1;
        if (_findings.Count < _request.Limit)
        {
            _findings.Add(finding);
        }
    }

    private bool IsInRange(DateTimeOffset at) => (_request.Time.From is not { } from || at >= from) && (_request.Time.To is not { } to || at < to);

    /// <summary>The range, and what lies so close to it that it can matter to what is found there.</summary>
    private TimeRange Considered()
    {
        if (!_hasCorrelations)
        {
            return _request.Time;
        }

        TimeSpan horizon = _request.Rules.Horizon;

        // What happened later may have been logged earlier, and a late event completes what it belongs to.
        return new TimeRange(
            _request.Time.From is { } from ? RuleQuery.Minus(from, horizon + horizon) : null,
            _request.Time.To is { } to && DateTimeOffset.MaxValue - to > horizon ? to + horizon : null);
    }

    private IEnumerable<string> Notices(ReplayResult result)
    {
        if (result.To < _request.AsOf)
        {
            string why = _asked >= ServerLimits.BacktestEntries ? Text($"rules were asked of {ServerLimits.BacktestEntries} entries") : Text($"it took {ServerLimits.BacktestTime.TotalSeconds:0} s");
            yield return Text($"It ended at entry {result.To} of {_request.AsOf}, for {why}: take a shorter time, or a rule that selects less.");
        }

        if (_total > _findings.Count)
        {
            yield return Text($"The first {_findings.Count} of {_total} findings are listed; all are counted.");
        }

        if (_unreadable > 0)
        {
            yield return Text($"{_unreadable} entries cannot be read: no rule was asked of them.");
        }

        if (_correlator.Forgotten > 0)
        {
            yield return Text($"{_correlator.Forgotten} groups of correlations were forgotten since there were too many: something may be missing.");
        }

        if (_correlator.Unanswered > 0)
        {
            yield return Text($"{_correlator.Unanswered} questions for what was before took too long to answer: something may be missing.");
        }

        if (_byDay.Count > ServerLimits.BacktestDays)
        {
            yield return Text($"The last {ServerLimits.BacktestDays} of {_byDay.Count} days are counted one by one.");
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
