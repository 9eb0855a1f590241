// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Globalization;

namespace FiveSpot.Lifecycle.ClusterApi;

/// <summary>Durations as Go writes them: <c>5m0s</c>, <c>1h30m</c>, <c>1.5s</c>, <c>300ms</c>.</summary>
public static class GoDuration
{
    private static readonly SearchValues<char> Number = SearchValues.Create("0123456789.");

    /// <summary>Reads a duration.</summary>
    /// <returns>The duration, or null when the text is none.</returns>
    public static TimeSpan? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text) || text is "-" or "+")
        {
            return null;
        }

        var rest = text.AsSpan();
        if (rest is "0")
        {
            return TimeSpan.Zero;
        }

        var total = 0.0;
        while (rest.Length > 0)
        {
            var digits = rest.IndexOfAnyExcept(Number);
            if (digits <= 0 || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value))
            {
                return null;
            }

            rest = rest[digits..];
            var end = rest.IndexOfAny(Number);
            var unit = end < 0 ? rest : rest[..end];
            double? seconds = unit switch
            {
                "h" => 3600,
                "m" => 60,
                "s" => 1,
                "ms" => 1e-3,
                "us" or "µs" or "μs" => 1e-6,
                "ns" => 1e-9,
                _ => null,
            };
            if (seconds is null)
            {
                return null;
            }

            total += value * seconds.Value;
            rest = rest[unit.Length..];
        }

        return total > TimeSpan.MaxValue.TotalSeconds / 2 ? null : TimeSpan.FromSeconds(total);
    }

    /// <summary>Writes a duration in whole seconds, as Go would: <c>300s</c> reads back as <c>5m0s</c>.</summary>
    public static string Format(TimeSpan duration) =>
        string.Create(CultureInfo.InvariantCulture, $"{(long)duration.TotalSeconds}s");
}
