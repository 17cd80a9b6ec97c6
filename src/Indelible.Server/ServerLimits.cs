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

    /// <summary>How long requests under way may take after the server was told to stop. 20 s.</summary>
    public static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(20);

    /// <summary>How long an idle tail goes without a sign of life. 15 s: below the usual 30 to 60 s of proxies.</summary>
    public static readonly TimeSpan TailKeepAlive = TimeSpan.FromSeconds(15);

    /// <summary>How often counts of refused events are entered in <c>_access</c>, at most. 5 min: 288 entries a day however many events are refused.</summary>
    public static readonly TimeSpan RefusalInterval = TimeSpan.FromMinutes(5);

    /// <summary>Sources on one page, at most. 1,000: some megabytes where each has gaps.</summary>
    public const int SourcesPageSize = 1_000;

    /// <summary>Sources on one page, if the caller does not say. 100.</summary>
    public const int DefaultSourcesPageSize = 100;
}
