// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.Reclaim;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>
/// Contract, section 6: that a tenant's Machine says of a Node that it is it does not make it so. A control plane's Nodes, and
/// those of Machines that 5-Spot did not make, are never written to.
/// </summary>
public abstract class SomebodyElsesNodeTests(ServerKind kind)
{
    private const string Wishes =
        ",\"killIfCommands\":[\"java\"],\"nodeTaints\":[{\"key\":\"example.com/lent\",\"value\":\"night\",\"effect\":\"NoExecute\"}]";

    private const string ControlPlane = "node-role.kubernetes.io/control-plane";
    private const string Master = "node-role.kubernetes.io/master";

    public sealed class OnEmbedded() : SomebodyElsesNodeTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : SomebodyElsesNodeTests(ServerKind.KubeApiServer);

    [Theory]
    [InlineData("", "remote://another", "KubeconfigNotFound")]
    [InlineData("", null, "KubeconfigNotFound")]
    [InlineData("remote://cp-1", "remote://another", "KubeconfigNotFound")]
    [InlineData("remote://cp-1", null, "KubeconfigNotFound")]
    public async Task A_control_plane_s_Node_that_a_Machine_only_names_is_left_alone(string itsId, string? machinesId, string reason)
    {
        await using var world = await WorkloadScenario.StartAsync(kind, "v1beta1");
        var cluster = world.Cluster;
        var there = new ClusterApiByHand(cluster);
        await there.RegisterAsync("cp-1", itsId);
        await cluster.PatchAsync(Kinds.Node, "cp-1", $$"""{"metadata":{"labels":{"{{ControlPlane}}":""} } }""");
        await new PodsByHand(cluster).RunAsync("kube-proxy", "cp-1");

        await world.BeginAsync(Wishes);
        await world.ClusterApi.TakeOverAsync();
        if (machinesId is not null)
        {
            await cluster.PatchAsync(cluster.MachineKind, "pc-1", $$"""{"spec":{"providerID":"{{machinesId}}"} }""");
        }

        await SeeAsync(world, "cp-1");
        await world.ReachableAsync(ConditionStatus.Unknown, reason, "nothing is written to any");
        await NothingIsWrittenTilTheMachineGoesAsync(world, cluster, "cp-1");
    }

    [Theory]
    [InlineData(ControlPlane, false)]
    [InlineData(Master, false)]
    [InlineData(ControlPlane, true)]
    [InlineData(Master, true)]
    public async Task A_control_plane_s_Node_of_the_management_cluster_is_never_written_to(string role, bool isTaint)
    {
        await using var world = await WorkloadScenario.StartAsync(kind);
        var cluster = world.Cluster;
        await RegisterControlPlaneAsync(cluster, role, isTaint);
        await new PodsByHand(cluster).RunAsync("kube-proxy", "cp-1");

        await world.BeginAsync(Wishes);
        await ClaimAsync(world, "remote://cp-1");
        await SeeAsync(world, "cp-1");
        await world.ConditionAsync("MachineReady", ConditionStatus.False, "NodeMismatch", "Node cp-1 is of a control plane: 5-Spot writes to none.");
        await NothingIsWrittenTilTheMachineGoesAsync(world, cluster, "cp-1");
    }

    [Theory]
    [InlineData(ControlPlane, false)]
    [InlineData(Master, true)]
    public async Task A_control_plane_s_Node_of_a_workload_cluster_is_never_written_to(string role, bool isTaint)
    {
        await using var world = await WorkloadScenario.StartAsync(kind);
        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig);
        await RegisterControlPlaneAsync(world.Workload, role, isTaint);
        await world.Pods.RunAsync("kube-proxy", "cp-1");

