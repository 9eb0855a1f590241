// SPDX-License-Identifier: Apache-2.0

using System.Collections;
using NodaTime;

namespace FiveSpot.Scheduling.Tests;

public sealed class ScheduleErrorTests
{
    private const string DayAllowed = "use mon, tue, wed, thu, fri, sat or sun, or a range such as mon-fri";

    private const string HourAllowed =
        "use 0 to 23, or a range such as 9-17 (from 9:00 up to, not including, 18:00)";

    private const string ZoneAllowed = "use an IANA name such as Europe/Zurich or America/New_York, or UTC";

    [Theory]
    [InlineData("frday")]
    [InlineData("monday")]
    [InlineData("mon-")]
    [InlineData("-mon")]
    [InlineData("-")]
    [InlineData("mon-tue-wed")]
    [InlineData("mon–fri")]
    [InlineData("mon fri")]
    [InlineData("m on")]
    [InlineData("1")]
    [InlineData("0mon")]
    [InlineData("*")]
    [InlineData("")]
    [InlineData("ſun")]
    public void Says_what_is_not_a_day(string item) =>
        ErrorsOf([item], ["9"]).ShouldBe([new("daysOfWeek[0]", $"\"{item}\" is not a day: {DayAllowed}")]);

    [Theory]
    [InlineData("24")]
    [InlineData("-1")]
    [InlineData("+9")]
    [InlineData("009")]
    [InlineData("9:00")]
    [InlineData("9:00-17:00")]
    [InlineData("9-24")]
    [InlineData("9.5")]
    [InlineData("9am")]
    [InlineData("9-12-17")]
    [InlineData("1 2")]
    [InlineData("0x9")]
    [InlineData("٩")]
    [InlineData("4294967305")]
    [InlineData("mon")]
    [InlineData("0mon")]
    [InlineData("")]
    public void Says_what_is_not_an_hour(string item) =>
        ErrorsOf(["mon"], [item]).ShouldBe([new("hoursOfDay[0]", $"\"{item}\" is not an hour: {HourAllowed}")]);

    [Fact]
    public void Names_every_wrong_item_and_where_it_is() =>
        ErrorsOf(["mon", "frday, tue,", "sat"], ["25", "1-3, x"], "Europe/Zurch").ShouldBe(
        [
            new("daysOfWeek[1]", $"\"frday\" is not a day: {DayAllowed}"),
            new("daysOfWeek[1]", $"\"\" is not a day: {DayAllowed}"),
            new("hoursOfDay[0]", $"\"25\" is not an hour: {HourAllowed}"),
            new("hoursOfDay[1]", $"\"x\" is not an hour: {HourAllowed}"),
            new("timezone", "\"Europe/Zurch\" is not a time zone: did you mean Europe/Zurich?"),
        ]);

    [Fact]
    public void Refuses_two_empty_lists_and_says_what_to_write_instead()
    {
        var error = ErrorsOf([], []).ShouldHaveSingleItem();
        error.Field.ShouldBe("daysOfWeek");
        error.Message.ShouldStartWith("daysOfWeek and hoursOfDay are both empty: ");
        ErrorsOf(["mon-sun"], []).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("zurich", "did you mean Europe/Zurich?")]
    [InlineData("Europe/Zürich", "did you mean Europe/Zurich?")]
    [InlineData("America/New York", "did you mean America/New_York?")]
    [InlineData("New York", "did you mean America/New_York?")]
    [InlineData("Amercia/Chicago", "did you mean America/Chicago?")]
    [InlineData("Europe/Calcutta", "did you mean Asia/Calcutta?")]
    [InlineData("PST", ZoneAllowed)]
    [InlineData("UTC+05:30", ZoneAllowed)]
    [InlineData("+01:00", ZoneAllowed)]
    [InlineData("../../etc/passwd", ZoneAllowed)]
    public void Suggests_the_time_zone_that_was_meant(string zone, string advice) =>
        ErrorsOf(["mon"], [], zone).ShouldBe([new("timezone", $"\"{zone}\" is not a time zone: {advice}")]);

    [Fact]
    public void Suggests_no_more_than_three_zones() =>
        ErrorsOf(["mon"], [], "Etc/GMT-15").ShouldHaveSingleItem().Message.Split(" or ").Length.ShouldBe(3);

