using System.Threading.Channels;
using Indelible.Engine.Storage;

namespace Indelible.Server.Notifications;

/// <summary>Sends what is due to one destination, one after the other. It waits for nothing but its own destination.</summary>
/// <remarks>
/// What is not taken is tried again later, each time twice as late, by chance a little earlier or later so that many who failed together do not come back together. While a destination takes nothing, it is asked as seldom as what
/// failed most often; one delivery that it never takes keeps nothing from the others.
/// </remarks>
internal sealed class DestinationWorker : IDisposable
{
    private static readonly TimeSpan s_longestWait = TimeSpan.FromDays(1);

    private readonly Destination _destination;
    private readonly INotifyChannel _channel;
    private readonly NotifyStore _store;
    private readonly DeliveryMaker _maker;
    private readonly TimeProvider _time;
    private readonly RandomSource _random;
    private readonly INotifyReports _reports;
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _aborting = new();
    private Task _work = Task.CompletedTask;
    private Action? _unrecorded;        // what became of the last attempt, where the disk did not take it
    private int _failures;              // in a row
    private volatile bool _isAsked;     // somebody wants it to be tried now
    private DateTimeOffset? _failingSince;   // when the first of them was
    private DateTimeOffset _notBefore = DateTimeOffset.UnixEpoch;
    private DateTimeOffset _emptyAt = DateTimeOffset.UnixEpoch;   // the rate's bucket (the generic cell rate algorithm)

    public DestinationWorker(Destination destination, NotifyStore store, DeliveryMaker maker, TimeProvider time, RandomSource random, INotifyReports reports)
    {
        (_destination, _store, _maker, _time, _random, _reports) = (destination, store, maker, time, random, reports);
        _channel = destination.Open(time);
    }

    /// <summary>The destination.</summary>
    public Destination Destination => _destination;

    /// <summary>Begins.</summary>
    public void Start() => _work = WorkAsync();

    /// <summary>Says that there may be something to do. From any thread.</summary>
    public void Wake() => _wake.Writer.TryWrite(true);

    /// <summary>Has what is due tried now, whatever failed before. From any thread.</summary>
    public void TryNow()
    {
        _isAsked = true;
        Wake();
    }

