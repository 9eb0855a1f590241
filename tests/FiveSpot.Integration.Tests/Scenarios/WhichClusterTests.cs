// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Contract, section 6: which cluster a machine joins, as its Secret comes, goes and changes.</summary>
public abstract class WhichClusterTests(ServerKind kind)
{
    private const string Secret = "office-kubeconfig";
    private const string Taints = ",\"nodeTaints\":[{\"key\":\"example.com/lent\",\"value\":\"night\",\"effect\":\"NoSchedule\"}]";

    public sealed class OnEmbedded() : WhichClusterTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : WhichClusterTests(ServerKind.KubeApiServer);

    [Fact]
    public async Task A_kubeconfig_that_is_away_while_another_machine_joins_leads_nowhere_else()
    {
        await using var world = await WorkloadScenario.RunningMachineAsync(kind);
        await world.Cluster.DeleteAsync(Kinds.Secret, Secret);
        await world.OpenAsync(Taints, "pc-2");

        // The cluster was shown to be the right one: both go on there, and it is told that this won't outlive the controller.
        await world.ConditionAsync("NodeTainted", ConditionStatus.True, "Applied", name: "pc-2");
        await world.ReachableAsync(ConditionStatus.True, "Reachable", "Secret office-kubeconfig is not there any more", "pc-2");

        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig);
        await world.Cluster.PhaseAsync("Active", "pc-2", status => !status.Conditions.Single(c => c.Type == "WorkloadClusterReachable").Message.Contains("not there", StringComparison.Ordinal));
        await world.ReclaimAsync();
        await world.ClusterApi.LetGoAsync();
        await world.Cluster.PhaseAsync("Disabled");
        world.Cluster.MoveTo(Scenario.Closing);
        await Wait.UntilAsync("pc-2 is cordoned", () => world.NodeIsCordonedAsync("pc-2"));
        NodesOfManagement(world).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_kubeconfig_that_comes_after_the_machine_is_taken()
    {
        await using var world = await WorkloadScenario.StartAsync(kind);
        await RegisterOnManagementAsync(world, "remote://its-own");
        await world.OpenAsync(Taints);
        await world.ReachableAsync(
            ConditionStatus.Unknown, "KubeconfigNotFound",
            $"There is no Secret {world.Cluster.Namespace}/office-kubeconfig, and the management cluster has no Node with providerID remote://pc-1");
        await world.SettleAsync();
        NodesOfManagement(world).ShouldNotContain(call => call.IsWrite, "it is a guess");
        (await world.Cluster.StatusAsync()).Conditions.Single(c => c.Type == "NodeTainted").Reason.ShouldBe("NoNodeYet");

        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig);
        await world.TaintedAsync(ConditionStatus.True, "Applied");
        await world.ReachableAsync(ConditionStatus.True, "Reachable", "");
        (await world.TaintsAsync()).ShouldBe(["example.com/lent=night:NoSchedule"]);
        NodesOfManagement(world).ShouldNotContain(call => call.IsWrite);
    }

    [Fact]
    public async Task The_management_cluster_is_it_as_soon_as_it_has_the_Node()
    {
        await using var world = await WorkloadScenario.StartAsync(kind);
        await world.BeginAsync(Taints);
        await world.ClusterApi.TakeOverAsync();
        await world.ClusterApi.ProvisionAsync();
        await world.ReachableAsync(ConditionStatus.Unknown, "KubeconfigNotFound", "nothing is written to any");

        await RegisterOnManagementAsync(world, "remote://pc-1");
        await world.ReachableAsync(ConditionStatus.True, "Reachable", "The Nodes of the management cluster are watched.");
        await world.TaintedAsync(ConditionStatus.True, "Applied");
        await world.SettleAsync();

        // Known, it is asked about no more.
        var looks = Looks(world);
        world.Cluster.Clock.Advance(TimeSpan.FromHours(1));
        await world.SettleAsync();
        Looks(world).ShouldBe(looks);
    }

    [Fact]
    public async Task A_guess_keeps_no_machine_longer_than_its_grace_and_drain()
    {
        await using var world = await WorkloadScenario.StartAsync(kind);
        await RegisterOnManagementAsync(world, providerId: "");
        await world.OpenAsync();
        await world.ReachableAsync(ConditionStatus.Unknown, "KubeconfigNotFound", "");

        world.Cluster.MoveTo(Scenario.Closing);
        await world.Cluster.PhaseAsync("ShuttingDown");
        world.Cluster.MoveTo(Scenario.Closing.AddMinutes(10));
        await Wait.UntilAsync("the Machine goes", () => world.MachineIsBeingDeletedAsync());
        NodesOfManagement(world).ShouldNotContain(call => call.IsWrite);
    }

    [Fact]
    public async Task A_Secret_that_became_nonsense_is_told_at_the_next_boundary_which_does_not_wait_for_it()
    {
        await using var world = await WorkloadScenario.RunningMachineAsync(kind);
        await world.Pods.RunAsync("web-1");
        await world.SettleAsync();
        await world.SetKubeconfigAsync("nonsense");
        world.Cluster.MoveTo(Scenario.Closing.AddSeconds(-1));
        await world.SettleAsync();
        var before = world.Cluster.Calls.Count;

        world.Cluster.MoveTo(Scenario.Closing);
        await world.ReachableAsync(ConditionStatus.False, "KubeconfigUnusable", $"Secret {world.Cluster.Namespace}/office-kubeconfig, key value", phase: "ShuttingDown");
        world.Cluster.Calls.Skip(before).First().ShouldSatisfyAllConditions(
            call => (call.Verb, call.Path).ShouldBe(("patch", "/api/v1/nodes/pc-1")), call => call.At.ShouldBe(Scenario.Closing));

        // Mended, it is taken up again.
        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig);
        await world.ReachableAsync(ConditionStatus.True, "Reachable", "", phase: "ShuttingDown");
        await world.DrainAsync();
        await world.Pods.EndAsync("web-1");
        await Wait.UntilAsync("it is drained", () => world.MachineIsBeingDeletedAsync());
    }

    [Fact]
    public async Task A_Secret_that_became_nonsense_is_told_at_the_next_failure()
    {
        await using var world = await WorkloadScenario.RunningMachineAsync(kind);
        await world.SettleAsync();
        await world.SetKubeconfigAsync("nonsense");
        world.Cluster.Traffic.Disturb = (call, stage) => stage == ControllerTraffic.Stage.Before && call is { Verb: "patch", Path: "/api/v1/nodes/pc-1" }
            ? new ControllerTraffic.Fault(401, "Unauthorized", "Unauthorized") : null;
        await world.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", $$"""{"spec":{ {{Taints[1..]}} } }""");

        await world.ReachableAsync(ConditionStatus.False, "KubeconfigUnusable", "");
    }

    [Fact]
    public async Task A_call_that_keeps_failing_costs_ten_requests_a_minute_the_looks_at_the_Secret_included()
    {
        await using var world = await WorkloadScenario.RunningMachineAsync(kind);
        await world.SettleAsync();
        world.Cluster.Traffic.Disturb = (call, stage) => stage == ControllerTraffic.Stage.Before && call is { Verb: "patch", Path: "/api/v1/nodes/pc-1" }
            ? new ControllerTraffic.Fault(500, "InternalError", "no") : null;
        var before = world.Cluster.Calls.Count;
        await world.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", $$"""{"spec":{ {{Taints[1..]}} } }""");
        await world.TaintedAsync(ConditionStatus.False, "PatchFailed");
        for (var second = 0; second < 60; second += 2)
        {
            await world.SettleAsync();
            world.Cluster.Clock.Advance(TimeSpan.FromSeconds(2));
        }

        var calls = world.Cluster.Calls.Skip(before).Where(call => call.Path == "/api/v1/nodes/pc-1" || call.Path.EndsWith($"/secrets/{Secret}", StringComparison.Ordinal)).ToList();
        calls.Count.ShouldBeLessThanOrEqualTo(10, string.Join(", ", calls.Select(call => $"{call.At:T} {call.Verb} {call.Path}")));
        calls.ShouldContain(call => call.Verb == "get", "it is looked at");
    }

    [Fact]
    public async Task A_Secret_with_other_labels_and_the_same_kubeconfig_is_the_same()
    {
        await using var world = await WorkloadScenario.RunningMachineAsync(kind);
        await world.Pods.RunAsync("web-1");
        await world.SettleAsync();
        await world.Cluster.PatchAsync(Kinds.Secret, Secret, """{"metadata":{"labels":{"seen":"true"}}}""");
        var looks = Looks(world);

        await world.CloseAsync();
        await Wait.UntilAsync("it is looked at", () => Looks(world) > looks);
        await world.SettleAsync();
        world.Cluster.Calls.Count(call => call.Path == "/api/v1/nodes").ShouldBe(2, "one list, one watch");
    }

    private static int Looks(WorkloadScenario world) =>
        world.Cluster.Calls.Count(call => call.Path.EndsWith($"/secrets/{Secret}", StringComparison.Ordinal));

    private static IReadOnlyList<ControllerTraffic.Call> NodesOfManagement(WorkloadScenario world) =>
        [.. world.Cluster.Calls.Where(call => call.Server == world.Cluster.Address && call.Path.StartsWith("/api/v1/nodes", StringComparison.Ordinal))];

    private static Task RegisterOnManagementAsync(WorkloadScenario world, string providerId) =>
        new ClusterApiByHand(world.Cluster).RegisterAsync(providerId: providerId);
}
