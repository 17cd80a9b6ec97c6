using Indelible.Events;

namespace Indelible.Server;

/// <summary>Every bound that the server puts on a request, besides those on events (<see cref="EventLimits"/>).</summary>
public static class ServerLimits
{
    /// <summary>Bytes of a request body, before and after decoding. 16 MiB, from the event schema's limit of a batch.</summary>
    public const int BodyBytes = 16 << 20;

    /// <summary>Errors that one problem tells of, at most. 1,000: what is wrong with a batch is mostly the same throughout.</summary>
    public const int ProblemErrors = 1_000;

    /// <summary>Characters of a reason: why somebody is shown personal values, or breaks the glass. 1,024, as <c>reason.text</c> of an event.</summary>
    public const int ReasonText = 1_024;

    /// <summary>Characters of a token. 8,192: what proxies let a header be.</summary>
    public const int TokenBytes = 8 << 10;

    /// <summary>How long a token may be good for, from its issue to its end. 24 h: nobody can take back a token before that, but by distrusting its issuer.</summary>
    public static readonly TimeSpan TokenLifetime = TimeSpan.FromHours(24);

    /// <summary>How far an issuer's clock may be ahead of ours. 60 s.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(60);

    /// <summary>Keys of one issuer. 16: two or three are usual while they are changed.</summary>
    public const int KeysOfIssuer = 16;

    /// <summary>Bytes of an issuer's keys. 12,288: an entry of <c>_system</c> holds 16 KiB of data.</summary>
    public const int KeySetBytes = 12 << 10;

    /// <summary>Characters of an authority's certificates in PEM. 8,192, as of one text in an entry.</summary>
    public const int AuthorityBytes = EventLimits.DataStringBytes;

    /// <summary>Certificates of one authority: its own, and those between it and the clients'. 4.</summary>
    public const int AuthorityCertificates = 4;

    /// <summary>DNS names of a client's certificate. 16: for each that is believed a chain is built.</summary>
    public const int CertificateNames = 16;

    /// <summary>Characters of a DNS name. 253.</summary>
    public const int DnsName = 253;

    /// <summary>Tokens, and client certificates, that are known to be good without being judged again. 4,096 of each: a megabyte.</summary>
    public const int KnownCredentials = 4_096;

    /// <summary>How often the times at which keys were used last are kept in a file. 1 min.</summary>
    public static readonly TimeSpan LastUsesInterval = TimeSpan.FromMinutes(1);

    /// <summary>How long refused requests of one kind, one caller and one address are counted before the count is entered in <c>_access</c>. 1 min; the first of them is entered at once.</summary>
    public static readonly TimeSpan RefusedRequestsInterval = TimeSpan.FromMinutes(1);

    /// <summary>Kinds of refused requests that are told apart in that time. 64; what is beyond them is counted together, so that no flood of requests fills the disk.</summary>
    public const int RefusedRequestKinds = 64;

    /// <summary>How long a session goes on without being used. 30 min: the upper end of what is usual (15 to 30 min) for what shows personal data; an open live tail alone is no use.</summary>
    public static readonly TimeSpan SessionIdle = TimeSpan.FromMinutes(30);

    /// <summary>How old a session gets, however much it is used. 12 h: a working day, its longest shift included.</summary>
    public static readonly TimeSpan SessionLife = TimeSpan.FromHours(12);

    /// <summary>After how long a session that is used gets another token. 15 min: what a copied one is worth. Less than <see cref="SessionIdle"/>.</summary>
    public static readonly TimeSpan SessionTokenLife = TimeSpan.FromMinutes(15);

    /// <summary>How long a token is taken after its successor was used. 30 s: requests that were on their way.</summary>
    public static readonly TimeSpan SessionTokenGrace = TimeSpan.FromSeconds(30);

    /// <summary>How often sessions that nobody uses are looked at, at most. 1 min: so late their end can be entered in <c>_access</c>. They are refused, and their tails end, at the moment itself.</summary>
    public static readonly TimeSpan SessionSweepInterval = TimeSpan.FromMinutes(1);

    /// <summary>Sessions of one principal under one credential. 16: a person's browsers and machines, or a small team that shares a key; nobody who holds one key crowds others out.</summary>
    public const int SessionsPerCredential = 16;

    /// <summary>Sessions of the node. 10,000: some 40 MB if each is used for <see cref="SessionLife"/>.</summary>
    public const int Sessions = 10_000;

    /// <summary>Sessions of which it is remembered why they ended. 1,000; of those before it is only known that there is none.</summary>
    public const int SessionsRemembered = 1_000;

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

