// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Contract, section 6: which Node is a machine's, and that nothing is written to any other.</summary>
public abstract class RightNodeTests(ServerKind kind)
{
    private const string Wishes =
        ",\"killIfCommands\":[\"java\"],\"nodeTaints\":[{\"key\":\"example.com/lent\",\"value\":\"night\",\"effect\":\"NoSchedule\"}]";

    public sealed class OnEmbedded() : RightNodeTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : RightNodeTests(ServerKind.KubeApiServer);

    [Theory]
    [InlineData("", "Node pc-1 has no providerID, the Machine has remote://pc-1")]
    [InlineData("remote://another", "Node pc-1 has providerID remote://another, the Machine has remote://pc-1")]
    public async Task A_Node_of_that_name_in_a_wrong_cluster_is_left_alone(string providerId, string words)
    {
        await using var world = await WorkloadScenario.StartAsync(kind);
        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig);
        await world.ClusterApi.RegisterAsync(providerId: providerId);
        await world.Pods.RunAsync("web-1");
        await world.OpenAsync(Wishes);
        await world.ConditionAsync("MachineReady", ConditionStatus.False, "NodeMismatch", words);
        await world.ReclaimAsync();
        await world.SettleAsync();

        await world.CloseAsync(message: "");
        world.Cluster.MoveTo(Scenario.Closing.AddMinutes(5));
        await Wait.UntilAsync("the Machine goes without a drain", () => world.MachineIsBeingDeletedAsync());
        await NothingIsWrittenAsync(world);
        (await world.Cluster.GetAsync(Kinds.ScheduledMachine, "pc-1"))!["spec"]!["schedule"]!["enabled"]?.GetValue<bool>().ShouldBeTrue("nobody asked for this machine");
    }

    [Fact]
    public async Task Two_Nodes_of_one_providerID_are_both_left_alone_until_one_is_gone()
    {
        await using var world = await WorkloadScenario.StartAsync(kind);
        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig);
        await world.ClusterApi.RegisterAsync("pc-0", "remote://pc-1");
        await world.ClusterApi.RegisterAsync("pc-1");
        await world.OpenAsync(Wishes);
        await world.ConditionAsync("MachineReady", ConditionStatus.False, "NodeMismatch", "Nodes pc-0, pc-1 all have providerID remote://pc-1");
        await world.SettleAsync();
        await NothingIsWrittenAsync(world);

        await world.Workload.DeleteAsync(Kinds.Node, "pc-0");
        await world.TaintedAsync(ConditionStatus.True, "Applied");
        await world.Cluster.PhaseAsync("Active", also: status => status is { Ready: true, NodeRef.Name: "pc-1" });
    }

    [Theory]
    [InlineData("v1beta1")]
    [InlineData("v1beta2")]
    public async Task A_Node_that_was_registered_anew_is_the_machines_like_the_one_before(string version)
    {
        await using var world = await WorkloadScenario.RunningMachineAsync(kind, Wishes, version);
        await world.TaintedAsync(ConditionStatus.True, "Applied");
        var first = (await world.Cluster.StatusAsync()).NodeRef!.Uid;
        await world.Workload.DeleteAsync(Kinds.Node, "pc-1");
        await world.ConditionAsync("MachineReady", ConditionStatus.False, "NodeNotFound", "Node pc-1 was deleted.");

        await world.ClusterApi.RegisterAsync();
        await world.ClusterApi.SeeNodeAsync();
        await world.TaintedAsync(ConditionStatus.True, "Applied");
        await world.ConditionAsync("MachineReady", ConditionStatus.True, "MachineReady");
        var second = (string)(await world.Workload.GetAsync(Kinds.Node, "pc-1"))!["metadata"]!["uid"]!;
        second.ShouldNotBe(first);
        (await world.Cluster.StatusAsync()).NodeRef!.Uid.ShouldBe(second);

        await world.Pods.RunAsync("web-1");
        await world.CloseAsync();
        (await world.NodeIsCordonedAsync()).ShouldBeTrue();
        await world.DrainAsync();
        await world.Pods.EndAsync("web-1");
        await Wait.UntilAsync("it is drained", () => world.MachineIsBeingDeletedAsync());
        world.Evictions.ShouldBe(["web-1"]);
    }

    [Fact]
    public async Task A_reclaim_is_heard_on_a_Node_that_was_registered_anew()
    {
        await using var world = await WorkloadScenario.RunningMachineAsync(kind, machineVersion: "v1beta1");
        await world.Workload.DeleteAsync(Kinds.Node, "pc-1");
        await world.ClusterApi.RegisterAsync();
        await world.ReclaimAsync();

        await Wait.UntilAsync("the Machine is deleted", () => world.MachineIsBeingDeletedAsync());
        await world.ClusterApi.LetGoAsync();
        await world.Cluster.PhaseAsync("Disabled");
    }

    [Theory]
    [InlineData("v1beta1")]
    [InlineData("v1beta2")]
    public async Task A_Node_that_has_joined_is_the_machines_before_Cluster_API_says_so(string version)
    {
        await using var world = await WorkloadScenario.StartAsync(kind, version);
        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig);
        await world.BeginAsync(Wishes);
        await world.ClusterApi.TakeOverAsync();
        await world.ClusterApi.ProvisionAsync();
        await world.ReachableAsync(ConditionStatus.True, "Reachable", "");
        await world.Cluster.PhaseAsync("Active", also: status => status.NodeRef is null && status.Message!.Contains("waiting for the machine to join", StringComparison.Ordinal));

        await world.ClusterApi.RegisterAsync();
        await world.TaintedAsync(ConditionStatus.True, "Applied");
        await Wait.UntilAsync("the agent is told", async () => await world.AgentConfigAsync() is not null);
        await world.AgentWatchesAsync();
        await world.ConditionAsync("ReclaimAgentReady", ConditionStatus.True, "Applied");
        var uid = (string)(await world.Workload.GetAsync(Kinds.Node, "pc-1"))!["metadata"]!["uid"]!;
        await world.Cluster.PhaseAsync("Active", also: status => status is { NodeRef.Name: "pc-1", Ready: false } && status.NodeRef.Uid == uid);

        await world.Pods.RunAsync("web-1");
        await world.CloseAsync();
        (await world.NodeIsCordonedAsync()).ShouldBeTrue();

        // Called off, and closed again.
        await world.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"schedule":{"daysOfWeek":["mon-fri"],"hoursOfDay":["9-19"]}}}""");
        await Wait.UntilAsync("the Node is uncordoned", async () => !await world.NodeIsCordonedAsync());
        await world.Cluster.PhaseAsync("Active");
        world.Cluster.MoveTo(Scenario.Closing.AddHours(2));
        await world.Cluster.PhaseAsync("ShuttingDown", also: status => status.Message!.Contains("1 pod left", StringComparison.Ordinal));
        world.Cluster.MoveTo(Scenario.Closing.AddHours(2).AddMinutes(5));
        await world.Pods.EndAsync("web-1");
        await Wait.UntilAsync("it is drained", () => world.MachineIsBeingDeletedAsync());
        world.Evictions.ShouldBe(["web-1"]);
        await Wait.UntilAsync("it is told", async () => (await world.Cluster.EventsAsync()).Contains("NodeDrained"));
    }

    [Fact]
    public async Task A_reclaim_is_heard_before_Cluster_API_has_seen_the_Node()
    {
        await using var world = await WorkloadScenario.StartAsync(kind);
        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig);
        await world.BeginAsync();
        await world.ClusterApi.TakeOverAsync();
        await world.ClusterApi.ProvisionAsync();
        await world.ClusterApi.RegisterAsync();
        await world.ReclaimAsync();

        await world.Cluster.PhaseAsync("EmergencyRemove");
        await Wait.UntilAsync("the Machine is deleted", () => world.MachineIsBeingDeletedAsync());
    }

    [Fact]
    public async Task A_machine_that_its_cluster_does_not_know_never_joined_and_goes_at_once()
    {
        await using var world = await WorkloadScenario.StartAsync(kind);
        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig);
        await world.BeginAsync();
        await world.ClusterApi.TakeOverAsync();
        await world.ClusterApi.ProvisionAsync();
        await world.ReachableAsync(ConditionStatus.True, "Reachable", "");

        world.Cluster.MoveTo(Scenario.Closing);
        await Wait.UntilAsync("the Machine goes", () => world.MachineIsBeingDeletedAsync());
        world.Cluster.Clock.GetUtcNow().ShouldBe(Scenario.Closing);
    }

    [Fact]
    public async Task A_machine_of_a_cluster_that_does_not_answer_may_have_joined_and_goes_in_its_time()
    {
        await using var world = await WorkloadScenario.StartAsync(kind);
        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig.Replace(world.Workload.Address, "127.0.0.1:1", StringComparison.Ordinal));
        await world.BeginAsync();
        await world.ClusterApi.TakeOverAsync();
        await world.ClusterApi.ProvisionAsync();
        await world.ReachableAsync(ConditionStatus.False, "Unreachable", "refused");

        world.Cluster.MoveTo(Scenario.Closing.AddMinutes(-1));
        await world.SettleAsync();
        world.Cluster.MoveTo(Scenario.Closing);
        await world.Cluster.PhaseAsync("ShuttingDown");
        world.Cluster.MoveTo(Scenario.Closing.AddMinutes(5));
        await world.Cluster.PhaseAsync("ShuttingDown", also: status => status.Message!.Contains("refused", StringComparison.Ordinal));
        (await world.MachineIsBeingDeletedAsync()).ShouldBeFalse();
        world.Cluster.MoveTo(Scenario.Closing.AddMinutes(10));
        await Wait.UntilAsync("the Machine goes", () => world.MachineIsBeingDeletedAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Without_a_providerID_it_is_the_Node_of_the_Machines_nodeRef_by_its_uid(bool same)
    {
        await using var world = await WorkloadScenario.StartAsync(kind, "v1beta1");
        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig);
        await world.ClusterApi.RegisterAsync(providerId: "");
        await world.BeginAsync(Wishes);
        await world.ClusterApi.TakeOverAsync();
        await world.ClusterApi.SeeNodeAsync();
        await world.TaintedAsync(ConditionStatus.True, "Applied");
        if (same)
        {
            await world.CloseAsync(message: "");
            await Wait.UntilAsync("the Node is cordoned", () => world.NodeIsCordonedAsync());
            return;
        }

        await world.Workload.DeleteAsync(Kinds.Node, "pc-1");
        await world.ClusterApi.RegisterAsync(providerId: "");
        await world.ConditionAsync("MachineReady", ConditionStatus.False, "NodeMismatch", "it is another Node of that name");
        (await world.TaintsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_elder_of_two_machines_has_the_Node_also_where_neither_knows_it_yet()
    {
        await using var world = await WorkloadScenario.StartAsync(kind);
        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig);
        await world.BeginAsync();
        await world.ClusterApi.TakeOverAsync();
        await world.ClusterApi.ProvisionAsync();
        await world.ClusterApi.RegisterAsync();
        await world.Cluster.PhaseAsync("Active", also: status => status.NodeRef is { Name: "pc-1" });

        await world.BeginAsync(Wishes, "pc-2");
        await world.Cluster.PatchAsync(world.Cluster.MachineKind, "pc-2", """{"spec":{"providerID":"remote://pc-1"}}""");
        await world.ConditionAsync("MachineReady", ConditionStatus.False, "NodeMismatch", "/pc-1, which was there first", "pc-2");
        await world.SettleAsync();
        (await world.TaintsAsync()).ShouldBeEmpty();

        await world.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"killSwitch":true}}""");
        await world.ClusterApi.LetGoAsync();
        await world.Cluster.PhaseAsync("Terminated", also: status => status.MachineRef is null);
        await world.ClusterApi.RegisterAsync();
        await world.ConditionAsync("NodeTainted", ConditionStatus.True, "Applied", name: "pc-2");
    }

    [Fact]
    public async Task A_Node_that_was_cordoned_for_an_earlier_ScheduledMachine_is_uncordoned()
    {
        await using var world = await WorkloadScenario.RunningMachineAsync(kind);
        await world.Pods.RunAsync("web-1");
        await world.CloseAsync();
        (await world.NodeIsCordonedAsync()).ShouldBeTrue();

        // Restored from a backup, say: the Machine stays, its owner is another one.
        await world.Controller.DisposeAsync();
        await world.Cluster.PatchAsync(world.Cluster.MachineKind, "pc-1", """{"metadata":{"ownerReferences":null}}""");
        await world.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"metadata":{"finalizers":null}}""");
        await world.Cluster.DeleteAsync(Kinds.ScheduledMachine, "pc-1");
        await Wait.UntilAsync("it is gone", async () => await world.Cluster.GetAsync(Kinds.ScheduledMachine, "pc-1") is null);
        await world.Cluster.ScheduleAsync(schedule: """{"daysOfWeek":["mon-sun"],"hoursOfDay":["0-23"]}""");
        await world.RestartAsync();

        await world.Cluster.PhaseAsync("Active");
        await Wait.UntilAsync("the Node is uncordoned", async () => !await world.NodeIsCordonedAsync());
    }

    // On the workload cluster and on the management cluster.
    private static async Task NothingIsWrittenAsync(WorkloadScenario world)
    {
        (await world.NodeIsCordonedAsync()).ShouldBeFalse();
        (await world.TaintsAsync()).ShouldBeEmpty();
        world.Evictions.ShouldBeEmpty();
        world.Cluster.Writes.ShouldNotContain(call => call.Path.StartsWith("/api/v1/", StringComparison.Ordinal));
    }
}
