using Indelible.Engine;
using Indelible.Simulation.Faults;
using Xunit;

namespace Indelible.Simulation;

/// <summary>The sealer beside what goes on while it seals.</summary>
public sealed class SealerTests
{
    [Fact]
    public async Task A_log_made_while_others_are_sealed_keeps_its_entries()
    {
        using PreparedFolder folder = await PreparedFolder.CreateAsync(225);
        SimulatedNode node = folder.Node(7);
        await node.OpenAsync();
        await node.AppendAsync(SimulatedNode.Events("a", 300, 20));
        bool done = false;
        node.Disk.Faults = operation =>
        {
            if (!done && operation.Kind == DiskOperationKind.Move && operation.ToString()!.Contains(".segment", StringComparison.Ordinal))
            {
                done = true;
                node.Engine.CreateLogAsync("late", false, [], new AppendCaller("admin", "", node.Engine.System.Size, "test", null), CancellationToken.None).GetAwaiter().GetResult();
                node.AppendAsync(SimulatedNode.Events("late", 0, 1)).GetAwaiter().GetResult();
                for (int i = 0; i < 8; i++)
                {
                    node.AppendAsync(SimulatedNode.Events("a", 400 + (20 * i), 20)).GetAwaiter().GetResult();
                }
            }

            return DiskFault.None;
        };
        await node.Engine.SealAsync();
        Assert.True(done);
        Assert.Null(node.Engine.Failure);
        await node.CrashAsync(null);
        await node.OpenAsync();
        node.Look();
    }
}
