using System.Globalization;
using Indelible.Engine;
using Indelible.Engine.Sequencing;
using Indelible.Simulation.Faults;
using Xunit;

namespace Indelible.Simulation;

/// <summary>One node's life, decided by a seed: its clock, its clients, the order of its steps, what its disk does to it, and when it stops.</summary>
/// <remarks>
/// After every step the world looks (<see cref="Promises"/>). At the end everything works again: what had no answer is sent once more, and
/// every log is verified from outside.
/// </remarks>
internal sealed class NodeLife
{
    private const int Clients = 3;
    private readonly Random _random;
    private readonly SimulatedNode _node;
    private readonly List<(IReadOnlyList<SentEvent> Sent, Task<AppendResult> Result)> _queued = [];
    private readonly List<IReadOnlyList<SentEvent>> _unanswered = [];
    private readonly List<SentEvent> _known = [];          // sent before, with whatever outcome: to be sent again
    private readonly HashSet<(string Log, string Principal, string Id)> _doubtful = [];   // had no answer once: may be in the log whatever is said later
    private int _nextId;
    private bool _isQuotaLow;

    public NodeLife(PreparedFolder prepared, int seed)
    {
        _random = new Random(seed);
        _node = prepared.Node(seed);
    }

    /// <summary>What happened, for whoever looks for the cause of a failure.</summary>
    public List<string> Story { get; } = [];

    /// <summary>A digest of every operation on the disk: equal for equal runs.</summary>
    public int Trace { get; private set; }

    /// <summary>Entries that were acknowledged.</summary>
    public int Acknowledged => _node.Promises.Count;

    /// <summary>Operations that failed, or were the last before the machine stopped.</summary>
    public int Faults { get; private set; }

    /// <summary>How often the machine stopped.</summary>
    public int Crashes { get; private set; }

    public async Task RunAsync()
    {
        await OpenAsync();
        int steps = _random.Next(20, 70);
        for (int step = 0; step < steps; step++)
        {
            await StepAsync();
            await SettleAsync();
        }

        Tell("everything works again");
        Heal();
        await RestartAsync();
        await OpenAsync(isHealthy: true);
        foreach (IReadOnlyList<SentEvent> sent in _unanswered.ToArray())
        {
            Queue(sent);
            await _node.Engine.SequenceAsync();
            TakeAnswers();
        }

        await _node.Engine.PublishAsync();
        await _node.Engine.SealAsync();
        Assert.Null(_node.Engine.Failure);
        Look();
        await _node.VerifyAsync();
        Follow();
        await CrashAsync(null);
        await OpenAsync(isHealthy: true);
        Look();
        await _node.CloseAsync();
    }

    private async Task StepAsync()
    {
        switch (_random.Next(100))
        {
            case < 34:
                Send();
                break;
            case < 62:
                Tell("sequence");
                await _node.Engine.SequenceAsync();
                break;
            case < 74:
                Tell("publish");
                await _node.Engine.PublishAsync();
                break;
            case < 86:
                Tell("seal");
                await _node.Engine.SealAsync();
                break;
            case < 89:
                TimeSpan jump = TimeSpan.FromSeconds(Math.Pow(10, _random.NextDouble() * 5.5) * (_random.Next(3) == 0 ? -1 : 1));
                Tell($"the clock jumps by {jump}");
                _node.Clock.Now += jump;
                break;
            case < 90 when _node.Engine.Find("c") is null:
                await MakeLogAsync();
                break;
            case < 93:
                await RestartAsync();
                await OpenAsync();
                break;
            default:
                ScheduleFault();
                break;
        }
    }

    /// <summary>What follows a step: answers are taken, a stopped machine comes back, a failed node is started anew, the world looks.</summary>
    private async Task SettleAsync()
    {
        TakeAnswers();
        if (_node.Disk.HasStopped || (_node.Engine.Failure is not null && _random.Next(3) == 0))
        {
            await RestartAsync();
            await OpenAsync();
        }

        Look();
    }

    private void Send()
    {
        IReadOnlyList<SentEvent> sent;
        if (_unanswered.Count > 0 && _random.Next(4) == 0)
        {
            int which = _random.Next(_unanswered.Count);
            sent = _unanswered[which];
            _unanswered.RemoveAt(which);
        }
        else
        {
            string log = _random.Next(3) == 0 ? "b" : _random.Next(8) == 0 && _node.Engine.Find("c") is not null ? "c" : "a";
            string principal = "client-" + _random.Next(Clients).ToString(CultureInfo.InvariantCulture);
            sent = [.. Enumerable.Range(0, _random.Next(1, _random.Next(4) == 0 ? 40 : 8)).Select(_ => NextEvent(log, principal))];
        }

        Queue(sent);
    }

