using Indelible.Keys;

namespace Indelible.Client.Recording;

/// <summary>Everything that an <see cref="AuditClient"/> is told. Read once, when it is made; later changes do nothing.</summary>
public sealed class AuditClientOptions
{
    private const int MaxTextLength = 128;
    private const int MaxBatchEvents = 10_000;
    private const int MaxBatchBytes = 15 * 1024 * 1024;
    private const long SmallestSpool = 64 * 1024;

    /// <summary>Required. The server, as in <c>https://audit.example.com</c>.</summary>
    public Uri? ServerUrl { get; set; }

    /// <summary>The log's name. Default <c>main</c>.</summary>
    public string Log { get; set; } = "main";

    /// <summary>Required. A writer's key of the log: <c>ind_w_…</c>.</summary>
    public string? Key { get; set; }

    /// <summary>Required. The log's vkey, as <c>indelible init</c> printed it: what checkpoints are believed by.</summary>
    public string? LogVkey { get; set; }

    /// <summary>Required. The receipts' vkey, as <c>indelible init</c> printed it: what receipts are believed by.</summary>
    public string? ReceiptsVkey { get; set; }

    /// <summary>Required. The application's name, at most 128 characters.</summary>
    public string? ServiceName { get; set; }

    /// <summary>The application's version.</summary>
    public string? ServiceVersion { get; set; }

    /// <summary><c>prod</c>, <c>test</c>…</summary>
    public string? ServiceEnvironment { get; set; }

    /// <summary>
    /// Which instance of the application this is: the same after a restart, another for each that runs at the same time. Default the
    /// machine's name. Where a living process already has the name in this spool, <c>#2</c> and so on is added.
    /// </summary>
    public string? InstanceId { get; set; }

    /// <summary>Required. The folder in which events wait to be sent; made if it is missing, for its owner alone. Of one log; many processes may share it. On a disk that outlives the process.</summary>
    public string? SpoolFolder { get; set; }

    /// <summary>The mode of actions that <see cref="Modes"/> does not name. Default <see cref="DeliveryMode.Durable"/>.</summary>
    public DeliveryMode DefaultMode { get; set; } = DeliveryMode.Durable;

    /// <summary>Modes by action: exact, <c>invoice.refund</c>, or by its first words, <c>invoice.*</c>. The longest that fits holds.</summary>
    public IDictionary<string, DeliveryMode> Modes { get; } = new Dictionary<string, DeliveryMode>(StringComparer.Ordinal);

