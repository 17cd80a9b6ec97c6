using System.Diagnostics.Metrics;
using System.Text.Json;
using Indelible.Engine;
using Indelible.Engine.Sequencing;
using Indelible.Keys;
using Indelible.Verification;

namespace Indelible.Server.Verification;

/// <summary>Verifies every log of the node again and again, from the files, as an outsider would, at a pace of its own.</summary>
/// <remarks>
/// <para>
/// It shares nothing with the reading path: the files are opened anew, and the keys are those of the configuration. Heads that were
/// shown lately must be the tree's. This finds decay and clumsy hands early; against an attacker who holds the machine only a verifier
/// elsewhere counts.
/// </para>
/// <para>
/// What it finds is an entry of <c>_access</c>, a metric and part of <c>GET /api/verification</c>; the first run of a log that finds a
/// fault is an entry of <c>_alerts</c> as well. The node goes on: what is altered is refused when it is read, and appending is safe.
/// </para>
/// </remarks>
public sealed partial class BackgroundVerification : BackgroundService
{
    private const int RunsKept = 1_000;
    private const int FaultsNoted = 5;
    private const int TextNoted = 500;

    private readonly LogEngine _engine;
    private readonly ServerOptions _options;
    private readonly Pace _pace;
    private readonly ILogger<BackgroundVerification> _logger;
    private readonly SemaphoreSlim _round = new(1, 1);
    private readonly Lock _lock = new();
    private readonly Queue<VerificationRun> _runs = new();                               // under _lock
    private readonly Dictionary<string, VerificationRun> _last = new(StringComparer.Ordinal);   // under _lock: by log
    private readonly Counter<long> _entries;