    /// <summary>A new event, mostly; else one sent before, or another under the id of one sent before.</summary>
    private SentEvent NextEvent(string log, string principal)
    {
        SentEvent[] earlier = _random.Next(5) == 0 ? [.. _known.Where(e => e.Log == log && e.Principal == principal)] : [];
        if (earlier.Length > 0)
        {
            SentEvent again = earlier[_random.Next(earlier.Length)];
            return _random.Next(4) == 0 ? SimulatedNode.Event(log, again.Id, principal, "another") : again;
        }

        SentEvent fresh = SimulatedNode.Event(log, (++_nextId).ToString(CultureInfo.InvariantCulture), principal);
        _known.Add(fresh);
        return fresh;
    }

    private void Queue(IReadOnlyList<SentEvent> sent)
    {
        Tell($"{sent[0].Principal} sends {sent.Count} to {sent[0].Log}");
        _node.Promises.Sent(sent);
        try
        {
            _queued.Add((sent, _node.QueueAsync(sent, partial: _random.Next(2) == 0)));
        }
        catch (NodeStoppedException e)
        {
            Assert.NotNull(_node.Engine.Failure);
            Assert.False(e.OutcomeUnknown);
            ForgetRefused(sent);
        }
    }

    private void TakeAnswers()
    {
        foreach ((IReadOnlyList<SentEvent> sent, Task<AppendResult> result) in _queued.Where(request => request.Result.IsCompleted).ToArray())
        {
            _queued.Remove((sent, result));
            switch (result.Exception?.InnerException)
            {
                case null:
                    CheckStatuses(sent, result.Result);
                    _node.Promises.Acknowledge(_node.Engine, sent, result.Result);
                    break;
                case NodeStoppedException { OutcomeUnknown: true }:
                    Tell("an outcome is unknown");
                    LeaveUnanswered(sent);
                    break;
                case NodeStoppedException or NotWrittenException:
                    Tell("a request was refused");
                    ForgetRefused(sent);
                    break;
                default:
                    throw result.Exception;
            }
        }
    }

    private void LeaveUnanswered(IReadOnlyList<SentEvent> sent)
    {
        _unanswered.Add(sent);
        _doubtful.UnionWith(sent.Select(e => (e.Log, e.Principal, e.Id)));
    }

    /// <summary>Nothing of it was appended: so its events are not in the log, unless another request holds or held them as well.</summary>
    private void ForgetRefused(IReadOnlyList<SentEvent> sent)
    {
        var elsewhere = _queued.SelectMany(request => request.Sent).Select(e => (e.Log, e.Principal, e.Id)).Concat(_doubtful).ToHashSet();
        _node.Promises.NeverAppended(sent.Where(e => !elsewhere.Contains((e.Log, e.Principal, e.Id))));
        if (sent.Any(e => _doubtful.Contains((e.Log, e.Principal, e.Id))))
        {
            _unanswered.Add(sent);
        }
    }

    /// <summary>An id that was acknowledged is repeated with the same claim and conflicts with another: never does it get a second place.</summary>
    private void CheckStatuses(IReadOnlyList<SentEvent> sent, AppendResult result)
    {
        if (result.Refused)
        {
            Assert.All(result.Events, e => Assert.Equal(AppendStatus.Conflict, e.Status));
            Assert.NotEmpty(result.Events);
            return;
        }

        for (int i = 0; i < sent.Count; i++)
        {
            if (_node.Promises.Find(sent[i]) is { } promise)
            {
                Assert.NotEqual(AppendStatus.Appended, result.Events[i].Status);
                Assert.Equal(promise.Index, result.Events[i].Index);
            }
        }
    }

