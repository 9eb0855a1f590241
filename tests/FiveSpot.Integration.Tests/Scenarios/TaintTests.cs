// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Contract, section 8, and whose a Node is.</summary>
public abstract class TaintTests(ServerKind kind)
{
    private const string Taints = ",\"nodeTaints\":[{\"key\":\"example.com/lent\",\"value\":\"night\",\"effect\":\"NoSchedule\"}]";

    public sealed class OnEmbedded() : TaintTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : TaintTests(ServerKind.KubeApiServer);

    [Fact]
    public async Task Taints_of_the_spec_are_put_on_the_Node_kept_there_and_taken_away_with_the_wish()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind, Taints);
        await scenario.TaintedAsync(ConditionStatus.True, "Applied");
        (await scenario.Cluster.StatusAsync()).AppliedNodeTaints!.Single().Key.ShouldBe("example.com/lent");
        (await scenario.TaintsAsync()).ShouldBe(["example.com/lent=night:NoSchedule"]);
        var call = scenario.Cluster.Writes.Last(write => write.Path == "/api/v1/nodes/pc-1");
        call.Body.ShouldContain("\"resourceVersion\"");
        (await scenario.Workload.GetAsync(Kinds.Node, "pc-1"))!["metadata"]!["managedFields"]!.AsArray()
            .ShouldContain(entry => (string)entry!["manager"]! == "5spot-controller-node-taints");

        // A person adds one of theirs, and takes ours away.
        await scenario.Workload.PatchAsync(Kinds.Node, "pc-1", """{"spec":{"taints":[{"key":"theirs","effect":"NoExecute"}]}}""");
        await Wait.UntilAsync("ours is back", async () => (await scenario.TaintsAsync()).Count == 2);
        (await scenario.TaintsAsync()).ShouldBe(["theirs=:NoExecute", "example.com/lent=night:NoSchedule"]);

        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"nodeTaints":null}}""");
        await Wait.UntilAsync("theirs alone is left", async () => (await scenario.TaintsAsync()).Count == 1);
        await scenario.Cluster.PhaseAsync("Active", also: status => status.AppliedNodeTaints is null && status.Conditions.All(c => c.Type != "NodeTainted"));
        (await scenario.TaintsAsync()).ShouldBe(["theirs=:NoExecute"]);
    }

    [Fact]
    public async Task A_taint_of_ours_that_a_person_changes_is_theirs_also_after_a_restart()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind, Taints);
        await scenario.TaintedAsync(ConditionStatus.True, "Applied");

        await scenario.Workload.PatchAsync(Kinds.Node, "pc-1", """{"spec":{"taints":[{"key":"example.com/lent","value":"day","effect":"NoSchedule"}]}}""");
        await scenario.TaintedAsync(ConditionStatus.False, "TaintOwnershipConflict");
        await scenario.RestartAsync();
        await scenario.SettleAsync();
        (await scenario.TaintsAsync()).ShouldBe(["example.com/lent=day:NoSchedule"]);
        await scenario.TaintedAsync(ConditionStatus.False, "TaintOwnershipConflict");

        await scenario.Workload.PatchAsync(Kinds.Node, "pc-1", """{"spec":{"taints":[{"key":"example.com/lent","value":"night","effect":"NoSchedule"}]}}""");
        await scenario.TaintedAsync(ConditionStatus.True, "Applied");
    }

    [Fact]
    public async Task A_persons_taint_of_the_same_key_and_effect_stays_through_the_machines_whole_life()
    {
        await using var scenario = await WorkloadScenario.StartAsync(kind);
        await scenario.SetKubeconfigAsync(scenario.Workload.ControllerKubeconfig);
        await scenario.Workload.CreateAsync(Kinds.Node, JsonNode.Parse("""
            {"apiVersion":"v1","kind":"Node","metadata":{"name":"pc-1"},"spec":{"providerID":"remote://pc-1",
             "taints":[{"key":"example.com/lent","value":"night","effect":"NoSchedule"}]}}
            """)!.AsObject());
        await scenario.OpenAsync(Taints);

        await scenario.TaintedAsync(ConditionStatus.False, "TaintOwnershipConflict");
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"nodeTaints":null}}""");
        await scenario.SettleAsync();
        (await scenario.TaintsAsync()).ShouldBe(["example.com/lent=night:NoSchedule"]);
        await scenario.Pods.RunAsync("web-1");
        await scenario.CloseAsync();
        (await scenario.TaintsAsync()).ShouldContain("example.com/lent=night:NoSchedule");
    }

    [Fact]
    public async Task A_write_that_is_refused_is_told_and_made_again()
    {
        await using var scenario = await WorkloadScenario.StartAsync(kind);
        await scenario.SetKubeconfigAsync(scenario.Workload.ControllerKubeconfig);
        scenario.Cluster.Traffic.Disturb = (call, stage) => stage == ControllerTraffic.Stage.Before && call is { Verb: "patch", Path: "/api/v1/nodes/pc-1" }
            ? new ControllerTraffic.Fault(403, "Forbidden", "nodes are not yours") : null;
        await scenario.OpenAsync(Taints);
        await scenario.TaintedAsync(ConditionStatus.False, "PatchFailed", "nodes are not yours");

        scenario.Cluster.Traffic.Disturb = null;
        await scenario.WithinAsync(TimeSpan.FromMinutes(1), "they are there", async () => (await scenario.TaintsAsync()).Count == 1);
        await scenario.TaintedAsync(ConditionStatus.True, "Applied");
    }

    [Fact]
    public async Task A_Node_that_comes_back_under_its_name_is_another_one_and_gets_its_own_taints()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind, Taints);
        await scenario.TaintedAsync(ConditionStatus.True, "Applied");
        var first = (await scenario.Cluster.StatusAsync()).NodeRef!.Uid;

        await scenario.Workload.DeleteAsync(Kinds.Node, "pc-1");
        await scenario.TaintedAsync(ConditionStatus.False, "NoNodeYet");
        await scenario.Workload.CreateAsync(Kinds.Node, JsonNode.Parse("""{"apiVersion":"v1","kind":"Node","metadata":{"name":"pc-1"},"spec":{"providerID":"remote://pc-1"}}""")!.AsObject());
        await scenario.TaintedAsync(ConditionStatus.False, "NodeNotReady");
        await scenario.Workload.PatchAsync(Kinds.Node, "pc-1", """{"status":{"conditions":[{"type":"Ready","status":"True","reason":"KubeletReady","message":"ready"}]}}""", "status");
        await scenario.TaintedAsync(ConditionStatus.True, "Applied");
        (await scenario.Cluster.StatusAsync()).NodeRef!.Uid.ShouldNotBe(first);
    }

    [Fact]
    public async Task Of_two_machines_with_one_Node_the_elder_has_it_and_the_younger_writes_nothing_to_it()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web-1");
        await scenario.Cluster.ScheduleAsync("pc-2", Taints);
        await scenario.Cluster.PhaseAsync("Active", "pc-2");
        await scenario.ClusterApi.TakeOverAsync("pc-2");
        var elder = await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1");
        var younger = await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-2");
        // On a real server both may have come in one second: then the name decides, and it is the same one.
        string.CompareOrdinal((string)elder!["metadata"]!["creationTimestamp"]!, (string)younger!["metadata"]!["creationTimestamp"]!).ShouldBeLessThanOrEqualTo(0);
        await scenario.Cluster.PatchAsync(scenario.Cluster.MachineKind, "pc-2", """{"spec":{"providerID":"remote://pc-1"}}""");
        await scenario.Cluster.PatchAsync(scenario.Cluster.MachineKind, "pc-2", """{"status":{"phase":"Running","nodeRef":{"name":"pc-1"}}}""", "status");
        await scenario.Cluster.PhaseAsync("Active", "pc-2", status =>
            status.Conditions.Single(c => c.Type == "MachineReady") is { Reason: "NodeMismatch" } told && told.Message.Contains("/pc-1, which was there first", StringComparison.Ordinal));

        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-2", """{"spec":{"enabled":false,"gracefulShutdownTimeout":"0s"}}""");
        await Wait.UntilAsync("the younger goes", () => scenario.MachineIsBeingDeletedAsync("pc-2"));
        (await scenario.NodeIsCordonedAsync()).ShouldBeFalse();
        (await scenario.TaintsAsync()).ShouldBeEmpty();
        scenario.Evictions.ShouldBeEmpty();

        // The elder goes: the Node is nobody else's any more.
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"killSwitch":true}}""");
        await scenario.Cluster.PatchAsync(scenario.Cluster.MachineKind, "pc-1", """{"metadata":{"finalizers":null}}""");
        await scenario.Cluster.PhaseAsync("ShuttingDown", "pc-2", status => status.Conditions.Single(c => c.Type == "MachineReady").Reason != "NodeMismatch");
    }
}
