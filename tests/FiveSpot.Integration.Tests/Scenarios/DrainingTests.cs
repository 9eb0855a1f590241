// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Contract, section 7, and the drain in section 4's "Closing": work that runs on the machine leaves it unharmed.</summary>
public abstract class DrainingTests(ServerKind kind)
{
    private const string OfWeb = ",\"labels\":{\"app\":\"web\"}";

    public sealed class OnEmbedded() : DrainingTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : DrainingTests(ServerKind.KubeApiServer);

    [Fact]
    public async Task Pods_are_evicted_after_the_grace_period_and_the_Machine_goes_when_they_are_gone()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        foreach (var name in (string[])["web-1", "web-2", "alone"])
        {
            await scenario.Pods.RunAsync(name);
        }

        await scenario.Pods.RunAsync("agent", metadata: ",\"ownerReferences\":[{\"apiVersion\":\"apps/v1\",\"kind\":\"DaemonSet\",\"name\":\"agent\",\"uid\":\"1\",\"controller\":true}]");
        await scenario.Pods.RunAsync("job", phase: "Succeeded");
        await scenario.Pods.RunAsync("elsewhere", node: "pc-2");

        await scenario.CloseAsync();
        await scenario.Cluster.PhaseAsync("ShuttingDown", also: status => status.Message!.EndsWith("; 3 pods left.", StringComparison.Ordinal));
        await scenario.SettleAsync();
        scenario.Evictions.ShouldBeEmpty("they may finish by themselves");

        await scenario.DrainAsync();
        await Wait.UntilAsync("they are told to end", async () =>
            await scenario.Pods.IsEndingAsync("web-1") && await scenario.Pods.IsEndingAsync("web-2") && await scenario.Pods.IsEndingAsync("alone"));
        await scenario.SettleAsync();
        scenario.Evictions.ShouldBe(["alone", "web-1", "web-2"], ignoreOrder: true, "each once, and nothing else");

