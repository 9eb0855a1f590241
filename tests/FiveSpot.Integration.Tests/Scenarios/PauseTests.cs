// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Contract, section 2: while it is paused nothing is created, deleted, cordoned, tainted or evicted; it goes on by itself.</summary>
public abstract class PauseTests(ServerKind kind)
{
    public sealed class OnEmbedded() : PauseTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : PauseTests(ServerKind.KubeApiServer);

    [Theory]
    [InlineData("v1beta2")]
    [InlineData("v1beta1")]
    public async Task A_window_that_opens_while_its_Cluster_is_paused_makes_nothing_until_the_pause_ends(string version)
    {
        await using var scenario = await Scenario.StartAsync(kind, version);
        await PauseAsync(scenario.Cluster);
        await scenario.Cluster.ScheduleAsync();
        await scenario.Cluster.PhaseAsync("Inactive", also: IsPausedByCluster);

        scenario.Cluster.MoveTo(Scenario.Opening);
        await scenario.Cluster.PhaseAsync("Pending", also: status => status is { InSchedule: true, Message: "Paused by Cluster office: would open now." });
        await scenario.SettleAsync();
        WritesBesidesStatus(scenario.Cluster, 0).ShouldBeEmpty();

        scenario.Cluster.MoveTo(Scenario.Opening.AddHours(1));
        await scenario.SettleAsync();
        await PauseAsync(scenario.Cluster, isPaused: false);
        await scenario.Cluster.PhaseAsync("Active", also: status => Paused(status) is { Status: "False", Reason: "NotPaused" });
        (await scenario.CountAsync()).ShouldBe((1, 1, 1));
    }

    [Fact]
    public async Task A_window_that_closes_meanwhile_has_its_grace_and_its_drain_when_the_pause_has_ended()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web-1");
        await PauseAsync(scenario.Cluster);
        await scenario.Cluster.PhaseAsync("Active", also: IsPausedByCluster);
        var before = scenario.Cluster.Writes.Count;

        scenario.Cluster.MoveTo(Scenario.Closing);
        await scenario.Cluster.PhaseAsync("ShuttingDown", also: status => status.Message == "Paused by Cluster office: would close now.");
        await scenario.SettleAsync();
        var statuses = scenario.Cluster.Writes.Count;
        scenario.Cluster.MoveTo(Scenario.Closing.AddHours(5));
        await scenario.SettleAsync();
        scenario.Cluster.Writes.Count.ShouldBe(statuses, "there is nothing new to tell");
        WritesBesidesStatus(scenario.Cluster, before).ShouldBeEmpty();

        await PauseAsync(scenario.Cluster, isPaused: false);
        await Wait.UntilAsync("the Node is cordoned", scenario.NodeIsCordonedAsync);
        await scenario.Cluster.PhaseAsync("ShuttingDown", also: status => status.NextCleanup == Scenario.Closing.AddHours(5).AddMinutes(10));
        await scenario.SettleAsync();
        (await scenario.Cluster.GetAsync(Kinds.Pod, "web-1"))!["metadata"]!["deletionTimestamp"].ShouldBeNull("it is in its grace period");

