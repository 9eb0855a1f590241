// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Controller.Workload;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Controller.Tests.Workload;

/// <summary>Contract, section 5: what would have a Node's Pods watched again and again costs ten requests a minute.</summary>
public sealed class PodWatchPaceTests
{
    [Fact]
    public async Task A_watch_that_is_begun_again_and_again_is_begun_five_times_a_minute()
    {
        var time = new FakeTimeProvider();
        var pace = new PodWatchPace(time);
        var began = time.GetUtcNow();
        List<TimeSpan> turns = [];
        while (time.GetUtcNow() < began.AddMinutes(10))
        {
            // Each is dropped before the next, whether it has begun or not.
            using var stop = new CancellationTokenSource();
            var turn = pace.AwaitTurnAsync(stop.Token);
            time.Advance(TimeSpan.FromSeconds(0.25));
            if (turn.IsCompletedSuccessfully)
            {
                turns.Add(time.GetUtcNow() - began);
            }

            await stop.CancelAsync();
            await turn.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        turns.Max(first => turns.Count(turn => turn >= first && turn < first + TimeSpan.FromMinutes(1))).ShouldBeLessThanOrEqualTo(5);
        turns.Count.ShouldBeGreaterThan(15, "it goes on");
    }

    [Fact]
    public async Task One_that_is_begun_now_and_then_waits_for_nothing()
    {
        var time = new FakeTimeProvider();
        var pace = new PodWatchPace(time);
        foreach (var pause in (double[])[0, 0.1, 1, 70, 0, 0.1, 70])
        {
            time.Advance(TimeSpan.FromSeconds(pause));
            var turn = pace.AwaitTurnAsync(CancellationToken.None);
            turn.IsCompletedSuccessfully.ShouldBeTrue();
            await turn;
        }
    }
}
