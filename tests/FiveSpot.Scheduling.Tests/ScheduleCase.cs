// SPDX-License-Identifier: Apache-2.0

using CsCheck;
using NodaTime;

namespace FiveSpot.Scheduling.Tests;

/// <summary>A schedule as a user writes it, the two evaluators of it, and an instant to ask about.</summary>
internal sealed record ScheduleCase(string[] DaysOfWeek, string[] HoursOfDay, string Zone, Instant At)
{
    private static readonly string[] DayNames = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    private static readonly string[] HourNames = [.. Enumerable.Range(0, 24).Select(hour => $"{hour}")];

    // Half and quarter hours, half-hour summer time, a skipped day, negative and double summer time, summer time that
    // ends for Ramadan, transitions at midnight and at one minute past it, wartime experiments.
    private static readonly string[] TrickyZones =
    [
        "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "Africa/Casablanca", "America/St_Johns",
        "Antarctica/Troll", "America/Sao_Paulo", "America/Havana", "Pacific/Chatham", "Europe/Dublin", "Europe/London",
        "Pacific/Kiritimati", "Pacific/Kwajalein", "Asia/Manila", "America/Juneau", "Europe/Lisbon", "Africa/Monrovia",
        "Europe/Amsterdam", "Asia/Gaza", "Africa/Cairo", "Asia/Tehran", "Europe/Moscow", "America/Caracas", "UTC",
        "Asia/Pyongyang", "America/New_York", "Europe/Zurich", "Antarctica/Casey", "America/Nuuk",
    ];

    private static readonly Gen<(int First, int Last)> Item = Gen.Select(Gen.Int[0, 23], Gen.Int[0, 23], Gen.Bool)
        .Select(item => (item.Item1, item.Item3 ? item.Item2 : item.Item1));

    private static readonly Gen<(int First, int Last)[][]> Entries = Item.Array[1, 3].Array[0, 3];

    public static readonly Gen<string> ZoneName = Gen.Frequency(
        (3, AnyOf(TrickyZones)),
        (1, AnyOf([.. DateTimeZoneProviders.Tzdb.Ids])));

    public WeeklySchedule Schedule => WeeklySchedule.Parse(DaysOfWeek, HoursOfDay, Zone);

    public SlowSchedule Slow => new(Set(DaysOfWeek, DayNames), Set(HoursOfDay, HourNames), Tzdb);

    public DateTimeZone Tzdb => DateTimeZoneProviders.Tzdb[Zone];

    /// <summary>Cases whose instant lies, nine times of ten, within eleven days of a clock change.</summary>
    public static Gen<ScheduleCase> Between(int firstYear, int lastYear)
    {
        var first = Instant.FromUtc(firstYear, 1, 1, 0, 0);
        var last = Instant.FromUtc(lastYear, 1, 1, 0, 0);
        var instant = Gen.Long[first.ToUnixTimeSeconds(), last.ToUnixTimeSeconds()]
            .Select(Instant.FromUnixTimeSeconds);
        return
            from days in Entries
            from hours in Entries
            where days.Length + hours.Length > 0
            from zone in ZoneName
            from somewhere in instant
            from isNear in Gen.Int[0, 9]
            from seconds in Gen.OneOf(Gen.Long[-11 * 86_400L, 86_400L], Gen.Long[-7_200, 7_200])
            from nanoseconds in AnyOf([0L, 0L, 1L, 999_999_999L])
            select new ScheduleCase(
                Write(days, DayNames),
                Write(hours, HourNames),
                zone,
                Near(DateTimeZoneProviders.Tzdb[zone], somewhere, isNear > 0, seconds)
                    + Duration.FromNanoseconds(nanoseconds));
    }

    public override string ToString() =>
        $"[{string.Join(" | ", DaysOfWeek)}] [{string.Join(" | ", HoursOfDay)}] {Zone} at {At:uuuu-MM-ddTHH:mm:ss.fffffffffZ}";

    private static Gen<T> AnyOf<T>(T[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);

    private static Instant Near(DateTimeZone zone, Instant somewhere, bool isNear, long seconds) =>
        isNear && zone.GetZoneInterval(somewhere) is { HasEnd: true } interval
            ? interval.End + Duration.FromSeconds(seconds)
            : somewhere;

    private static string[] Write((int First, int Last)[][] entries, string[] names) =>
        [.. entries.Select(entry => string.Join(',', entry.Select(item => WriteItem(item.First, item.Last, names))))];

    private static string WriteItem(int first, int last, string[] names) => first == last
        ? names[first % names.Length]
        : $"{names[first % names.Length]}-{names[last % names.Length]}";

    private static bool[] Set(string[] entries, string[] names)
    {
        var set = new bool[names.Length];
        Array.Fill(set, entries.Length == 0);
        foreach (var item in entries.SelectMany(entry => entry.Split(',')))
        {
            var ends = item.Split('-');
            var index = Array.IndexOf(names, ends[0]);
            set[index] = true;
            while (names[index] != ends[^1])
            {
                index = index == names.Length - 1 ? 0 : index + 1;
                set[index] = true;
            }
        }

        return set;
    }
}
