// SPDX-License-Identifier: Apache-2.0

using CsCheck;
using FiveSpot.Sandbox.Clock;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Sandbox.Tests.Clock;

public sealed class ScaledTimeProviderTests
{
    private static readonly DateTimeOffset Monday = new(2026, 1, 5, 8, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _real = new(new DateTimeOffset(2030, 6, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Begins_at_the_start_whatever_the_real_time_is() =>
        new ScaledTimeProvider(_real, new DateTimeOffset(2026, 1, 5, 9, 0, 0, TimeSpan.FromHours(1)), 600).GetUtcNow().ShouldBe(Monday);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(600, 600)]
    [InlineData(0.5, 0.5)]
    [InlineData(0.25, 0.25)]
    [InlineData(86_400, 86_400)]
    public void A_second_is_as_many_seconds_as_the_speed_says(double speed, double seconds)
    {
        var clock = new ScaledTimeProvider(_real, Monday, speed);
        var began = clock.GetTimestamp();

        _real.Advance(TimeSpan.FromSeconds(1));

        clock.GetUtcNow().ShouldBe(Monday.AddSeconds(seconds));
        clock.GetElapsedTime(began).ShouldBe(TimeSpan.FromSeconds(seconds));
    }

    [Fact]
    public void A_hundred_years_at_a_whole_speed_are_exact()
    {
        var clock = new ScaledTimeProvider(_real, Monday, 601);
        for (var i = 0; i < 1000; i++)
        {
            _real.Advance(TimeSpan.FromTicks(52_508_731_237));
        }

        clock.GetUtcNow().ShouldBe(Monday.AddTicks(601L * 1000 * 52_508_731_237));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(1e7)]
    public void Refuses_a_speed_that_is_none(double speed) =>
        Should.Throw<ArgumentOutOfRangeException>(() => new ScaledTimeProvider(_real, Monday, speed));

    [Fact]
    public void Ends_at_the_end_of_the_calendar()
    {
        var clock = new ScaledTimeProvider(_real, DateTimeOffset.MaxValue.AddSeconds(-1), 1000);
        _real.Advance(TimeSpan.FromHours(1));
        clock.GetUtcNow().ShouldBe(DateTimeOffset.MaxValue);
    }

    [Fact]
    public void A_timer_fires_at_its_simulated_time_and_not_before()
    {
        var clock = new ScaledTimeProvider(_real, Monday, 600);
        DateTimeOffset? fired = null;
        using var timer = clock.CreateTimer(_ => fired = clock.GetUtcNow(), null, TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan);

        _real.Advance(TimeSpan.FromMilliseconds(5999));
        fired.ShouldBeNull();
        _real.Advance(TimeSpan.FromMilliseconds(1));
        fired.ShouldBe(Monday.AddHours(1));

        fired = null;
        _real.Advance(TimeSpan.FromHours(1));
        fired.ShouldBeNull("a timer without a period fires once");
    }

    [Fact]
    public void A_timer_repeats_without_drift()
    {
        var clock = new ScaledTimeProvider(_real, Monday, 2);
        List<DateTimeOffset> fired = [];
        using var timer = clock.CreateTimer(_ => fired.Add(clock.GetUtcNow()), null, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(20));
        for (var i = 0; i < 25; i++)
        {
            _real.Advance(TimeSpan.FromSeconds(1));
        }

        fired.ShouldBe([Monday.AddSeconds(10), Monday.AddSeconds(30), Monday.AddSeconds(50)]);
    }

    [Fact]
    public void A_timer_may_be_further_off_than_the_timers_within_can_be()
    {
        var clock = new ScaledTimeProvider(_real, Monday, 0.01);
        var fired = 0;
        using var timer = clock.CreateTimer(_ => fired++, null, TimeSpan.FromDays(3), Timeout.InfiniteTimeSpan);

        _real.Advance(TimeSpan.FromDays(299.99));
        fired.ShouldBe(0);
        _real.Advance(TimeSpan.FromDays(0.01));
        fired.ShouldBe(1);
    }

    [Fact]
    public void A_changed_or_disposed_timer_forgets_what_it_was_set_to()
    {
        var clock = new ScaledTimeProvider(_real, Monday, 60);
        var fired = 0;
        var timer = clock.CreateTimer(_ => fired++, null, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));
        timer.Change(TimeSpan.FromMinutes(5), Timeout.InfiniteTimeSpan).ShouldBeTrue();
        _real.Advance(TimeSpan.FromSeconds(4));
        fired.ShouldBe(0);
        timer.Dispose();
        _real.Advance(TimeSpan.FromSeconds(60));
        fired.ShouldBe(0);
        timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan).ShouldBeFalse();
    }

    [Fact]
    public void Stands_still_while_held_and_its_timers_count_from_the_start()
    {
        var clock = new ScaledTimeProvider(_real, Monday, 60, held: true);
        var fired = 0;
        using var timer = clock.CreateTimer(_ => fired++, null, TimeSpan.FromMinutes(1), Timeout.InfiniteTimeSpan);
        _real.Advance(TimeSpan.FromHours(1));
        clock.GetUtcNow().ShouldBe(Monday);
        fired.ShouldBe(0);

        clock.Start();
        _real.Advance(TimeSpan.FromMilliseconds(999));
        fired.ShouldBe(0);
        _real.Advance(TimeSpan.FromMilliseconds(1));
        fired.ShouldBe(1);
        clock.GetUtcNow().ShouldBe(Monday.AddMinutes(1));
    }

    [Fact]
    public void Whatever_the_speed_a_timer_is_never_early_and_at_most_a_millisecond_late() =>
        Gen.Select(Gen.Double[0.01, 5000], Gen.Long[1, TimeSpan.TicksPerDay]).Sample((speed, ticks) =>
        {
            var real = new FakeTimeProvider();
            var clock = new ScaledTimeProvider(real, Monday, speed);
            DateTimeOffset? fired = null;
            using var timer = clock.CreateTimer(_ => fired = clock.GetUtcNow(), null, TimeSpan.FromTicks(ticks), Timeout.InfiniteTimeSpan);
            var due = TimeSpan.FromTicks((long)(ticks / speed));

            real.Advance(due - TimeSpan.FromMilliseconds(1) > TimeSpan.Zero ? due - TimeSpan.FromMilliseconds(1) : TimeSpan.Zero);
            (fired is null || fired >= Monday.AddTicks(ticks)).ShouldBeTrue();
            real.Advance(TimeSpan.FromMilliseconds(3));
            fired.ShouldNotBeNull();
            fired.Value.ShouldBeGreaterThanOrEqualTo(Monday.AddTicks(ticks));
        }, iter: 300);
}