    /// <summary>Makes the service; it begins when the server starts.</summary>
    public BackgroundVerification(LogEngine engine, ServerOptions options, IMeterFactory meters, ILogger<BackgroundVerification> logger)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(meters);
        _engine = engine;
        _options = options;
        _logger = logger;
        _pace = new Pace(options.VerifyBytesPerSecond, engine.Time);
        Meter meter = meters.Create(ServerMetrics.MeterName);
        _entries = meter.CreateCounter<long>("indelible.verification.entries", "{entry}", "Entries re-hashed in the background");
        meter.CreateObservableGauge("indelible.verification.faults", () => Last().Select(run => Of(run, run.Report.Faults.Count)), "{fault}", "Faults that the last verification of a log found");
        meter.CreateObservableGauge("indelible.verification.ended", () => Last().Select(run => Of(run, run.Ended.ToUnixTimeSeconds())), "s", "When the last verification of a log ended, Unix time");
    }

    /// <summary>The runs since the server started, latest last; at most 1,000.</summary>
    public IReadOnlyList<VerificationRun> Runs
    {
        get
        {
            lock (_lock)
            {
                return [.. _runs];
            }
        }
    }

    /// <summary>Verifies every log once.</summary>
    /// <param name="cancellationToken">Ends the round; a run that is cut short is not noted.</param>
    /// <returns>The runs, one for each log.</returns>
    public async Task<IReadOnlyList<VerificationRun>> RunOnceAsync(CancellationToken cancellationToken)
    {
        // One round at a time: two would read everything twice, each at the whole pace.
        await _round.WaitAsync(cancellationToken);
        try
        {
            return await VerifyAllAsync(cancellationToken);
        }
        finally
        {
            _round.Release();
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _round.Dispose();
        base.Dispose();
    }

    private async Task<IReadOnlyList<VerificationRun>> VerifyAllAsync(CancellationToken cancellationToken)
    {
        var runs = new List<VerificationRun>();
        foreach (LogReader log in _engine.Logs.OrderBy(log => log.Settings.Name, StringComparer.Ordinal))
        {
            DateTimeOffset started = _engine.Time.GetUtcNow();
            VerificationReport report = await VerifyAsync(log, cancellationToken);
            if (report.Verdict != Verdict.Valid)
            {
                // Files move while the node runs. What is really wrong is wrong the second time as well.
                report = await VerifyAsync(log, cancellationToken);
            }

            var run = new VerificationRun(log.Settings.Name, started, _engine.Time.GetUtcNow(), report);
            await NoteAsync(run);
            runs.Add(run);
        }

        return runs;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_options.VerifyInterval == TimeSpan.Zero)
        {
            return;
        }

        using var timer = new PeriodicTimer(_options.VerifyInterval, _engine.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await RunOnceAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
        catch (Exception e)
        {
            LogEnded(e);
        }
    }

    private static Measurement<long> Of(VerificationRun run, long value) => new(value, new KeyValuePair<string, object?>("log", run.Log));

    private VerificationRun[] Last()
    {
        lock (_lock)
        {
            return [.. _last.Values];
        }
    }

    private async Task<VerificationReport> VerifyAsync(LogReader log, CancellationToken cancellationToken)
    {
        Ed25519NoteVerifier key = Ed25519NoteVerifier.FromVkey(log.Settings.Vkey);

        // What was shown before the files are read: a later head may be of entries that this run does not see.
        var request = new VerificationRequest { ShownHeads = log.ShownHeads };
        using var source = new DataFolderLogSource(_engine.Folder, log.Settings.Name, key, log.Settings.Vkey, _options.Engine.CheckpointFolder) { Pace = _pace.WaitAsync };
        VerificationResult result = await new LogVerifier(key, source, request).VerifyAsync(cancellationToken);
        _entries.Add(result.Report.Entries, new KeyValuePair<string, object?>("log", log.Settings.Name));
        return result.Report;
    }

    private async Task NoteAsync(VerificationRun run)
    {
        bool isNew;
        lock (_lock)
        {
            isNew = !_last.TryGetValue(run.Log, out VerificationRun? before) || before.Report.Verdict != Verdict.NotValid;
            _last[run.Log] = run;
            _runs.Enqueue(run);
            if (_runs.Count > RunsKept)
            {
                _runs.Dequeue();
            }
        }

        VerificationReport report = run.Report;
        bool isWrong = report.Verdict == Verdict.NotValid;
        if (isWrong)
        {
            LogWrong(run.Log, report.Faults.Count, report.Faults[0].Where, report.Faults[0].Detail);
        }

        try
        {
            await _engine.NoteVerificationAsync(run.Log, report.Verdict == Verdict.Valid, isWrong && isNew, data => Write(data, run));
        }
        catch (Exception e) when (e is NodeStoppedException or QueueFullException or IOException)
        {
            LogNotNoted(run.Log, e);
        }
    }

    private static void Write(Utf8JsonWriter data, VerificationRun run)
    {
        VerificationReport report = run.Report;
        data.WriteString("verdict", VerdictWord.Of(report.Verdict));
        data.WriteNumber("entries", report.Entries);
        if (report.Head is { } head)
        {
            data.WriteNumber("size", head.Size);
            data.WriteString("root", head.Root.ToBase64());
        }

        data.WriteNumber("faults", report.Faults.Count);
        data.WriteStartArray("found");
        foreach (VerificationFault fault in report.Faults.Concat(report.Unclear).Take(FaultsNoted))
        {
            data.WriteStringValue(Shortened($"{fault.What}, {fault.Where}: {fault.Detail}"));
        }

        data.WriteEndArray();
    }

    private static string Shortened(string text) => text.Length <= TextNoted ? text : text[..TextNoted] + "…";

    [LoggerMessage(3001, LogLevel.Critical, "Log {Log} does not verify: {Count} faults; the first: {Where}: {Detail}")]
    private partial void LogWrong(string log, int count, string where, string detail);

    [LoggerMessage(3002, LogLevel.Error, "A verification of log {Log} could not be entered in _access")]
    private partial void LogNotNoted(string log, Exception failure);

    [LoggerMessage(3003, LogLevel.Error, "Background verification ended unexpectedly; it begins again with the next start")]
    private partial void LogEnded(Exception failure);
}
