using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace EventGrains.Tests;

/// <summary>A log whose lines a test reads.</summary>
internal sealed class Logged<T> : ILogger<T>
{
    private ImmutableList<(LogLevel Level, string Text)> _lines = [];

    public ImmutableList<(LogLevel Level, string Text)> Lines => _lines;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        ImmutableInterlocked.Update(ref _lines, lines => lines.Add((logLevel, formatter(state, exception))));
}
