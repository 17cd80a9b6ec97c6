using System.Collections.Concurrent;

namespace Indelible.Server.Indexing;

/// <summary>A thread that works in steps while there is anything to do, and between two steps does what others ask of it: so that what it owns needs no lock.</summary>
/// <param name="time">The clock that what is put off goes by.</param>
/// <param name="name">The thread's.</param>
/// <param name="pause">How long it waits, once it had nothing to do and was woken, for more to come.</param>
internal sealed class StepThread(TimeProvider time, string name, TimeSpan pause)
{
    private readonly ConcurrentQueue<Action> _asked = new();
    private readonly PriorityQueue<Action, DateTimeOffset> _later = new();   // the thread's
    private readonly List<TaskCompletionSource> _settling = [];              // the thread's
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly object _wakeLock = new();
    private readonly object _stopLock = new();
    private bool _isWoken;                 // under _wakeLock
    private volatile bool _isRunning;      // written under _wakeLock
    private volatile bool _isStopping;     // written under _stopLock

    /// <summary>Whether it works.</summary>
    public bool IsRunning => _isRunning;

    /// <summary>Starts it.</summary>
    /// <param name="step">Does a bounded step; false where there is nothing to do.</param>
    /// <param name="failed">Told what ended it, if it did not stop.</param>
    public void Start(Func<bool> step, Action<Exception> failed)
    {
        _isRunning = true;
        new Thread(() => Work(step, failed)) { IsBackground = true, Name = name }.Start();
    }

    /// <summary>Says that there is something to do. From any thread.</summary>
    public void Wake()
    {
        lock (_wakeLock)
        {
            _isWoken = true;
            Monitor.Pulse(_wakeLock);
        }
    }

    /// <summary>Has it do something between two steps. From any thread.</summary>
    /// <returns>Whether it will: it runs.</returns>
    public bool TryAsk(Action what)
    {
        lock (_wakeLock)
        {
            if (!_isRunning)
            {
                return false;
            }

            _asked.Enqueue(what);
        }

        Wake();
        return true;
    }

    /// <summary>As <see cref="TryAsk"/>, and waits until it is done; what it throws is thrown.</summary>
    public async Task<bool> TryAskAsync(Action what)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bool isAsked = TryAsk(() =>
        {
            try
            {
                what();
                done.SetResult();
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        if (isAsked)
        {
            await done.Task;
        }

        return isAsked;
    }

    /// <summary>Does something at a time. On this thread alone.</summary>
    public void Later(DateTimeOffset at, Action what) => _later.Enqueue(what, at);

    /// <summary>Completes when there is nothing to do but what is put off: for tests.</summary>
    public Task SettleAsync()
    {
        var settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return TryAsk(() => _settling.Add(settled)) ? settled.Task : Task.CompletedTask;
    }

    /// <summary>Ends it behind its step.</summary>
    public async Task StopAsync()
    {
        bool hasStarted;
        lock (_stopLock)
        {
            hasStarted = _isRunning;
            _isStopping = true;
            Monitor.Pulse(_stopLock);
        }

        Wake();
        if (hasStarted)
        {
            await _ended.Task;
        }
    }

    private void Work(Func<bool> step, Action<Exception> failed)
    {
        try
        {
            while (!_isStopping)
            {
                DoAsked();
                DoDue();
                if (!step())
                {
                    Wait();
                }
            }
        }
        catch (Exception e)
        {
            failed(e);
        }
        finally
        {
            lock (_wakeLock)
            {
                _isRunning = false;
            }

            DoAsked();
            _settling.ForEach(settled => settled.SetResult());
            _ended.SetResult();
        }
    }

    private void DoAsked()
    {
        while (_asked.TryDequeue(out Action? what))
        {
            what();
        }
    }

    private void DoDue()
    {
        while (_later.TryPeek(out Action? what, out DateTimeOffset at) && at <= time.GetUtcNow())
        {
            _later.Dequeue();
            what();
        }
    }

    private void Wait()
    {
        _settling.ForEach(settled => settled.SetResult());
        _settling.Clear();
        DateTimeOffset now = time.GetUtcNow();
        using ITimer? timer = _later.TryPeek(out _, out DateTimeOffset due) ? time.CreateTimer(_ => Wake(), null, due > now ? due - now : TimeSpan.Zero, Timeout.InfiniteTimeSpan) : null;
        lock (_wakeLock)
        {
            while (!_isWoken)
            {
                Monitor.Wait(_wakeLock);
            }

            _isWoken = false;
        }

        lock (_stopLock)
        {
            if (!_isStopping)
            {
                Monitor.Wait(_stopLock, pause);
            }
        }
    }
}
