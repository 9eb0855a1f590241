// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Contract, section 4: ShuttingDown, Disabled; "Closing", and "CAPI drains too".</summary>
public abstract class ClosingTests(ServerKind kind)
{
    public sealed class OnEmbedded() : ClosingTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : ClosingTests(ServerKind.KubeApiServer);

    [Fact]
    public async Task At_the_boundary_the_Node_is_cordoned_and_after_the_grace_period_the_Machine_is_deleted()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web-1");

        scenario.Cluster.MoveTo(Scenario.Closing.AddMilliseconds(-1));
        await scenario.SettleAsync();
        (await scenario.NodeIsCordonedAsync()).ShouldBeFalse();

        scenario.Cluster.MoveTo(Scenario.Closing);
        await scenario.Cluster.PhaseAsync("ShuttingDown", also: status => status.NextCleanup == Scenario.Closing.AddMinutes(10));
        await Wait.UntilAsync("the Node is cordoned", scenario.NodeIsCordonedAsync);

        scenario.Cluster.MoveTo(Scenario.Closing.AddMinutes(5).AddMilliseconds(-1));
        await scenario.SettleAsync();
        (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse();

        scenario.Cluster.MoveTo(Scenario.Closing.AddMinutes(5));
        await scenario.Pods.EndAsync("web-1");
        await Wait.UntilAsync("the Machine is being deleted", scenario.MachineIsBeingDeletedAsync);
        scenario.Cluster.Writes[^1].At.ShouldBe(Scenario.Closing.AddMinutes(5));
        (await scenario.Cluster.StatusAsync()).Phase.ShouldBe("ShuttingDown", "it is not gone yet");

        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Inactive", also: status => status is { MachineRef: null, BootstrapRef: null, InfrastructureRef: null, NodeRef: null });
        (await scenario.CountAsync()).ShouldBe((0, 0, 0));
        await scenario.SettleAsync();
        (await scenario.Cluster.EventsAsync()).TakeLast(5)
            .ShouldBe(["ScheduleInactive", "GracePeriodActive", "NodeDraining", "NodeDrained", "MachineDeleted"], ignoreOrder: true);
    }

    [Fact]
    public async Task What_Cluster_API_leaves_of_it_5_Spot_deletes_itself()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);
        scenario.Cluster.MoveTo(Scenario.Closing);
        await scenario.Cluster.PhaseAsync("ShuttingDown");
        scenario.Cluster.MoveTo(Scenario.Closing.AddMinutes(5));

        await scenario.ClusterApi.LetGoAsync(withItsObjects: false);

        await scenario.Cluster.PhaseAsync("Inactive");
        (await scenario.CountAsync()).ShouldBe((0, 0, 0));
    }

    [Fact]
    public async Task A_Machine_whose_Node_never_joined_is_deleted_at_once()
    {
        await using var scenario = await Scenario.StartAsync(kind);
        await scenario.Cluster.ScheduleAsync();
        scenario.Cluster.MoveTo(Scenario.Opening);
        await scenario.Cluster.PhaseAsync("Active");
        await scenario.ClusterApi.TakeOverAsync();

        scenario.Cluster.MoveTo(Scenario.Closing);
        await Wait.UntilAsync("the Machine is being deleted", scenario.MachineIsBeingDeletedAsync);
        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Inactive");
        scenario.Cluster.Clock.GetUtcNow().ShouldBe(Scenario.Closing);
    }

    [Theory]
    [InlineData("""{"spec":{"schedule":{"hoursOfDay":["9-20"]}}}""")]
    [InlineData("""{"spec":{"schedule":{"daysOfWeek":null,"hoursOfDay":["0-23"]}}}""")]
    public async Task A_shutdown_is_called_off_when_the_window_opens_again(string patch)
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web-1");
        scenario.Cluster.MoveTo(Scenario.Closing);
        await Wait.UntilAsync("the Node is cordoned", scenario.NodeIsCordonedAsync);
        await scenario.Cluster.PhaseAsync("ShuttingDown");

        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", patch);
        await scenario.Cluster.PhaseAsync("Active", also: status => status.Ready);
        await Wait.UntilAsync("the Node is uncordoned", async () => !await scenario.NodeIsCordonedAsync());
        (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse();
        await scenario.SettleAsync();
        (await scenario.Cluster.EventsAsync()).ShouldContain("ShutdownCancelled");
    }

    [Fact]
    public async Task A_persons_cordon_stays_when_the_shutdown_is_called_off()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web-1");
        await scenario.Cluster.PatchAsync(Kinds.Node, "pc-1", """{"spec":{"unschedulable":true}}""");
        scenario.Cluster.MoveTo(Scenario.Closing);
        await scenario.Cluster.PhaseAsync("ShuttingDown");

        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"schedule":{"hoursOfDay":["9-20"]}}}""");
        await scenario.Cluster.PhaseAsync("Active");
        await scenario.SettleAsync();
        (await scenario.NodeIsCordonedAsync()).ShouldBeTrue();
    }

    [Theory]
    [InlineData("""{"spec":{"enabled":false}}""", "spec.enabled is false")]
    [InlineData("""{"spec":{"schedule":{"enabled":false}}}""", "spec.schedule.enabled is false")]
    public async Task Switched_off_it_closes_with_grace_and_ends_disabled_and_opens_when_switched_on_again(string patch, string why)
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);

        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", patch);
        await scenario.Cluster.PhaseAsync("ShuttingDown");
        await Wait.UntilAsync("the Node is cordoned", scenario.NodeIsCordonedAsync);
        scenario.Cluster.MoveTo(Scenario.Opening.AddMinutes(5));
        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Disabled", also: status => status.InSchedule && status.Message!.Contains(why, StringComparison.Ordinal));
        await scenario.SettleAsync();
        (await scenario.Cluster.EventsAsync()).ShouldContain("ScheduleDisabled");

        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"enabled":true,"schedule":{"enabled":true}}}""");
        await scenario.Cluster.PhaseAsync("Active");
    }

    [Fact]
    public async Task Cluster_APIs_drain_timeout_follows_ours_while_the_machine_runs()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);

        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"nodeDrainTimeout":"0s"}}""");
        await Wait.UntilAsync("the Machine carries at least a second", async () =>
            (int?)(await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))!["spec"]!["deletion"]?["nodeDrainTimeoutSeconds"] == 1);
    }

    [Fact]
    public async Task A_Node_with_another_machines_providerID_is_never_written_to()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);
        await scenario.Cluster.PatchAsync(scenario.Cluster.MachineKind, "pc-1", """{"spec":{"providerID":"remote://another"}}""");
        await scenario.Cluster.PhaseAsync("Active", also: status =>
            status.Conditions.Single(c => c.Type == "WorkloadClusterReachable") is { Status: "Unknown", Reason: "KubeconfigNotFound" } told
            && told.Message.Contains("no Node with providerID remote://another", StringComparison.Ordinal));

        scenario.Cluster.MoveTo(Scenario.Closing);
        await scenario.Cluster.PhaseAsync("ShuttingDown");
        await scenario.SettleAsync();
        (await scenario.NodeIsCordonedAsync()).ShouldBeFalse();
    }
}
