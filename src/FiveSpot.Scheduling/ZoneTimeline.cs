// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using NodaTime;
using NodaTime.TimeZones;

namespace FiveSpot.Scheduling;

/// <summary>
/// The offsets of one time zone over all of time, in whole seconds (no transition of the tz database is finer).
/// </summary>
/// <remarks>
/// Noda Time's own cache of zone intervals allocates whenever an instant falls outside of it. Schedules are asked all the
/// time, so the transitions up to the year 2100 are laid out in a sorted array once for each zone; only what lies beyond
/// is worked out on demand.
/// </remarks>
internal sealed class ZoneTimeline
{
    private static readonly Instant TabulatedUntil = Instant.FromUtc(2100, 1, 1, 0, 0);
    private static readonly ConcurrentDictionary<string, ZoneTimeline> Timelines = new();

    private readonly long[] _starts;
    private readonly int[] _offsets;
    private readonly long _end;

    private ZoneTimeline(DateTimeZone zone)
    {
        Zone = zone;
        ZoneSegment[] segments =
            [.. zone.GetZoneIntervals(new Interval(start: null, TabulatedUntil)).Select(ToSegment)];
        _starts = [.. segments.Select(static segment => segment.Start)];
        _offsets = [.. segments.Select(static segment => segment.Offset)];
        _end = segments[^1].End;
    }

    /// <summary>The zone, from the tz database that comes with Noda Time.</summary>
    public DateTimeZone Zone { get; }

    /// <summary>The timeline of a zone of the tz database; always the same one for the same name.</summary>
    /// <param name="id">A name that the tz database has, in its own spelling.</param>
    public static ZoneTimeline For(string id) =>
        Timelines.GetOrAdd(id, static id => new ZoneTimeline(DateTimeZoneProviders.Tzdb[id]));

    /// <summary>The segment that a second lies in.</summary>
    /// <param name="unixSeconds">Seconds since the Unix epoch, within the range of <see cref="Instant"/>.</param>
    public ZoneSegment At(long unixSeconds)
    {
        if (unixSeconds >= _end)
        {
            return ToSegment(Zone.GetZoneInterval(Instant.FromUnixTimeSeconds(unixSeconds)));
        }

        var found = Array.BinarySearch(_starts, unixSeconds);
        var index = found >= 0 ? found : ~found - 1;
        return new(_starts[index], index + 1 < _starts.Length ? _starts[index + 1] : _end, _offsets[index]);
    }

    private static ZoneSegment ToSegment(ZoneInterval interval) => new(
        interval.HasStart ? interval.Start.ToUnixTimeSeconds() : long.MinValue,
        interval.HasEnd ? interval.End.ToUnixTimeSeconds() : long.MaxValue,
        interval.WallOffset.Seconds);
}
