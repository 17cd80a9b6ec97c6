namespace Indelible.Client.Recording;

/// <summary>How an <see cref="AuditClient"/> does, worst first.</summary>
public enum AuditClientState
{
    /// <summary>The server was caught contradicting what it signed. Needs a person.</summary>
    Contradicted,

    /// <summary>Events are being lost or refused for want of room: the spool is full, or the disk does not take them.</summary>
    Full,

    /// <summary>The server refuses the key or does not know the log; events are kept. Needs a person.</summary>
    Refused,

    /// <summary>The server does not answer; events are kept and sent later.</summary>
    Delayed,

    /// <summary>The client has ended.</summary>
    Stopped,

    /// <summary>Everything goes through.</summary>
    Healthy,
}

/// <summary>The state of an <see cref="AuditClient"/> at a moment.</summary>
public sealed record AuditClientHealth
{
    /// <summary>The worst that holds.</summary>
    public required AuditClientState State { get; init; }

    /// <summary>For an operator: what is wrong; empty where nothing is.</summary>
    public required string Detail { get; init; }

    /// <summary>Bytes in the spool, those of dead processes that this one delivers among them.</summary>
    public required long SpoolBytes { get; init; }

    /// <summary>The most that <see cref="SpoolBytes"/> may be.</summary>
    public required long SpoolLimit { get; init; }

    /// <summary>Events that were dropped since the start: best-effort ones and, with <see cref="WhenSpoolFull.DropAndCount"/>, durable ones.</summary>
    public required long Dropped { get; init; }

    /// <summary>Events that the server refused for ever since the start; they are in the spool folder's <c>dead-letters.jsonl</c>.</summary>
    public required long Refused { get; init; }

    /// <summary>When the last verified receipt arrived.</summary>
    public required DateTimeOffset? LastReceipt { get; init; }

    /// <summary>The size of the largest checkpoint that was verified and found to extend all earlier ones; 0 for none.</summary>
    public required long VerifiedSize { get; init; }
}
