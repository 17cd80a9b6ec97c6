using System.Buffers;
using System.Text.Json;
using Indelible.Client;
using Indelible.Events;

namespace Indelible.Cli.Commands;

/// <summary>Sends events in batches and counts what became of them.</summary>
/// <remarks>Batches stay below the server's limits. A queue that is full is tried again; anything else ends the sending.</remarks>
internal sealed class EventSender(ApiClient api, string log, string query, int batchEvents = 1_000)
{
    private const int BatchBytes = 8 << 20;
    private const int MaxTries = 60;
    private readonly ArrayBufferWriter<byte> _batch = new();
    private readonly string _query = query.Length == 0 ? "partial=true" : "partial=true&" + query;
    private int _waiting;
    private long _sent;

    /// <summary>Events that became entries.</summary>
    public long Appended { get; private set; }

    /// <summary>Events that were in the log already.</summary>
    public long Repeated { get; private set; }

    /// <summary>Events that were refused.</summary>
    public long Refused { get; private set; }

    /// <summary>Called with the position of an event that was refused, counted from 0 over all that were added, and what is wrong with it.</summary>
    public Action<long, string>? OnRefused { get; init; }

    /// <summary>Called with each answer; the document is valid during the call only.</summary>
    public Func<JsonDocument, Task>? OnAnswer { get; init; }

    /// <summary>Adds an event, sending a batch when it is full.</summary>
    public async Task AddAsync(ReadOnlyMemory<byte> claim, CancellationToken cancellationToken)
    {
        if (_waiting == Math.Min(batchEvents, EventLimits.BatchEvents) || (_waiting > 0 && _batch.WrittenCount + claim.Length > BatchBytes))
        {
            await FlushAsync(cancellationToken);
        }

        _batch.Write(claim.Span);
        _batch.Write("\n"u8);
        _waiting++;
    }

    /// <summary>Sends what waits.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_waiting == 0)
        {
            return;
        }

        for (int attempt = 1; ; attempt++)
        {
            try
            {
                using JsonDocument answer = await api.AppendAsync(log, _batch.WrittenMemory, _query, cancellationToken);
                Count(answer);
                if (OnAnswer is not null)
                {
                    await OnAnswer(answer);
                }

                _batch.ResetWrittenCount();
                _waiting = 0;
                return;
            }
            catch (ApiException e) when (e.Status == 429 && attempt < MaxTries)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            }
        }
    }

    private void Count(JsonDocument answer)
    {
        foreach (JsonElement result in answer.RootElement.GetProperty("results").EnumerateArray())
        {
            switch (result.GetProperty("status").GetString())
            {
                case "appended":
                    Appended++;
                    break;
                case "repeated":
                    Repeated++;
                    break;
                default:
                    Refused++;
                    OnRefused?.Invoke(_sent, string.Join("; ", result.GetProperty("errors").EnumerateArray().Select(e => $"{e.GetProperty("pointer").GetString()}: {e.GetProperty("detail").GetString()}")));
                    break;
            }

            _sent++;
        }
    }
}