    /// <summary>Bytes of an answer a second that a client reads, at least. 240, as <see cref="BodyRate"/>: who reads nothing holds an answer, and what is behind it, for nothing.</summary>
    public const int AnswerRate = 240;

    /// <summary>How long an answer may take before its rate counts. 5 s.</summary>
    public static readonly TimeSpan AnswerRateGrace = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Connections at once, at most; further ones are closed as they come. 20,000: idle ones are measured at some 16 KB each (<c>eng/idle-connections.sh</c>),
    /// so a flood of them takes some 330 MB and not the machine. Fewer where the process may not open as many files, see <see cref="FilesKept"/>.
    /// </summary>
    public const int Connections = 20_000;

    /// <summary>File descriptors that connections must leave to the log, at least. 512: segments, journal and vault are opened while requests come, and a node that cannot open them refuses events.</summary>
    public const int FilesKept = 512;

    /// <summary>How long a connection without a request is kept. 90 s: longer than the usual 60 s of proxies and of .NET's own client, so that they close first and no request meets a connection that ends.</summary>
    public static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(90);

    /// <summary>Bytes of a request line. 32 KiB: a query of 8 KiB (the longest, <c>QueryLimits.MaxTextBytes</c>) with each byte escaped has 24.</summary>
    public const int RequestLineBytes = 32 << 10;

    /// <summary>Headers of a request. 64: browsers and proxies send up to some 30.</summary>
    public const int HeaderCount = 64;

    /// <summary>Bytes of all headers of a request; in HTTP/2 also of each, and of the path. 32 KiB: tokens of large companies have several.</summary>
    public const int HeaderBytes = 32 << 10;

    /// <summary>Bytes of a connection that were received and not read yet, at most. 128 KiB, where Kestrel has 1 MiB: who sends on without reading his answers takes no more of the memory.</summary>
    public const int ReceiveBufferBytes = 128 << 10;

    /// <summary>Bytes of an answer that were written and not received yet, at most, for each connection. 64 KiB: a tail or an export then waits for its reader.</summary>
    public const int SendBufferBytes = 64 << 10;

    /// <summary>Requests at once over one connection of HTTP/2. 100, the least that RFC 9113 recommends (6.5.2).</summary>
    public const int Http2Streams = 100;

    /// <summary>Bytes of bodies that a connection of HTTP/2 may send ahead. 1 MiB: some 80 Mbit/s at 100 ms; more would be memory of whoever connects.</summary>
    public const int Http2ConnectionWindow = 1 << 20;

    /// <summary>Bytes of one body that may be sent ahead in HTTP/2. 512 KiB: half of the connection's, so that no request starves the others.</summary>
    public const int Http2StreamWindow = 512 << 10;

    /// <summary>How long an HTTP/2 connection with requests under way may be silent before it is asked whether it lives. 30 s: a tail's reader that vanished is noticed within a minute.</summary>
    public static readonly TimeSpan Http2Ping = TimeSpan.FromSeconds(30);

    /// <summary>How long it may take to answer that. 20 s.</summary>
    public static readonly TimeSpan Http2PingTimeout = TimeSpan.FromSeconds(20);

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

    /// <summary>Milliseconds that a search computes before others have their turn, once it is long. 10: what waits behind it does not wait for long, and a change of threads costs nothing beside it.</summary>
    public const int SearchTurnMilliseconds = 10;

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

    /// <summary>Entries that are indexed in one step, before what is more urgent is looked for. 2,048: some 10 ms.</summary>
    public const int IndexStepEntries = 2_048;

    /// <summary>Milliseconds that indexing waits, when it has caught up, for more to come. 20: it would else wake for each entry, and take from appending what it saves searches.</summary>
    public const int IndexPauseMilliseconds = 20;

    /// <summary>After how long it is tried again to index what could not be indexed, say for want of room; twice as long each time. 1 s.</summary>
    public static readonly TimeSpan IndexRetry = TimeSpan.FromSeconds(1);

    /// <summary>The same, at most. 10 min: a disk with room again is noticed soon enough.</summary>
    public static readonly TimeSpan IndexRetryMost = TimeSpan.FromMinutes(10);

    /// <summary>Sources on one page, at most. 1,000: some megabytes where each has gaps.</summary>
    public const int SourcesPageSize = 1_000;

    /// <summary>Sources on one page, if the caller does not say. 100.</summary>
    public const int DefaultSourcesPageSize = 100;
}
