using Indelible.Server.Limits;
using Xunit;

namespace Indelible.Server.Tests.Limits;

/// <summary>Long computations, in turns.</summary>
public sealed class FairWorkersTests
{
    [Fact]
    public async Task Tenants_take_turns_however_much_each_has_waiting()
    {
        using var workers = new FairWorkers(1);
        using var gate = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        Task<bool> held = workers.RunAsync("a", () =>
        {
            begun.Set();
            gate.Wait(TestContext.Current.CancellationToken);
            return true;
        });
        begun.Wait(TestContext.Current.CancellationToken);
        var order = new List<string>();
        var done = new List<Task>();
        foreach (string work in (string[])["a1", "a2", "a3", "b1", "c1", "b2"])
        {
            done.Add(workers.RunAsync(work[..1], () =>
            {
                order.Add(work);
                return order.Count;
            }));
        }

        gate.Set();
        await Task.WhenAll([held, .. done]);
        Assert.Equal(["a1", "b1", "c1", "a2", "b2", "a3"], order);
    }

    [Fact]
    public async Task What_is_thrown_comes_to_who_asked_and_the_others_go_on()
    {
        using var workers = new FairWorkers(2);
        await Assert.ThrowsAsync<FormatException>(() => workers.RunAsync<int>("a", () => throw new FormatException()));
        Assert.Equal(Enumerable.Range(0, 1_000), await Task.WhenAll(Enumerable.Range(0, 1_000).Select(i => workers.RunAsync($"tenant-{i % 7}", () => i))));
    }

    [Fact]
    public async Task What_waits_when_it_is_stopped_is_done_and_nothing_more_is_taken()
    {
        var workers = new FairWorkers(1);
        Task<int>[] waiting = [.. Enumerable.Range(0, 100).Select(i => workers.RunAsync("a", () => i))];
        workers.Dispose();
        Assert.Equal(100, (await Task.WhenAll(waiting)).Length);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => workers.RunAsync("a", () => 1));
    }
}