    private async Task MakeLogAsync()
    {
        Tell("a log is made");
        try
        {
            await _node.Engine.CreateLogAsync("c", isPublic: false, [], new AppendCaller("app", "", 0, "test", null), CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NodeStoppedException or NotWrittenException)
        {
            Tell("it could not be made");
        }
    }

    private void ScheduleFault()
    {
        if (_isQuotaLow || _random.Next(5) == 0)
        {
            _isQuotaLow = !_isQuotaLow;
            _node.Disk.Quota = _isQuotaLow ? _node.Disk.UsedBytes + _random.Next(20_000) : long.MaxValue;
            Tell(_isQuotaLow ? "the disk is nearly full" : "there is room again");
            return;
        }

        int countdown = _random.Next(1, 60);
        int which = _random.Next(100);
        bool isLasting = _random.Next(6) == 0;
        Tell($"fault {which} in {countdown} operations{(isLasting ? ", and from then on" : "")}");
        bool isOver = false;
        SimulatedDisk disk = _node.Disk;
        disk.Faults = operation =>
        {
            // Most faults strike what changes something; reads and opens are many, and would take them all.
            if (isOver || (which < 80 && !operation.Changes) || --countdown > 0)
            {
                return DiskFault.None;
            }

            isOver = !isLasting;
            DiskFault fault = FaultOf(which, operation.Kind);
            Faults++;
            Tell($"{fault} of {operation}");
            return fault;
        };
    }

    private static DiskFault FaultOf(int which, DiskOperationKind kind) => (which % 10, kind) switch
    {
        (0, _) => DiskFault.CrashBefore,
        (1, _) => DiskFault.CrashAfter,
        (2 or 3, DiskOperationKind.Sync) => DiskFault.LosesPages,
        (2 or 3, DiskOperationKind.Write) => DiskFault.WritesShort,
        (4, DiskOperationKind.Open or DiskOperationKind.Create) => DiskFault.TooManyFiles,
        (5, DiskOperationKind.Write or DiskOperationKind.Create or DiskOperationKind.MakeFolder) => DiskFault.DiskFull,
        (6, not (DiskOperationKind.Open or DiskOperationKind.Read or DiskOperationKind.Lock or DiskOperationKind.Sync or DiskOperationKind.SyncFolder)) => DiskFault.ReadOnlyDisk,
        (7 or 8, _) => DiskFault.FailsButPersists,
        _ => DiskFault.Fails,
    };

    /// <summary>The node ends: its machine stops, or it is killed, or it stops as asked. Whoever waits hears nothing more.</summary>
    private async Task RestartAsync()
    {
        TakeAnswers();
        int how = _node.Disk.HasStopped ? 0 : _random.Next(4);
        Tell(how switch { 0 or 1 => "the machine stops", 2 => "the node is killed", _ => "the node stops" });
        Follow();
        switch (how)
        {
            case 0 or 1:
                await CrashAsync(_random.Next(4) == 0 ? null : new Random(_random.Next()));
                break;
            case 2:
                await _node.KillAsync();
                break;
            default:
                await CloseAsync();
                break;
        }

        _queued.ForEach(request => LeaveUnanswered(request.Sent));
        _queued.Clear();
    }

    private async Task CrashAsync(Random? keep)
    {
        Crashes++;
        await _node.CrashAsync(keep);
    }

    private async Task CloseAsync()
    {
        LogEngine engine = _node.Engine;
        await _node.CloseAsync();
        if (_node.Disk.HasStopped)
        {
            await CrashAsync(new Random(_random.Next()));
            return;
        }

        Assert.All(_queued, request => Assert.True(request.Result.IsCompleted, "a node that stops answers everybody"));
        foreach ((IReadOnlyList<SentEvent> sent, Task<AppendResult> result) in _queued.Where(request => request.Result.IsCompletedSuccessfully))
        {
            _node.Promises.Acknowledge(engine, sent, await result);
        }

        await _node.KillAsync();
    }

    /// <summary>Opens the node; on a disk that fails it is tried again, and on a healthy one it must open.</summary>
    private async Task OpenAsync(bool isHealthy = false)
    {
        for (int attempt = 0; ; attempt++)
        {
            isHealthy |= attempt == 2 || _random.Next(4) > 0;
            if (isHealthy)
            {
                Heal();
            }
            else
            {
                ScheduleFault();
            }

            try
            {
                Tell("open");
                await _node.OpenAsync();
                return;
            }
            catch (Exception e) when (!isHealthy && (e is IOException or UnauthorizedAccessException))
            {
                Tell("it did not open: " + e.Message);
                Follow();
                if (_node.Disk.HasStopped)
                {
                    await CrashAsync(new Random(_random.Next()));
                }
                else
                {
                    await _node.KillAsync();
                }
            }
        }
    }

    private void Heal()
    {
        _node.Disk.Faults = _ => DiskFault.None;
        _node.Disk.Quota = long.MaxValue;
        _isQuotaLow = false;
    }

    /// <summary>The world looks, with eyes of its own: what the disk does to the node, it does not do to them.</summary>
    private void Look()
    {
        Func<DiskOperation, DiskFault> faults = _node.Disk.Faults;
        _node.Disk.Faults = _ => DiskFault.None;
        _node.Look();
        _node.Disk.Faults = faults;
    }

    private void Follow()
    {
        foreach (DiskOperation operation in _node.Disk.Operations)
        {
            Trace = unchecked((Trace * 31) + operation.ToString().Aggregate(17, (hash, letter) => (hash * 31) + letter));
        }
    }

    private void Tell(string what) => Story.Add(what);
}
