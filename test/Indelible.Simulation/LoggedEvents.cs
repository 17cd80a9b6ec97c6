using Microsoft.Extensions.Logging;

namespace Indelible.Simulation;

/// <summary>Remembers which numbered events the engine logged, and with which exception.</summary>
internal sealed class LoggedEvents : ILoggerFactory, ILogger
{
    private readonly Lock _lock = new();
    private readonly List<(int Id, Exception? Exception)> _events = [];

    public IReadOnlyList<(int Id, Exception? Exception)> Events
    {
        get
        {
            lock (_lock)
            {
                return [.. _events];
            }
        }
    }

    public bool Has(int id) => Events.Any(e => e.Id == id);

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lock)
        {
            _events.Add((eventId.Id, exception));
        }
    }

    public void Dispose()
    {
    }
}