    /// <summary>Sends one notification now, beside what is queued.</summary>
    /// <returns>What was not taken of it; null where all of it was.</returns>
    /// <exception cref="NotifyFailedException">It was not taken.</exception>
    public async Task<string?> SendAsync(Notification notification, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_destination.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return await _channel.SendAsync(notification, either.Token);
        }
        catch (OperationCanceledException e) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new NotifyFailedException($"it did not answer within {_destination.Timeout.TotalSeconds:0.###} s", inner: e);
        }
    }

    /// <summary>Ends behind the attempt that is under way.</summary>
    /// <param name="cancellationToken">Breaks that off; it is made again after the next start.</param>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await using CancellationTokenRegistration abort = cancellationToken.Register(_aborting.Cancel);
        await _work;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _channel.Dispose();
        _stopping.Dispose();
        _aborting.Dispose();
    }

    private async Task WorkAsync()
    {
        await Task.Yield();
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                DateTimeOffset? next = await StepAsync();
                if (next is not { } at || at > _time.GetUtcNow())
                {
                    await WaitAsync(next);
                }
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested || _aborting.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // A disk that is full, a queue that is, a mistake of ours: nothing was passed over.
                _reports.Stumbled(_destination.Name, e);
                try
                {
                    await WaitAsync(_time.GetUtcNow() + ServerLimits.NotifyRetry);
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
        }
    }

    /// <summary>Does one thing.</summary>
    /// <returns>When there is something to do next; null where nothing is known.</returns>
    private async Task<DateTimeOffset?> StepAsync()
    {
        // Before anything else: what was taken must not be sent again because the disk was full.
        _unrecorded?.Invoke();
        _unrecorded = null;
        if (_store.UntoldOf(_destination.Name) is { } untold)
        {
            await _maker.EnterFailureAsync(untold);
            _store.Told(untold.Id);
            return DateTimeOffset.MinValue;
        }

        if (_store.NextOf(_destination.Name) is not { } delivery)
        {
            return null;
        }

        if (_isAsked)
        {
            (_isAsked, _notBefore) = (false, DateTimeOffset.UnixEpoch);
        }

        DateTimeOffset now = _time.GetUtcNow();

        // What was not tried yet is due at once, unless it is an escalation: a time to come is of a clock that was ahead.
        DateTimeOffset due = delivery.Attempts > 0 ? Sane(delivery.Due, now) : delivery.Reason == NotifyReason.Escalated ? delivery.Due : now;
        DateTimeOffset at = Latest(due, Sane(_notBefore, now), RateAllows(now));
        if (at > now)
        {
            return at;
        }

        // It may have waited for hours: for its time, the rate, a destination that was down, or a server that was.
        if (!_maker.IsWanted(delivery))
        {
            _store.NotNeeded(delivery, now);
            return DateTimeOffset.MinValue;
        }

        await AttemptAsync(delivery);
        return DateTimeOffset.MinValue;
    }

    private async Task AttemptAsync(Delivery delivery)
    {
        string problem;
        TimeSpan? retryAfter = null;
        bool isLast = false;
        try
        {
            Notification notification = _maker.Make(_destination, delivery);
            CountSent();
            string? partly = await SendAsync(notification, _aborting.Token);
            (_failures, _failingSince, _notBefore) = (0, null, DateTimeOffset.UnixEpoch);
            if (partly is not null)
            {
                _reports.Partly(_destination.Name, delivery, partly);
            }

            _reports.Sent(_destination.Name, delivery, _time.GetUtcNow());
            DateTimeOffset taken = _time.GetUtcNow();
            Record(() => _store.Taken(delivery, taken));
            return;
        }
        catch (UntellableException e)
        {
            (problem, isLast) = (e.Message, true);
        }
        catch (NotifyFailedException e)
        {
            (problem, retryAfter) = (e.Message, e.RetryAfter);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // A mistake of ours, or an entry that cannot be read now: of this delivery, not of the others.
            _reports.Stumbled(_destination.Name, e);
            problem = $"it could not be made or sent ({e.GetType().Name})";
        }

        DateTimeOffset now = _time.GetUtcNow();
        if (!isLast)
        {
            _failures++;
            _failingSince ??= now;
            TimeSpan patience = retryAfter is { } asked ? Clamp(asked) : Delay(_failures);
            _notBefore = now + patience;
        }

        DateTimeOffset again = now + Delay(delivery.Attempts + 1);
        DateTimeOffset due = again > _notBefore ? again : _notBefore;

        // It is tried from its first attempt on: before, it may have waited for the rate. An attempt that would come after the end is not waited for.
        bool isOver = isLast || due - (delivery.Attempts == 0 ? now : delivery.Since) > _destination.GiveUpAfter;

        // What waits as long for a destination that has taken nothing meanwhile goes with it: it would wait for weeks otherwise, for a down destination is asked seldom. Where each has one attempt, each has it.
        DateTimeOffset giveUp = now - _destination.GiveUpAfter;
        giveUp = !isLast && _destination.GiveUpAfter > TimeSpan.Zero && _failingSince <= giveUp ? giveUp : DateTimeOffset.UnixEpoch;
        _reports.Failed(_destination.Name, delivery, problem, isOver);
        Record(() => _store.Failed(delivery, now, problem, isOver ? null : due, giveUp));
    }

    private void Record(Action what)
    {
        _unrecorded = what;
        what();
        _unrecorded = null;
    }

    private async Task WaitAsync(DateTimeOffset? until)
    {
        TimeSpan wait = until is { } at ? at - _time.GetUtcNow() : Timeout.InfiniteTimeSpan;
        if (wait <= TimeSpan.Zero && until is not null)
        {
            return;
        }

        // A timer goes no further than some weeks; who is woken too early waits on.
        using ITimer? timer = until is null ? null : _time.CreateTimer(_ => Wake(), null, wait < s_longestWait ? wait : s_longestWait, Timeout.InfiniteTimeSpan);
        await _wake.Reader.ReadAsync(_stopping.Token);
    }

    private TimeSpan Delay(int attempts)
    {
        double most = Math.Min(_destination.RetryMost.TotalMilliseconds, _destination.RetryFirst.TotalMilliseconds * Math.Pow(2, Math.Min(attempts - 1, 40)));
        Span<byte> chance = stackalloc byte[sizeof(uint)];
        _random.Fill(chance);
        double share = BitConverter.ToUInt32(chance) / (double)uint.MaxValue;
        return TimeSpan.FromMilliseconds(most * (0.75 + (share / 2)));
    }

    private static TimeSpan Clamp(TimeSpan asked) => asked < TimeSpan.Zero ? TimeSpan.Zero : asked > ServerLimits.NotifyRetryAfter ? ServerLimits.NotifyRetryAfter : asked;

    private static DateTimeOffset Latest(DateTimeOffset one, DateTimeOffset two, DateTimeOffset three) => one > two ? (one > three ? one : three) : two > three ? two : three;

    /// <summary>A time that nothing is ever put off to beyond is one of a clock that was wrong: it counts as now.</summary>
    private DateTimeOffset Sane(DateTimeOffset at, DateTimeOffset now) => at <= now + ServerLimits.NotifyRetryAfter || at <= now + (_destination.RetryMost * 2) ? at : now;

    /// <summary>When the rate allows another.</summary>
    private DateTimeOffset RateAllows(DateTimeOffset now)
    {
        if (_destination.Rate is not { } rate)
        {
            return DateTimeOffset.UnixEpoch;
        }

        _emptyAt = _emptyAt <= now + rate.Per ? _emptyAt : now;
        return _emptyAt - rate.Per + (rate.Per / rate.Count);
    }

    private void CountSent()
    {
        if (_destination.Rate is { } rate)
        {
            DateTimeOffset now = _time.GetUtcNow();
            _emptyAt = (_emptyAt > now ? _emptyAt : now) + (rate.Per / rate.Count);
        }
    }
}

/// <summary>Told of what becomes of deliveries. From any thread.</summary>
internal interface INotifyReports
{
    /// <summary>One was taken.</summary>
    void Sent(string destination, Delivery delivery, DateTimeOffset now);

    /// <summary>One was, but for a part of it.</summary>
    void Partly(string destination, Delivery delivery, string problem);

    /// <summary>One was not.</summary>
    void Failed(string destination, Delivery delivery, string problem, bool isGivenUp);

    /// <summary>Something went wrong here, and is tried again.</summary>
    void Stumbled(string destination, Exception why);
}