        await scenario.Pods.EndAsync("web-1");
        await scenario.Pods.EndAsync("alone");
        await scenario.WithinAsync(TimeSpan.FromSeconds(30), "it says how far it is", async () =>
            (await scenario.Cluster.StatusAsync()).Message!.Contains("Draining: 1 of 3 pods left; until", StringComparison.Ordinal));
        (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse("a Pod is gone when it is gone");

        await scenario.Pods.EndAsync("web-2");
        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
        var annotations = (await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))!["metadata"]!["annotations"]!.AsObject();
        annotations.ContainsKey("machine.cluster.x-k8s.io/exclude-node-draining").ShouldBeTrue("Cluster API must not drain again");
        annotations.ContainsKey("machine.cluster.x-k8s.io/exclude-wait-for-node-volume-detach").ShouldBeFalse("volumes are waited for");
        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Inactive");
        await scenario.SettleAsync();
        (await scenario.Cluster.EventsAsync()).TakeLast(5).ShouldBe(
            ["ScheduleInactive", "GracePeriodActive", "NodeDraining", "NodeDrained", "MachineDeleted"], ignoreOrder: true);
    }

    [Fact]
    public async Task The_grace_period_ends_early_when_the_last_pod_ends_by_itself()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("batch");
        await scenario.CloseAsync();

        await scenario.Pods.KillAsync("batch");

        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
        scenario.Cluster.Clock.GetUtcNow().ShouldBe(Scenario.Closing);
        scenario.Evictions.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_pod_that_the_servers_cache_does_not_know_yet_is_not_overlooked()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("late");
        scenario.Cluster.Traffic.Disturb = (call, stage) => stage != ControllerTraffic.Stage.Before || !call.Path.EndsWith("/pods", StringComparison.Ordinal) ? null
            : call.Query.Contains("watch=true", StringComparison.Ordinal) ? ControllerTraffic.Fault.Abort
            : call.Query.EndsWith("resourceVersion=0", StringComparison.Ordinal)
                ? new ControllerTraffic.Fault(200) { Body = """{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}""" }
                : null;

        await scenario.CloseAsync();
        await scenario.SettleAsync();
        (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse();
        scenario.Cluster.Traffic.Disturb = null;
        await scenario.DrainAsync();
        await scenario.Pods.EndAsync("late");
        await scenario.WithinAsync(TimeSpan.FromMinutes(1), "the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
        scenario.Evictions.Distinct().ShouldBe(["late"]);
    }

    [Fact]
    public async Task A_budget_is_obeyed_until_it_allows_the_eviction()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web-1", metadata: OfWeb);
        await scenario.BudgetAsync("web", "\"minAvailable\":1");
        await scenario.CloseAsync();
        await scenario.DrainAsync();

        await scenario.WithinAsync(TimeSpan.FromMinutes(1), "it says what is in its way", async () =>
            (await scenario.Cluster.StatusAsync()).Message!.Contains($"Draining: 1 pod left, {scenario.Workload.Namespace}/web-1 blocked by budget web; until", StringComparison.Ordinal));
        (await scenario.Pods.IsEndingAsync("web-1")).ShouldBeFalse();

        await scenario.Pods.RunAsync("web-2", node: "pc-2", metadata: OfWeb);
        await scenario.WithinAsync(TimeSpan.FromMinutes(1), "it may go now", () => scenario.Pods.IsEndingAsync("web-1"));
        await scenario.Pods.EndAsync("web-1");
        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
    }

    [Fact]
    public async Task At_the_drain_timeout_the_machine_goes_and_the_event_names_what_was_left()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web-1", metadata: OfWeb);
        await scenario.Pods.RunAsync("stubborn");
        await scenario.BudgetAsync("web", "\"minAvailable\":1");
        await scenario.CloseAsync();
        await scenario.DrainAsync();
        await Wait.UntilAsync("the other is told to end", () => scenario.Pods.IsEndingAsync("stubborn"));
        await scenario.SettleAsync();

        scenario.Cluster.MoveTo(Scenario.Closing.AddMinutes(10).AddMilliseconds(-1));
        await scenario.SettleAsync();
        (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse();
        scenario.Cluster.MoveTo(Scenario.Closing.AddMinutes(10));
        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());

        await scenario.Cluster.PhaseAsync("ShuttingDown", also: status => status.Conditions.Single(c => c.Type == "Ready").Reason == "NodeDrainFailed");
        await Wait.UntilAsync("it is told", async () => (await scenario.Cluster.EventsAsync()).Contains("NodeDrainFailed"));
        var note = (string)(await scenario.Cluster.ListAsync(Kinds.Event)).Single(e => (string)e["reason"]! == "NodeDrainFailed")["note"]!;
        var ns = scenario.Workload.Namespace;
        note.ShouldContain($"2 pods were left: {ns}/stubborn (ending), {ns}/web-1 blocked by budget web.");
        (await scenario.Workload.GetAsync(Kinds.Pod, "web-1"))!["metadata"]!["deletionTimestamp"].ShouldBeNull("a budget is never overridden");
        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Inactive");
    }

    [Fact]
    public async Task Of_many_pods_that_were_left_the_event_names_the_first_and_counts_the_rest()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        foreach (var i in Enumerable.Range(0, 10))
        {
            await scenario.Pods.RunAsync($"web-{i}");
        }

        await scenario.CloseAsync();
        scenario.Cluster.MoveTo(Scenario.Closing.AddMinutes(5));
        await Wait.UntilAsync("the last is told to end", () => scenario.Pods.IsEndingAsync("web-9"));
        await scenario.SettleAsync();
        scenario.Cluster.MoveTo(Scenario.Closing.AddMinutes(10));

        await Wait.UntilAsync("it is told", async () => (await scenario.Cluster.EventsAsync()).Contains("NodeDrainFailed"));
        var note = (string)(await scenario.Cluster.ListAsync(Kinds.Event)).Single(e => (string)e["reason"]! == "NodeDrainFailed")["note"]!;
        var named = string.Join(", ", Enumerable.Range(0, 8).Select(i => $"{scenario.Workload.Namespace}/web-{i} (ending)"));
        note.ShouldContain($"10 pods were left: {named} and 2 more.");
    }

    [Fact]
    public async Task A_pod_with_two_budgets_is_told_of_in_the_servers_words_and_keeps_no_other_pod()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web-1", metadata: OfWeb);
        await scenario.Pods.RunAsync("free");
        await scenario.BudgetAsync("web", "\"minAvailable\":1");
        await scenario.BudgetAsync("web-too", "\"minAvailable\":1");
        await scenario.CloseAsync();
        await scenario.DrainAsync();

        await scenario.Pods.EndAsync("free");
        await scenario.WithinAsync(TimeSpan.FromMinutes(1), "it says what is wrong", async () =>
            (await scenario.Cluster.StatusAsync()).Message!.Contains("more than one PodDisruptionBudget", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Called_off_in_mid_drain_the_Node_is_uncordoned_and_nothing_more_is_evicted()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web-1", metadata: OfWeb);
        await scenario.BudgetAsync("web", "\"minAvailable\":1");
        await scenario.CloseAsync();
        await scenario.DrainAsync();

        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"schedule":{"hoursOfDay":["9-20"]}}}""");
        await scenario.Cluster.PhaseAsync("Active", also: status => status.Ready);
        await Wait.UntilAsync("the Node is uncordoned", async () => !await scenario.NodeIsCordonedAsync());
        await scenario.SettleAsync();
        var evictions = scenario.Evictions.Count;
        scenario.Cluster.Clock.Advance(TimeSpan.FromHours(1));
        await scenario.SettleAsync();
        scenario.Evictions.Count.ShouldBe(evictions);
        (await scenario.Cluster.EventsAsync()).ShouldContain("ShutdownCancelled");
        (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse();
    }

    [Fact]
    public async Task A_persons_cordon_in_place_of_ours_stays_when_the_shutdown_is_called_off()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web-1");
        await scenario.CloseAsync();
        (await scenario.NodeIsCordonedAsync()).ShouldBeTrue();

        // Nobody of ours looks while a person takes our cordon away and puts their own there.
        await scenario.Controller.DisposeAsync();
        await scenario.Workload.PatchAsync(Kinds.Node, "pc-1", """{"spec":{"unschedulable":null}}""");
        await scenario.Workload.PatchAsync(Kinds.Node, "pc-1", """{"spec":{"unschedulable":true}}""");
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"schedule":{"hoursOfDay":["9-20"]}}}""");
        await scenario.RestartAsync();

        await scenario.Cluster.PhaseAsync("Active", also: status => status.Ready);
        await scenario.SettleAsync();
        (await scenario.NodeIsCordonedAsync()).ShouldBeTrue();
    }

    [Fact]
    public async Task More_time_for_the_drain_counts_from_the_moment_that_it_is_given()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web-1", metadata: OfWeb);
        await scenario.BudgetAsync("web", "\"minAvailable\":1");
        await scenario.CloseAsync();
        await scenario.DrainAsync();

        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"nodeDrainTimeout":"30m"}}""");
        await scenario.Cluster.PhaseAsync("ShuttingDown", also: status => status.NextCleanup == Scenario.Closing.AddMinutes(35));
        scenario.Cluster.MoveTo(Scenario.Closing.AddMinutes(35).AddMilliseconds(-1));
        await scenario.SettleAsync();
        (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse();
        scenario.Cluster.MoveTo(Scenario.Closing.AddMinutes(35));
        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
    }

    [Fact]
    public async Task A_deleted_ScheduledMachine_is_drained_without_a_grace_period()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web-1");

        await scenario.Cluster.DeleteAsync(Kinds.ScheduledMachine, "pc-1");
        await scenario.Pods.EndAsync("web-1");
        await scenario.ClusterApi.LetGoAsync();
        await Wait.UntilAsync("it is gone", async () => await scenario.Cluster.GetAsync(Kinds.ScheduledMachine, "pc-1") is null);
        scenario.Cluster.Clock.GetUtcNow().ShouldBe(Scenario.Opening);
    }

    [Fact]
    public async Task The_kill_switch_ends_a_drain_that_is_blocked()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web-1", metadata: OfWeb);
        await scenario.BudgetAsync("web", "\"minAvailable\":1");
        await scenario.CloseAsync();
        await scenario.DrainAsync();

        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"killSwitch":true}}""");
        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Terminated", also: status => status.MachineRef is null);
        scenario.Cluster.Clock.GetUtcNow().ShouldBe(Scenario.Closing.AddMinutes(5));
    }

    [Fact]
    public async Task The_kill_switch_ends_the_blocked_drain_of_a_ScheduledMachine_that_is_deleted()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind, ",\"nodeDrainTimeout\":\"24h\"");
        await scenario.Pods.RunAsync("web-1", metadata: OfWeb);
        await scenario.BudgetAsync("web", "\"minAvailable\":1");
        await scenario.Cluster.DeleteAsync(Kinds.ScheduledMachine, "pc-1");
        await scenario.WithinAsync(TimeSpan.FromMinutes(1), "it says what is in its way", async () =>
            (await scenario.Cluster.StatusAsync()).Message!.Contains("blocked by budget web", StringComparison.Ordinal));
        await scenario.SettleAsync();
        (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse();

        var pulled = scenario.Cluster.Clock.GetUtcNow();
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"killSwitch":true}}""");
        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
        scenario.Cluster.Clock.GetUtcNow().ShouldBe(pulled);
        (await scenario.Pods.IsEndingAsync("web-1")).ShouldBeFalse("a budget is never overridden");
        (await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))!["metadata"]!["annotations"]!.AsObject()
            .ContainsKey("machine.cluster.x-k8s.io/exclude-node-draining").ShouldBeTrue("Cluster API is not to drain either");
        await scenario.ClusterApi.LetGoAsync();
        await Wait.UntilAsync("it is gone", async () => await scenario.Cluster.GetAsync(Kinds.ScheduledMachine, "pc-1") is null);
    }

    [Fact]
    public async Task A_Node_that_vanishes_in_mid_drain_has_nothing_left_to_drain()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web-1", metadata: OfWeb);
        await scenario.BudgetAsync("web", "\"minAvailable\":1");
        await scenario.CloseAsync();
        await scenario.DrainAsync();

        await scenario.Workload.DeleteAsync(Kinds.Node, "pc-1");

        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
        await Wait.UntilAsync("it is told", async () => (await scenario.Cluster.EventsAsync()).Contains("NodeDrained"));
    }

    [Fact]
    public async Task A_kubeconfig_that_is_deleted_in_mid_drain_moves_the_drain_nowhere_else_and_keeps_no_machine()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web-1", metadata: OfWeb);
        await scenario.BudgetAsync("web", "\"minAvailable\":1");
        await scenario.CloseAsync();
        await scenario.DrainAsync();

        await scenario.Cluster.DeleteAsync(Kinds.Secret, "office-kubeconfig");
        await scenario.RestartAsync();
        await scenario.SettleAsync();
        (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse("a Node that another cluster does not have is not drained");
        scenario.Cluster.MoveTo(Scenario.Closing.AddMinutes(10));
        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Inactive");
        await scenario.SettleAsync();
        (await scenario.Cluster.EventsAsync()).ShouldContain("NodeDrainFailed");
        scenario.Cluster.Writes.ShouldNotContain(call => call.Server == scenario.Cluster.Address && call.Path.StartsWith("/api/v1/nodes", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_Machine_that_somebody_else_deletes_in_mid_drain_is_Cluster_APIs_to_drain()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web-1", metadata: OfWeb);
        await scenario.BudgetAsync("web", "\"minAvailable\":1");
        await scenario.CloseAsync();
        await scenario.DrainAsync();

        await scenario.Cluster.DeleteAsync(scenario.Cluster.MachineKind, "pc-1");
        await scenario.Cluster.PhaseAsync("ShuttingDown", also: status => status.Message!.EndsWith("Waiting for Cluster API to delete the Machine.", StringComparison.Ordinal));
        await scenario.SettleAsync();
        (await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))!["metadata"]!["annotations"]!.AsObject()
            .ContainsKey("machine.cluster.x-k8s.io/exclude-node-draining").ShouldBeFalse("the drain is not over");
        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Inactive");
    }

    [Fact]
    public async Task A_cluster_that_breaks_off_in_mid_drain_is_drained_when_it_is_back()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web-1");
        await scenario.CloseAsync();
        scenario.Cluster.Traffic.Disturb = (call, _) => call.Path.EndsWith("/eviction", StringComparison.Ordinal) ? ControllerTraffic.Fault.Abort : null;
        await scenario.DrainAsync();
        await scenario.WithinAsync(TimeSpan.FromMinutes(1), "it says what is wrong", async () =>
            (await scenario.Cluster.StatusAsync()).Message!.Contains("web-1 can't be evicted: ", StringComparison.Ordinal));

        scenario.Cluster.Traffic.Disturb = null;
        await scenario.WithinAsync(TimeSpan.FromMinutes(1), "it is told to end", () => scenario.Pods.IsEndingAsync("web-1"));
        await scenario.Pods.EndAsync("web-1");
        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
    }
}
