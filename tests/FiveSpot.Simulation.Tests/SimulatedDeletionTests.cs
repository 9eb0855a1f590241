// SPDX-License-Identifier: Apache-2.0

using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;

namespace FiveSpot.Simulation.Tests;

/// <summary>How Cluster API takes a Machine away: row by row as the real one does.</summary>
public sealed class SimulatedDeletionTests
{
    private const string Machine = $"{SimulationFixture.Machines}/a";
    private const string Hardware = $"{SimulationFixture.Hardware}/a";
    private const string Pods = "/api/v1/namespaces/default/pods";
    private const string Claim = ""","volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"data"}}]""";
    private const string Rules = "/apis/cluster.x-k8s.io/v1beta2/namespaces/default/machinedrainrules";

    [Fact]
    public async Task A_drain_is_looked_at_every_twenty_seconds()
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.CreateRunningMachineAsync("a");
        await world.RunPodAsync("job");
        await world.SendAsync(HttpMethod.Delete, Machine);

        await world.AdvanceAsync(2);
        (await world.FindAsync($"{Pods}/job")).ShouldBeNull("its kubelet ended it");
        await world.AdvanceAsync(17);
        (await IsGoingAsync(world)).ShouldBeFalse("nobody looks before that");
        SimulationFixture.Condition(await world.FindAsync(Machine), "Deleting", "reason").ShouldBe("DrainingNode");
        await world.AdvanceAsync(1);
        (await IsGoingAsync(world)).ShouldBeTrue();
    }

    [Theory]
    [InlineData("skip", false)]
    [InlineData("wait-completed", true)]
    [InlineData("Skip", false)]
    [InlineData("WaitCompleted", true)]
    public async Task A_pod_is_left_alone_by_its_label_and_waited_for_where_that_says_so(string label, bool isWaitedFor)
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.CreateRunningMachineAsync("a");
        await world.RunPodAsync("job", extraMetadata: $$""","labels":{"cluster.x-k8s.io/drain":"{{label}}"}""");
        await world.SendAsync(HttpMethod.Delete, Machine);
        await world.SettleAsync();

        (await world.FindAsync($"{Pods}/job"))!["metadata"]!["deletionTimestamp"].ShouldBeNull();
        (await IsGoingAsync(world)).ShouldBe(!isWaitedFor);
        if (isWaitedFor)
        {
            SimulationFixture.Condition(await world.FindAsync(Machine), "Deleting", "message")!.ShouldContain("default/job: waiting for completion");
            await world.SendAsync(HttpMethod.Delete, $"{Pods}/job");

            // It has stopped before Cluster API looks again.
            await world.AdvanceAsync(2);
            await world.AdvanceAsync(18);
            (await IsGoingAsync(world)).ShouldBeTrue();
        }
    }

    [Theory]
    [InlineData("Skip", """{"matchLabels":{"app":"x"}}""", "{}", false)]
    [InlineData("WaitCompleted", """{"matchExpressions":[{"key":"app","operator":"Exists"}]}""", "{}", false)]
    [InlineData("Skip", """{"matchLabels":{"app":"other"}}""", "{}", true)]
    [InlineData("Skip", "{}", """{"matchLabels":{"team":"a"}}""", false)]
    [InlineData("Skip", "{}", """{"matchLabels":{"team":"b"}}""", true)]
    public async Task A_rule_says_which_pods_of_which_machines_are_left_alone(string behavior, string pods, string machines, bool isEvicted)
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.SendAsync(HttpMethod.Post, Rules, $$"""
            {"apiVersion":"cluster.x-k8s.io/v1beta2","kind":"MachineDrainRule","metadata":{"name":"r"},
             "spec":{"drain":{"behavior":"{{behavior}}"},"machines":[{"selector":{{machines}} }],"pods":[{"selector":{{pods}} }]} }
            """);
        await world.CreateRunningMachineAsync("a");
        await world.RunPodAsync("job", extraMetadata: ""","labels":{"app":"x"}""");
        await world.SendAsync(HttpMethod.Delete, Machine);
        await world.SettleAsync();

        ((await world.FindAsync($"{Pods}/job"))!["metadata"]!["deletionTimestamp"] is not null).ShouldBe(isEvicted);
        (await IsGoingAsync(world)).ShouldBe(!isEvicted && behavior == "Skip");
    }

    [Fact]
    public async Task Pods_of_a_higher_order_are_evicted_once_those_of_a_lower_are_gone()
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.SendAsync(HttpMethod.Post, Rules, """
            {"apiVersion":"cluster.x-k8s.io/v1beta2","kind":"MachineDrainRule","metadata":{"name":"r"},
             "spec":{"drain":{"behavior":"Drain","order":10},"pods":[{"selector":{"matchLabels":{"app":"storage"}}}]}}
            """);
        await world.CreateRunningMachineAsync("a");
        await world.RunPodAsync("storage", extraMetadata: ""","labels":{"app":"storage"}""");
        await world.RunPodAsync("web");
        await world.SendAsync(HttpMethod.Delete, Machine);
        await world.AdvanceAsync(2);

        (await world.FindAsync($"{Pods}/web")).ShouldBeNull();
        (await world.FindAsync($"{Pods}/storage"))!["metadata"]!["deletionTimestamp"].ShouldBeNull();
        await world.AdvanceAsync(18);
        (await world.FindAsync($"{Pods}/storage"))!["metadata"]!["deletionTimestamp"].ShouldNotBeNull();
    }

    [Fact]
    public async Task Of_an_unreachable_Node_pods_that_are_ending_are_not_waited_for()
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.CreateRunningMachineAsync("a");
        await world.RunPodAsync("job");
        world.Behaviour = world.Behaviour with { SwitchedOff = [new ObjectKey("default", "a")] };
        await world.AdvanceAsync(50);
        var node = (await world.FindAsync("/api/v1/nodes/a"))!;
        SimulationFixture.Condition(node, "Ready").ShouldBe("Unknown");
        node["spec"]!["taints"]!.AsArray().Select(taint => $"{taint!["key"]}:{taint["effect"]}")
            .ShouldBe(["node.kubernetes.io/unreachable:NoSchedule", "node.kubernetes.io/unreachable:NoExecute"]);
        SimulationFixture.Condition(await world.FindAsync(Machine), "NodeHealthy").ShouldBe("Unknown");

        await world.SendAsync(HttpMethod.Delete, Machine);
        await world.SettleAsync();
        (await world.FindAsync($"{Pods}/job"))!["metadata"]!["deletionGracePeriodSeconds"]!.GetValue<int>().ShouldBe(1);
        await world.AdvanceAsync(20);
        (await world.FindAsync($"{Pods}/job")).ShouldNotBeNull("nobody ends it");
        (await IsGoingAsync(world)).ShouldBeTrue();
    }

    [Fact]
    public async Task Its_volumes_are_waited_for_without_end()
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.CreateRunningMachineAsync("a");
        await AttachAsync(world, "a");
        await world.SendAsync(HttpMethod.Delete, Machine);
        for (var i = 0; i < 10; i++)
        {
            await world.AdvanceAsync(3600);
        }

        (await IsGoingAsync(world)).ShouldBeFalse();
        var machine = await world.FindAsync(Machine);
        SimulationFixture.Condition(machine, "Deleting", "reason").ShouldBe("WaitingForVolumeDetach");
        SimulationFixture.Condition(machine, "Deleting", "message")!.ShouldContain("PersistentVolume pv-1");
        machine!["status"]!["deletion"]!["waitForNodeVolumeDetachStartTime"].ShouldNotBeNull();

        await world.SendAsync(HttpMethod.Delete, "/apis/storage.k8s.io/v1/volumeattachments/va-1");
        await world.AdvanceAsync(20);
        (await IsGoingAsync(world)).ShouldBeTrue();
    }

    [Theory]
    [InlineData(""","deletion":{"nodeVolumeDetachTimeoutSeconds":40}""", "")]
    [InlineData("", ""","annotations":{"machine.cluster.x-k8s.io/exclude-wait-for-node-volume-detach":""}""")]
    public async Task Its_volumes_are_not_waited_for_longer_than_the_Machine_says(string spec, string metadata)
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.CreateRunningMachineAsync("a", spec, extraMetadata: metadata);
        await AttachAsync(world, "a");
        await world.SendAsync(HttpMethod.Delete, Machine);
        await world.SettleAsync();
        if (spec.Length > 0)
        {
            (await IsGoingAsync(world)).ShouldBeFalse();
            await world.AdvanceAsync(20);
            (await IsGoingAsync(world)).ShouldBeFalse();
            await world.AdvanceAsync(20);
        }

        (await IsGoingAsync(world)).ShouldBeTrue();
    }

    [Fact]
    public async Task The_volumes_of_a_pod_that_is_left_alone_are_not_waited_for()
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.CreateRunningMachineAsync("a");
        await world.RunPodAsync("db", extraMetadata: ""","labels":{"cluster.x-k8s.io/drain":"skip"}""", extraSpec: Claim);
        (await world.ListAsync("/apis/storage.k8s.io/v1/volumeattachments")).Count.ShouldBe(1);
        await world.SendAsync(HttpMethod.Delete, Machine);
        await world.SettleAsync();

        (await IsGoingAsync(world)).ShouldBeTrue();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_volume_of_a_pod_that_is_gone_is_detached_where_that_works(bool detaches)
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.CreateRunningMachineAsync("a");
        await world.RunPodAsync("db", extraSpec: Claim);
        var attachment = (await world.ListAsync("/apis/storage.k8s.io/v1/volumeattachments")).ShouldHaveSingleItem();
        attachment["spec"]!["nodeName"]!.ToString().ShouldBe("a");
        attachment["status"]!["attached"]!.GetValue<bool>().ShouldBeTrue();
        world.Behaviour = world.Behaviour with { VolumesDetach = detaches };

        await world.SendAsync(HttpMethod.Delete, Machine);
        await world.AdvanceAsync(2);
        (await world.FindAsync($"{Pods}/db")).ShouldBeNull();
        await world.AdvanceAsync(4);
        (await world.ListAsync("/apis/storage.k8s.io/v1/volumeattachments")).Count.ShouldBe(detaches ? 0 : 1);
        await world.AdvanceAsync(14);
        (await IsGoingAsync(world)).ShouldBe(detaches);

        world.Behaviour = world.Behaviour with { VolumesDetach = true };
        await world.AdvanceAsync(4);
        await world.AdvanceAsync(16);
        (await IsGoingAsync(world)).ShouldBeTrue();
    }

    [Fact]
    public async Task While_its_cluster_cannot_be_reached_neither_drain_nor_volumes_are_over()
    {
        var clock = SimulationFixture.NewClock();
        await using var workload = await EmbeddedApiServer.StartAsync(new EmbeddedApiServerOptions { Clock = clock }, TestContext.Current.CancellationToken);
        await using var world = await SimulationFixture.StartAsync(clock, workload);
        await world.CreateRunningMachineAsync("a", ""","deletion":{"nodeDrainTimeoutSeconds":60}""");
        workload.FaultInjector = static (_, _, _) => new(RequestFault.Abort);
        workload.AbortWatches();
        await world.SendAsync(HttpMethod.Delete, Machine);
        await world.PassUntilAsync(
            Machine,
            machine => SimulationFixture.Condition(machine, "Deleting", "message")?.StartsWith("Error draining Node", StringComparison.Ordinal) == true,
            "the drain fails");
        await world.PassUntilAsync(
            Machine, machine => SimulationFixture.Condition(machine, "Deleting", "reason") == "WaitingForVolumeDetach", "the drain is given up");
        for (var i = 0; i < 5; i++)
        {
            await world.AdvanceAsync(3600);
        }

        (await IsGoingAsync(world)).ShouldBeFalse();

        // While it is tried again, now and then, nobody knows yet.
        await world.PassUntilAsync(Machine, machine => SimulationFixture.Condition(machine, "NodeReady") == "Unknown", "the Node is not known any more");

        // What volumes keep, the annotation frees; and the Node is given up after its ten seconds.
        await world.PatchAsync(Machine, """{"metadata":{"annotations":{"machine.cluster.x-k8s.io/exclude-wait-for-node-volume-detach":""}}}""");
        await world.PassUntilAsync(Machine, machine => machine is null, "the Machine is gone");
        workload.FaultInjector = null;
    }

    [Fact]
    public async Task A_Node_that_cannot_be_deleted_is_tried_without_end_where_the_Machine_says_zero()
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.CreateRunningMachineAsync("a", ""","deletion":{"nodeDeletionTimeoutSeconds":0}""");
        world.Server.FaultInjector = static (request, _, _) => new(
            request is { Verb: "delete", Path: "/api/v1/nodes/a" } ? RequestFault.Fail(500, "InternalError", "no") : null);
        await world.SendAsync(HttpMethod.Delete, Machine);
        await world.PassUntilAsync(Hardware, hardware => hardware is null, "the hardware is gone");
        await world.PassUntilAsync(Machine, machine => SimulationFixture.Condition(machine, "Deleting", "reason") == "DeletingNode", "the Node stays");
        await world.AdvanceAsync(3600);
        (await world.FindAsync(Machine)).ShouldNotBeNull();

        world.Server.FaultInjector = null;
        await world.PassUntilAsync(Machine, machine => machine is null, "the Machine is gone");
    }

    [Fact]
    public async Task Without_a_control_plane_reference_nothing_is_drained_and_the_Node_stays()
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.CreateClusterAsync(hasControlPlane: false);
        await world.CreateRunningMachineAsync("a");
        await world.RunPodAsync("job");
        await world.SendAsync(HttpMethod.Delete, Machine);
        await world.SettleAsync();

        (await IsGoingAsync(world)).ShouldBeTrue();
        (await world.FindAsync($"{Pods}/job"))!["metadata"]!["deletionTimestamp"].ShouldBeNull();
        await world.PassUntilAsync(Machine, machine => machine is null, "the Machine is gone");
        (await world.FindAsync("/api/v1/nodes/a")).ShouldNotBeNull();
    }

    [Fact]
    public async Task What_is_finished_is_evicted_too()
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.CreateRunningMachineAsync("a");
        await world.RunPodAsync("done", extraMetadata: ""","finalizers":["example.com/stay"]""");
        await world.PatchAsync($"{Pods}/done/status", """{"status":{"phase":"Succeeded"}}""");
        await world.SendAsync(HttpMethod.Delete, Machine);
        await world.SettleAsync();

        (await world.FindAsync($"{Pods}/done"))!["metadata"]!["deletionTimestamp"].ShouldNotBeNull();
        (await IsGoingAsync(world)).ShouldBeFalse();
    }

    [Fact]
    public async Task Each_goes_when_the_one_before_is_gone()
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.CreateRunningMachineAsync("a");
        var deleted = new System.Collections.Concurrent.ConcurrentQueue<string>();
        world.Server.RequestObserver = seen =>
        {
            if (seen is { Stage: RequestStage.Before, Request.Verb: "delete" })
            {
                deleted.Enqueue(seen.Request.Path);
            }
        };
        await world.SendAsync(HttpMethod.Delete, Machine);
        await world.SettleAsync();
        deleted.ShouldBe([Machine, Hardware]);
        await world.AdvanceAsync(29);
        deleted.Count.ShouldBe(2, "the machine shuts down");
        await world.AdvanceAsync(1);
        await world.PassUntilAsync(Machine, machine => machine is null, "the Machine is gone");
        // Of what is gone already another deletion may be asked for.
        deleted.Distinct().ShouldBe([Machine, Hardware, $"{SimulationFixture.Configs}/a", "/api/v1/nodes/a"]);
    }

    [Fact]
    public async Task A_foreground_deletion_of_its_owner_takes_the_hardware_at_once_undrained()
    {
        await using var world = await SimulationFixture.StartAsync();
        var owner = await world.SendAsync(HttpMethod.Post, "/api/v1/namespaces/default/configmaps", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"o"}}""");
        await world.CreateRunningMachineAsync(
            "a", extraMetadata: $$""","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"o","uid":"{{owner["metadata"]!["uid"]}}","controller":true,"blockOwnerDeletion":true}]""");
        await world.RunPodAsync("job", extraMetadata: ""","labels":{"cluster.x-k8s.io/drain":"wait-completed"}""");

        await world.SendAsync(HttpMethod.Delete, "/api/v1/namespaces/default/configmaps/o?propagationPolicy=Foreground");
        await world.AwaitAsync(Hardware, hardware => hardware?["metadata"]?["deletionTimestamp"] is not null, "the hardware is to go");
        await world.PassUntilAsync(Machine, machine => machine is null, "the Machine is gone");
        await world.PassUntilAsync("/api/v1/namespaces/default/configmaps/o", seen => seen is null, "its owner is gone");
    }

    private static async Task AttachAsync(SimulationFixture world, string node)
    {
        await world.SendAsync(HttpMethod.Post, "/api/v1/persistentvolumes", """
            {"apiVersion":"v1","kind":"PersistentVolume","metadata":{"name":"pv-1"},
             "spec":{"capacity":{"storage":"1Gi"},"accessModes":["ReadWriteOnce"],"csi":{"driver":"x.csi","volumeHandle":"1"}}}
            """);
        await world.SendAsync(HttpMethod.Post, "/apis/storage.k8s.io/v1/volumeattachments", $$$"""
            {"apiVersion":"storage.k8s.io/v1","kind":"VolumeAttachment","metadata":{"name":"va-1"},
             "spec":{"attacher":"x.csi","nodeName":"{{{node}}}","source":{"persistentVolumeName":"pv-1"} } }
            """);
        await world.PatchAsync("/apis/storage.k8s.io/v1/volumeattachments/va-1/status", """{"status":{"attached":true}}""");
    }

    private static async Task<bool> IsGoingAsync(SimulationFixture world) =>
        (await world.FindAsync(Hardware))?["metadata"]?["deletionTimestamp"] is not null;
}
