using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;
using Indelible.Engine;
using Indelible.Engine.Configuration;

namespace Indelible.Server.Access;

/// <summary>When each key was used last, so that one that nobody uses is found and revoked.</summary>
/// <remarks>
/// In memory; kept in a file beside the logs once in <see cref="ServerLimits.LastUsesInterval"/> and at the stop. A crash loses the last of them: what was done under a
/// key is in the logs themselves. Thread-safe.
/// </remarks>
internal sealed partial class LastUses : BackgroundService
{
    private readonly LogEngine _engine;
    private readonly ILogger<LastUses> _logger;
    private readonly ConcurrentDictionary<string, long> _ticks = new(StringComparer.Ordinal);
    private volatile bool _changed;

    public LastUses(LogEngine engine, ILogger<LastUses> logger)
    {
        _engine = engine;
        _logger = logger;
        Load();
    }

    /// <summary>Notes that a key is used.</summary>
    /// <param name="key">A key that is valid.</param>
    public void Note(ApiKey key)
    {
        _ticks[key.Id] = _engine.Time.GetUtcNow().UtcTicks;
        _changed = true;
    }

    /// <summary>When a key was used last; null for never, as far as is known.</summary>
    public DateTimeOffset? Of(string keyId) => _ticks.TryGetValue(keyId, out long ticks) ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        Keep();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            using var timer = new PeriodicTimer(ServerLimits.LastUsesInterval, _engine.Time);
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                Keep();
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private void Load()
    {
        try
        {
            ReadOnlySpan<byte> kept = _engine.Folder.ReadLastUses() ?? "{}"u8;
            foreach ((string id, long ticks) in JsonSerializer.Deserialize(kept, LastUsesJson.Default.DictionaryStringInt64) ?? [])
            {
                if (_engine.System.Keys.ContainsKey(id) && ticks > 0 && ticks <= DateTime.MaxValue.Ticks)
                {
                    _ticks[id] = ticks;
                }
            }
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            // Nothing is known of earlier uses; nothing depends on it.
        }
    }

    private void Keep()
    {
        if (!_changed)
        {
            return;
        }

        _changed = false;
        try
        {
            _engine.Folder.WriteLastUses(JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, long>(_ticks), LastUsesJson.Default.DictionaryStringInt64));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotKept(e.Message);
        }
    }

    [LoggerMessage(2301, LogLevel.Warning, "When keys were used last could not be kept in a file: {Why}")]
    private partial void LogNotKept(string why);
}

/// <summary>The JSON of the file.</summary>
[JsonSerializable(typeof(Dictionary<string, long>))]
internal sealed partial class LastUsesJson : JsonSerializerContext;
