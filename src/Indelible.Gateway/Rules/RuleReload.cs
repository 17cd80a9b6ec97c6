using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Indelible.Client.Recording;
using Indelible.Events.Producing;
using Microsoft.Extensions.Hosting;

namespace Indelible.Gateway.Rules;

/// <summary>Reads the rules anew when the settings file changes, or at SIGHUP. A file that cannot be used changes nothing, and is named.</summary>
internal sealed partial class RuleReload : BackgroundService
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);
    private readonly string _path;
    private readonly GatewaySettings _running;
    private readonly RuleStore _rules;
    private readonly IAuditRecorder _recorder;
    private readonly TimeProvider _time;
    private readonly ILogger<RuleReload> _logger;
    private readonly SemaphoreSlim _asked = new(0);
    private byte[] _read;

    /// <param name="path">The settings file.</param>
    /// <param name="read">Its bytes as they were read.</param>
    /// <param name="running">The settings in use.</param>
    /// <param name="rules">The rules in use.</param>
    /// <param name="recorder">Records each change.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Tells of files that cannot be used.</param>
    public RuleReload(string path, byte[] read, GatewaySettings running, RuleStore rules, IAuditRecorder recorder, TimeProvider time, ILogger<RuleReload> logger)
    {
        _path = path;
        _read = SHA256.HashData(read);
        _running = running;
        _rules = rules;
        _recorder = recorder;
        _time = time;
        _logger = logger;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _asked.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            _asked.Release();
        });
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await _asked.WaitAsync(s_interval, stoppingToken).ConfigureAwait(false);
                await ReadAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        byte[] bytes;
        try
        {
            bytes = await File.ReadAllBytesAsync(_path, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return;   // Being replaced, perhaps; the rules in use hold.
        }

        byte[] hash = SHA256.HashData(bytes);
        if (hash.AsSpan().SequenceEqual(_read))
        {
            return;
        }

        _read = hash;
        GatewaySettings? settings = null;
        string fault;
        try
        {
            settings = GatewaySettings.Parse(bytes);
            fault = string.Join("; ", settings.Faults());
        }
        catch (FormatException e)
        {
            fault = e.Message;
        }

        if (settings is null || fault.Length > 0)
        {
            LogRefused(_path, fault);
            await RecordAsync("gateway.rules.reload", Outcome.Failure, fault, 0, cancellationToken).ConfigureAwait(false);
            return;
        }

        // Recorded first: whoever changes the rules does not do so unseen, and what they allow happens after.
        await RecordAsync("gateway.rules.reload", Outcome.Success, "", settings.Rules.Count, cancellationToken).ConfigureAwait(false);
        _rules.Current = new RuleBook(settings.Rules, settings.DenyByDefault, settings.FailClosed);
        LogRead(_path, settings.Rules.Count);
        GatewaySettings others = settings with { Rules = _running.Rules, DenyByDefault = _running.DenyByDefault, FailClosed = _running.FailClosed };
        if (JsonSerializer.Serialize(others, GatewayJson.Options) != JsonSerializer.Serialize(_running, GatewayJson.Options))
        {
            LogNeedsRestart(_path);
        }
    }

    private async Task RecordAsync(string action, Outcome outcome, string reason, int rules, CancellationToken cancellationToken)
    {
        try
        {
            EventDraft draft = EventDraft.Of(action) with
            {
                Category = Category.Config,
                Operation = Operation.Update,
                Outcome = outcome,
                OutcomeReason = reason.Length == 0 ? null : reason.Length > 1_000 ? reason[..1_000] : reason,
                Actor = new Actor { Id = "gateway", Type = ActorType.System },
            };
            await _recorder.RecordAsync(draft.With("sha256", Convert.ToHexStringLower(_read)).With("rules", rules), cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (AuditNotRecordedException e)
        {
            LogNotRecorded(e);
        }
    }

    [LoggerMessage(5201, LogLevel.Information, "{Path}: {Rules} rules are in use")]
    private partial void LogRead(string path, int rules);

    [LoggerMessage(5202, LogLevel.Error, "{Path} cannot be used, the rules before hold: {Fault}")]
    private partial void LogRefused(string path, string fault);

    [LoggerMessage(5203, LogLevel.Warning, "{Path}: what was changed besides the rules holds after a restart")]
    private partial void LogNeedsRestart(string path);

    [LoggerMessage(5204, LogLevel.Error, "A change of the rules could not be recorded")]
    private partial void LogNotRecorded(Exception why);
}
