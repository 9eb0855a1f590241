// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Environment;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Integration.Tests.BadDays;

/// <summary>A pass that never ends: the liveness probe says so.</summary>
public sealed class StuckTests
{
    [Fact]
    public async Task A_pass_that_goes_on_for_more_than_five_minutes_is_reason_to_start_anew()
    {
        await using var cluster = await Cluster.StartAsync(ServerKind.Embedded);
        var network = new FakeTimeProvider(Cluster.Sunday);
        await using var controller = await RunningController.StartAsync(cluster, networkTime: network);
        await cluster.ScheduleAsync();
        await cluster.PhaseAsync("Inactive");
        await controller.SettleAsync(cluster);
        network.Advance(TimeSpan.FromMinutes(4));
        controller.Dead.ShouldBeNull("nothing is to be done");

        using var goOn = new ManualResetEventSlim();
        var stuck = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Traffic.Disturb = (call, stage) =>
        {
            if (stage == ControllerTraffic.Stage.Before && call.IsWrite)
            {
                stuck.TrySetResult();
                goOn.Wait(Wait.Deadline);
            }

            return null;
        };
        try
        {
            await cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"enabled":false}}""");
            await stuck.Task.WaitAsync(Wait.Deadline);
            network.Advance(TimeSpan.FromMinutes(5));
            controller.Dead.ShouldBeNull();
            network.Advance(TimeSpan.FromSeconds(1));
            controller.Dead.ShouldBe("The work on machines has stood still for 301 s; no turn may take more than 300 s.");
        }
        finally
        {
            cluster.Traffic.Disturb = null;
            goOn.Set();
        }

        await Wait.UntilAsync("it goes on", () => controller.Dead is null);
    }
}
