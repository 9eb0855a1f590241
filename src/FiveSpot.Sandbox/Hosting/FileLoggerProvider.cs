// SPDX-License-Identifier: Apache-2.0

using Microsoft.Extensions.Logging;

namespace FiveSpot.Sandbox.Hosting;

/// <summary>Logs to a file, a line each with the real time, so that standard output is for the sandbox alone.</summary>
internal sealed class FileLoggerProvider : ILoggerProvider
{
    private readonly Lock _lock = new();
    private readonly StreamWriter _writer;

    public FileLoggerProvider(string path) => _writer = new StreamWriter(path, append: false) { AutoFlush = true };

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
        lock (_lock)
        {
            _writer.Dispose();
        }
    }

    private sealed class Logger(FileLoggerProvider owner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
            {
                return;
            }

            lock (owner._lock)
            {
                if (owner._writer.BaseStream is { CanWrite: true })
                {
                    owner._writer.WriteLine($"{TimeProvider.System.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {logLevel} {category}: {formatter(state, exception)}");
                    if (exception is not null)
                    {
                        owner._writer.WriteLine(exception);
                    }
                }
            }
        }
    }
}