        await world.BeginAsync(Wishes);
        await ClaimAsync(world, "remote://cp-1");
        await world.ConditionAsync("MachineReady", ConditionStatus.False, "NodeMismatch", "Node cp-1 is of a control plane: 5-Spot writes to none.");
        await NothingIsWrittenTilTheMachineGoesAsync(world, world.Workload, "cp-1");
    }

    [Theory]
    [InlineData("v1beta2", "remote://worker-1", null)]
    [InlineData("v1beta2", "remote://worker-1", "worker-1")]
    [InlineData("v1beta2", null, "worker-1")]
    [InlineData("v1beta1", "remote://worker-1", "worker-1")]
    [InlineData("v1beta1", null, "worker-1")]
    public async Task The_Node_of_a_Machine_that_5_Spot_did_not_make_is_left_alone_until_that_is_gone(string version, string? itsId, string? itsNode)
    {
        await using var world = await WorkloadScenario.StartAsync(kind, version);
        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig);
        await world.ClusterApi.RegisterAsync("worker-1");
        await OthersMachineAsync(world, "worker-1", itsId, itsNode);

        await world.BeginAsync(Wishes);
        await ClaimAsync(world, "remote://worker-1");
        await world.ConditionAsync(
            "MachineReady", ConditionStatus.False, "NodeMismatch", $"Node worker-1 is also the Node of Machine {world.Cluster.Namespace}/worker-1, which was there first: nothing is written to it.");
        await world.ReclaimAsync("worker-1");
        await world.SettleAsync();
        await NothingIsOnNodeAsync(world.Workload, "worker-1");

        await world.Workload.PatchAsync(Kinds.Node, "worker-1", """{"metadata":{"annotations":{"5spot.finos.org/reclaim-requested":null}}}""");
        await world.SettleAsync();
        await world.Cluster.DeleteAsync(world.Cluster.MachineKind, "worker-1");
        await Wait.UntilAsync("it is tainted", async () => (await world.TaintsAsync("worker-1")).Count == 1);
    }

    [Fact]
    public async Task The_Node_of_a_Machine_of_another_namespace_is_left_alone_and_its_name_is_not_told()
    {
        await using var world = await WorkloadScenario.StartAsync(kind);
        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig);
        await world.ClusterApi.RegisterAsync("worker-1");
        var name = $"{world.Cluster.Namespace}-worker-1";
        await OthersMachineAsync(world, name, "remote://worker-1", "worker-1", "default");
        try
        {
            await world.BeginAsync(Wishes);
            await ClaimAsync(world, "remote://worker-1");
            await world.ConditionAsync("MachineReady", ConditionStatus.False, "NodeMismatch", "Node worker-1 is also the Node of a Machine in another namespace, which was there first");
            await world.SettleAsync();
            await NothingIsOnNodeAsync(world.Workload, "worker-1");
        }
        finally
        {
            await world.Cluster.Api.DeleteAsync(world.Cluster.MachineKind, new ObjectKey("default", name), null, CancellationToken.None);
        }

        await Wait.UntilAsync("it is tainted", async () => (await world.TaintsAsync("worker-1")).Count == 1);
    }

    // Where no Secret says which cluster it is, one that has a Node of this id is as good as any: of whose network the other
    // Machine is nobody knows.
    [Fact]
    public async Task On_the_management_cluster_every_Machine_of_its_providerID_counts()
    {
        await using var world = await WorkloadScenario.StartAsync(kind);
        await new ClusterApiByHand(world.Cluster).RegisterAsync("worker-1");
        var name = $"{world.Cluster.Namespace}-worker-1";
        await OthersMachineAsync(world, name, "remote://worker-1", node: null, "default");
        try
        {
            await world.BeginAsync(Wishes);
            await ClaimAsync(world, "remote://worker-1");
            await world.ConditionAsync("MachineReady", ConditionStatus.False, "NodeMismatch", "in another namespace, which was there first");
            await world.SettleAsync();
            await NothingIsOnNodeAsync(world.Cluster, "worker-1");
        }
        finally
        {
            await world.Cluster.Api.DeleteAsync(world.Cluster.MachineKind, new ObjectKey("default", name), null, CancellationToken.None);
        }
    }

    [Fact]
    public async Task An_elder_Machine_that_comes_to_claim_the_Node_during_the_drain_ends_it()
    {
        await using var world = await WorkloadScenario.StartAsync(kind);
        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig);
        await OthersMachineAsync(world, "worker-1", providerId: null, node: null);
        await world.OpenAsync();
        await world.Pods.RunAsync("web-1");
        await world.CloseAsync();

        await world.Cluster.PatchAsync(world.Cluster.MachineKind, "worker-1", """{"spec":{"providerID":"remote://pc-1"}}""");
        await world.ConditionAsync("MachineReady", ConditionStatus.False, "NodeMismatch", phase: "ShuttingDown");
        world.Cluster.MoveTo(Scenario.Closing.AddMinutes(5));
        await Wait.UntilAsync("the Machine goes without a drain", () => world.MachineIsBeingDeletedAsync());
        world.Evictions.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_younger_Machine_that_5_Spot_did_not_make_takes_no_Node_away()
    {
        await using var world = await WorkloadScenario.StartAsync(kind);
        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig);
        await world.OpenAsync(Wishes);
        await world.TaintedAsync(ConditionStatus.True, "Applied");

        await NextSecondAsync(world);
        await OthersMachineAsync(world, "worker-1", "remote://pc-1", "pc-1");
        await world.SettleAsync();
        await world.ConditionAsync("MachineReady", ConditionStatus.True, "MachineReady");
        await world.Pods.RunAsync("web-1");
        await world.CloseAsync();
        (await world.NodeIsCordonedAsync()).ShouldBeTrue();
    }

    [Theory]
    [InlineData(403, "Forbidden")]
    [InlineData(500, "InternalError")]
    public async Task While_the_Machines_of_others_are_not_known_nothing_is_written_on_a_Node(int code, string reason)
    {
        await using var world = await WorkloadScenario.StartAsync(kind);
        await world.Controller.DisposeAsync();
        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig);
        world.Cluster.Traffic.Disturb = (call, stage) => stage is ControllerTraffic.Stage.Before && IsAboutOthers(call)
            ? new ControllerTraffic.Fault(code, reason, "not now") : null;
        await world.RestartAsync();

        // It opens all the same.
        await world.OpenAsync(Wishes);
        await world.Cluster.PhaseAsync("Active", also: static status =>
            status.Message!.Contains("whether Node pc-1 is another Machine's is not known, and nothing is written to it before the Machines that 5-Spot did not make are listed: list machines.cluster.x-k8s.io: not now", StringComparison.Ordinal));
        await world.ReclaimAsync();
        await world.SettleAsync();
        await NothingIsOnNodeAsync(world.Workload, "pc-1");
        await world.Workload.PatchAsync(Kinds.Node, "pc-1", """{"metadata":{"annotations":{"5spot.finos.org/reclaim-requested":null}}}""");

        world.Cluster.Traffic.Disturb = null;
        await world.TaintedAsync(ConditionStatus.True, "Applied");
        await world.Cluster.PhaseAsync("Active", also: static status => status.Message!.Contains("Node pc-1 is ready", StringComparison.Ordinal));
    }

    [Fact]
    public async Task At_rest_the_Machines_of_others_cost_no_request_whatever_becomes_of_them()
    {
        await using var world = await WorkloadScenario.RunningMachineAsync(kind);
        await world.ClusterApi.RegisterAsync("worker-1");
        await world.SettleAsync();
        var before = world.Cluster.Calls.Count;
        await OthersMachineAsync(world, "worker-1", "remote://worker-1", "worker-1");
        await world.Cluster.PatchAsync(world.Cluster.MachineKind, "worker-1", """{"status":{"phase":"Running"}}""", "status");
        await world.Cluster.DeleteAsync(world.Cluster.MachineKind, "worker-1");
        await world.SettleAsync();
        world.Cluster.Calls.Skip(before).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_set_on_a_Machine_is_set_on_no_other_of_its_name()
    {
        await using var world = await WorkloadScenario.RunningMachineAsync(kind);
        var cluster = world.Cluster;
        await world.Pods.RunAsync("web-1");
        await world.SettleAsync();
        var times = 0;
        cluster.Traffic.Disturb = (call, stage) =>
        {
            if (stage is ControllerTraffic.Stage.Before && call.Verb == "patch" && call.Path.EndsWith("/machines/pc-1", StringComparison.Ordinal) && Interlocked.Exchange(ref times, 1) == 0)
            {
                ExchangeAsync().GetAwaiter().GetResult();
            }

            return null;
        };
        await cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"nodeDrainTimeout":"7m"}}""");
        cluster.MoveTo(Scenario.Closing);
        await Wait.UntilAsync("it was patched", () => Volatile.Read(ref times) == 1);
        await world.SettleAsync();
        var other = await cluster.GetAsync(cluster.MachineKind, "pc-1");
        other!["metadata"]!["labels"]!["5spot.finos.org/scheduled-machine"].ShouldBeNull();
        other["spec"]!["deletion"].ShouldBeNull();

        async Task ExchangeAsync()
        {
            await cluster.PatchAsync(cluster.MachineKind, "pc-1", """{"metadata":{"finalizers":null}}""");
            await cluster.DeleteAsync(cluster.MachineKind, "pc-1");
            await Wait.UntilAsync("it is gone", async () => await cluster.GetAsync(cluster.MachineKind, "pc-1") is null);
            await OthersMachineAsync(world, "pc-1", providerId: null, node: null);
        }
    }

    private static bool IsAboutOthers(ControllerTraffic.Call call) =>
        call.Path.EndsWith("/machines", StringComparison.Ordinal) && Uri.UnescapeDataString(call.Query).Contains("labelSelector=!", StringComparison.Ordinal);

    private static async Task RegisterControlPlaneAsync(Cluster cluster, string role, bool isTaint)
    {
        await new ClusterApiByHand(cluster).RegisterAsync("cp-1");
        await cluster.PatchAsync(Kinds.Node, "cp-1", isTaint
            ? $$"""{"spec":{"taints":[{"key":"{{role}}","effect":"NoSchedule"}]} }"""
            : $$"""{"metadata":{"labels":{"{{role}}":""} } }""");
    }

    // By a template with that id, say.
    private static async Task ClaimAsync(WorkloadScenario world, string providerId)
    {
        await world.ClusterApi.TakeOverAsync();
        await world.Cluster.PatchAsync(world.Cluster.MachineKind, "pc-1", $$"""{"spec":{"providerID":"{{providerId}}"} }""");
    }

    private static async Task SeeAsync(WorkloadScenario world, string node)
    {
        var uid = (await world.Cluster.GetAsync(Kinds.Node, node))!["metadata"]!["uid"];
        var reference = world.Cluster.MachineKind.Version == "v1beta1"
            ? $$"""{"apiVersion":"v1","kind":"Node","name":"{{node}}","uid":"{{uid}}"}"""
            : $$"""{"name":"{{node}}"}""";
        await world.ClusterApi.SetStatusAsync("pc-1", $"\"phase\":\"Running\",\"nodeRef\":{reference}");
    }

    private static async Task OthersMachineAsync(WorkloadScenario world, string name, string? providerId, string? node, string? ns = null)
    {
        var cluster = world.Cluster;
        var spec = new JsonObject { ["clusterName"] = "office", ["bootstrap"] = new JsonObject { ["dataSecretName"] = "none" } };
        spec["infrastructureRef"] = cluster.MachineKind.Version == "v1beta1"
            ? new JsonObject { ["apiVersion"] = "infrastructure.cluster.x-k8s.io/v1beta1", ["kind"] = "RemoteMachine", ["name"] = name }
            : new JsonObject { ["apiGroup"] = "infrastructure.cluster.x-k8s.io", ["kind"] = "RemoteMachine", ["name"] = name };
        if (providerId is not null)
        {
            spec["providerID"] = providerId;
        }

        var machine = new JsonObject
        {
            ["apiVersion"] = cluster.MachineKind.ApiVersion,
            ["kind"] = "Machine",
            ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = new JsonObject { ["cluster.x-k8s.io/cluster-name"] = "office" } },
            ["spec"] = spec,
        };
        var key = new ObjectKey(ns ?? cluster.Namespace, name);
        await cluster.Api.CreateAsync(cluster.MachineKind, key.Namespace, Encoding.UTF8.GetBytes(machine.ToJsonString()), "scenario", Cluster.Parse, CancellationToken.None);
        if (node is null)
        {
            return;
        }

        var uid = (await world.Workload.GetAsync(Kinds.Node, node))!["metadata"]!["uid"];
        var reference = cluster.MachineKind.Version == "v1beta1" ? $$"""{"apiVersion":"v1","kind":"Node","name":"{{node}}","uid":"{{uid}}"}""" : $$"""{"name":"{{node}}"}""";
        await cluster.Api.MergePatchAsync(
            cluster.MachineKind, key, Encoding.UTF8.GetBytes($$"""{"status":{"phase":"Running","nodeRef":{{reference}} } }"""), "scenario", "status", Cluster.Parse, CancellationToken.None);
    }

    // Machines are told apart by the second in which they were made.
    private static async Task NextSecondAsync(WorkloadScenario world)
    {
        var made = (DateTimeOffset)(await world.Cluster.GetAsync(world.Cluster.MachineKind, "pc-1"))!["metadata"]!["creationTimestamp"]!;
        world.Cluster.Clock.Advance(TimeSpan.FromSeconds(1));
        await Wait.UntilAsync("it is a second later there", async () =>
        {
            var probe = await world.Cluster.CreateAsync(Kinds.Secret, new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Secret", ["metadata"] = new JsonObject { ["name"] = "time" } });
            await world.Cluster.DeleteAsync(Kinds.Secret, "time");
            return (DateTimeOffset)probe["metadata"]!["creationTimestamp"]! > made;
        });
    }

    private static async Task NothingIsWrittenTilTheMachineGoesAsync(WorkloadScenario world, Cluster cluster, string node)
    {
        await cluster.PatchAsync(Kinds.Node, node, """{"metadata":{"annotations":{"5spot.finos.org/reclaim-requested":"true"}}}""");
        await world.SettleAsync();
        world.Cluster.MoveTo(Scenario.Closing);
        await world.Cluster.PhaseAsync("ShuttingDown");
        await world.SettleAsync();
        world.Cluster.MoveTo(Scenario.Closing.AddMinutes(5));
        await world.SettleAsync();
        world.Cluster.MoveTo(Scenario.Closing.AddMinutes(10));
        await Wait.UntilAsync("the Machine goes", () => world.MachineIsBeingDeletedAsync());
        await NothingIsOnNodeAsync(cluster, node);
        world.Evictions.ShouldBeEmpty();
        world.Cluster.Writes.ShouldNotContain(call => call.Path.StartsWith("/api/v1/", StringComparison.Ordinal));
        (await world.Cluster.GetAsync(Kinds.ScheduledMachine, "pc-1"))!["spec"]!["schedule"]!["enabled"]?.GetValue<bool>().ShouldBeTrue("nobody asked for this machine");
    }

    private static async Task NothingIsOnNodeAsync(Cluster cluster, string name)
    {
        var node = await cluster.GetAsync(Kinds.Node, name);
        node!["spec"]!["unschedulable"]?.GetValue<bool>().ShouldBeFalse();
        (node["spec"]!["taints"]?.AsArray() ?? []).ShouldNotContain(taint => (string)taint!["key"]! == "example.com/lent");
        node["metadata"]!["labels"]?["5spot.finos.org/reclaim-agent"].ShouldBeNull();
        (await cluster.Api.TryGetAsync(
            ReclaimConfig.ConfigMaps, ReclaimConfig.KeyOf(name), Cluster.Parse, CancellationToken.None)).ShouldBeNull();
    }
}
