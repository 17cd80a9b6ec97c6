using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Indelible.AspNetCore.Tests.Support;

/// <summary>Keeps what the application logs.</summary>
internal sealed class KeptLogs : ILoggerProvider
{
    private readonly ConcurrentQueue<(string Category, int Id, string Text)> _lines = [];

    public IReadOnlyCollection<(string Category, int Id, string Text)> Lines => _lines;

    public ILogger CreateLogger(string categoryName) => new Kept(this, categoryName);

    public void Dispose()
    {
    }

    private sealed class Kept(KeptLogs logs, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            logs._lines.Enqueue((category, eventId.Id, formatter(state, exception) + exception));
    }
}
