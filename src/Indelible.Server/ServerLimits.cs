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

    /// <summary>Kinds of refused requests of one principal, or of all who have none, that are told apart in that time. 64; what is beyond them is counted together, so that no flood of requests fills the disk.</summary>
    public const int RefusedRequestKinds = 64;

    /// <summary>Principals whose refused requests are told apart in that time. 4,096; those of the others are counted with those of nobody.</summary>
    public const int RefusedPrincipals = 4_096;

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

    /// <summary>Entries on each side of one in a group of its context, at most. 20: with 32 targets a context then has some 1,400 entries at worst.</summary>
    public const int Neighbours = 20;

    /// <summary>Entries on each side of one in a group of its context, if the caller does not say. 5.</summary>
    public const int DefaultNeighbours = 5;

    /// <summary>Most frequent values of each field in the view of an entity, if the caller does not say. 10.</summary>
    public const int DefaultEntityValues = 10;

    /// <summary>Days in the view of an entity, back from the last on which it was seen. 180: fewer than a histogram's 200 intervals.</summary>
    public const int EntityDays = 180;

    /// <summary>After how long the context of an entry, or the view of an entity, asks nothing more of the log. 10 s: as long as the heaviest search; each of the questions that a view is made of is bounded as one.</summary>
    public static readonly TimeSpan ViewTime = TimeSpan.FromSeconds(10);

    /// <summary>Clauses of a query that are counted by themselves to explain its answer, at most. 32: more than people write.</summary>
    public const int ExplainedClauses = 32;

    /// <summary>After how long no further clause is counted to explain an answer. 1 s: a scan takes so long for one of them in a large log.</summary>
    public static readonly TimeSpan ExplanationTime = TimeSpan.FromSeconds(1);

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

    /// <summary>Entries that a tail may be behind the log before it passes over them, if the caller does not say. 65,536: some seconds of a busy log.</summary>
    public const int TailBehind = 65_536;

    /// <summary>How often counts of refused events are entered in <c>_access</c>, at most. 5 min: 288 entries a day however many events are refused.</summary>
    public static readonly TimeSpan RefusalInterval = TimeSpan.FromMinutes(5);

    /// <summary>How often it is looked how it stands with producers: whether they are silent, lack numbers or have a wrong clock. 1 min; numbers that are missing at two looks stayed away.</summary>
    public static readonly TimeSpan SourceLookInterval = TimeSpan.FromMinutes(1);

    /// <summary>Entries about producers that one look makes, at most; the rest waits for the next. 64: who invents producers does not fill the disk with what is said of them.</summary>
    public const int SourceNotesPerLook = 64;

    /// <summary>Entries about producers that are read after a start, the newest, to know what was told of already. 4,096: what is older may be told of again, once.</summary>
    public const int SourceNotesRead = 4_096;

    /// <summary>How far a producer's clock may be ahead, in milliseconds, before it is told of. 1 s, as where events from the future are counted (docs/sources.md).</summary>
    public const int SourceClockAheadMilliseconds = 1_000;

    /// <summary>
    /// Searches and counts under way on a node before a tenant must have less than its share to begin another; twice as many at most. 32: each may
    /// hold a page of some 16 MiB.
    /// </summary>
    public const int Scans = 32;

    /// <summary>Searches and counts of one tenant under way, at most. 16: half of <see cref="Scans"/>.</summary>
    public const int ScansPerTenant = 16;

    /// <summary>
    /// Exports under way on a node before a tenant must have less than its share to begin another; twice as many at most. 8: each holds a page of results and what is
    /// written of it, some 50 MiB where entries are large.
    /// </summary>
    public const int Exports = 8;

    /// <summary>Exports of one tenant under way, at most. 4: half of <see cref="Exports"/>.</summary>
    public const int ExportsPerTenant = 4;

    /// <summary>Exports whose manifests are kept in memory, after they have ended. 1,000: some megabytes. What is in <c>_access</c> of them stays.</summary>
    public const int ExportsRemembered = 1_000;

    /// <summary>Rows of a Parquet file that are kept in memory until they are written as a row group, at most. 65,536, as of a segment.</summary>
    public const int RowGroupRows = 65_536;

    /// <summary>Bytes of texts after which a row group is written before it has as many rows. 16 MiB, as of a page of results.</summary>
    public const int RowGroupBytes = 16 << 20;

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

    /// <summary>Entries that rules are asked of in one step, before another log has its turn. 512: some 2 ms.</summary>
    public const int DetectionStepEntries = 512;

    /// <summary>Milliseconds that detection waits, when it has caught up, for more to come. 10: an alert is entered well within a second, and a busy log wakes it a hundred times a second.</summary>
    public const int DetectionPauseMilliseconds = 10;

    /// <summary>How far back alerts are entered again where a log is gone over again and rules do not look further: what was found while the server went down is entered then. 1 d.</summary>
    public static readonly TimeSpan DetectionHorizon = TimeSpan.FromDays(1);

    /// <summary>Entries of a log that rules are asked of again after a change of rules, or a start without what was kept, at most. 5,000,000: some three minutes, at 30,000 of the demonstration's entries a second, in which nobody hears of what arrives; what correlations knew of earlier ones is forgotten.</summary>
    public const long DetectionReplayed = 5_000_000;

    /// <summary>
    /// Entries after which what correlations remember of a log is kept in a file. 32,768: after a crash so many are gone over again, a second or two. Where much is remembered, an entry for each
    /// <see cref="DetectionKeptEntryBytes"/>.
    /// </summary>
    public const long DetectionKeptEntries = 32_768;

    /// <summary>Bytes that are written of what correlations remember for each entry that was gone over since, at most. 64: writing takes a few hundredths of the time of detection.</summary>
    public const int DetectionKeptEntryBytes = 64;

    /// <summary>Entries after which it is kept when the server stops. 1,024: ten thousand small logs are not ten thousand files at every stop.</summary>
    public const long DetectionKeptEntriesAtStop = 1_024;

    /// <summary>Rules that the entry of a change of rules names, of those that were added, removed and changed each; the numbers are of all. 200.</summary>
    public const int NotedRules = 200;

    /// <summary>How long after a failure a log is followed again. 10 s.</summary>
    public static readonly TimeSpan DetectionRetry = TimeSpan.FromSeconds(10);

    /// <summary>Entries before the one that rules are to be asked of that no index covers, beyond which those that ask for what was before wait for the index. 1,024: each question looks at them, some 10 ms.</summary>
    public const int DetectionUnindexed = 1_024;

    /// <summary>How long they wait for it, before they go on without: other rules are not held up for ever by a disk that is full. 10 min.</summary>
    public static readonly TimeSpan DetectionIndexWait = TimeSpan.FromMinutes(10);

    /// <summary>After how long it is looked again whether the index has come. 1 s.</summary>
    public static readonly TimeSpan DetectionIndexRetry = TimeSpan.FromSeconds(1);

    /// <summary>Entries that one question for what was before looks at, at most, to decide about them, and entries that the index finds for it. 65,536: as many as one chunk of the index has, a quarter of a second.</summary>
    public const int DetectionLooked = 65_536;

    /// <summary>Entries that the index finds for such a question and that are read together. 16: mostly the first is one that was asked for.</summary>
    public const int DetectionFoundTogether = 16;

    /// <summary>Backtests under way on a node before a tenant must have less than its share to begin another; twice as many at most. 4: what correlations keep may be some 100 MB in each.</summary>
    public const int Backtests = 4;

    /// <summary>Backtests of one tenant under way, at most. 2: half of <see cref="Backtests"/>.</summary>
    public const int BacktestsPerTenant = 2;

    /// <summary>Bytes of the rules and mappings of a backtest together. 256 KiB: the longest published rule has 40 KB.</summary>
    public const int BacktestTextBytes = 256 << 10;

    /// <summary>Mappings of a backtest. 16.</summary>
    public const int BacktestMappings = 16;

    /// <summary>Rules and correlations of a backtest. 64: one story; a library is tried rule by rule.</summary>
    public const int BacktestRules = 64;

    /// <summary>Correlations of a backtest. 8: each keeps up to <see cref="BacktestEntries"/> occurrences.</summary>
    public const int BacktestCorrelations = 8;

    /// <summary>Regular expressions of a backtest. 64: each keeps an automaton in memory, and anybody who reads may send them.</summary>
    public const int BacktestExpressions = 64;

    /// <summary>After how long a backtest ends and answers with what it has found so far. 30 s: below the usual 60 s of proxies.</summary>
    public static readonly TimeSpan BacktestTime = TimeSpan.FromSeconds(30);

    /// <summary>Entries that a backtest asks rules of before it ends likewise. 2,097,152, as many as are sorted by time: what correlations keep of them is then some 50 MB each.</summary>
    public const long BacktestEntries = 2_097_152;

    /// <summary>Findings that a backtest lists, at most; the others are counted. 1,000.</summary>
    public const int BacktestFindings = 1_000;

    /// <summary>Findings that a backtest lists, if the caller does not say. 100.</summary>
    public const int DefaultBacktestFindings = 100;

    /// <summary>Days that a backtest counts findings of, one by one; of more, the last. 3,660: ten years.</summary>
    public const int BacktestDays = 3_660;

    /// <summary>Characters of the rule of a backtest that are kept in <c>_access</c>. 4,096; of a longer one, its beginning.</summary>
    public const int BacktestNotedText = 4_096;

    /// <summary>Characters of all values together that an alert says its events have in common. 1,024: whatever they are, <c>data</c> has room for them.</summary>
    public const int AlertGroupCharacters = 1_024;

    /// <summary>Entries of the actor before its events that an alert names. 10: a screen.</summary>
    public const int AlertContext = 10;

    /// <summary>Alerts whose state is known; older ones are entries of <c>_alerts</c> like any. 100,000, some 50 MB: whoever has more open has no use for a list.</summary>
    public const int Alerts = 100_000;

    /// <summary>How long after an alert another of the same rule and group belongs to it, if it is not closed. 24 h: one story, told once a day at most.</summary>
    public static readonly TimeSpan AlertRepeats = TimeSpan.FromHours(24);

    /// <summary>What may be done with one alert. 1,000 steps: nothing refuses a person, but a program that went wrong.</summary>
    public const int AlertSteps = 1_000;

    /// <summary>Of the alerts that belong to another, those that it names. The newest 100.</summary>
    public const int AlertRepeatsNamed = 100;

    /// <summary>Suppressions that hold at a time. 1,000: every alert is held against each.</summary>
    public const int AlertSuppressions = 1_000;

    /// <summary>How long alerts can be suppressed. 90 d: longer is a rule that should be changed.</summary>
    public static readonly TimeSpan AlertSuppression = TimeSpan.FromDays(90);

    /// <summary>Alerts of one page. 500.</summary>
    public const int AlertPageSize = 500;

    /// <summary>Alerts of a page whose size the request does not say. 50.</summary>
    public const int DefaultAlertPageSize = 50;

    /// <summary>Destinations of notifications. 100: each has a worker.</summary>
    public const int NotifyDestinations = 100;

    /// <summary>Notifications that wait for one destination, escalations included. 10,000: beyond it one is given up at once, which is an alert of its own.</summary>
    public const int NotifyQueue = 10_000;

    /// <summary>Notifications of one destination that were given up and are kept. 10,000, the newest.</summary>
    public const int NotifyDead = 10_000;

    /// <summary>Of them, those that one answer shows. 500.</summary>
    public const int NotifyDeadPage = 500;

    /// <summary>How long it is remembered that one was taken. 15 d: how far <c>_alerts</c> was read keeps it from being sent again already; this is a second guard.</summary>
    public static readonly TimeSpan NotifyRemembered = TimeSpan.FromDays(15);

    /// <summary>How often what is older is forgotten. 1 h.</summary>
    public static readonly TimeSpan NotifyTidying = TimeSpan.FromHours(1);

    /// <summary>Entries of <c>_alerts</c> that are looked at in one step, whose notifications are written together. 256.</summary>
    public const int NotifyStepEntries = 256;

    /// <summary>Notifications of one alert, escalations included. 1,000: destinations that pass alerts on to each other on many ways come to more than anybody wants.</summary>
    public const int NotifyFanOut = 1_000;

    /// <summary>How long after a failure of our own, say a full disk, it is tried again. 10 s.</summary>
    public static readonly TimeSpan NotifyRetry = TimeSpan.FromSeconds(10);

    /// <summary>How long an attempt may take, if the destination says nothing. 10 s.</summary>
    public static readonly TimeSpan NotifyTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The same, at most. 60 s.</summary>
    public static readonly TimeSpan NotifyTimeoutMost = TimeSpan.FromSeconds(60);

    /// <summary>How long after its first failure a notification is tried again, if the destination says nothing; twice as long each time, a quarter more or less by chance. 5 s.</summary>
    public static readonly TimeSpan NotifyRetryFirst = TimeSpan.FromSeconds(5);

    /// <summary>The same, at most. 15 min.</summary>
    public static readonly TimeSpan NotifyRetryMost = TimeSpan.FromMinutes(15);

    /// <summary>How long a notification is tried, if the destination says nothing. 4 h: longer than most outages, and soon enough for somebody to hear that nobody hears.</summary>
    public static readonly TimeSpan NotifyGiveUp = TimeSpan.FromHours(4);

    /// <summary>The same, at most. 7 d.</summary>
    public static readonly TimeSpan NotifyGiveUpMost = TimeSpan.FromDays(7);

    /// <summary>How long a destination may ask to be left alone by <c>Retry-After</c>, at most. 1 h: nobody can have alerts put off for ever.</summary>
    public static readonly TimeSpan NotifyRetryAfter = TimeSpan.FromHours(1);

    /// <summary>How long after an alert it may be passed on, where nobody acknowledges it. 7 d at most, for each destination on the way.</summary>
    public static readonly TimeSpan NotifyEscalation = TimeSpan.FromDays(7);

    /// <summary>How long a connection to a destination is used. 5 min: then its name is looked up again.</summary>
    public static readonly TimeSpan NotifyConnection = TimeSpan.FromMinutes(5);

    /// <summary>Characters of a notification's title. 150.</summary>
    public const int NotifyTitleCharacters = 150;

    /// <summary>Characters of a notification's text. 4,000; Slack takes 3,000.</summary>
    public const int NotifyTextCharacters = 4_000;

    /// <summary>Addresses of one mail destination. 50.</summary>
    public const int NotifyRecipients = 50;

    /// <summary>Headers of its own that a webhook may have. 20.</summary>
    public const int NotifyHeaders = 20;

    /// <summary>Secrets that a webhook is signed with at a time. 4: two while they are exchanged.</summary>
    public const int NotifySecrets = 4;

    /// <summary>Streams to other systems. 64: each has a batch in memory and a connection.</summary>
    public const int Streams = 64;

    /// <summary>Logs of one stream. 64.</summary>
    public const int StreamLogs = 64;

    /// <summary>Headers that a stream sends along. 16.</summary>
    public const int StreamHeaders = 16;

    /// <summary>Entries that are sent together, at most. 500: what a receiver has not taken is sent again as a whole.</summary>
    public const int StreamBatchEntries = 500;

    /// <summary>Bytes after which no further entry is added to a batch, before compression. 1 MiB: most collectors take as much by default.</summary>
    public const int StreamBatchBytes = 1 << 20;

    /// <summary>Entries that a stream looks at in one step, before another log of it has its turn. 1,000: where one in two is sent, a batch is full.</summary>
    public const int StreamStepEntries = 1_000;

    /// <summary>Milliseconds that a stream waits, when it has caught up, for more to come. 100: each batch is a request and a write to the disk.</summary>
    public const int StreamPauseMilliseconds = 100;

    /// <summary>How long a receiver may take for a batch. 60 s.</summary>
    public static readonly TimeSpan StreamTimeout = TimeSpan.FromSeconds(60);

    /// <summary>Bytes of an answer to a <c>_bulk</c> that are read. 4 MiB: 500 entries with a reason each have less.</summary>
    public const int StreamAnswerBytes = 4 << 20;

    /// <summary>How long it may take to connect, TLS included. 10 s.</summary>
    public static readonly TimeSpan StreamConnectTimeout = TimeSpan.FromSeconds(10);

    /// <summary>After how long it is tried again to send what could not be sent; twice as long each time, less up to half of it by chance. 1 s.</summary>
    public static readonly TimeSpan StreamRetry = TimeSpan.FromSeconds(1);

    /// <summary>The same, at most. 5 min: a receiver that is there again is noticed soon enough.</summary>
    public static readonly TimeSpan StreamRetryMost = TimeSpan.FromMinutes(5);

    /// <summary>How long a receiver can ask not to be asked again (<c>Retry-After</c>). 1 h; who asks for longer is asked after that.</summary>
    public static readonly TimeSpan StreamRetryAfterMost = TimeSpan.FromHours(1);

    /// <summary>Of the entries that a receiver does not take, those that are listed. The newest 100.</summary>
    public const int StreamRefusedListed = 100;

    /// <summary>Entries that a receiver refuses one after the other until each further one is tried a second time, after a wait. 20: a receiver that refuses everything is not to empty a stream.</summary>
    public const int StreamRefusalsAtOnce = 20;

    /// <summary>How often it is kept how far a stream has come where nothing was sent. 10 s: after a crash, so much is looked at again.</summary>
    public static readonly TimeSpan StreamKeep = TimeSpan.FromSeconds(10);

    /// <summary>How long after something was sent to a syslog receiver another thing must have been sent that it acknowledged for it to have the first. 10 s: what was sent later is sent again when the connection breaks.</summary>
    public static readonly TimeSpan StreamDoubt = TimeSpan.FromSeconds(10);

    /// <summary>How long a syslog connection may be silent before its other end is asked whether it lives. 30 s; one that does not answer counts as broken after as long again.</summary>
    public static readonly TimeSpan StreamSilence = TimeSpan.FromSeconds(30);

    /// <summary>How often it is asked then. 3: one question may get lost.</summary>
    public const int StreamProbes = 3;

    /// <summary>How long a syslog receiver may take to end a connection that we end. 2 s; else what was sent lately is sent again after the start.</summary>
    public static readonly TimeSpan StreamEnd = TimeSpan.FromSeconds(2);

    /// <summary>Bytes of a syslog message, if the file of streams does not say. 131,072: the largest entry fits, in clear, in either format, mostly.</summary>
    public const int StreamMessageBytes = 128 << 10;

    /// <summary>The fewest that it can say. 2,048: what every receiver must take (RFC 5425, 4.3.1).</summary>
    public const int StreamMessageBytesLeast = 2 << 10;

    /// <summary>The most. 1 MiB.</summary>
    public const int StreamMessageBytesMost = 1 << 20;

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
