// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;

namespace FiveSpot.ApiServer.Cel;

/// <summary>Timestamps and durations in the text forms of RFC 3339 and of Go.</summary>
internal static class CelTime
{
    private static readonly string[] Layouts =
        ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    private static readonly (string Unit, double Ticks)[] Units =
    [
        ("ns", 0.01), ("us", 10), ("µs", 10), ("ms", TimeSpan.TicksPerMillisecond), ("s", TimeSpan.TicksPerSecond),
        ("m", TimeSpan.TicksPerMinute), ("h", TimeSpan.TicksPerHour),
    ];

    /// <summary>Reads RFC 3339; a fraction finer than 100 ns is cut off.</summary>
    public static DateTimeOffset? ParseTimestamp(string text)
    {
        var dot = text.IndexOf('.');
        if (dot >= 0)
        {
            var end = dot + 1;
            while (end < text.Length && char.IsAsciiDigit(text[end]))
            {
                end++;
            }

            if (end - dot > 8)
            {
                text = text[..(dot + 8)] + text[end..];
            }
        }

        if (text.Length < 20 || !(text[^1] == 'Z' || text[^6] is '+' or '-'))
        {
            return null;
        }

        return DateTimeOffset.TryParseExact(text, Layouts, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            ? time.ToUniversalTime()
            : null;
    }

    public static string Format(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

    /// <summary>Reads Go's form: <c>1h30m</c>, <c>-1.5s</c>, <c>0</c>.</summary>
    public static TimeSpan? ParseDuration(string text)
    {
        var at = text.Length > 0 && text[0] is '-' or '+' ? 1 : 0;
        if (text[at..] == "0")
        {
            return TimeSpan.Zero;
        }

        double ticks = 0;
        var parts = 0;
        while (at < text.Length)
        {
            var start = at;
            while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '.'))
            {
                at++;
            }

            var unitStart = at;
            while (at < text.Length && !char.IsAsciiDigit(text[at]) && text[at] != '.')
            {
                at++;
            }

            var factor = Array.Find(Units, u => u.Unit == text[unitStart..at]).Ticks;
            if (factor == 0 || !double.TryParse(text[start..unitStart], NumberStyles.AllowDecimalPoint,
                    CultureInfo.InvariantCulture, out var number))
            {
                return null;
            }

            ticks += number * factor;
            parts++;
        }

        // Go counts nanoseconds in an int64: about 292 years.
        return parts == 0 || ticks >= 9.2e16 ? null : TimeSpan.FromTicks((long)Math.Round(text[0] == '-' ? -ticks : ticks));
    }

    /// <summary>Seconds with an <c>s</c>, as CEL's <c>string(duration)</c> writes it.</summary>
    public static string Format(TimeSpan span)
    {
        var text = new StringBuilder();
        text.Append(((decimal)span.Ticks / TimeSpan.TicksPerSecond).ToString("0.#######", CultureInfo.InvariantCulture));
        return text.Append('s').ToString();
    }
}
