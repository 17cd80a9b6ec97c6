using Indelible.Events;

namespace Indelible.Server;

/// <summary>Every bound that the server puts on a request, besides those on events (<see cref="EventLimits"/>).</summary>
public static class ServerLimits
{
    /// <summary>Bytes of a request body, before and after decoding. 16 MiB, from the event schema's limit of a batch.</summary>
    public const int BodyBytes = 16 << 20;

    /// <summary>Errors that one problem tells of, at most. 1,000: what is wrong with a batch is mostly the same throughout.</summary>
    public const int ProblemErrors = 1_000;

    /// <summary>Characters of a principal. 128, as other technical ids.</summary>
    public const int Principal = EventLimits.TechnicalId;

    /// <summary>Pointers to further personal fields of a log. 64.</summary>
    public const int PersonalPointers = 64;

    /// <summary>Bytes of all these pointers together. 8,192: an entry of <c>_system</c> holds 16 KiB of data.</summary>
    public const int PersonalPointersBytes = 8_192;

    /// <summary>Results of one page of a search, at most. 1,000: a page of large entries is then some 60 MB at worst.</summary>
    public const int PageSize = 1_000;

    /// <summary>Results of one page of a search, if the caller does not say. 50: what a screen shows.</summary>
    public const int DefaultPageSize = 50;

    /// <summary>Values that a count by field lists, if the caller does not say. 20: what a screen shows beside a table.</summary>
    public const int DefaultTopValues = 20;

    /// <summary>How long a client may take for its request's headers. 15 s.</summary>
    public static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Bytes of a body a second, at least. 240: a client that sends fewer holds a connection for nothing.</summary>
    public const int BodyRate = 240;

    /// <summary>How long a body may take before its rate counts. 5 s.</summary>
    public static readonly TimeSpan BodyRateGrace = TimeSpan.FromSeconds(5);

    /// <summary>How long requests under way may take after the server was told to stop. 20 s.</summary>
    public static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(20);

    /// <summary>How long an idle tail goes without a sign of life. 15 s: below the usual 30 to 60 s of proxies.</summary>
    public static readonly TimeSpan TailKeepAlive = TimeSpan.FromSeconds(15);

    /// <summary>How often counts of refused events are entered in <c>_access</c>, at most. 5 min: 288 entries a day however many events are refused.</summary>
    public static readonly TimeSpan RefusalInterval = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Searches and counts under way on a node before a tenant must have less than its share to begin another; twice as many at most. 32: each may
    /// hold a page of some 16 MiB.
    /// </summary>
    public const int Scans = 32;

    /// <summary>Searches and counts of one tenant under way, at most. 16: half of <see cref="Scans"/>.</summary>
    public const int ScansPerTenant = 16;

    /// <summary>Microseconds of computing, by estimate, up to which a request is computed at once; what is longer is done in its tenant's turn. 500: a change of threads costs a tenth of that on a busy machine.</summary>
    public const int ShortWorkMicroseconds = 500;

    /// <summary>How long no other tenant must have asked for anything until one counts as alone, and its batches are computed at once. 10 min: who sends once a minute is not made to wait behind a flood.</summary>
    public static readonly TimeSpan AloneAfter = TimeSpan.FromMinutes(10);

    /// <summary>Tails open on a node before a key must have less than its share to open another; twice as many at most. 1,024: each new entry is matched for each of them.</summary>
    public const int Tails = 1_024;

    /// <summary>Tails of one key, at most. 64: a team's screens that share a key.</summary>
    public const int TailsPerKey = 64;

    /// <summary>
    /// Bytes of large bodies in memory before a tenant must have less than its share to add to them; twice as many at most. 256 MiB: 16 batches of the largest size.
    /// </summary>
    public const long BodiesBytes = 256L << 20;

    /// <summary>Bytes of large bodies of one tenant in memory, at most. 128 MiB: half of <see cref="BodiesBytes"/>.</summary>
    public const long BodiesBytesPerTenant = 128L << 20;

    /// <summary>Bytes up to which a body counts for nothing there. 64 KiB: an entry fits, and single events are never refused for it.</summary>
    public const int SmallBodyBytes = 64 << 10;

    /// <summary>
    /// Keys that are not valid, tried from one address in a second, five times as many at once, unless the setting says otherwise. 10: a person's mistakes pass, and what guesses is slowed.
    /// A key has 256 bits, so this saves work and is no defence that anything hangs on.
    /// </summary>
    public const int FailedAuthenticationsPerSecond = 10;

    /// <summary>How much of a rate may come at once. 5 s of it.</summary>
    public static readonly TimeSpan RateBurst = TimeSpan.FromSeconds(5);

    /// <summary>Keys, and addresses, whose rates are remembered for each limit. 16,384 of 16 bytes: beyond them who has used least is forgotten.</summary>
    public const int RateBuckets = 16_384;

    /// <summary>Sources on one page, at most. 1,000: some megabytes where each has gaps.</summary>
    public const int SourcesPageSize = 1_000;

    /// <summary>Sources on one page, if the caller does not say. 100.</summary>
    public const int DefaultSourcesPageSize = 100;
}
