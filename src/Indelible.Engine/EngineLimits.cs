using Indelible.Events;

namespace Indelible.Engine;

/// <summary>Every bound that the engine puts on its callers and on itself.</summary>
public static class EngineLimits
{
    /// <summary>
    /// Entries of producers waiting for the sequencer before a tenant must have less than its share to be let in; twice as many at most.
    /// 65,536: a quarter of a second at the speed of batched appends.
    /// </summary>
    public const int QueuedEntries = 65_536;

    /// <summary>The same in bytes of entries. 128 MiB: eight batches of the largest size.</summary>
    public const long QueuedBytes = 128L << 20;

    /// <summary>
    /// Entries of our own logs waiting for the sequencer, apart from the producers'; twice as many at most. 8,192: more than readers have
    /// requests under way, and less than a group even when doubled.
    /// </summary>
    public const int OwnQueuedEntries = 8_192;

    /// <summary>The same in bytes of entries. 6 MiB: twice this is less than a group, and 500 of the longest queries fit.</summary>
    public const long OwnQueuedBytes = 6L << 20;

    /// <summary>Bytes of entries after which a group takes no further request. 16 MiB: one sync of it takes some 10 ms.</summary>
    public const int GroupBytes = 16 << 20;

    /// <summary>Entries after which a group takes no further request. 20,000: beyond it the sync no longer counts.</summary>
    public const int GroupEntries = 20_000;

    /// <summary>Checkpoints that each log keeps in memory to prove against, besides the latest. 128: two minutes of a busy log.</summary>
    public const int RetainedCheckpoints = 128;

    /// <summary>Memory for what was read lately from segments, all logs together. 64 MiB.</summary>
    public const long SegmentCacheBytes = 64L << 20;

    /// <summary>Data keys of persons kept unwrapped in memory. 16,384: some 10 MB.</summary>
    public const int CachedPersonalKeys = 16_384;

    /// <summary>
    /// Ids that a log remembers at least when its last 24 hours hold more, 2^25: at 388 events a second, day and night, the window
    /// begins to be shorter than 24 hours. Twice as many at most, in 1 GiB of memory.
    /// </summary>
    public const int IdsPerGeneration = 1 << 25;

    /// <summary>Length of a log's name, in characters. 63, as a DNS label.</summary>
    public const int LogNameLength = 63;

    /// <summary>Length of an origin in bytes. 255: cosignatures carry it behind a one-byte length (c2sp.org/tlog-cosignature).</summary>
    public const int OriginBytes = 255;

    /// <summary>Logs on one node. 100,000.</summary>
    public const int Logs = 100_000;

    /// <summary>Keys on one node, revoked ones included. 100,000.</summary>
    public const int Keys = 100_000;

    /// <summary>Logs named by one key or grant. 100.</summary>
    public const int LogsPerKey = 100;

    /// <summary>Principals on one node, disabled ones included. 100,000.</summary>
    public const int Principals = 100_000;

    /// <summary>Characters of a principal's name. 128, as of other technical ids.</summary>
    public const int PrincipalName = EventLimits.TechnicalId;

    /// <summary>Grants on one node. 100,000.</summary>
    public const int Grants = 100_000;

    /// <summary>Characters of the query that limits a grant to some entries. 4,096: it stands in an entry, which holds 16 KiB of data.</summary>
    public const int RowsText = 4_096;

    /// <summary>Networks that a key may be shown from. 32.</summary>
    public const int NetworksPerKey = 32;

    /// <summary>What a key may be allowed a second of events, bytes or queries, at most. 1,000,000,000: beyond any node.</summary>
    public const long Rate = 1_000_000_000;

    /// <summary>Issuers whose tokens are believed. 100: a token's is looked for among them.</summary>
    public const int Issuers = 100;

    /// <summary>Characters of what an issuer calls itself, and of an audience. 512, as of issuers in events.</summary>
    public const int IssuerText = EventLimits.LongId;

    /// <summary>Characters before the names of an issuer's principals. 64: half of a name.</summary>
    public const int IssuerPrefix = 64;

    /// <summary>Client certificates that are believed, authorities included. 1,000: one that is shown is compared with each, once.</summary>
    public const int Certificates = 1_000;

    /// <summary>Characters of the id that an issuer or certificate is believed under. 64: with its mark before it, it is a credential's id in entries.</summary>
    public const int TrustId = 64;

    /// <summary>How long a key goes on beside the one that takes its place, at most. 30 days: long enough for any deployment, short enough to end.</summary>
    public static readonly TimeSpan KeyOverlap = TimeSpan.FromDays(30);

    /// <summary>Sources that a log keeps apart, 4,096. Beyond them the principal that has most loses the one that was silent longest.</summary>
    public const int Sources = 4_096;

    /// <summary>Sources of one principal that a log keeps apart, 1,024: whoever invents sources pushes out his own.</summary>
    public const int SourcesPerPrincipal = 1_024;

    /// <summary>Streams of a source that are kept apart, 8: a process writes one, so these are its last eight starts.</summary>
    public const int StreamsPerSource = 8;

    /// <summary>Open gaps of a stream that are kept one by one, 16; older ones are only counted.</summary>
    public const int OpenGaps = 16;

    /// <summary>Closed gaps of a stream that are kept one by one, 8; older ones are only counted.</summary>
    public const int ClosedGaps = 8;

    /// <summary>Pieces into which the open gaps of a stream may fall together, 64, as late events arrive in any order.</summary>
    public const int GapPieces = 64;

    /// <summary>Expected sources on one node, 10,000.</summary>
    public const int ExpectedSources = 10_000;

    /// <summary>Characters of an expected source's name, 64.</summary>
    public const int ExpectedSourceName = 64;

    /// <summary>Pairs of log and principal whose refused events are counted apart, 1,024; the others are counted together.</summary>
    public const int RefusedCounters = 1_024;

    /// <summary>Entries after which a running node keeps the fold of a log's sources in a file. 16,384: a start then folds some 0.1 s of them again.</summary>
    public const int SourcesCacheEntries = 16_384;

    /// <summary>Entries after which it is kept when the node stops. 1,024: ten thousand small logs are not ten thousand files at every stop.</summary>
    public const int SourcesCacheEntriesAtStop = 1_024;

    /// <summary>Pairs of log and principal in one entry about refused events. 16: with all their reasons they fit its data.</summary>
    public const int RefusedInEntry = 16;

    /// <summary>Reasons that are counted apart for such a pair. 32.</summary>
    public const int RefusedReasons = 32;

    /// <summary>Bytes of a file that keeps a log's sources, at most. 256 MiB: more than the bounds above allow.</summary>
    public const long SourcesCacheBytes = 256L << 20;

    /// <summary>Bytes of a file that keeps what correlations remember of a log, at most. 256 MiB: twice what they may remember in it.</summary>
    public const long DetectionCacheBytes = 256L << 20;
}
