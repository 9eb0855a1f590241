// SPDX-License-Identifier: Apache-2.0

using static FiveSpot.Simulation.Tests.SimulationFixture;

namespace FiveSpot.Simulation.Tests;

/// <summary>What Clusters have to do with Machines.</summary>
public sealed class SimulatedClustersTests
{
    private const string Machine = $"{Machines}/a";

    [Fact]
    public async Task Without_its_Cluster_a_Machine_is_nobodys()
    {
        await using var world = await StartAsync();
        await world.CreateMachineAsync("a", clusterName: "there");
        await world.SendAsync(HttpMethod.Post, Machines, """
            {"apiVersion":"cluster.x-k8s.io/v1beta2","kind":"Machine","metadata":{"name":"b"},
             "spec":{"clusterName":"c2","bootstrap":{"dataSecretName":"s"},"infrastructureRef":{"apiGroup":"infrastructure.cluster.x-k8s.io","kind":"RemoteMachine","name":"b"}}}
            """);
        await world.AdvanceAsync(60);
        (await world.FindAsync($"{Machines}/b"))!["status"].ShouldBeNull();
        (await world.FindAsync($"{Machines}/b"))!["metadata"]!["finalizers"].ShouldBeNull();

        await world.CreateClusterAsync("c2");
        await world.AwaitAsync($"{Machines}/b", machine => machine!["status"]?["phase"] is not null, "it is seen");
        var cluster = await world.FindAsync($"{Clusters}/c2");
        cluster!["status"]!["phase"]!.ToString().ShouldBe("Provisioned");
        cluster["metadata"]!["finalizers"]![0]!.ToString().ShouldBe("cluster.cluster.x-k8s.io");
        Condition(cluster, "InfrastructureReady").ShouldBe("True");
        Condition(cluster, "ControlPlaneInitialized").ShouldBe("True");
    }

    [Theory]
    [InlineData($"{Clusters}/c1", """{"spec":{"paused":true}}""", """{"spec":{"paused":false}}""", "Cluster spec.paused is set to true")]
    [InlineData(Machine, """{"metadata":{"annotations":{"cluster.x-k8s.io/paused":""}}}""", """{"metadata":{"annotations":{"cluster.x-k8s.io/paused":null}}}""", "Machine has the cluster.x-k8s.io/paused annotation")]
    public async Task While_it_is_paused_nothing_happens(string path, string pause, string goOn, string why)
    {
        await using var world = await StartAsync();
        await world.CreateMachineAsync("a");
        await world.AwaitAsync(Machine, machine => machine?["status"] is not null, "the Machine is seen");
        await world.SettleAsync();
        await world.PatchAsync(path, pause);
        await world.AdvanceAsync(10);
        await world.AdvanceAsync(3600);

        var machine = await world.FindAsync(Machine);
        Condition(machine, "Paused").ShouldBe("True");
        Condition(machine, "Paused", "message").ShouldBe(why);
        machine!["status"]!["phase"]!.ToString().ShouldBe("Pending");
        machine["spec"]!["bootstrap"]!["dataSecretName"].ShouldBeNull();
        (await world.FindAsync("/api/v1/nodes/a")).ShouldBeNull();
        await world.SendAsync(HttpMethod.Delete, Machine);
        await world.AdvanceAsync(3600);
        (await world.FindAsync($"{Hardware}/a"))!["metadata"]!["deletionTimestamp"].ShouldBeNull("nothing is taken away either");

        await world.PatchAsync(path, goOn);
        await world.PassUntilAsync(Machine, seen => seen is null, "the Machine is gone");
    }

