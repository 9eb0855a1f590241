// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Integration.Tests.Scenarios;

namespace FiveSpot.Integration.Tests.BadDays;

/// <summary>Somebody sets the clock of the machine that the controller runs on.</summary>
public abstract class ClockJumpTests(ServerKind kind)
{
    public sealed class OnEmbedded() : ClockJumpTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : ClockJumpTests(ServerKind.KubeApiServer);

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    // In which a clock that was set is noticed.
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Forwards_over_a_boundary_it_is_crossed_within_a_minute_and_back_again_what_was_too_early_is_undone()
    {
        var clocks = new TwoClocks();
        await using var cluster = await Cluster.StartAsync(kind);
        await using var controller = await RunningController.StartAsync(cluster, clock: clocks);
        var capi = new ClusterApiByHand(cluster);
        await cluster.ScheduleAsync();
        await cluster.PhaseAsync("Inactive");
        await controller.SettleAsync(cluster);
        clocks.Advance(Scenario.Opening - Cluster.Sunday - (Hour / 2));
        await controller.SettleAsync(cluster);
        (await cluster.StatusAsync()).Phase.ShouldBe("Inactive");

        clocks.WallIsAhead = Hour;
        clocks.Advance(Minute);
        await cluster.PhaseAsync("Active");
        await capi.JoinAsync();
        await cluster.PhaseAsync("Active", also: status => status is { Ready: true, NodeRef.Uid: not null });
        await controller.SettleAsync(cluster);

        clocks.WallIsAhead = TimeSpan.Zero;
        clocks.Advance(Minute);
        await cluster.PhaseAsync("ShuttingDown");
        await capi.LetGoAsync();
        await cluster.PhaseAsync("Inactive");
        await controller.SettleAsync(cluster);

        // Its real boundary comes all the same.
        clocks.Advance(Hour / 2);
        await cluster.PhaseAsync("Active");
        await controller.SettleAsync(cluster);
        (await cluster.ListAsync(cluster.MachineKind)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Back_while_a_machine_works_in_its_window_it_is_left_alone()
    {
        var clocks = new TwoClocks();
        await using var cluster = await Cluster.StartAsync(kind);
        await using var controller = await RunningController.StartAsync(cluster, clock: clocks);
        var capi = new ClusterApiByHand(cluster);
        await cluster.ScheduleAsync();
        await cluster.PhaseAsync("Inactive");
        clocks.Advance(Scenario.Opening - Cluster.Sunday);
        await cluster.PhaseAsync("Active");
        await capi.JoinAsync();
        await cluster.PhaseAsync("Active", also: status => status is { Ready: true, NodeRef.Uid: not null });
        clocks.Advance(3 * Hour);
        await controller.SettleAsync(cluster);
        var before = cluster.Writes.Count;
        foreach (var jump in (TimeSpan[])[-Hour, TimeSpan.Zero, Hour, TimeSpan.Zero])
        {
            clocks.WallIsAhead = jump;
            clocks.Advance(Minute);
            await controller.SettleAsync(cluster);
        }

        cluster.Writes.Count.ShouldBe(before);

        // By the clock as it is now.
        clocks.Advance(5 * Hour);
        await cluster.PhaseAsync("Active");
        clocks.Advance(Hour);
        await cluster.PhaseAsync("ShuttingDown");
    }
}
