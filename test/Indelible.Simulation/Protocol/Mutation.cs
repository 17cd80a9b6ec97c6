namespace Indelible.Simulation.Protocol;

/// <summary>A rule of the protocol that is left out, to show that the rule is needed and that the exploration would find its absence.</summary>
internal enum Mutation
{
    /// <summary>The protocol as it is.</summary>
    None,

    /// <summary>The sequencer answers when the group is written, before the sync returns.</summary>
    AcknowledgesBeforeSync,

    /// <summary>After a failed sync the sequencer syncs again and believes the success that it is told.</summary>
    SyncsAgainAfterFailure,

    /// <summary>After an append of unknown outcome the sequencer goes on at the journal's end, without reading what is there.</summary>
    GoesOnAfterUnknownOutcome,

    /// <summary>An append of unknown outcome is taken for one that failed: the next group goes where that one was to go. The compare, or writing over it, stays.</summary>
    TakesUnknownOutcomeForFailure,

    /// <summary>An append does not compare where the log ends.</summary>
    AppendsWithoutCompare,

    /// <summary>The journal takes any index of a log once all of its records were released.</summary>
    JournalForgetsEndWhenReleased,

    /// <summary>The publisher shows a head before the checkpoint store holds it.</summary>
    ShowsBeforeRecorded,

    /// <summary>The publisher writes its head whatever the checkpoint store holds.</summary>
    RecordsWithoutCompare,

    /// <summary>The sealer has the journal release entries whose record in the tail file is not synced.</summary>
    ReleasesBeforeTailIsDurable,

    /// <summary>The sealer takes a segment, and so lets its entries go, before the segment's name is synced.</summary>
    TakesSegmentBeforeItsNameIsDurable,

    /// <summary>The sealer has the journal release up to its end, not up to what this instance has folded.</summary>
    ReleasesBeyondItsFold,

    /// <summary>Recovery signs what it finds, whatever the checkpoint store holds.</summary>
    RecoveryIgnoresHeads,

    /// <summary>Recovery takes the journal's last record for torn.</summary>
    RecoveryDropsLastRecord,

    /// <summary>Recovery does not write the live end of the journal anew.</summary>
    RecoveryBelievesCachedJournal,

    /// <summary>Recovery does not write the recorded heads anew.</summary>
    RecoveryBelievesCachedHeads,

    /// <summary>Recovery does not cut off what the tail file shares with the journal.</summary>
    RecoveryBelievesCachedTail,

    /// <summary>Recovery does not sync the names of the segments that it finds.</summary>
    RecoveryBelievesCachedSegmentNames,

    /// <summary>Recovery reads the log first and the recorded heads after it.</summary>
    RecoveryReadsHeadsLast,

    /// <summary>Recovery does not fill the window of known ids.</summary>
    RecoveryForgetsIds,
}