    [Fact]
    public async Task The_end_of_a_pause_may_go_unnoticed_for_ten_minutes_or_until_somebody_touches_the_Machine()
    {
        await using var world = await StartAsync();
        await world.CreateRunningMachineAsync("a");
        world.Behaviour = world.Behaviour with { NoticesEndOfPause = false };
        await PauseAsync(true);
        await PauseAsync(false);
        Condition(await world.FindAsync(Machine), "Paused").ShouldBe("True");
        await world.PatchAsync(Machine, """{"metadata":{"labels":{"touched":"true"}}}""");
        await world.SettleAsync();
        Condition(await world.FindAsync(Machine), "Paused").ShouldBe("False");

        await PauseAsync(true);
        await PauseAsync(false);
        await world.AdvanceAsync(599);
        Condition(await world.FindAsync(Machine), "Paused").ShouldBe("True");
        await world.AdvanceAsync(1);
        Condition(await world.FindAsync(Machine), "Paused").ShouldBe("False");

        async Task PauseAsync(bool paused)
        {
            await world.PatchAsync($"{Clusters}/c1", $$$"""{"spec":{"paused":{{{(paused ? "true" : "false")}}}}}""");
            await world.SettleAsync();
        }
    }

    [Theory]
    [InlineData("", true)]
    [InlineData(""","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"o","uid":"OWNER","controller":true}]""", false)]
    [InlineData(""","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"o","uid":"OWNER","controller":true},{"apiVersion":"cluster.x-k8s.io/v1beta2","kind":"Cluster","name":"c1","uid":"CLUSTER"}]""", true)]
    public async Task A_Cluster_that_is_deleted_deletes_the_Machines_that_it_owns_and_waits_for_all_of_its_name(string owners, bool isDeleted)
    {
        await using var world = await StartAsync();
        await world.CreateClusterAsync();
        var cluster = (await world.FindAsync($"{Clusters}/c1"))!["metadata"]!["uid"]!.ToString();
        var owner = (await world.SendAsync(HttpMethod.Post, "/api/v1/namespaces/default/configmaps", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"o"}}"""))["metadata"]!["uid"]!.ToString();
        await world.CreateRunningMachineAsync("a", extraMetadata: owners.Replace("OWNER", owner, StringComparison.Ordinal).Replace("CLUSTER", cluster, StringComparison.Ordinal));
        await world.RunPodAsync("job");
        var kinds = (await world.FindAsync(Machine))!["metadata"]!["ownerReferences"]!.AsArray().Select(reference => reference!["kind"]!.ToString()).ToList();
        kinds.Contains("Cluster").ShouldBe(isDeleted, "one with a controlling owner is not adopted");

        await world.SendAsync(HttpMethod.Delete, $"{Clusters}/c1");
        await world.SettleAsync();
        Condition(await world.FindAsync($"{Clusters}/c1"), "Deleting", "message").ShouldBe("* Worker Machines: a");
        ((await world.FindAsync(Machine))!["metadata"]!["deletionTimestamp"] is not null).ShouldBe(isDeleted);
        if (!isDeleted)
        {
            await world.AdvanceAsync(3600);
            (await world.FindAsync(Machine))!["metadata"]!["deletionTimestamp"].ShouldBeNull();
            await world.SendAsync(HttpMethod.Delete, Machine);
        }

        await world.PassUntilAsync(Machine, machine => machine is null, "the Machine is gone");
        await world.PassUntilAsync($"{Clusters}/c1", seen => seen is null, "the Cluster is gone");
        (await world.FindAsync("/api/v1/nodes/a")).ShouldNotBeNull("a Node goes with its cluster");
        (await world.FindAsync("/api/v1/namespaces/default/pods/job"))!["metadata"]!["deletionTimestamp"].ShouldBeNull("and so do its Pods");
    }

    [Fact]
    public async Task Nothing_is_done_while_the_controllers_do_not_run()
    {
        await using var world = await StartAsync();
        await world.CreateRunningMachineAsync("a");
        await world.RunPodAsync("job");
        world.Behaviour = world.Behaviour with { ControllersRun = false };
        await world.SendAsync(HttpMethod.Delete, Machine);
        await world.SendAsync(HttpMethod.Delete, "/api/v1/namespaces/default/pods/job");
        await world.AdvanceAsync(3600);
        (await world.FindAsync(Machine))!["status"]!["phase"]!.ToString().ShouldBe("Running");
        (await world.FindAsync("/api/v1/namespaces/default/pods/job")).ShouldBeNull("the kubelets do run");

        world.Behaviour = world.Behaviour with { ControllersRun = true };
        await world.PassUntilAsync(Machine, machine => machine is null, "the Machine is gone");
    }
}