    /// <summary>How long a <see cref="DeliveryMode.Guaranteed"/> call waits for its receipt. Default 500 ms; 10 ms to 5 minutes.</summary>
    public TimeSpan GuaranteedBudget { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>What a full spool does to <see cref="DeliveryMode.Durable"/> calls. Default <see cref="WhenSpoolFull.Block"/>.</summary>
    public WhenSpoolFull WhenSpoolFull { get; set; } = WhenSpoolFull.Block;

    /// <summary>The longest that <see cref="WhenSpoolFull.Block"/> waits. Default 5 s; at most 10 minutes.</summary>
    public TimeSpan SpoolFullWait { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Bytes of events that may wait in this process's spool. Default 1 GiB, some two million events; at least 64 KiB.</summary>
    public long SpoolBytes { get; set; } = 1L << 30;

    /// <summary>Bytes of <see cref="DeliveryMode.BestEffort"/> events held in memory. Default 8 MiB; at least 64 KiB.</summary>
    public int BestEffortBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>Events of one request. Default 1,000; at most 10,000, the server's bound.</summary>
    public int BatchEvents { get; set; } = 1_000;

    /// <summary>Bytes of one request before compression. Default 1 MiB; 64 KiB to 15 MiB.</summary>
    public int BatchBytes { get; set; } = 1024 * 1024;

    /// <summary>How long a request that is not full waits for more events. Default 20 ms; at most 1 minute.</summary>
    public TimeSpan Linger { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Whether requests are compressed (gzip). Default true.</summary>
    public bool Compress { get; set; } = true;

    /// <summary>The longest that a request may take. Default 10 s; 50 ms to 10 minutes.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest pause after a first failure; it doubles with each further one. Each pause is drawn between zero and it. Default 200 ms.</summary>
    public TimeSpan FirstRetry { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest pause between attempts, save where the server asks for a longer one. Default 30 s; at most 1 hour.</summary>
    public TimeSpan LongestRetry { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the log's checkpoint is fetched and compared with the last one. Default 1 minute; 50 ms to 1 day.</summary>
    public TimeSpan CheckInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often a heartbeat says the highest number issued, so that the server sees silence. Default none.</summary>
    public TimeSpan? HeartbeatInterval { get; set; }

    /// <summary>Bytes of receipts kept until the entries are proven. Default 64 MiB; at least 64 KiB. Beyond it the oldest go, counted.</summary>
    public long ReceiptBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Bytes of events kept that the server will never take. Default 64 MiB; at least 64 KiB. Beyond it they are counted only.</summary>
    public long DeadLetterBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>How long the end of the client waits for what is still to be sent; the spool keeps the rest. Default 5 s; at most 10 minutes.</summary>
    public TimeSpan ShutdownWait { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Called when the server is caught contradicting itself, once for each contradiction. Must not throw or wait.</summary>
    public Action<LogContradiction>? OnContradiction { get; set; }

    /// <summary>Says everything that is wrong with these options.</summary>
    /// <returns>A sentence for each; empty where they can be used.</returns>
    public IReadOnlyList<string> Faults()
    {
        var faults = new List<string>();
        if (ServerUrl is null)
        {
            faults.Add($"{nameof(ServerUrl)} is missing: the server's address, as in https://audit.example.com.");
        }
        else if (!ServerUrl.IsAbsoluteUri || ServerUrl.Scheme is not ("http" or "https"))
        {
            faults.Add($"{nameof(ServerUrl)} is '{ServerUrl}'; an absolute address with http or https is wanted.");
        }

        if (string.IsNullOrEmpty(Key))
        {
            faults.Add($"{nameof(Key)} is missing: a writer's key, from 'indelible keys create --kind writer'.");
        }
        else if (!Key.StartsWith("ind_w_", StringComparison.Ordinal))
        {
            faults.Add($"{nameof(Key)} is not a writer's key: those begin with ind_w_.");
        }

        RequireText(faults, nameof(Log), Log);
        RequireText(faults, nameof(ServiceName), ServiceName);
        BoundText(faults, nameof(ServiceVersion), ServiceVersion);
        BoundText(faults, nameof(ServiceEnvironment), ServiceEnvironment);
        BoundText(faults, nameof(InstanceId), InstanceId, MaxTextLength - 8);
        CheckVkey(faults, nameof(LogVkey), LogVkey, "/logs/" + Log);
        CheckVkey(faults, nameof(ReceiptsVkey), ReceiptsVkey, "/receipts");
        if (string.IsNullOrWhiteSpace(SpoolFolder))
        {
            faults.Add($"{nameof(SpoolFolder)} is missing: a folder that outlives the process.");
        }

        foreach (string pattern in Modes.Keys.Where(pattern => !ModeTable.IsPattern(pattern)))
        {
            faults.Add($"{nameof(Modes)} has '{pattern}': an action (invoice.refund) or its first words (invoice.*) is wanted.");
        }

        CheckRange(faults, nameof(GuaranteedBudget), GuaranteedBudget, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(5));
        CheckRange(faults, nameof(SpoolFullWait), SpoolFullWait, TimeSpan.Zero, TimeSpan.FromMinutes(10));
        CheckRange(faults, nameof(SpoolBytes), SpoolBytes, SmallestSpool, 1L << 50);
        CheckRange(faults, nameof(BestEffortBytes), BestEffortBytes, SmallestSpool, int.MaxValue);
        CheckRange(faults, nameof(BatchEvents), BatchEvents, 1, MaxBatchEvents);
        CheckRange(faults, nameof(BatchBytes), BatchBytes, SmallestSpool, MaxBatchBytes);
        CheckRange(faults, nameof(Linger), Linger, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        CheckRange(faults, nameof(RequestTimeout), RequestTimeout, TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(10));
        CheckRange(faults, nameof(FirstRetry), FirstRetry, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
        CheckRange(faults, nameof(LongestRetry), LongestRetry, FirstRetry, TimeSpan.FromHours(1));
        CheckRange(faults, nameof(CheckInterval), CheckInterval, TimeSpan.FromMilliseconds(50), TimeSpan.FromDays(1));
        CheckRange(faults, nameof(HeartbeatInterval), HeartbeatInterval ?? TimeSpan.FromMinutes(1), TimeSpan.FromMilliseconds(50), TimeSpan.FromDays(1));
        CheckRange(faults, nameof(ReceiptBytes), ReceiptBytes, SmallestSpool, 1L << 50);
        CheckRange(faults, nameof(DeadLetterBytes), DeadLetterBytes, SmallestSpool, 1L << 50);
        CheckRange(faults, nameof(ShutdownWait), ShutdownWait, TimeSpan.Zero, TimeSpan.FromMinutes(10));
        return faults;
    }

    private static void RequireText(List<string> faults, string name, string? value)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            faults.Add($"{name} is missing.");
        }

        BoundText(faults, name, value);
    }

    private static void BoundText(List<string> faults, string name, string? value, int most = MaxTextLength)
    {
        if (value?.Length > most)
        {
            faults.Add($"{name} has {value.Length} characters; at most {most} are wanted.");
        }
    }

    private static void CheckVkey(List<string> faults, string name, string? vkey, string nameEnding)
    {
        if (string.IsNullOrEmpty(vkey))
        {
            faults.Add($"{name} is missing: 'indelible init' printed it, and the client believes nothing without it.");
            return;
        }

        try
        {
            Ed25519NoteVerifier verifier = Ed25519NoteVerifier.FromVkey(vkey);
            if (!verifier.Name.EndsWith(nameEnding, StringComparison.Ordinal))
            {
                faults.Add($"{name} is a key of {verifier.Name}; one whose name ends in {nameEnding} is wanted.");
            }
        }
        catch (TlogFormatException e)
        {
            faults.Add($"{name}: {e.Message}");
        }
    }

    private static void CheckRange<T>(List<string> faults, string name, T value, T least, T most)
        where T : IComparable<T>
    {
        if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0)
        {
            faults.Add($"{name} is {value}; {least} to {most} is wanted.");
        }
    }
}
