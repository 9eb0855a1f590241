// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.CodeAnalysis;
using NodaTime;

namespace FiveSpot.Scheduling;

/// <summary>
/// A set of weekdays and a set of hours on the clocks of a time zone. A schedule is <em>active</em> at an instant when
/// the local weekday and the local hour of that instant are both in the sets.
/// </summary>
/// <remarks>
/// <para>
/// The two sets are independent: <c>fri</c> with <c>22-6</c> covers Friday 0:00 to 7:00 and 22:00 to 24:00, and nothing of
/// Saturday. Around clock changes the definition holds to the second: an hour that is skipped does not happen, one that
/// is repeated happens twice, and a boundary is wherever the zone puts it, be that at half past a UTC hour.
/// </para>
/// <para>
/// Instances are immutable and may be shared between threads. Between the years -9998 and 2100 no member that answers a
/// question about one instant allocates memory, once the zone has been used; later than that some do.
/// </para>
/// </remarks>
public sealed class WeeklySchedule : IEquatable<WeeklySchedule>
{
    /// <summary>The most strings that <c>daysOfWeek</c> or <c>hoursOfDay</c> may have.</summary>
    public const int MaxEntries = 64;

    /// <summary>The most characters that one string of <c>daysOfWeek</c> or <c>hoursOfDay</c> may have.</summary>
    public const int MaxEntryLength = 256;

    private const int SecondsPerHour = 3_600;
    private const int HoursPerDay = 24;
    private const int HoursPerWeek = 168;

    // Added to local seconds since 1970-01-01, a Thursday, this counts them from a Monday 0:00 before all of time, so
    // that division always rounds towards the past.
    private const long SecondsSinceFirstMonday = SecondsPerHour * ((3 * HoursPerDay) + (1_000_000L * HoursPerWeek));

    private static readonly long FirstSecond = Instant.MinValue.ToUnixTimeSeconds();
    private static readonly long LastSecond = Instant.MaxValue.ToUnixTimeSeconds();

    private readonly int _days;
    private readonly int _hours;
    private readonly ZoneTimeline _timeline;

    private WeeklySchedule(int days, int hours, ZoneTimeline timeline)
    {
        _days = days;
        _hours = hours;
        _timeline = timeline;
    }

    /// <summary>The zone whose clocks count, from the tz database that comes with Noda Time.</summary>
    public DateTimeZone Zone => _timeline.Zone;

    private bool NeverChanges => _days == Cycle.Days.All && _hours == Cycle.Hours.All;

    /// <summary>Reads a schedule.</summary>
    /// <param name="daysOfWeek">
    /// Strings that are comma-separated lists of items; an item is a day, <c>mon</c> … <c>sun</c>, or a range of days such
    /// as <c>fri-mon</c>, which includes both ends and wraps around. Empty means all days. At most
    /// <see cref="MaxEntries"/> strings of at most <see cref="MaxEntryLength"/> characters.
    /// </param>
    /// <param name="hoursOfDay">
    /// The same of hours, <c>0</c> … <c>23</c>: <c>9-17</c> means from 9:00:00 up to, not including, 18:00:00. Empty means
    /// all hours, but not both lists may be empty.
    /// </param>
    /// <param name="timezone">A name of the IANA tz database, links included.</param>
    /// <remarks>
    /// Blanks around items and around the ends of a range, letter case, and the zero in <c>09</c> do not matter.
    /// </remarks>
    /// <exception cref="ScheduleFormatException">Something is not as said above; it says all that is wrong.</exception>
    /// <exception cref="ArgumentNullException">An argument is <see langword="null"/>.</exception>
    public static WeeklySchedule Parse(
        IReadOnlyList<string> daysOfWeek,
        IReadOnlyList<string> hoursOfDay,
        string timezone) =>
        TryParse(daysOfWeek, hoursOfDay, timezone, out var schedule, out var errors)
            ? schedule
            : throw new ScheduleFormatException(errors);

