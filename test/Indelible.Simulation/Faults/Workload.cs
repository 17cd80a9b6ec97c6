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
    /// <summary>What was sent and is not known to be in the log, nor known not to be.</summary>
    public List<SentEvent> Unknown { get; } = [];

    /// <summary>Whether a request was refused with the word that nothing of it was appended.</summary>
    public bool WasRefused { get; private set; }

    /// <summary>Whether the start failed.</summary>
    public bool WasNotOpened { get; private set; }

    /// <summary>Whether the log could not be made.</summary>
    public bool LogWasNotMade { get; private set; }

    /// <summary>Whether the stop failed by an exception.</summary>
    public bool StopFailed { get; private set; }

    public async Task RunAsync(int rounds)
    {
        try
        {
            await node.OpenAsync();
        }
        catch (IOException)
        {
            WasNotOpened = true;
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

        await StopAsync();
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
            catch (NodeStoppedException)
            {
                Assert.NotNull(before);   // Only a node that has failed takes nothing.
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
            catch (NodeStoppedException e)
            {
                Assert.True(e.OutcomeUnknown);
                Unknown.AddRange(sent);
            }
            catch (NotWrittenException)
            {
                WasRefused = true;
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
            LogWasNotMade = true;
        }
    }

    private async Task StopAsync()
    {
        try
        {
            await node.CloseAsync();
        }
        catch (IOException)
        {
            StopFailed = true;
        }
    }
}
