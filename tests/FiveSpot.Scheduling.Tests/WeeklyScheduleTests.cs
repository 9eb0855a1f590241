// SPDX-License-Identifier: Apache-2.0

using NodaTime;
using NodaTime.Text;

namespace FiveSpot.Scheduling.Tests;

public sealed class WeeklyScheduleTests
{
    private static readonly string[] None = [];

    [Theory]
    // 9-17 lasts until 18:00, to the nanosecond.
    [InlineData("mon-fri 9-17 UTC", "2026-01-05T08:59:59.999999999Z", false)]
    [InlineData("mon-fri 9-17 UTC", "2026-01-05T09:00:00Z", true)]
    [InlineData("mon-fri 9-17 UTC", "2026-01-05T17:59:59.999999999Z", true)]
    [InlineData("mon-fri 9-17 UTC", "2026-01-05T18:00:00Z", false)]
    // Sets, not stretches: the hours of the night that follow belong to Saturday.
    [InlineData("fri 22-6 UTC", "2026-01-09T00:00:00Z", true)]
    [InlineData("fri 22-6 UTC", "2026-01-09T06:59:59Z", true)]
    [InlineData("fri 22-6 UTC", "2026-01-09T07:00:00Z", false)]
    [InlineData("fri 22-6 UTC", "2026-01-09T23:59:59Z", true)]
    [InlineData("fri 22-6 UTC", "2026-01-10T00:00:00Z", false)]
    // Friday, 30 December 2011 did not happen in Samoa.
    [InlineData("fri 0-23 Pacific/Apia", "2011-12-30T09:59:59Z", false)]
    [InlineData("fri 0-23 Pacific/Apia", "2011-12-30T10:00:00Z", false)]
    public void Is_active(string schedule, string at, bool expected) =>
        Read(schedule).IsActive(At(at)).ShouldBe(expected);

    [Theory]
    // An hour that is skipped does not happen: at 2:00 on 8 March 2026 New York goes on to 3:00.
    [InlineData("sun 2 America/New_York", "2026-03-07T00:00:00Z", "2026-03-15T06:00:00Z")]
    // One that is repeated happens twice, without a pause.
    [InlineData("sun 1 America/New_York", "2026-11-01T05:00:00Z", "2026-11-01T07:00:00Z")]
    // A repeated hour that comes between: 0:00 to 1:59, and 1:00 again.
    [InlineData("sun 2 America/New_York", "2026-11-01T05:00:00Z", "2026-11-01T07:00:00Z")]
    // Half an hour is skipped at 2:00 on Lord Howe Island, so that 2:30 opens what is then half an hour long.
    [InlineData("sun 2 Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-03T15:30:00Z")]
    [InlineData("sun 2 Australia/Lord_Howe", "2026-10-03T15:30:00Z", "2026-10-03T16:00:00Z")]
    // ... and repeated at 2:00 in autumn, in mid-hour: 1:30 to 2:00 comes again.
    [InlineData("sun 1 Australia/Lord_Howe", "2026-04-04T14:00:00Z", "2026-04-04T15:30:00Z")]
    [InlineData("mon 9 Asia/Kathmandu", "2026-01-04T00:00:00Z", "2026-01-05T03:15:00Z")]
    // The Friday that Samoa skipped is not waited for in vain.
    [InlineData("fri 9 Pacific/Apia", "2011-12-24T00:00:00Z", "2012-01-05T19:00:00Z")]
    // Local mean time, with its seconds, ends in mid-hour.
    [InlineData("sun 12 America/New_York", "1883-11-18T16:00:00Z", "1883-11-18T16:56:02Z")]
    [InlineData("sun 12 America/New_York", "1883-11-18T16:56:02Z", "1883-11-18T18:00:00Z")]
    [InlineData("mon-sun 0-23 Europe/Zurich", "2026-03-28T12:00:00Z", null)]
    public void Next_change(string schedule, string after, string? expected) =>
        Read(schedule).NextChange(At(after)).ShouldBe(AtOrNull(expected));

