using Indelible.Rotation;

namespace Indelible.Engine.Configuration;

/// <summary>The actions of entries that the server itself writes.</summary>
internal static class SystemActions
{
    /// <summary>Whose entries about the node itself are.</summary>
    public const string Principal = "indelible";

    /// <summary>In <c>_system</c>: a producer is expected to be heard of at an interval from here on.</summary>
    public const string SourceExpect = "indelible.source.expect";

    /// <summary>In <c>_system</c>: a producer is not expected any more.</summary>
    public const string SourceForget = "indelible.source.forget";

    /// <summary>In <c>_access</c>: how many events were refused since the last such entry, of whom and why.</summary>
    public const string Refused = "indelible.events.refused";

    /// <summary><see cref="Refused"/>, as it stands in an entry.</summary>
    public static ReadOnlySpan<byte> RefusedUtf8 => "\"indelible.events.refused\""u8;

    /// <summary>In <c>_system</c>: the folder was initialised; names host, receipts key and the key of <c>_system</c>.</summary>
    public const string Init = "indelible.init";

    /// <summary>In <c>_system</c>: a log exists from here on.</summary>
    public const string LogCreate = "indelible.log.create";

    /// <summary>In <c>_system</c>: a key is valid from here on.</summary>
    public const string KeyCreate = "indelible.key.create";

    /// <summary>In <c>_system</c>: a key is not valid any more.</summary>
    public const string KeyRevoke = "indelible.key.revoke";

    /// <summary>In a log itself, and in <c>_system</c> before: the log's heads are to be signed by another key.</summary>
    public const string KeyRotate = RotationFacts.Action;

    /// <summary>In <c>_system</c>: receipts are to be signed by another key.</summary>
    public const string ReceiptsRotate = "indelible.receipts.rotate";

    /// <summary>In <c>_system</c>: a log was restored from a backup that holds everything signed of it, and goes on.</summary>
    public const string Restored = "indelible.restored";

    /// <summary>In <c>_system</c>: a log is finished, and another goes on in its place from here on.</summary>
    public const string LogIncarnation = "indelible.log.incarnation";

    /// <summary>Entry 0 of a log that goes on in a finished one's place: what is known of the one before.</summary>
    public const string Incarnation = Events.IncarnationFacts.Action;

    /// <summary>In <c>_access</c>: somebody read of a log.</summary>
    public static string OfAccess(AccessKind kind) => kind switch
    {
        AccessKind.Search => "indelible.log.search",
        AccessKind.Count => "indelible.log.count",
        AccessKind.View => "indelible.entry.view",
        AccessKind.Tail => "indelible.log.tail",
        AccessKind.Export => "indelible.log.export",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>In <c>_access</c>: a node began to serve.</summary>
    public const string Start = "indelible.node.start";

    /// <summary>In <c>_access</c>: a node stopped as it should.</summary>
    public const string Stop = "indelible.node.stop";

    /// <summary>In <c>_access</c>, and in <c>_alerts</c> when it finds the first fault: the node verified one of its logs.</summary>
    public const string Verification = "indelible.verification.run";

    /// <summary>In <c>_access</c>: somebody had the node serve a folder that seems to be a copy of another.</summary>
    public const string CopyAccepted = "indelible.copy.accepted";

    /// <summary>In <c>_access</c>: recovery put a torn end of the journal aside.</summary>
    public const string TornTail = "indelible.recovery.torn_tail";
}
