using Indelible.Engine;
using Indelible.Engine.Sequencing;
using Indelible.Engine.Storage;

namespace Indelible.Server.Access.Sessions;

/// <summary>Ends the sessions that are over though nobody uses them, at once where the configuration changed, and enters in <c>_access</c> those that ended by themselves.</summary>
internal sealed partial class SessionWatch(LogEngine engine, SessionTable sessions, ILogger<SessionWatch> logger) : BackgroundService
{
    private readonly ILogger _logger = logger;

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        while (sessions.Untold.TryRead(out Session? session))
        {
            await EnterAsync(session);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(EndThoseOverAsync(stoppingToken), EnterThoseEndedAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The server stops. The sessions go with it; its next start, which is entered, ends them all.
        }
    }

    private async Task EndThoseOverAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            // Read first: a change after the look below is then waited for in vain no longer than not at all.
            long configuration = engine.System.Size;
            sessions.EndThoseOver();
            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            try
            {
                await engine.WaitForConfigurationAsync(configuration, over.Token).WaitAsync(ServerLimits.SessionSweepInterval, engine.Time, cancellationToken);
            }
            catch (TimeoutException)
            {
                await over.CancelAsync();
            }
        }
    }

    private async Task EnterThoseEndedAsync(CancellationToken cancellationToken)
    {
        await foreach (Session session in sessions.Untold.ReadAllAsync(cancellationToken))
        {
            await EnterAsync(session);
        }
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
