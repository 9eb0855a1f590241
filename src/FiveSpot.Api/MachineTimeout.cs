// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Api;

/// <summary>The durations of a ScheduledMachine's spec: a whole number with <c>s</c>, <c>m</c> or <c>h</c>.</summary>
public static class MachineTimeout
{
    /// <summary>The longest: 24 hours.</summary>
    public static readonly TimeSpan Maximum = TimeSpan.FromHours(24);

    /// <summary>Reads a duration of the form <c>^[0-9]+[smh]$</c>, such as <c>30s</c>, <c>5m</c> or <c>24h</c>.</summary>
    /// <param name="text">What the spec says. Leading zeros do no harm; blanks, signs and fractions are refused.</param>
    /// <param name="timeout">From zero to <see cref="Maximum"/>; zero if the text is refused.</param>
    /// <returns>Whether the text has the form and is at most <see cref="Maximum"/>.</returns>
    public static bool TryParse(string? text, out TimeSpan timeout)
    {
        timeout = TimeSpan.Zero;
        if (text is not { Length: > 1 and <= Rules.Limits.Duration })
        {
            return false;
        }

        var seconds = text[^1] switch { 's' => 1L, 'm' => 60L, 'h' => 3_600L, _ => 0L };
        var number = 0L;
        foreach (var digit in text.AsSpan(..^1))
        {
            if (!char.IsAsciiDigit(digit))
            {
                return false;
            }

            // At most 15 digits: no overflow here, nor in the product with 3,600.
            number = (number * 10) + (digit - '0');
        }

        if (seconds == 0 || number * seconds > (long)Maximum.TotalSeconds)
        {
            return false;
        }

        timeout = TimeSpan.FromSeconds(number * seconds);
        return true;
    }
}
