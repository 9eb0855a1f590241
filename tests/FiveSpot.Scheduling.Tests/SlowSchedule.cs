// SPDX-License-Identifier: Apache-2.0

using NodaTime;

namespace FiveSpot.Scheduling.Tests;

/// <summary>
/// The definition of a schedule and nothing else, to check the real one against. It shares no arithmetic with it: local
/// times come from Noda Time, and changes are found by looking at every instant at which there could be one.
/// </summary>
internal sealed class SlowSchedule(bool[] days, bool[] hours, DateTimeZone zone)
{
    public bool IsActive(Instant at)
    {
        var local = at.InZone(zone);
        return days[(int)local.DayOfWeek - 1] && hours[local.Hour];
    }

    /// <summary>All changes in a range, its start and end included.</summary>
    public IEnumerable<Instant> Changes(Instant first, Instant last) =>
        from candidate in Candidates(first, last)
        where IsActive(candidate) != IsActive(candidate - Duration.Epsilon)
        select candidate;

    /// <summary>The first whole minute after another at which the state differs from that at the start.</summary>
    public Instant? NextChangeByTheMinute(Instant wholeMinute, Duration within)
    {
        var active = IsActive(wholeMinute);
        for (var at = wholeMinute; at <= wholeMinute + within; at += Duration.FromMinutes(1))
        {
            if (IsActive(at) != active)
            {
                return at;
            }
        }

        return null;
    }

    // Nothing can change but where the clocks are changed, and where they show a full hour.
    private IEnumerable<Instant> Candidates(Instant first, Instant last)
    {
        foreach (var interval in zone.GetZoneIntervals(first, last + Duration.Epsilon))
        {
            if (interval.HasStart && interval.Start >= first)
            {
                yield return interval.Start;
            }

            var begin = interval.HasStart && interval.Start > first ? interval.Start : first;
            var hour = begin.WithOffset(interval.WallOffset).LocalDateTime.With(TimeAdjusters.TruncateToHour);
            while (true)
            {
                var at = hour.WithOffset(interval.WallOffset).ToInstant();
                if (at > last || (interval.HasEnd && at >= interval.End))
                {
                    break;
                }

                if (at >= first && !(interval.HasStart && at <= interval.Start))
                {
                    yield return at;
                }

                hour = hour.PlusHours(1);
            }
        }
    }
}
