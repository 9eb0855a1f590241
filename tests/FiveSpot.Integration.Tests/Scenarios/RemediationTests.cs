// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Simulation;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Contract, section 4, "Remediation": 5-Spot is the Machine's controller, for which a MachineHealthCheck waits.</summary>
public abstract class RemediationTests(ServerKind kind)
{
    private static readonly TimeSpan ToBeMadeAgain = TimeSpan.FromMinutes(4);

    public sealed class OnEmbedded() : RemediationTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : RemediationTests(ServerKind.KubeApiServer);

    [Theory]
    [MemberData(nameof(WholeLifeTests.ClusterApis), MemberType = typeof(WholeLifeTests))]
    public async Task An_unhealthy_Machine_is_made_again_once_and_then_no_sooner_than_it_should_be_also_by_another_controller(
        string version, bool hasConditionsOfV1Beta2)
    {
        await using var world = await SimulatedScenario.RunningMachineAsync(
            kind, version, new SimulationBehaviour { HasConditionsOfV1Beta2 = hasConditionsOfV1Beta2 });
        await world.CheckHealthAsync();
        await world.SettleAsync();
        var first = await UidAsync(world);
        var at = world.Management.Clock.GetUtcNow();
        await world.Workload.DeleteAsync(Kinds.Node, "pc-1");
        await world.Management.PhaseAsync("Pending", also: status => status.Message!.Contains("a MachineHealthCheck found unhealthy", StringComparison.Ordinal));
        await world.PassUntilAsync(ToBeMadeAgain, "it is made again, and ready", async () => await UidAsync(world) != first && await world.IsReadyAsync());
        (await world.Management.ListAsync(world.Management.MachineKind)).Count.ShouldBe(1);
        (await world.Management.ListAsync(world.Management.Providers.Infrastructure)).Count.ShouldBe(1);
        (await world.Management.EventsAsync()).Count(reason => reason == "MachineRemediated").ShouldBe(1);

        var second = await UidAsync(world);
        await world.Workload.DeleteAsync(Kinds.Node, "pc-1");
        await world.Management.PhaseAsync("Active", also: status => status.Message!.Contains(
            $"it is made again, but not before {at.AddMinutes(5):yyyy-MM-dd HH:mm:ss} UTC", StringComparison.Ordinal));
        await world.RestartAsync();
        await world.SettleAsync();
        (await UidAsync(world)).ShouldBe(second);
        (await world.MachineIsBeingDeletedAsync()).ShouldBeFalse();

        world.Management.MoveTo(at.AddMinutes(5));
        await world.PassUntilAsync(ToBeMadeAgain, "it is made again", async () => await UidAsync(world) is { } third && third != second);
    }

    [Fact]
    public async Task One_whose_machine_is_switched_off_is_made_again_after_the_time_that_the_check_allows()
    {
        await using var world = await SimulatedScenario.RunningMachineAsync(kind);
        await world.CheckHealthAsync();
        var first = await UidAsync(world);
        world.SetMachine(isOn: false);
        await world.PassAsync(SimulatedScenario.Timings.NodeUnreachable + TimeSpan.FromSeconds(50));
        (await world.MachineIsBeingDeletedAsync()).ShouldBeFalse("it may be unheard of for a minute");
        await world.PassUntilAsync(TimeSpan.FromSeconds(20), "it is deleted", () => world.MachineIsBeingDeletedAsync());
        world.SetMachine(isOn: true);
        await world.PassUntilAsync(ToBeMadeAgain, "it is made again, and ready", async () => await UidAsync(world) != first && await world.IsReadyAsync());
    }

    [Fact]
    public async Task One_whose_deletion_fails_is_not_counted_twice_and_goes_as_soon_as_it_can()
    {
        await using var world = await SimulatedScenario.RunningMachineAsync(kind);
        await world.CheckHealthAsync();
        await world.SettleAsync();
        world.Management.Traffic.Disturb = static (call, stage) =>
            call.Verb == "delete" && call.Path.EndsWith("/machines/pc-1", StringComparison.Ordinal) && stage == ControllerTraffic.Stage.Before
                ? new ControllerTraffic.Fault(500, "InternalError", "the webhook is down")
                : null;
        var at = world.Management.Clock.GetUtcNow();
        await world.Workload.DeleteAsync(Kinds.Node, "pc-1");
        await Wait.UntilAsync("it was tried", () => world.Management.Calls.Any(call => call.Verb == "delete"));
        await world.PassAsync(TimeSpan.FromSeconds(30));
        await world.RestartAsync();
        await world.PassAsync(TimeSpan.FromSeconds(30));
        world.Management.Traffic.Disturb = null;
        await world.PassUntilAsync(TimeSpan.FromMinutes(1), "it is being deleted", () => world.MachineIsBeingDeletedAsync());
        ((string)(await world.Management.GetAsync(Kinds.ScheduledMachine, "pc-1"))!["metadata"]!["annotations"]!["5spot.finos.org/remediations"]!)
            .ShouldBe($"{at:yyyy-MM-ddTHH:mm:ssZ}");
    }

    private static async Task<string?> UidAsync(SimulatedScenario world) =>
        (string?)(await world.Management.GetAsync(world.Management.MachineKind, "pc-1"))?["metadata"]!["uid"];
}
