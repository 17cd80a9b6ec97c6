namespace Indelible.Client.Recording;

/// <summary>What a caller of <see cref="IAuditRecorder"/> waits for, and so what a failure of the log can do to the application.</summary>
public enum DeliveryMode
{
    /// <summary>The default: waits until the event is durable in the local spool, from where it is sent in the background; it survives a crash of the process and days without the server.</summary>
    Durable,

    /// <summary>Waits for the server's signed receipt, within a budget; without it the call fails, and so does what it was called for.</summary>
    Guaranteed,

    /// <summary>Waits for nothing; held in bounded memory, the oldest dropped when it is full. What was dropped is counted, and the count recorded.</summary>
    BestEffort,
}
