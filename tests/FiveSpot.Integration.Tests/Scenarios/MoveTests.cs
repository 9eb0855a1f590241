// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>
/// Contract, section 2: <c>clusterctl move</c> moves ScheduledMachines with their Machines, and makes nothing twice. It is played
/// call by call, with a controller on either side that has all the time that it wants in between.
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
        await using var source = await WorkloadScenario.RunningMachineAsync(kind);
        await using var target = await Cluster.StartAsync(kind, Definitions.BothVersions with { Name = "move-target" });
        await target.DeleteAsync(target.ClusterKind, "office");
        target.MoveTo(source.Cluster.Clock.GetUtcNow());
        await using var there = await RunningController.StartAsync(target);
        await source.Pods.RunAsync("web");
        await source.SettleAsync();
        var before = source.Cluster.Writes.Count;

        // What clusterctl calls the pause, the creation in order of ownership, and the deletion in the opposite order.
        await source.Cluster.PatchAsync(source.Cluster.ClusterKind, "office", """{"spec":{"paused":true}}""");
        await source.Cluster.PhaseAsync("Active", also: status => status.Message!.StartsWith("Paused by Cluster office.", StringComparison.Ordinal));
        var uids = new Dictionary<string, string>(StringComparer.Ordinal);
        (ResourceType Type, string Name)[] objects =
        [
            (Kinds.ScheduledMachine, Name), (source.Cluster.ClusterKind, "office"), (Kinds.Secret, "office-kubeconfig"),
            (source.Cluster.MachineKind, Name), (Kinds.Bootstrap, Name), (Kinds.Infrastructure, Name),
        ];
        foreach (var (type, name) in objects)
        {
            await CreateAtAsync(source.Cluster, target, type, name, uids);
            await there.SettleAsync(target);
            await source.SettleAsync();
        }

        foreach (var (type, name) in objects.Reverse())
        {
            await source.Cluster.PatchAsync(type, name, """{"metadata":{"annotations":{"clusterctl.cluster.x-k8s.io/delete-for-move":""}}}""");
            await source.SettleAsync();
            await source.Cluster.PatchAsync(type, name, """{"metadata":{"finalizers":null}}""");
            await source.SettleAsync();
            await source.Cluster.DeleteAsync(type, name);
            await source.SettleAsync();
            (await source.Cluster.GetAsync(type, name)).ShouldBeNull($"{type.Kind} goes at once");
        }

        WritesBesidesStatus(source.Cluster, before).ShouldBeEmpty("whose it was has no more to do with it");
        WritesBesidesStatus(target, 0).ShouldBeEmpty("whose it will be waits for the end of the pause");
        var machine = (await target.GetAsync(target.MachineKind, Name))!;

        // Cluster API finds the Node again.
        await target.PatchAsync(target.ClusterKind, "office", """{"spec":{"paused":null}}""");
        await target.PatchAsync(target.MachineKind, Name, """
            {"status":{"phase":"Running","nodeRef":{"name":"pc-1"},
             "conditions":[{"type":"Ready","status":"True","reason":"Available","message":"","lastTransitionTime":"2026-01-05T09:01:00Z"}]}}
            """, "status");
        await target.PhaseAsync("Active", also: status => status is { Ready: true, NodeRef.Uid: not null });
        await there.SettleAsync(target);
        ((string)(await target.GetAsync(target.MachineKind, Name))!["metadata"]!["uid"]!).ShouldBe((string)machine["metadata"]!["uid"]!);
        foreach (var type in (ResourceType[])[target.MachineKind, Kinds.Bootstrap, Kinds.Infrastructure])
        {
            (await target.ListAsync(type)).Count.ShouldBe(1);
            (await source.Cluster.ListAsync(type)).ShouldBeEmpty();
        }

        WritesBesidesStatus(target, 0).ShouldAllBe(write => write.StartsWith("patch ", StringComparison.Ordinal), "nothing is made or deleted");
        ((bool?)(await source.Workload.GetAsync(Kinds.Node, Name))!["spec"]!["unschedulable"] ?? false).ShouldBeFalse();
        (await source.Workload.GetAsync(Kinds.Pod, "web"))!["metadata"]!["deletionTimestamp"].ShouldBeNull();

        // And it ends there as any other.
        target.MoveTo(Scenario.Closing);
        await Wait.UntilAsync("the Node is cordoned", () => source.NodeIsCordonedAsync());
    }

    // As clusterctl does: without uid and resourceVersion, with its finalizers, and with owners as they are there.
    private static async Task CreateAtAsync(Cluster source, Cluster target, ResourceType type, string name, Dictionary<string, string> uids)
    {
        var moved = (JsonObject)(await source.GetAsync(type, name))!.DeepClone();
        var metadata = moved["metadata"]!.AsObject();
        var uid = (string)metadata["uid"]!;
        foreach (var field in (string[])["resourceVersion", "uid", "creationTimestamp", "generation", "managedFields", "selfLink"])
        {
            metadata.Remove(field);
        }

        metadata["namespace"] = target.Namespace;
        foreach (var owner in metadata["ownerReferences"]?.AsArray() ?? [])
        {
            owner!["uid"] = uids[(string)owner["uid"]!];
        }

        var made = await target.Api.CreateAsync(
            type, target.Namespace, Encoding.UTF8.GetBytes(moved.ToJsonString()), "clusterctl", Cluster.Parse, CancellationToken.None);
        uids[uid] = (string)made["metadata"]!["uid"]!;
    }

    private static IEnumerable<string> WritesBesidesStatus(Cluster cluster, int since) => cluster.Writes.Skip(since)
        .Where(call => !call.Path.EndsWith("/status", StringComparison.Ordinal))
        .Select(call => $"{call.Verb} {call.Path}");
}