        scenario.Cluster.MoveTo(Scenario.Closing.AddHours(5).AddMinutes(5));
        await scenario.Pods.EndAsync("web-1");
        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Inactive");
    }

    [Theory]
    [InlineData("ScheduledMachine")]
    [InlineData("Machine")]
    [InlineData("Cluster")]
    public async Task Cluster_APIs_annotation_pauses_it_on_each_of_the_three(string on)
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);
        var (type, name) = on switch
        {
            "ScheduledMachine" => (Kinds.ScheduledMachine, "pc-1"),
            "Machine" => (scenario.Cluster.MachineKind, "pc-1"),
            _ => (scenario.Cluster.ClusterKind, "office"),
        };
        await scenario.Cluster.PatchAsync(type, name, """{"metadata":{"annotations":{"cluster.x-k8s.io/paused":""}}}""");
        var by = on == "Cluster" ? "Cluster office" : $"annotation cluster.x-k8s.io/paused of the {on}";
        await scenario.Cluster.PhaseAsync("Active", also: status => Paused(status) is { Status: "True" } paused && paused.Message == $"Paused by {by}.");
        var before = scenario.Cluster.Writes.Count;

        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"killSwitch":true,"nodeTaints":[{"key":"a","effect":"NoSchedule"}]}}""");
        await scenario.Cluster.PhaseAsync("Terminated", also: status => status.Message == $"Paused by {by}: would be deleted now.");
        await scenario.SettleAsync();
        WritesBesidesStatus(scenario.Cluster, before).ShouldBeEmpty();

        await scenario.Cluster.PatchAsync(type, name, """{"metadata":{"annotations":{"cluster.x-k8s.io/paused":null}}}""");
        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Terminated", also: status => status.MachineRef is null);
    }

    [Fact]
    public async Task A_deleted_ScheduledMachine_waits_and_goes_when_the_pause_has_ended()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);
        await PauseAsync(scenario.Cluster);
        await scenario.Cluster.PhaseAsync("Active", also: IsPausedByCluster);
        var before = scenario.Cluster.Writes.Count;
        await scenario.Cluster.DeleteAsync(Kinds.ScheduledMachine, "pc-1");
        await scenario.Cluster.PhaseAsync("ShuttingDown", also: IsPausedByCluster);
        scenario.Cluster.Clock.Advance(TimeSpan.FromHours(1));
        await scenario.SettleAsync();
        WritesBesidesStatus(scenario.Cluster, before).ShouldBeEmpty();
        (await scenario.Cluster.EventsAsync()).ShouldNotContain("FinalizerCleanupTimedOut");

        await PauseAsync(scenario.Cluster, isPaused: false);
        await scenario.ClusterApi.LetGoAsync();
        await Wait.UntilAsync("it is gone", async () => await scenario.Cluster.GetAsync(Kinds.ScheduledMachine, "pc-1") is null);
    }

    [Fact]
    public async Task An_owner_who_wants_it_back_has_the_Pods_go_at_once_and_the_Machine_when_the_pause_ends()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web");
        await PauseAsync(scenario.Cluster);
        await scenario.Cluster.PhaseAsync("Active", also: IsPausedByCluster);

        await scenario.ReclaimAsync();
        await Wait.UntilAsync("the Pod is gone", async () => await scenario.Workload.GetAsync(Kinds.Pod, "web") is null);
        (await scenario.NodeIsCordonedAsync()).ShouldBeTrue();
        await scenario.Cluster.PhaseAsync("EmergencyRemove", also: status => status.Message!.StartsWith(
            "Paused by Cluster office: would be deleted now. Its owner wants it back (process-match: java).", StringComparison.Ordinal));
        ((bool)(await scenario.Cluster.GetAsync(Kinds.ScheduledMachine, "pc-1"))!["spec"]!["schedule"]!["enabled"]!).ShouldBeFalse();
        await scenario.SettleAsync();
        (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse();

        await PauseAsync(scenario.Cluster, isPaused: false);
        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Disabled");
    }

    [Fact]
    public async Task A_Machine_that_Cluster_API_is_waited_for_with_is_touched_once_when_the_pause_has_ended()
    {
        await using var scenario = await Scenario.StartAsync(kind);
        await scenario.Cluster.ScheduleAsync();
        scenario.Cluster.MoveTo(Scenario.Opening);
        await scenario.Cluster.PhaseAsync("Active");
        await PauseAsync(scenario.Cluster);
        await scenario.Cluster.PhaseAsync("Active", also: IsPausedByCluster);
        await PauseAsync(scenario.Cluster, isPaused: false);

        await scenario.Cluster.PhaseAsync("Active", also: status => Paused(status) is { Status: "False" });
        await scenario.SettleAsync();
        scenario.Cluster.Writes.Count(call => call.Verb == "patch" && call.Path.EndsWith("/machines/pc-1", StringComparison.Ordinal)).ShouldBe(1);
        (await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))!["metadata"]!["annotations"]!["5spot.finos.org/pause-ended"].ShouldNotBeNull();
    }

    [Fact]
    public async Task A_controller_that_begins_while_it_is_paused_makes_nothing()
    {
        await using var scenario = await Scenario.StartAsync(kind);
        await scenario.Cluster.ScheduleAsync();
        await scenario.Cluster.PhaseAsync("Inactive");
        await scenario.Controller.DisposeAsync();
        await PauseAsync(scenario.Cluster);
        scenario.Cluster.MoveTo(Scenario.Opening);
        var before = scenario.Cluster.Writes.Count;

        await scenario.RestartAsync();
        await scenario.Cluster.PhaseAsync("Pending", also: IsPausedByCluster);
        await scenario.SettleAsync();
        WritesBesidesStatus(scenario.Cluster, before).ShouldBeEmpty();
    }

    private static Task PauseAsync(Cluster cluster, bool isPaused = true) =>
        cluster.PatchAsync(cluster.ClusterKind, "office", $$"""{"spec":{"paused":{{(isPaused ? "true" : "null")}}} }""");

    private static bool IsPausedByCluster(ScheduledMachineStatus status) =>
        Paused(status) is { Status: "True", Reason: "Paused", Message: "Paused by Cluster office." };

    private static Condition? Paused(ScheduledMachineStatus status) => status.Conditions.FirstOrDefault(condition => condition.Type == ConditionTypes.Paused);

    private static IEnumerable<string> WritesBesidesStatus(Cluster cluster, int since) => cluster.Writes.Skip(since)
        .Where(call => !call.Path.EndsWith("/status", StringComparison.Ordinal))
        .Select(call => $"{call.Verb} {call.Path}");
}
