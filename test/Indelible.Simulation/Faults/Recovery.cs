using Indelible.Engine;
using Indelible.Engine.Sequencing;
using Xunit;

namespace Indelible.Simulation.Faults;

/// <summary>What has to hold after whatever happened to a node's disk.</summary>
internal static class Recovery
{
    /// <summary>
    /// Opens what the disk kept, compares it with every promise, sends again what had no answer, goes on, and stops the machine once
    /// more, so that nothing can rest on what was only seen.
    /// </summary>
    /// <param name="node">Closed, on the disk as the next process finds it.</param>
    /// <param name="unknown">What was sent and had no answer; of each log, one request.</param>
    /// <param name="verifies">Whether every log is verified from outside as well.</param>
    /// <returns>Whether the requests of unknown outcome were found in the log: all, none, or one of each.</returns>
    public static async Task<IReadOnlySet<bool>> CheckAsync(SimulatedNode node, IReadOnlyList<SentEvent> unknown, bool verifies)
    {
        var found = new HashSet<bool>();
        await node.OpenAsync();
        node.Look();
        if (node.Engine.Find("c") is null)
        {
            await node.Engine.CreateLogAsync("c", isPublic: false, [], new AppendCaller("app", "", 0, "test", null), CancellationToken.None);
        }

        foreach (IGrouping<string, SentEvent> request in unknown.GroupBy(sent => sent.Log))
        {
            AppendResult again = await node.AppendAsync([.. request]);
            AppendStatus status = Assert.Single(again.Events.Select(e => e.Status).Distinct());
            found.Add(status == AppendStatus.Repeated);
        }

        await node.AppendAsync(SimulatedNode.Events("a", 5000, 3));
        await node.AppendAsync(SimulatedNode.Events("b", 5000, 1));
        await node.AppendAsync(SimulatedNode.Events("c", 5000, 1));
        await node.Engine.PublishAsync();
        await node.Engine.SealAsync();
        Assert.Null(node.Engine.Failure);
        node.Look();
        if (verifies)
        {
            await node.VerifyAsync();
        }

        await node.CrashAsync(null);
        await node.OpenAsync();
        node.Look();
        await node.CloseAsync();
        return found;
    }
}
