using Indelible.Engine;
using Indelible.Engine.Sequencing;
using Indelible.Engine.Storage;

namespace Indelible.Server.Access.Sessions;

/// <summary>Ends the sessions that are over though nobody uses them, at once where the configuration changed, and enters in <c>_access</c> those that ended by themselves.</summary>
internal sealed partial class SessionWatch(LogEngine engine, SessionTable sessions, ILogger<SessionWatch> logger) : BackgroundService
{
    // Entries of one moment share a write; so many wait for it together.
    private const int Together = 256;

    private readonly ILogger _logger = logger;

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await EnterThoseEndedAsync();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                // Read before it is gone by: what changes from here on ends the wait below at once.
                long configuration = engine.System.Size;
                sessions.EndThoseOver();
                await EnterThoseEndedAsync();
                await WaitAsync(configuration, stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops. The sessions go with it; the entry of its next start stands for the end of them all.
        }
    }

    /// <summary>Waits for another configuration, for the end of a session, or for the time to look at those that nobody uses.</summary>
    private async Task WaitAsync(long configuration, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task change = engine.WaitForConfigurationAsync(configuration, over.Token);
        Task end = sessions.Untold.WaitToReadAsync(over.Token).AsTask();
        try
        {
            await Task.WhenAny(change, end).WaitAsync(ServerLimits.SessionSweepInterval, engine.Time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Time to look.
        }
        finally
        {
            await over.CancelAsync();
        }
    }

    private async Task EnterThoseEndedAsync()
    {
        var entering = new List<Task>();
        while (sessions.Untold.TryRead(out Session? session))
        {
            entering.Add(EnterAsync(session));
            if (entering.Count == Together)
            {
                await Task.WhenAll(entering);
                entering.Clear();
            }
        }

        await Task.WhenAll(entering);
    }

    private async Task EnterAsync(Session session)
    {
        try
        {
            await AccessTrail.SignedOutAsync(engine, session, new AppendCaller(session.Principal, session.CredentialId, engine.System.Size, "http", null) { Session = session.Id });
        }
        catch (Exception e) when (e is NodeStoppedException or StorageException or QueueFullException or NotWrittenException)
        {
            LogNotEntered(e, session.Id);
        }
    }

    [LoggerMessage(2303, LogLevel.Warning, "The end of session {Session} could not be entered in _access")]
    private partial void LogNotEntered(Exception why, string session);
}
