using Indelible.Server.Limits;
using Xunit;

namespace Indelible.Server.Tests.Limits;

/// <summary>Slices of looking at entries, in turns.</summary>
public sealed class ScanGateTests
{
    [Fact]
    public async Task Tenants_take_turns_however_many_scans_each_has()
    {
        var gate = new ScanGate(1);
        ScanGate.Slice held = await gate.EnterAsync("a");
        var order = new List<string>();
        var done = new List<Task>();

        // In the order of asking: three scans of a, then one each of b and c, then another of b.
        foreach (string tenant in (string[])["a", "a", "a", "b", "c", "b"])
        {
            done.Add(LookAsync(gate, tenant, order));
        }

        held.Dispose();
        await Task.WhenAll(done);
        Assert.Equal(["a", "b", "c", "a", "b", "a"], order);
    }

    [Fact]
    public async Task No_more_slices_are_out_than_there_are_and_each_is_given_again()
    {
        var gate = new ScanGate(2);
        int inside = 0;
        int most = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            for (int turn = 0; turn < 200; turn++)
            {
                using ScanGate.Slice slice = await gate.EnterAsync($"tenant-{i % 3}");
                int now = Interlocked.Increment(ref inside);
                most = Math.Max(most, now);
                await Task.Yield();
                Interlocked.Decrement(ref inside);
            }
        }));
        Assert.InRange(most, 1, 2);
        ScanGate.Slice first = await gate.EnterAsync("a");
        ScanGate.Slice second = await gate.EnterAsync("a");
        Task<ScanGate.Slice> third = gate.EnterAsync("a").AsTask();
        first.Dispose();
        second.Dispose();
        (await third).Dispose();
    }

    private static async Task LookAsync(ScanGate gate, string tenant, List<string> order)
    {
        using ScanGate.Slice slice = await gate.EnterAsync(tenant);
        order.Add(tenant);
    }
}
