// SPDX-License-Identifier: Apache-2.0

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace FiveSpot.ReclaimAgent.Hosting;

/// <summary>Where the executable logs.</summary>
public static class Logging
{
    /// <summary>Logs to standard error, a line each: JSON for programs, or text for people.</summary>
    public static ILoggerFactory Create(bool json, LogLevel level) => LoggerFactory.Create(logging =>
    {
        logging.SetMinimumLevel(level);
        if (json)
        {
            logging.AddJsonConsole(options => options.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'");
        }
        else
        {
            logging.AddSimpleConsole(options =>
            {
                options.SingleLine = true;
                options.TimestampFormat = "HH:mm:ss.fff ";
                options.ColorBehavior = LoggerColorBehavior.Disabled;
            });
        }

        logging.Services.Configure<ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace);
        logging.Services.Configure<ConsoleFormatterOptions>(options => options.UseUtcTimestamp = true);
    });
}
