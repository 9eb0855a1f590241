// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using NodaTime;

namespace FiveSpot.DeterministicSimulation;

/// <summary>
/// The schedules of the simulation, each with what it means, hour by hour, written down a second time: what is expected must not come
/// from the code that is tested.
/// </summary>
internal sealed record Week(string Days, string Hours, string Zone, Func<IsoDayOfWeek, int, bool> IsOpen)
{
    private static readonly (string Days, Func<IsoDayOfWeek, bool> Are)[] DaysOf =
    [
        ("mon-fri", static day => day is not (IsoDayOfWeek.Saturday or IsoDayOfWeek.Sunday)),
        ("sat-sun", static day => day is IsoDayOfWeek.Saturday or IsoDayOfWeek.Sunday),
        ("fri-mon", static day => day is IsoDayOfWeek.Friday or IsoDayOfWeek.Saturday or IsoDayOfWeek.Sunday or IsoDayOfWeek.Monday),
        ("wed", static day => day is IsoDayOfWeek.Wednesday),
        ("mon-sun", static _ => true),
    ];

    private static readonly (string Hours, Func<int, bool> Are)[] HoursOf =
    [
        ("0-23", static _ => true),
        ("9-17", static hour => hour is >= 9 and <= 17),
        ("22-5", static hour => hour is >= 22 or <= 5),
        ("1-2", static hour => hour is 1 or 2),
    ];

    /// <summary>Every combination of days, hours and zones, those that change seldom first.</summary>
    public static IReadOnlyList<Week> All { get; } =
    [
        .. from hours in HoursOf
           from days in DaysOf
           from zone in (string[])["UTC", "Europe/London", "America/New_York", "Asia/Kolkata"]
           select new Week(days.Days, hours.Hours, zone, (day, hour) => days.Are(day) && hours.Are(hour)),
    ];

    /// <summary>As a ScheduledMachine has it.</summary>
    public string Json => $$"""{"daysOfWeek":["{{Days}}"],"hoursOfDay":["{{Hours}}"],"timezone":"{{Zone}}"}""";

    /// <summary>Whether it is open at an instant.</summary>
    public bool IsOpenAt(DateTimeOffset instant)
    {
        var local = Instant.FromDateTimeOffset(instant).InZone(DateTimeZoneProviders.Tzdb[Zone]);
        return IsOpen(local.DayOfWeek, local.Hour);
    }

    /// <summary>The one that an object has.</summary>
    public static Week Of(JsonNode schedule) => All.First(week => week.Days == (string?)schedule["daysOfWeek"]![0] && week.Hours == (string?)schedule["hoursOfDay"]![0] && week.Zone == (string?)schedule["timezone"]);
}
