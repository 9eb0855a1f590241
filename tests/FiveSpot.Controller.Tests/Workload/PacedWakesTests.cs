// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Controller.Workload;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Controller.Tests.Workload;

public sealed class PacedWakesTests
{
    private static readonly ObjectKey One = new("team", "one");

    [Fact]
    public void A_cluster_that_says_something_without_end_wakes_its_machines_a_few_times_a_second()
    {
        var time = new FakeTimeProvider();
        var budget = new CacheBudget();
        using var share = budget.Open("team");
        using var other = budget.Open("others");
        var woken = 0;
        var wakes = new PacedWakes(_ => Interlocked.Increment(ref woken), share, time, CancellationToken.None);
        Flood(5_000);
        woken.ShouldBe(5_000, "a thousand machines come to a boundary at one instant");

        for (var i = 0; i < 1_000; i++)
        {
            Flood(100);
            time.Advance(TimeSpan.FromMilliseconds(10));
        }

        woken.ShouldBeInRange(5_500, 6_100, "ten seconds at a hundred a second");
        time.Advance(TimeSpan.FromSeconds(6));
        var before = woken;
        wakes.Wake(One);
        woken.ShouldBe(before + 1, "who has been quiet is heard at once");
        other.PauseAfterWake(time).ShouldBe(TimeSpan.Zero, "nobody else waits for it");

        void Flood(int times)
        {
            for (var i = 0; i < times; i++)
            {
                wakes.Wake(One);
            }
        }
    }

    [Fact]
    public void Nothing_is_lost()
    {
        var time = new FakeTimeProvider();
        using var share = new CacheBudget().Open("team");
        var woken = new HashSet<ObjectKey>();
        var wakes = new PacedWakes(key => { lock (woken) { woken.Add(key); } }, share, time, CancellationToken.None);
        for (var i = 0; i < 20_000; i++)
        {
            wakes.Wake(new ObjectKey("team", $"m{i}"));
        }

        time.Advance(TimeSpan.FromSeconds(5));
        woken.Count.ShouldBe(20_000);
    }

    [Fact]
    public void The_management_cluster_is_heard_each_time()
    {
        var woken = 0;
        var wakes = new PacedWakes(_ => woken++, share: null, new FakeTimeProvider(), CancellationToken.None);
        for (var i = 0; i < 20_000; i++)
        {
            wakes.Wake(One);
        }

        woken.ShouldBe(20_000);
    }
}
