// SPDX-License-Identifier: Apache-2.0

using CsCheck;
using NodaTime;

namespace FiveSpot.Scheduling.Tests;

/// <summary>The schedule against <see cref="SlowSchedule"/>, mostly around clock changes.</summary>
public sealed class SchedulePropertyTests
{
    // Longer than any time without a change: a week, and what a change of the clocks can swallow of the next one.
    private static readonly Duration Horizon = Duration.FromDays(30);

    // From before standard time, with offsets in seconds, through the end of the tabulated transitions.
    private static readonly Gen<ScheduleCase> Anytime = Gen.Frequency(
        (6, ScheduleCase.Between(1970, 2040)),
        (3, ScheduleCase.Between(1840, 1970)),
        (1, ScheduleCase.Between(2085, 2115)),
        (1, ScheduleCase.Between(2200, 9990)));

    [Fact]
    public void IsActive_follows_the_definition() => Anytime.Sample(
        c => c.Schedule.IsActive(c.At).ShouldBe(c.Slow.IsActive(c.At)),
        iter: 20_000);

    [Fact]
    public void NextChange_is_the_first_change_after() => Anytime.Sample(
        c => c.Schedule.NextChange(c.At).ShouldBe(First(c.Slow.Changes(c.At + Duration.Epsilon, c.At + Horizon))),
        iter: 4_000);

    [Fact]
    public void PreviousChange_is_the_last_change_until() => Anytime.Sample(
        c => c.Schedule.PreviousChange(c.At).ShouldBe(First(c.Slow.Changes(c.At - Horizon, c.At).Reverse())),
        iter: 2_000);

    [Fact]
    public void NextActivation_is_the_first_change_after_that_opens() => Anytime.Sample(
        c => c.Schedule.NextActivation(c.At).ShouldBe(
            First(c.Slow.Changes(c.At + Duration.Epsilon, c.At + Horizon + Horizon).Where(c.Slow.IsActive))),
        iter: 2_000);

    [Fact]
    public void NextChange_agrees_with_looking_every_minute() => ScheduleCase.Between(1985, 2035)
        .Sample(
            c =>
            {
                var minute = Instant.FromUnixTimeSeconds(c.At.ToUnixTimeSeconds() / 60 * 60);
                c.Schedule.NextChange(minute).ShouldBe(c.Slow.NextChangeByTheMinute(minute, Horizon));
            },
            iter: 200);

    [Fact]
    public void Windows_are_the_stretches_in_which_the_schedule_is_active() => Anytime.Sample(
        c =>
        {
            var range = new Interval(c.At, c.At + Duration.FromDays(16));
            var boundaries = c.Schedule.Windows(range).SelectMany(window => new[] { window.Start, window.End });
            var changes = c.Slow.Changes(range.Start + Duration.Epsilon, range.End - Duration.Epsilon);
            IEnumerable<Instant> expected =
            [
                .. c.Slow.IsActive(range.Start) ? [range.Start] : Array.Empty<Instant>(),
                .. changes,
                .. c.Slow.IsActive(range.End - Duration.Epsilon) ? [range.End] : Array.Empty<Instant>(),
            ];
            boundaries.ShouldBe(expected);
        },
        iter: 1_000);

    [Fact]
    public void Changes_are_found_alike_in_both_directions() => Anytime.Sample(
        c =>
        {
            if (c.Schedule.NextChange(c.At) is not { } next)
            {
                return;
            }

            c.Schedule.IsActive(next).ShouldNotBe(c.Schedule.IsActive(c.At));
            c.Schedule.PreviousChange(next).ShouldBe(next);
            c.Schedule.PreviousChange(next - Duration.Epsilon).ShouldBe(c.Schedule.PreviousChange(c.At));
        },
        iter: 20_000);

    [Fact]
    public void What_it_prints_is_what_it_reads() => Anytime.Sample(
        c =>
        {
            var text = c.Schedule.ToString();
            var parts = text.Split(' ');
            var again = WeeklySchedule.Parse([parts[0]], [parts[1]], parts[2]);
            again.ShouldBe(c.Schedule);
            again.GetHashCode().ShouldBe(c.Schedule.GetHashCode());
            again.ToString().ShouldBe(text);
        },
        iter: 5_000);

    [Fact]
    public void Any_text_is_read_or_refused_with_reasons()
    {
        var text = Gen.Frequency(
            (1, Gen.String),
            (3, Gen.Char["0123456789-, montuewdhfrisa\u0660\u212a"].Array[0, 12].Select(chars => new string(chars))));
        Gen.Select(text.Array[0, 4], text.Array[0, 4], Gen.OneOf(text, ScheduleCase.ZoneName)).Sample(
            (days, hours, zone) =>
            {
                var isRead = WeeklySchedule.TryParse(days, hours, zone, out var schedule, out var errors);
                isRead.ShouldBe(schedule is not null);
                isRead.ShouldBe(errors.Count == 0);
                errors.ShouldAllBe(error => error.Field.Length > 0 && error.Message.Length < 400);
                errors.ShouldAllBe(error => !error.Message.Any(char.IsControl));
            },
            iter: 5_000);
    }

    private static Instant? First(IEnumerable<Instant> instants) =>
        instants.Select(static instant => (Instant?)instant).FirstOrDefault();
}