    /// <summary>Reads a schedule, or says what is wrong with it.</summary>
    /// <param name="daysOfWeek">The days, as for <see cref="Parse"/>.</param>
    /// <param name="hoursOfDay">The hours, as for <see cref="Parse"/>.</param>
    /// <param name="timezone">The time zone, as for <see cref="Parse"/>.</param>
    /// <param name="schedule">The schedule, or <see langword="null"/> if there are errors.</param>
    /// <param name="errors">
    /// All that is wrong, in the order of the fields; empty if nothing is. Of one list no more than ten errors are named,
    /// and then one more that says so.
    /// </param>
    /// <returns>Whether there is a schedule.</returns>
    /// <exception cref="ArgumentNullException">An argument is <see langword="null"/>.</exception>
    public static bool TryParse(
        IReadOnlyList<string> daysOfWeek,
        IReadOnlyList<string> hoursOfDay,
        string timezone,
        [NotNullWhen(true)] out WeeklySchedule? schedule,
        out IReadOnlyList<ScheduleError> errors)
    {
        ArgumentNullException.ThrowIfNull(daysOfWeek);
        ArgumentNullException.ThrowIfNull(hoursOfDay);
        ArgumentNullException.ThrowIfNull(timezone);

        var parser = new ScheduleParser();
        var (days, hours) = parser.ParseSets(daysOfWeek, hoursOfDay);
        var zone = parser.ParseZone(timezone);
        errors = parser.Errors;
        schedule = zone is null || errors.Count > 0 ? null : new(days, hours, ZoneTimeline.For(zone));
        return schedule is not null;
    }

    /// <summary>Whether the window is open at an instant.</summary>
    public bool IsActive(Instant at) => new Moment(this, at.ToUnixTimeSeconds()).IsActive;

    /// <summary>The first instant strictly after another at which <see cref="IsActive"/> changes.</summary>
    /// <returns>
    /// <see langword="null"/> if there is none: the schedule is active around the clock, or the change would lie beyond
    /// <see cref="Instant.MaxValue"/>.
    /// </returns>
    public Instant? NextChange(Instant after)
    {
        if (NeverChanges)
        {
            return null;
        }

        // A segment of a week or longer has a change in it, and a zone has few shorter ones: this ends soon.
        var moment = new Moment(this, after.ToUnixTimeSeconds());
        while (true)
        {
            var change = moment.EndOfRun;
            if (change < moment.Segment.End)
            {
                return change <= LastSecond ? Instant.FromUnixTimeSeconds(change) : null;
            }

            var next = new Moment(this, moment.Segment.End);
            if (next.IsActive != moment.IsActive)
            {
                return Instant.FromUnixTimeSeconds(next.Second);
            }

            moment = next;
        }
    }

    /// <summary>The latest instant, not after another, at which <see cref="IsActive"/> changed.</summary>
    /// <returns>
    /// <see langword="null"/> if there is none: the schedule is active around the clock, or the change would lie before
    /// <see cref="Instant.MinValue"/>.
    /// </returns>
    public Instant? PreviousChange(Instant at)
    {
        if (NeverChanges)
        {
            return null;
        }

        var moment = new Moment(this, at.ToUnixTimeSeconds());
        while (true)
        {
            var change = moment.StartOfRun;
            if (change > moment.Segment.Start)
            {
                return change >= FirstSecond ? Instant.FromUnixTimeSeconds(change) : null;
            }

            var previous = new Moment(this, moment.Segment.Start - 1);
            if (previous.IsActive != moment.IsActive)
            {
                return Instant.FromUnixTimeSeconds(moment.Segment.Start);
            }

            moment = previous;
        }
    }

    /// <summary>The first instant strictly after another at which the window opens.</summary>
    /// <returns><see langword="null"/> if there is none, as for <see cref="NextChange"/>.</returns>
    public Instant? NextActivation(Instant after) =>
        NextChange(after) is not { } change ? null
        : IsActive(change) ? change
        : NextChange(change);

