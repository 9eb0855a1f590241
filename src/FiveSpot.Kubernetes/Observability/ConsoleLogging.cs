// SPDX-License-Identifier: Apache-2.0

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace FiveSpot.Kubernetes;

/// <summary>Where executables log.</summary>
public static class ConsoleLogging
{
    /// <summary>Logs to standard error, a line each: JSON for programs, or text for people.</summary>
    /// <remarks>
    /// Logging keeps nobody from their work: lines that a full disk or a reader that has stopped reading would hold up are
    /// dropped, and how many is logged when there is room again.
    /// </remarks>
    /// <param name="json">JSON, as <see cref="JsonLineFormatter"/> has it; else text, as <see cref="TextLineFormatter"/>.</param>
    /// <param name="level">What is less than this is not logged.</param>
    /// <returns>Writes out what waits when it is disposed.</returns>
    public static ILoggerFactory Create(bool json, LogLevel level) => LoggerFactory.Create(logging =>
    {
        logging.SetMinimumLevel(level);
        logging.AddConsole(options =>
        {
            options.FormatterName = json ? JsonLineFormatter.FormatterName : TextLineFormatter.FormatterName;
            options.LogToStandardErrorThreshold = LogLevel.Trace;
            options.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite;
        });
        logging.Services.AddSingleton<ConsoleFormatter, JsonLineFormatter>();
        logging.Services.AddSingleton<ConsoleFormatter, TextLineFormatter>();
    });
}
