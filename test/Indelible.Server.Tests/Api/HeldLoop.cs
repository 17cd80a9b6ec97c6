namespace Indelible.Server.Tests.Api;

/// <summary>Holds the sequencer's loop, so that what a test queues stays queued.</summary>
internal static class HeldLoop
{
    /// <summary>Holds the loop until the gate is set. It is held when the task completes: what is queued from then on stays queued.</summary>
    /// <returns>Completes when the loop goes on.</returns>
    /// <remarks>A turn takes its work and what waits in one go: a request that comes before the loop is held would be out of the queue already.</remarks>
    public static async Task<Task> HoldLoopAsync(this TestServer server, ManualResetEventSlim gate)
    {
        var isHeld = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task held = server.Engine.RunInLoopAsync(() =>
        {
            isHeld.SetResult();
            gate.Wait();
        });
        await isHeld.Task;
        return held;
    }
}