    /// <summary>The windows in a range, in order, each cut to the range; found as they are asked for.</summary>
    /// <param name="range">
    /// Any interval. If it has no start or no end, neither has a window that reaches as far; without an end the sequence
    /// is as good as endless.
    /// </param>
    public IEnumerable<Interval> Windows(Interval range)
    {
        if (range is { HasStart: true, HasEnd: true } && range.Duration == Duration.Zero)
        {
            yield break;
        }

        var start = range.HasStart ? range.Start : Instant.MinValue;
        var opens = IsActive(start) ? start : NextChange(start);
        while (opens is { } open && IsBeforeEnd(open))
        {
            var closes = NextChange(open);
            var isCut = closes is not { } close || !IsBeforeEnd(close);
            yield return new Interval(
                open == start && !range.HasStart ? null : open,
                isCut ? (range.HasEnd ? range.End : null) : closes);
            opens = isCut ? null : NextChange(closes!.Value);
        }

        bool IsBeforeEnd(Instant instant) => !range.HasEnd || instant < range.End;
    }

    /// <summary>Whether another schedule has the same days, the same hours and a zone of the same name.</summary>
    /// <remarks>Two names of one zone (<c>Asia/Calcutta</c>, <c>Asia/Kolkata</c>) count as different.</remarks>
    public bool Equals([NotNullWhen(true)] WeeklySchedule? other) =>
        other is not null && _days == other._days && _hours == other._hours && Zone.Id == other.Zone.Id;

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => Equals(obj as WeeklySchedule);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_days, _hours, Zone.Id);

    /// <summary>
    /// The shortest form for people, the same for equal schedules, such as <c>mon-fri 9-17 America/New_York</c>: days,
    /// hours and zone, each as <see cref="Parse"/> reads it.
    /// </summary>
    public override string ToString() => $"{Cycle.Days.Format(_days)} {Cycle.Hours.Format(_hours)} {Zone.Id}";

    private bool Includes(int hourOfWeek) =>
        ((_days >> (hourOfWeek / HoursPerDay)) & (_hours >> (hourOfWeek % HoursPerDay)) & 1) != 0;

    /// <summary>A second, and where the schedule stands in it.</summary>
    private readonly ref struct Moment
    {
        private readonly WeeklySchedule _schedule;
        private readonly int _hourOfWeek;
        private readonly long _startOfHour;

        public Moment(WeeklySchedule schedule, long second)
        {
            _schedule = schedule;
            Second = second;
            Segment = schedule._timeline.At(second);
            var local = second + Segment.Offset + SecondsSinceFirstMonday;
            _hourOfWeek = (int)(local / SecondsPerHour % HoursPerWeek);
            _startOfHour = second - (local % SecondsPerHour);
            IsActive = schedule.Includes(_hourOfWeek);
        }

        /// <summary>Seconds since the Unix epoch.</summary>
        public long Second { get; }

        public ZoneSegment Segment { get; }

        public bool IsActive { get; }

        /// <summary>The second at which the state would change next if the clocks kept their offset for ever.</summary>
        public long EndOfRun
        {
            get
            {
                var hours = 1;
                while (_schedule.Includes((_hourOfWeek + hours) % HoursPerWeek) == IsActive)
                {
                    hours++;
                }

                return _startOfHour + (hours * SecondsPerHour);
            }
        }

        /// <summary>The second of the last change if the clocks had always kept their offset.</summary>
        public long StartOfRun
        {
            get
            {
                var hours = 0;
                while (_schedule.Includes((_hourOfWeek + HoursPerWeek - 1 - hours) % HoursPerWeek) == IsActive)
                {
                    hours++;
                }

                return _startOfHour - (hours * SecondsPerHour);
            }
        }
    }
}