    [Theory]
    [InlineData("mon-fri 9-17 UTC", "2026-01-05T09:00:00Z", "2026-01-05T09:00:00Z")]
    [InlineData("mon-fri 9-17 UTC", "2026-01-05T08:59:59.999999999Z", "2026-01-02T18:00:00Z")]
    [InlineData("sun 2 America/New_York", "2026-03-14T00:00:00Z", "2026-03-01T08:00:00Z")]
    [InlineData("mon-sun 0-23 UTC", "2026-01-05T09:00:00Z", null)]
    public void Previous_change(string schedule, string at, string? expected) =>
        Read(schedule).PreviousChange(At(at)).ShouldBe(AtOrNull(expected));

    [Theory]
    [InlineData("mon-fri 9-17 UTC", "2026-01-05T08:00:00Z", "2026-01-05T09:00:00Z")]
    [InlineData("mon-fri 9-17 UTC", "2026-01-05T09:00:00Z", "2026-01-06T09:00:00Z")]
    [InlineData("mon-fri 9-17 UTC", "2026-01-09T12:00:00Z", "2026-01-12T09:00:00Z")]
    [InlineData("mon-sun 0-23 UTC", "2026-01-05T09:00:00Z", null)]
    public void Next_activation(string schedule, string after, string? expected) =>
        Read(schedule).NextActivation(At(after)).ShouldBe(AtOrNull(expected));

    [Fact]
    public void Windows_are_cut_to_the_range() =>
        Read("mon-fri 9-17 UTC").Windows(new(At("2026-01-05T12:00:00Z"), At("2026-01-07T10:00:00Z"))).ShouldBe(
        [
            new(At("2026-01-05T12:00:00Z"), At("2026-01-05T18:00:00Z")),
            new(At("2026-01-06T09:00:00Z"), At("2026-01-06T18:00:00Z")),
            new(At("2026-01-07T09:00:00Z"), At("2026-01-07T10:00:00Z")),
        ]);

    [Fact]
    public void Windows_of_a_range_without_ends()
    {
        var always = new Interval(start: null, end: null);
        Read("mon-sun 0-23 UTC").Windows(always).ShouldBe([always]);

        var from = new Interval(At("2026-01-05T10:00:00Z"), end: null);
        Read("mon 9-17 UTC").Windows(from).Take(2).ShouldBe(
        [
            new(At("2026-01-05T10:00:00Z"), At("2026-01-05T18:00:00Z")),
            new(At("2026-01-12T09:00:00Z"), At("2026-01-12T18:00:00Z")),
        ]);
        Read("mon-sun 0-23 UTC").Windows(from).ShouldBe([from]);

        var first = Read("mon-sun 0-22 UTC").Windows(always).First();
        first.HasStart.ShouldBeFalse();
        first.HasEnd.ShouldBeTrue();
    }

    [Fact]
    public void Windows_of_an_empty_range_are_none()
    {
        var at = At("2026-01-05T12:00:00Z");
        Read("mon-sun 0-23 UTC").Windows(new(at, at)).ShouldBeEmpty();
        Read("mon 9-17 UTC").Windows(new(at, at)).ShouldBeEmpty();
    }

