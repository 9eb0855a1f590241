// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>
/// Contract, section 2: <c>clusterctl move</c> moves ScheduledMachines with their Machines, and makes nothing twice. It is played
/// call by call, by its own rules of what it takes along, with a controller on either side that has all the time that it wants in
/// between.
/// </summary>
public abstract class MoveTests(ServerKind kind)
{
    private const string Name = "pc-1";

    public sealed class OnEmbedded() : MoveTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : MoveTests(ServerKind.KubeApiServer);

    [Fact]
    public void Its_definition_tells_clusterctl_to_take_ScheduledMachines_along_with_all_that_is_theirs()
    {
        var labels = Api.ScheduledMachineCrd.ToJson()["metadata"]!["labels"]!.AsObject();
        labels.Select(label => label.Key).ShouldBe(["clusterctl.cluster.x-k8s.io", "clusterctl.cluster.x-k8s.io/move-hierarchy"]);
    }

    [Fact]
    public async Task A_running_machine_is_moved_with_all_that_is_its_own_and_nothing_is_made_or_deleted_by_anybody_else()
    {
        await using var source = await SimulatedScenario.RunningMachineAsync(kind);
        await using var target = await Cluster.StartAsync(
            kind, Definitions.Changing, source.Management.Clock, source.Management.Namespace);
        await target.DeleteAsync(target.ClusterKind, SimulatedScenario.Office);
        await using var there = await RunningController.StartAsync(target);
        await source.RunPodAsync("web");
        await source.SettleAsync();
        await Wait.UntilAsync("what the Machine names has owners", async () =>
            (await source.Management.GetAsync(source.Management.Providers.Infrastructure, Name))!["metadata"]!["ownerReferences"] is not null
            && (await source.Management.GetAsync(source.Management.Providers.Bootstrap, Name))!["metadata"]!["ownerReferences"] is not null);
        var before = source.Management.Writes.Count;

        // Whose Secret it is, is told by nothing but this.
        await source.Management.PatchAsync(Kinds.Secret, SimulatedScenario.OwnSecret, """{"metadata":{"labels":{"clusterctl.cluster.x-k8s.io/move":""}}}""");
        var move = await ClusterctlMove.DiscoverAsync(source.Management, target, async () =>
        {
            await there.SettleAsync(target);
            await source.SettleAsync();
        });
        await move.PauseAsync();
        await source.Management.PhaseAsync("Active", also: status => status.Message!.StartsWith("Paused by Cluster office.", StringComparison.Ordinal));
        await move.CreateAsync();
        await move.DeleteAsync();

        WritesBesidesStatus(source.Management, before).ShouldBeEmpty("whose it was has no more to do with it");
        WritesBesidesStatus(target, 0).ShouldBeEmpty("whose it will be waits for the end of the pause");
        move.Moved.Order().ShouldBe(
        [
            $"Cluster/{SimulatedScenario.Office}", $"K0sWorkerConfig/{Name}", $"Machine/{Name}", $"RemoteMachine/{Name}", $"ScheduledMachine/{Name}",
            $"Secret/{SimulatedScenario.OwnSecret}", $"Secret/{SimulatedScenario.Office}-kubeconfig", $"Secret/{Name}",
        ]);
        var machine = (await target.GetAsync(target.MachineKind, Name))!;

        // Cluster API finds the Node again.
        await move.ResumeAsync();
        await target.PatchAsync(target.MachineKind, Name, """
            {"status":{"phase":"Running","nodeRef":{"name":"pc-1"},
             "conditions":[{"type":"Ready","status":"True","reason":"Available","message":"","lastTransitionTime":"2026-01-05T09:01:00Z"}]}}
            """, "status");
        await target.PhaseAsync("Active", also: status => status is { Ready: true, NodeRef.Uid: not null });
        await there.SettleAsync(target);
        ((string)(await target.GetAsync(target.MachineKind, Name))!["metadata"]!["uid"]!).ShouldBe((string)machine["metadata"]!["uid"]!);
        foreach (var type in (ResourceType[])[Kinds.ScheduledMachine, target.MachineKind, Kinds.Bootstrap, Kinds.Infrastructure])
        {
            (await target.ListAsync(type)).Count.ShouldBe(1);
            (await source.Management.ListAsync(type)).ShouldBeEmpty();
        }

        WritesBesidesStatus(target, 0).ShouldAllBe(write => write.StartsWith("patch ", StringComparison.Ordinal), "nothing is made or deleted");
        (await source.NodeIsCordonedAsync()).ShouldBeFalse();
        (await source.Workload.GetAsync(Kinds.Pod, "web"))!["metadata"]!["deletionTimestamp"].ShouldBeNull();

        // And it ends there as any other.
        target.MoveTo(Scenario.Closing);
        await Wait.UntilAsync("the Node is cordoned", () => source.NodeIsCordonedAsync());
        await target.PatchAsync(target.ClusterKind, SimulatedScenario.Office, """{"metadata":{"finalizers":null}}""");
    }

    private static IEnumerable<string> WritesBesidesStatus(Cluster cluster, int since) => cluster.Writes.Skip(since)
        .Where(call => !call.Path.EndsWith("/status", StringComparison.Ordinal))
        .Select(call => $"{call.Verb} {call.Path}");
}
