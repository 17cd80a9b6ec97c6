namespace Indelible.Engine.Configuration;

/// <summary>The actions of entries that the server itself writes.</summary>
internal static class SystemActions
{
    /// <summary>In <c>_system</c>: the folder was initialised; names host, receipts key and the key of <c>_system</c>.</summary>
    public const string Init = "indelible.init";

    /// <summary>In <c>_system</c>: a log exists from here on.</summary>
    public const string LogCreate = "indelible.log.create";

    /// <summary>In <c>_system</c>: a key is valid from here on.</summary>
    public const string KeyCreate = "indelible.key.create";

    /// <summary>In <c>_system</c>: a key is not valid any more.</summary>
    public const string KeyRevoke = "indelible.key.revoke";

    /// <summary>In <c>_access</c>: a node began to serve.</summary>
    public const string Start = "indelible.node.start";

    /// <summary>In <c>_access</c>: a node stopped as it should.</summary>
    public const string Stop = "indelible.node.stop";

    /// <summary>In <c>_access</c>, and in <c>_alerts</c> when it finds the first fault: the node verified one of its logs.</summary>
    public const string Verification = "indelible.verification.run";

    /// <summary>In <c>_access</c>: recovery put a torn end of the journal aside.</summary>
    public const string TornTail = "indelible.recovery.torn_tail";
}