    [Fact]
    public void A_window_that_opens_or_closes_with_the_range_is_not_in_it()
    {
        var range = new Interval(At("2026-01-05T18:00:00Z"), At("2026-01-06T09:00:00Z"));
        Read("mon-fri 9-17 UTC").Windows(range).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Europe/Zurich")]
    [InlineData("Australia/Lord_Howe")]
    [InlineData("America/Havana")]
    [InlineData("Asia/Tokyo")]
    public void Clocks_go_on_changing_after_the_transitions_that_are_tabulated(string zone)
    {
        var schedule = WeeklySchedule.Parse(["sat-sun"], ["1-2"], zone);
        var first = At("2099-06-01T00:00:00Z");
        var last = At("2101-06-01T00:00:00Z");
        var expected = new SlowSchedule(Only(7, 5, 6), Only(24, 1, 2), schedule.Zone).Changes(first, last).ToList();

        schedule.Windows(new(first, last)).SelectMany(window => new[] { window.Start, window.End }).ShouldBe(expected);
        expected.Select(change => schedule.PreviousChange(change)!.Value).ShouldBe(expected);
        var transitions = schedule.Zone.GetZoneIntervals(first, last).Skip(1).Select(interval => interval.Start);
        transitions.Where(at => schedule.NextChange(at) != expected.First(change => change > at)).ShouldBeEmpty();
    }

    [Fact]
    public void Windows_end_with_time()
    {
        var lastDays = new Interval(Instant.MaxValue - Duration.FromDays(7), end: null);
        var windows = Read("mon-sun 23 UTC").Windows(lastDays).ToList();
        windows.Count.ShouldBe(8);
        windows[^1].HasEnd.ShouldBeFalse();
    }

    [Theory]
    [InlineData("mon-fri 9-17 UTC")]
    [InlineData("sat 23 Pacific/Kiritimati")]
    [InlineData("sat 23 America/Adak")]
    [InlineData("mon 0 Europe/Zurich")]
    public void The_ends_of_time_are_no_trap(string text)
    {
        var schedule = Read(text);
        schedule.NextChange(Instant.MaxValue).ShouldBeNull();
        schedule.NextActivation(Instant.MaxValue).ShouldBeNull();
        schedule.PreviousChange(Instant.MinValue).ShouldBeNull();
        schedule.NextChange(Instant.MinValue)!.Value.ShouldBeLessThan(Instant.MinValue + Duration.FromDays(9));
        schedule.PreviousChange(Instant.MaxValue)!.Value.ShouldBeGreaterThan(Instant.MaxValue - Duration.FromDays(9));
    }

    [Fact]
    public void Every_single_hour_of_the_week_is_found_in_every_zone()
    {
        var before = At("2026-03-01T00:00:00Z");
        foreach (var id in DateTimeZoneProviders.Tzdb.Ids)
        {
            var zone = DateTimeZoneProviders.Tzdb[id];
            var wrong =
                from day in new[] { "mon", "sun" }
                from hour in Enumerable.Range(0, 24)
                let opens = WeeklySchedule.Parse([day], [$"{hour}"], id).NextActivation(before)!.Value
                let local = opens.InZone(zone)
                where local.Hour != hour || opens - before > Duration.FromDays(15)
                select $"{day} {hour} {id}: {local}";
            wrong.ShouldBeEmpty();
        }
    }

    [Theory]
    [InlineData(new[] { "mon-fri" }, new[] { "9-17" }, "America/New_York", "mon-fri 9-17 America/New_York")]
    [InlineData(new[] { "sun,sat", "mon" }, new[] { "3", "1,2" }, "UTC", "sat-mon 1-3 UTC")]
    [InlineData(new[] { "wed", "fri-mon" }, new[] { "22-6,12" }, "Asia/Calcutta", "wed,fri-mon 12,22-6 Asia/Calcutta")]
    [InlineData(new string[0], new[] { "0" }, "UTC", "mon-sun 0 UTC")]
    [InlineData(new[] { "tue-mon" }, new string[0], "UTC", "mon-sun 0-23 UTC")]
    [InlineData(new[] { " Tue - FRI ,\tsun" }, new[] { " 09 - 17 " }, " europe/zurich ", "tue-fri,sun 9-17 Europe/Zurich")]
    public void Prints_the_shortest_form(string[] days, string[] hours, string zone, string expected) =>
        WeeklySchedule.Parse(days, hours, zone).ToString().ShouldBe(expected);

    [Fact]
    public void Equal_schedules_are_those_with_the_same_hours_in_the_same_zone()
    {
        var schedule = WeeklySchedule.Parse(["mon-wed"], ["8", "9"], "Asia/Kolkata");
        schedule.ShouldBe(WeeklySchedule.Parse(["tue,wed", "mon"], ["8-9"], "asia/kolkata"));
        schedule.Zone.Id.ShouldBe("Asia/Kolkata");
        schedule.ShouldNotBe(WeeklySchedule.Parse(["mon-wed"], ["8-9"], "Asia/Calcutta"));
        schedule.ShouldNotBe(WeeklySchedule.Parse(["mon-tue"], ["8-9"], "Asia/Kolkata"));
        schedule.ShouldNotBe(WeeklySchedule.Parse(["mon-wed"], ["8-10"], "Asia/Kolkata"));
        schedule.Equals(null).ShouldBeFalse();
        WeeklySchedule.Parse(["mon"], None, "UTC").ShouldBe(WeeklySchedule.Parse(["mon"], ["0-23"], "UTC"));
    }

    [Fact]
    public void Asking_allocates_nothing()
    {
        WeeklySchedule[] schedules =
        [
            Read("mon-fri 9-17 America/New_York"), Read("sun 2 Europe/Zurich"), Read("sat 23 Australia/Lord_Howe"),
            Read("fri 22-6 Africa/Casablanca"), Read("mon-sun 0-23 UTC"), Read("wed 12 Asia/Kathmandu"),
        ];
        var first = At("1900-01-01T00:00:00Z");
        var step = Duration.FromHours(997);
        var steps = (int)((At("2099-12-01T00:00:00Z") - first) / step);

        // Instants all over two centuries, so that a cache of recent answers would not do.
        Ask(schedules, first, step, 2);
        var (changes, allocated) = (0, long.MaxValue);

        // The runtime may put a little on this thread once, when it compiles anew what is hot; what asks would each time.
        for (var attempt = 1; attempt <= 3 && allocated > 0; attempt++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            changes = Ask(schedules, first, step, steps);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        allocated.ShouldBe(0);
        changes.ShouldBeGreaterThan(steps);

        static int Ask(WeeklySchedule[] schedules, Instant first, Duration step, int steps)
        {
            var count = 0;
            foreach (var schedule in schedules)
            {
                var at = first;
                for (var i = 0; i < steps; i++, at += step)
                {
                    count += schedule.IsActive(at) ? 1 : 0;
                    count += schedule.NextChange(at) is null ? 0 : 1;
                    count += schedule.PreviousChange(at) is null ? 0 : 1;
                    count += schedule.NextActivation(at) is null ? 0 : 1;
                }
            }

            return count;
        }
    }

    [Fact]
    public void Threads_may_share_schedules_and_zones()
    {
        var at = At("2026-03-07T12:00:00Z");
        string[] ids = [.. DateTimeZoneProviders.Tzdb.Ids];
        var answers = new Instant?[ids.Length * 4];
        Parallel.For(0, answers.Length, new ParallelOptions { MaxDegreeOfParallelism = 8 }, index =>
            answers[index] = WeeklySchedule.Parse(["sun"], ["2"], ids[index / 4]).NextChange(at));

        var expected = ids.Select(id => new SlowSchedule(Only(7, 6), Only(24, 2), DateTimeZoneProviders.Tzdb[id])
            .Changes(at + Duration.Epsilon, at + Duration.FromDays(15)).First());
        answers.ShouldBe(expected.SelectMany(change => Enumerable.Repeat((Instant?)change, 4)));
    }

    private static bool[] Only(int size, params int[] indices) =>
        [.. Enumerable.Range(0, size).Select(indices.Contains)];

    private static WeeklySchedule Read(string schedule)
    {
        var parts = schedule.Split(' ');
        return WeeklySchedule.Parse([parts[0]], [parts[1]], parts[2]);
    }

    private static Instant At(string text) => InstantPattern.ExtendedIso.Parse(text).Value;

    private static Instant? AtOrNull(string? text) => text is null ? null : At(text);
}