    [Fact]
    public void Suggests_what_comparing_with_every_name_letter_by_letter_would()
    {
        string[] ids = [.. DateTimeZoneProviders.Tzdb.Ids];
        var random = new Random(5);
        for (var i = 0; i < 2_000; i++)
        {
            var text = ids[random.Next(ids.Length)].ToList();
            for (var changes = random.Next(1, 6); changes > 0 && text.Count > 0; changes--)
            {
                var (at, letter) = (random.Next(text.Count), (char)random.Next('A', 'z'));
                switch (random.Next(4))
                {
                    case 0:
                        text[at] = letter;
                        break;
                    case 1:
                        text.Insert(at, letter);
                        break;
                    case 2:
                        text.RemoveAt(at);
                        break;
                    default:
                        text.RemoveRange(0, at);
                        break;
                }
            }

            var zone = string.Concat(text).Trim();
            if (zone.Length > 0 && !ids.Contains(zone, StringComparer.OrdinalIgnoreCase))
            {
                ErrorsOf(["mon"], [], zone).ShouldHaveSingleItem().Message.ShouldEndWith(Advice(zone, ids));
            }
        }
    }

    // It is read whenever somebody writes such a ScheduledMachine, and so is theirs to ask for.
    [Fact]
    public void A_time_zone_that_is_none_costs_little()
    {
        string[] zones = [.. Enumerable.Range(0, 1_000).Select(static i => $"Amerika/Argentinia/{i}_Buenos_Aires")];
        ErrorsOf(["mon"], [], zones[0]);
        Enumerable.Range(0, 5).Min(_ =>
        {
            var watch = System.Diagnostics.Stopwatch.StartNew();
            Array.ForEach(zones, static zone => ErrorsOf(["mon"], [], zone));
            return watch.Elapsed;
        }).ShouldBeLessThan(TimeSpan.FromMilliseconds(300));
    }

    [Fact]
    public void An_empty_time_zone_is_refused() =>
        ErrorsOf(["mon"], [], " ").ShouldBe([new("timezone", $"the time zone is empty: {ZoneAllowed}")]);

    [Fact]
    public void Every_name_of_the_database_is_taken_in_any_letter_case() =>
        DateTimeZoneProviders.Tzdb.Ids.Where(id =>
            WeeklySchedule.Parse(["mon"], ["9"], id.ToUpperInvariant()).Zone.Id != id
            || WeeklySchedule.Parse(["mon"], ["9"], id.ToLowerInvariant()).Zone.Id != id).ShouldBeEmpty();

    [Fact]
    public void Parse_reports_all_errors_at_once()
    {
        var exception = Should.Throw<ScheduleFormatException>(() => WeeklySchedule.Parse(["x"], ["24"], "UTC"));
        exception.Errors.Count.ShouldBe(2);
        exception.Message.ShouldBe(
            $"daysOfWeek[0]: \"x\" is not a day: {DayAllowed}; hoursOfDay[0]: \"24\" is not an hour: {HourAllowed}");
    }

    [Fact]
    public void Null_arguments_are_the_callers_fault_but_null_entries_the_users()
    {
        Should.Throw<ArgumentNullException>(() => WeeklySchedule.Parse(null!, [], "UTC"));
        Should.Throw<ArgumentNullException>(() => WeeklySchedule.Parse([], null!, "UTC"));
        Should.Throw<ArgumentNullException>(() => WeeklySchedule.Parse([], [], null!));
        ErrorsOf(["mon", null!], []).ShouldBe([new("daysOfWeek[1]", $"\"\" is not a day: {DayAllowed}")]);
    }

    [Fact]
    public void What_is_quoted_is_short_and_harmless()
    {
        ErrorsOf(["a\nb\u001b[31m\u202ec"], []).ShouldHaveSingleItem()
            .Message.ShouldStartWith("\"a\uFFFDb\uFFFD[31m\uFFFDc\" is not a day: ");
        ErrorsOf([new string('x', 200)], []).ShouldHaveSingleItem()
            .Message.ShouldStartWith($"\"{new string('x', 40)}…\" is not a day: ");
    }

