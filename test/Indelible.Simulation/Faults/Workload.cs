using Indelible.Engine;
using Indelible.Engine.Sequencing;
using Xunit;

namespace Indelible.Simulation.Faults;

/// <summary>
/// A fixed piece of a node's life in which everything happens that it does with its disk: a start, groups for two logs, heads,
/// a journal file full, a segment sealed, entries moved to tail files, the journal released and recycled, the checkpoint store written
/// anew, a log made, and a stop. Whatever fails, it goes on as far as the node lets it.
/// </summary>
internal sealed class Workload(SimulatedNode node)
{
    private bool _wasNotOpened;
    private bool _logWasNotMade;

    /// <summary>What was sent and is not known to be in the log, nor known not to be.</summary>
    public List<SentEvent> Unknown { get; } = [];

    /// <summary>What the node did about a fault, in words.</summary>
    public string Outcome()
    {
        (bool Was, string What)[] seen =
        [
            (_wasNotOpened, "the start is refused"),
            (node.Logged.Has(1101) && !_wasNotOpened, "the node stops"),
            (node.Logged.Has(1201), "publishing stops"),
            (node.Logged.Has(1303), "sealing stops"),
            (node.Logged.Has(1102), "the group is refused"),
            (node.Logged.Has(1202), "publishing is put off"),
            (node.Logged.Has(1304), "sealing is put off"),
            (_logWasNotMade && !node.Logged.Has(1101), "the log is not made"),
        ];
        return seen.Any(outcome => outcome.Was) ? string.Join(", ", seen.Where(outcome => outcome.Was).Select(outcome => outcome.What)) : "nothing";
    }

    public async Task RunAsync(int rounds)
    {
        try
        {
            await node.OpenAsync();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _wasNotOpened = true;
            return;
        }

        for (int round = 0; round < rounds; round++)
        {
            await SendAsync(SimulatedNode.Events("a", 1000 + (round * 12), 12), SimulatedNode.Events("b", 1000 + (round * 2), 2));
            await node.Engine.PublishAsync();
            await node.Engine.SealAsync();
            node.Promises.SeeHeads(node.Engine);
            if (round == rounds / 2)
            {
                await MakeLogAsync("c");
            }
        }

        await node.CloseAsync();
    }

    /// <summary>Queues both requests, which become one group.</summary>
    private async Task SendAsync(params IReadOnlyList<SentEvent>[] requests)
    {
        Exception? before = node.Engine.Failure;
        var queued = new List<(IReadOnlyList<SentEvent> Sent, Task<AppendResult> Result)>();
        foreach (IReadOnlyList<SentEvent> request in requests)
        {
            try
            {
                queued.Add((request, node.QueueAsync(request)));
            }
            catch (NodeStoppedException e)
            {
                Assert.NotNull(before);   // Only a node that has failed takes nothing.
                Assert.False(e.OutcomeUnknown);
                node.Promises.NeverAppended(request);
            }
        }

        await node.Engine.SequenceAsync();
        foreach ((IReadOnlyList<SentEvent> sent, Task<AppendResult> result) in queued)
        {
            Assert.True(result.IsCompleted, "a turn answers whoever waits");
            try
            {
                node.Promises.Acknowledge(node.Engine, sent, await result);
            }
            catch (NodeStoppedException e) when (e.OutcomeUnknown)
            {
                Unknown.AddRange(sent);
            }
            catch (Exception e) when (e is NodeStoppedException or NotWrittenException)
            {
                node.Promises.NeverAppended(sent);
            }
        }
    }

    private async Task MakeLogAsync(string name)
    {
        try
        {
            await node.Engine.CreateLogAsync(name, isPublic: false, [], new AppendCaller("app", "", 0, "test", null), CancellationToken.None);
            await SendAsync(SimulatedNode.Events(name, 0, 3));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NodeStoppedException or NotWrittenException)
        {
            _logWasNotMade = true;
        }
    }
}
