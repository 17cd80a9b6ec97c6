namespace Indelible.Client.Recording;

/// <summary>What <see cref="DeliveryMode.Durable"/> does with an event for which the spool has no room, or that the disk does not take.</summary>
public enum WhenSpoolFull
{
    /// <summary>The default: waits for room up to <see cref="AuditClientOptions.SpoolFullWait"/>, then fails as <see cref="Deny"/> does.</summary>
    Block,

    /// <summary>Fails at once: what the event is about should not be done.</summary>
    Deny,

    /// <summary>Goes on without the event. It is counted, and the count recorded as soon as there is room.</summary>
    DropAndCount,
}
