// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace FiveSpot.Kubernetes;

/// <summary>
/// One line of text for people, such as <c>09:00:00.250 info: FiveSpot.Controller[0] 3 machines are known.</c> An exception follows in
/// the same line. It holds nothing that a terminal would act on, whatever was logged.
/// </summary>
public sealed class TextLineFormatter : ConsoleFormatter
{
    /// <summary>What it is chosen by.</summary>
    public const string FormatterName = "text-lines";

    private const int LongestText = 16 << 10;

    private readonly TimeProvider _time;

    /// <summary>A formatter.</summary>
    public TextLineFormatter()
        : this(TimeProvider.System)
    {
    }

    /// <summary>A formatter that tells this time.</summary>
    internal TextLineFormatter(TimeProvider time)
        : base(FormatterName) => _time = time;

    /// <inheritdoc/>
    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var level = logEntry.LogLevel switch
        {
            LogLevel.Trace => "trce",
            LogLevel.Debug => "dbug",
            LogLevel.Information => "info",
            LogLevel.Warning => "warn",
            LogLevel.Error => "fail",
            _ => "crit",
        };
        var message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        var text = logEntry.Exception is { } exception ? $"{message} {exception}" : message;
        textWriter.Write(_time.GetUtcNow().UtcDateTime.ToString("HH:mm:ss.fff ", CultureInfo.InvariantCulture));
        textWriter.Write($"{level}: {logEntry.Category}[{logEntry.EventId.Id.ToString(CultureInfo.InvariantCulture)}] ");
        textWriter.Write(ForeignText.Line(text, LongestText));
        textWriter.Write('\n');
    }
}
