using Indelible.Rotation;

namespace Indelible.Engine.Configuration;

/// <summary>The actions of entries that the server itself writes.</summary>
internal static class SystemActions
{
    /// <summary>Whose entries about the node itself are.</summary>
    public const string Principal = "indelible";

    /// <summary>Whose entries about callers without a credential are.</summary>
    public const string Anonymous = "anonymous";

    /// <summary>What the actions of our own entries begin with; no producer's may.</summary>
    public const string Reserved = "indelible.";

    /// <summary>In <c>_system</c>: a producer is expected to be heard of at an interval from here on.</summary>
    public const string SourceExpect = "indelible.source.expect";

    /// <summary>In <c>_system</c>: a producer is not expected any more.</summary>
    public const string SourceForget = "indelible.source.forget";

    /// <summary>In <c>_access</c>: how many events were refused since the last such entry, of whom and why.</summary>
    public const string Refused = "indelible.events.refused";

    /// <summary><see cref="Refused"/>, as it stands in an entry.</summary>
    public static ReadOnlySpan<byte> RefusedUtf8 => "\"indelible.events.refused\""u8;

    /// <summary>In <c>_access</c>: a producer that is expected is silent.</summary>
    public const string SourceSilent = "indelible.source.silent";

    /// <summary>In <c>_access</c>: it was heard of again.</summary>
    public const string SourceHeard = "indelible.source.heard";

    /// <summary>In <c>_access</c>: numbers of a producer are missing, and stayed away.</summary>
    public const string SourceGap = "indelible.source.gap";

    /// <summary>In <c>_access</c>: none are any more.</summary>
    public const string SourceComplete = "indelible.source.complete";

    /// <summary>In <c>_access</c>: a producer's clock is ahead.</summary>
    public const string SourceClockAhead = "indelible.source.clock_ahead";

    /// <summary>In <c>_access</c>: it is right again.</summary>
    public const string SourceClockRight = "indelible.source.clock_right";

    /// <summary>In <c>_system</c>: the folder was initialised; names host, receipts key and the key of <c>_system</c>.</summary>
    public const string Init = "indelible.init";

    /// <summary>In <c>_system</c>: a log exists from here on.</summary>
    public const string LogCreate = "indelible.log.create";

    /// <summary>In <c>_system</c>: a key is valid from here on.</summary>
    public const string KeyCreate = "indelible.key.create";

    /// <summary>In <c>_system</c>: a key is not valid any more.</summary>
    public const string KeyRevoke = "indelible.key.revoke";

    /// <summary>In <c>_system</c>: another key took a key's place, which ends some time later.</summary>
    public const string KeyReplace = "indelible.key.replace";

    /// <summary>In <c>_system</c>: somebody broke the glass and took the key behind it.</summary>
    public const string BreakGlass = "indelible.key.break_glass";

    /// <summary>In <c>_system</c>: somebody may be granted something from here on.</summary>
    public const string PrincipalCreate = "indelible.principal.create";

    /// <summary>In <c>_system</c>: no credential of a principal is good for anything from here on.</summary>
    public const string PrincipalDisable = "indelible.principal.disable";

    /// <summary>In <c>_system</c>: they are again.</summary>
    public const string PrincipalEnable = "indelible.principal.enable";

    /// <summary>In <c>_system</c>: a principal has a role for some logs from here on.</summary>
    public const string GrantCreate = "indelible.grant.create";

    /// <summary>In <c>_system</c>: he has it no longer.</summary>
    public const string GrantRevoke = "indelible.grant.revoke";

    /// <summary>In <c>_system</c>: an issuer's tokens are believed from here on.</summary>
    public const string IssuerTrust = "indelible.issuer.trust";

    /// <summary>In <c>_system</c>: they are no longer.</summary>
    public const string IssuerDistrust = "indelible.issuer.distrust";

    /// <summary>In <c>_system</c>: a client certificate is believed from here on.</summary>
    public const string CertificateTrust = "indelible.certificate.trust";

    /// <summary>In <c>_system</c>: it is no longer.</summary>
    public const string CertificateDistrust = "indelible.certificate.distrust";

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

    /// <summary>In <c>_system</c> and <c>_access</c>: another version than before runs on the folder.</summary>
    public const string Upgrade = "indelible.node.upgrade";

    /// <summary>In <c>_access</c>: a node began to serve.</summary>
    public const string Start = "indelible.node.start";

    /// <summary>In <c>_access</c>: a node stopped as it should.</summary>
    public const string Stop = "indelible.node.stop";

    /// <summary>In <c>_access</c>, and in <c>_alerts</c> when it finds the first fault: the node verified one of its logs.</summary>
    public const string Verification = "indelible.verification.run";

    /// <summary>In <c>_alerts</c>: a rule found something in a log.</summary>
    public const string Alert = "indelible.alert.raise";

    /// <summary>In <c>_access</c>: rules are asked of entries from here on, in place of those before.</summary>
    public const string RulesLoad = "indelible.rules.load";

    /// <summary>In <c>_access</c>: somebody had the node serve a folder that seems to be a copy of another.</summary>
    public const string CopyAccepted = "indelible.copy.accepted";

    /// <summary>In <c>_access</c>: recovery put a torn end of the journal aside.</summary>
    public const string TornTail = "indelible.recovery.torn_tail";
}
