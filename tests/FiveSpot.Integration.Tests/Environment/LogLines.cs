// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>What a controller logs, as it would be written.</summary>
internal sealed class LogLines : ILoggerProvider, ISupportExternalScope
{
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly ConcurrentQueue<string> _texts = new();
    private readonly JsonLineFormatter _formatter = new();
    private readonly TextLineFormatter _textFormatter = new();
    private IExternalScopeProvider? _scopes;

    /// <summary>All lines so far, read again.</summary>
    public IReadOnlyList<JsonObject> Read() => [.. _lines.Select(line => JsonNode.Parse(line)!.AsObject())];

    /// <summary>All lines so far, as they are written for people.</summary>
    public IReadOnlyList<string> Texts => [.. _texts];

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

    public void Dispose()
    {
        // Nothing is held.
    }

    private sealed class Logger(LogLines lines, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => lines._scopes?.Push(state);

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            using var text = new StringWriter();
            lines._formatter.Write(new LogEntry<TState>(logLevel, category, eventId, state, exception, formatter), lines._scopes, text);
            lines._lines.Enqueue(text.ToString());
            using var forPeople = new StringWriter();
            lines._textFormatter.Write(new LogEntry<TState>(logLevel, category, eventId, state, exception, formatter), lines._scopes, forPeople);
            lines._texts.Enqueue(forPeople.ToString());
        }
    }
}
