// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Lifecycle;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Contract, section 4: Terminated; "Kill switch", and "Deletion of the ScheduledMachine".</summary>
public abstract class TakingAwayTests(ServerKind kind)
{
    public sealed class OnEmbedded() : TakingAwayTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : TakingAwayTests(ServerKind.KubeApiServer);

    [Fact]
    public async Task The_kill_switch_takes_the_machine_away_at_once_without_grace_or_drain()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);
        var before = scenario.Cluster.Clock.GetUtcNow();

        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"killSwitch":true}}""");
        await Wait.UntilAsync("the Machine is being deleted", scenario.MachineIsBeingDeletedAsync);
        var annotations = (await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))!["metadata"]!["annotations"]!.AsObject();
        annotations.ContainsKey("machine.cluster.x-k8s.io/exclude-node-draining").ShouldBeTrue();
        annotations.ContainsKey("machine.cluster.x-k8s.io/exclude-wait-for-node-volume-detach").ShouldBeTrue();
        await scenario.Cluster.PhaseAsync("Terminated");
        (await scenario.NodeIsCordonedAsync()).ShouldBeFalse("nothing is drained");

        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Terminated", also: status => status.MachineRef is null);
        scenario.Cluster.Clock.GetUtcNow().ShouldBe(before);
        (await scenario.CountAsync()).ShouldBe((0, 0, 0));
        await scenario.SettleAsync();
        (await scenario.Cluster.EventsAsync()).ShouldContain("KillSwitchActivated");

        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"killSwitch":false}}""");
        await scenario.Cluster.PhaseAsync("Active");
    }

    [Fact]
    public async Task A_deleted_ScheduledMachine_stays_until_its_machine_is_gone()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);
        var before = scenario.Cluster.Clock.GetUtcNow();

        await scenario.Cluster.DeleteAsync(Kinds.ScheduledMachine, "pc-1");
        await Wait.UntilAsync("the Machine is being deleted", scenario.MachineIsBeingDeletedAsync);
        (await scenario.NodeIsCordonedAsync()).ShouldBeTrue();
        (await scenario.Cluster.GetAsync(Kinds.ScheduledMachine, "pc-1")).ShouldNotBeNull();

        await scenario.ClusterApi.LetGoAsync();
        await Wait.UntilAsync("it is gone", async () => await scenario.Cluster.GetAsync(Kinds.ScheduledMachine, "pc-1") is null);
        scenario.Cluster.Clock.GetUtcNow().ShouldBe(before, "there is no grace period");
        (await scenario.CountAsync()).ShouldBe((0, 0, 0));
    }

    [Fact]
    public async Task One_that_never_had_a_machine_goes_at_once()
    {
        await using var scenario = await Scenario.StartAsync(kind);
        await scenario.Cluster.ScheduleAsync();
        await scenario.Cluster.PhaseAsync("Inactive");

        await scenario.Cluster.DeleteAsync(Kinds.ScheduledMachine, "pc-1");
        await Wait.UntilAsync("it is gone", async () => await scenario.Cluster.GetAsync(Kinds.ScheduledMachine, "pc-1") is null);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_cleanup_of_ten_minutes_is_told_once_and_the_finalizer_stays_unless_forced(bool force)
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind, decisions: new DecisionOptions { ForceFinalizerOnTimeout = force });
        await scenario.Cluster.DeleteAsync(Kinds.ScheduledMachine, "pc-1");
        await Wait.UntilAsync("the Machine is being deleted", scenario.MachineIsBeingDeletedAsync);
        await scenario.SettleAsync();

        var since = (DateTimeOffset)(await scenario.Cluster.GetAsync(Kinds.ScheduledMachine, "pc-1"))!["metadata"]!["deletionTimestamp"]!;
        scenario.Cluster.MoveTo(since.AddSeconds(600));
        if (force)
        {
            await Wait.UntilAsync("it is let go", async () => await scenario.Cluster.GetAsync(Kinds.ScheduledMachine, "pc-1") is null);
            return;
        }

        await Wait.UntilAsync("it is told", async () => (await scenario.Cluster.EventsAsync()).Contains("FinalizerCleanupTimedOut"));
        scenario.Cluster.Clock.Advance(TimeSpan.FromHours(3));
        await scenario.SettleAsync();
        (await scenario.Cluster.EventsAsync()).Count(reason => reason == "FinalizerCleanupTimedOut").ShouldBe(1);
        (await scenario.Cluster.GetAsync(Kinds.ScheduledMachine, "pc-1")).ShouldNotBeNull();
    }
}
