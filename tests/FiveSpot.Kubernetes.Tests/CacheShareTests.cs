// SPDX-License-Identifier: Apache-2.0

using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Kubernetes.Tests;

/// <summary>How fast a server that a stranger chose is read.</summary>
public sealed class CacheShareTests
{
    [Fact]
    public void After_a_burst_it_is_read_at_a_steady_pace_and_a_rest_makes_up_for_it()
    {
        var time = new FakeTimeProvider();
        using var share = new CacheBudget(new CacheLimits { BurstBytes = 1000, BytesPerSecond = 100 }).Open();
        share.PauseAfter(1000, time).ShouldBe(TimeSpan.Zero);
        share.PauseAfter(100, time).ShouldBe(TimeSpan.FromSeconds(1));
        share.Charge(100);
        share.PauseAfter(0, time).ShouldBe(TimeSpan.FromSeconds(2));
        time.Advance(TimeSpan.FromSeconds(2));
        share.PauseAfter(0, time).ShouldBe(TimeSpan.Zero);
        time.Advance(TimeSpan.FromHours(1));
        share.PauseAfter(1000, time).ShouldBe(TimeSpan.Zero);
        share.PauseAfter(1, time).ShouldBe(TimeSpan.FromMilliseconds(10));
    }
}
