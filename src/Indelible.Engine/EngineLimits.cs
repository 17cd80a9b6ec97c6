namespace Indelible.Engine;

/// <summary>Every bound that the engine puts on its callers and on itself.</summary>
public static class EngineLimits
{
    /// <summary>Entries waiting for the sequencer, at most. 65,536: a quarter of a second at the speed of batched appends.</summary>
    public const int QueuedEntries = 65_536;

    /// <summary>Bytes waiting for the sequencer, at most. 128 MiB: eight batches of the largest size.</summary>
    public const long QueuedBytes = 128L << 20;

    /// <summary>Bytes of entries after which a group takes no further request. 16 MiB: one sync of it takes some 10 ms.</summary>
    public const int GroupBytes = 16 << 20;

    /// <summary>Entries after which a group takes no further request. 20,000: beyond it the sync no longer counts.</summary>
    public const int GroupEntries = 20_000;

    /// <summary>Checkpoints that each log keeps in memory to prove against, besides the latest. 128: two minutes of a busy log.</summary>
    public const int RetainedCheckpoints = 128;

    /// <summary>Memory for blocks read from segments, all logs together. 64 MiB.</summary>
    public const long BlockCacheBytes = 64L << 20;

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

    /// <summary>Logs named by one key. 100.</summary>
    public const int LogsPerKey = 100;
}
