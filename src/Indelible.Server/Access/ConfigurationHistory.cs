using Indelible.Engine;
using Indelible.Engine.Configuration;

namespace Indelible.Server.Access;

/// <summary>The configuration as it was at a time, folded anew for who asks; one at a time, so that asking often costs nobody else.</summary>
internal sealed class ConfigurationHistory(LogEngine engine) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1, 1);

    /// <summary>The state that the entries make which had been received by then.</summary>
    public async Task<SystemState> AtAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            return engine.ConfigurationAt(time);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();
}
