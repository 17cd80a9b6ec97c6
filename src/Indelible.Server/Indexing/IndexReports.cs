using System.Diagnostics.Metrics;

namespace Indelible.Server.Indexing;

/// <summary>What indexing tells operators: counters and log lines; and when it tries again.</summary>
internal sealed partial class IndexReports(Meter meter, TimeProvider time, ILogger<LogIndexes> logger)
{
    private readonly ILogger _logger = logger;
    private readonly Counter<long> _made = meter.CreateCounter<long>("indelible.index.files", "{file}", "Index files written, by why");
    private readonly Counter<long> _failures = meter.CreateCounter<long>("indelible.index.failures", "{failure}", "Times that something could not be indexed and was put off");

    /// <summary>The time.</summary>
    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>A file was written.</summary>
    public void Made(LogIndex log, string why) => _made.Add(1, LabelOf(log.Name), new KeyValuePair<string, object?>("why", why));

    /// <summary>Something could not be done for so many times in a row.</summary>
    /// <returns>When to try again.</returns>
    public DateTimeOffset PutOff(LogIndex log, int failures, Exception why)
    {
        _failures.Add(1, LabelOf(log.Name));
        TimeSpan pause = TimeSpan.FromTicks(Math.Min(ServerLimits.IndexRetryMost.Ticks, ServerLimits.IndexRetry.Ticks << Math.Min(failures - 1, 20)));
        LogPutOff(log.Name, (long)pause.TotalSeconds, why);
        return Now + pause;
    }

    [LoggerMessage(3101, LogLevel.Information, "The index of {Entries} entries of log {Log} is made anew; searches look at them one by one meanwhile")]
    public partial void Making(string log, long entries);

    [LoggerMessage(3102, LogLevel.Warning, "The index of the entries of log {Log} from {First} on cannot be used and is made anew: {Why}")]
    public partial void Damaged(string log, long first, string why);

    [LoggerMessage(3103, LogLevel.Warning, "Something of log {Log} could not be indexed; it is tried again in {Seconds} s, and searches look at the entries meanwhile")]
    private partial void LogPutOff(string log, long seconds, Exception failure);

    [LoggerMessage(3104, LogLevel.Debug, "The index of {Entries} entries of log {Log} gave up its memory to others; searches look at them one by one")]
    public partial void Left(string log, long entries);

    [LoggerMessage(3105, LogLevel.Critical, "Indexing ended unexpectedly; searches look at the entries until the node is started anew")]
    public partial void Ended(Exception failure);

    private static KeyValuePair<string, object?> LabelOf(string log) => new("log", log);
}
