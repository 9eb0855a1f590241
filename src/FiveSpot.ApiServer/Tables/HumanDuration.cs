// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Tables;

/// <summary>Durations as Kubernetes shows ages: at most two units, the finer one only while it says something.</summary>
internal static class HumanDuration
{
    /// <summary>The time from an RFC 3339 instant to now; <c>&lt;unknown&gt;</c> without one.</summary>
    public static string Since(string? time, DateTimeOffset now) =>
        JsonAccess.ParseTime(time) is { } from ? Format(now - from) : "<unknown>";

    public static string Format(TimeSpan duration)
    {
        var seconds = (long)duration.TotalSeconds;
        switch (seconds)
        {
            case < -1:
                return "<invalid>";
            case < 0:
                return "0s";
            case < 60 * 2:
                return $"{seconds}s";
        }

        var minutes = seconds / 60;
        if (minutes < 10)
        {
            return Pair(minutes, "m", seconds % 60, "s");
        }

        if (minutes < 60 * 3)
        {
            return $"{minutes}m";
        }

        var hours = minutes / 60;
        if (hours < 8)
        {
            return Pair(hours, "h", minutes % 60, "m");
        }

        var days = hours / 24;
        return hours switch
        {
            < 48 => $"{hours}h",
            < 24 * 8 => Pair(days, "d", hours % 24, "h"),
            < 24 * 365 * 2 => $"{days}d",
            < 24 * 365 * 8 => Pair(days / 365, "y", days % 365, "d"),
            _ => $"{days / 365}y",
        };
    }

    private static string Pair(long coarse, string coarseUnit, long fine, string fineUnit) =>
        fine == 0 ? $"{coarse}{coarseUnit}" : $"{coarse}{coarseUnit}{fine}{fineUnit}";
}