    [Fact]
    public void The_longest_lists_allowed_are_read()
    {
        string[] entries = [.. Enumerable.Repeat("mon,".PadLeft(WeeklySchedule.MaxEntryLength - 3) + "tue", WeeklySchedule.MaxEntries)];
        entries[0].Length.ShouldBe(WeeklySchedule.MaxEntryLength);
        WeeklySchedule.Parse(entries, [], "UTC").ToString().ShouldBe("mon-tue 0-23 UTC");
    }

    [Fact]
    public void Too_much_is_refused_without_reading_it()
    {
        var huge = new string('9', 10_000_000);
        var commas = new string(',', WeeklySchedule.MaxEntryLength);
        WeeklySchedule.TryParse([commas], [huge], huge, out _, out _).ShouldBeFalse();

        var before = GC.GetAllocatedBytesForCurrentThread();
        WeeklySchedule.TryParse(new Endless(), new Endless(), huge, out _, out var lists).ShouldBeFalse();
        WeeklySchedule.TryParse([huge], [.. Enumerable.Repeat(commas, WeeklySchedule.MaxEntries)], huge, out _, out var entries)
            .ShouldBeFalse();
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        allocated.ShouldBeLessThan(64 * 1024);
        lists.Select(error => error.ToString()).ShouldBe(
        [
            $"daysOfWeek: the list has {int.MaxValue} entries: at most 64 are allowed",
            $"hoursOfDay: the list has {int.MaxValue} entries: at most 64 are allowed",
            $"timezone: \"{huge[..40]}…\" is longer than any time zone's name: {ZoneAllowed}",
        ]);
        entries[0].ToString().ShouldBe(
            $"daysOfWeek[0]: \"{huge[..40]}…\" has 10000000 characters: at most 256 are allowed in one entry");
        entries.Count(error => error.Field == "hoursOfDay[0]").ShouldBe(10);
        entries[^2].ShouldBe(new("hoursOfDay", "there are more errors in this list: correct those named first"));
    }

    private static string Advice(string zone, string[] ids)
    {
        var wanted = zone.Replace(' ', '_').ToUpperInvariant();
        string[] near =
        [
            .. ids.Select(id => (Id: id, Edits: Math.Min(
                    wanted.Contains('/', StringComparison.Ordinal) && City(wanted) == City(id.ToUpperInvariant()) ? 1 : int.MaxValue,
                    Math.Min(Edits(wanted, id.ToUpperInvariant()), Edits(wanted, City(id.ToUpperInvariant()))))))
                .Where(candidate => candidate.Edits <= wanted.Length / 4)
                .OrderBy(static candidate => candidate.Edits).ThenBy(static candidate => candidate.Id, StringComparer.Ordinal)
                .Take(3).Select(static candidate => candidate.Id),
        ];
        return near.Length > 0 ? $": did you mean {string.Join(" or ", near)}?" : $": {ZoneAllowed}";
    }

    private static string City(string name) => name[(name.LastIndexOf('/') + 1)..];

    private static int Edits(string one, string other)
    {
        var edits = new int[one.Length + 1, other.Length + 1];
        for (var i = 0; i <= one.Length; i++)
        {
            for (var j = 0; j <= other.Length; j++)
            {
                edits[i, j] = i == 0 || j == 0 ? i + j : Math.Min(
                    edits[i - 1, j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1), Math.Min(edits[i - 1, j], edits[i, j - 1]) + 1);
            }
        }

        return edits[one.Length, other.Length];
    }

    private static IReadOnlyList<ScheduleError> ErrorsOf(string[] days, string[] hours, string zone = "UTC")
    {
        var isRead = WeeklySchedule.TryParse(days, hours, zone, out var schedule, out var errors);
        isRead.ShouldBe(errors.Count == 0);
        isRead.ShouldBe(schedule is not null);
        return errors;
    }

    /// <summary>A list that claims to have more entries than anybody should look at.</summary>
    private sealed class Endless : IReadOnlyList<string>
    {
        public int Count => int.MaxValue;

        public string this[int index] => throw new InvalidOperationException("was read");

        public IEnumerator<string> GetEnumerator() => throw new InvalidOperationException("was read");

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
