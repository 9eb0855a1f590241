// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

using static FiveSpot.Simulation.Tests.SimulationFixture;

namespace FiveSpot.Simulation.Tests;

/// <summary>What the providers do with their objects.</summary>
public sealed class SimulatedProvidersTests
{
    [Fact]
    public async Task Hardware_that_no_Machine_ever_owned_has_a_finalizer_and_cannot_go()
    {
        await using var world = await StartAsync();
        await world.SendAsync(HttpMethod.Post, Hardware, """
            {"apiVersion":"infrastructure.cluster.x-k8s.io/v1beta1","kind":"RemoteMachine","metadata":{"name":"a"},"spec":{"address":"192.0.2.1","sshKeyRef":{"name":"key"}}}
            """);
        await world.AwaitAsync($"{Hardware}/a", hardware => hardware!["metadata"]!["finalizers"] is not null, "the provider's finalizer is put on");
        (await world.FindAsync($"{Hardware}/a"))!["metadata"]!["finalizers"]![0]!.ToString().ShouldBe("remotemachine.k0smotron.io/finalizer");

        await world.SendAsync(HttpMethod.Delete, $"{Hardware}/a");
        await world.AdvanceAsync(3600);
        (await world.FindAsync($"{Hardware}/a"))!["metadata"]!["deletionTimestamp"].ShouldNotBeNull();

        // A Machine that comes takes it with it.
        await world.CreateClusterAsync();
        await world.SendAsync(HttpMethod.Post, Configs, """{"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta1","kind":"K0sWorkerConfig","metadata":{"name":"a"},"spec":{}}""");
        await world.SendAsync(HttpMethod.Post, Machines, """
            {"apiVersion":"cluster.x-k8s.io/v1beta2","kind":"Machine","metadata":{"name":"a"},
             "spec":{"clusterName":"c1","bootstrap":{"configRef":{"apiGroup":"bootstrap.cluster.x-k8s.io","kind":"K0sWorkerConfig","name":"a"}},
                     "infrastructureRef":{"apiGroup":"infrastructure.cluster.x-k8s.io","kind":"RemoteMachine","name":"a"}}}
            """);
        await world.PassUntilAsync($"{Hardware}/a", hardware => hardware is null, "it is gone");
    }

    [Theory]
    [InlineData("""{"address":"192.0.2.1"}""", false)]
    [InlineData("""{"sshKeyRef":{"name":"key"}}""", false)]
    [InlineData("""{"address":"192.0.2.1","sshKeyRef":{"name":"key"}}""", true)]
    [InlineData("""{"pool":"desks"}""", true)]
    [InlineData("""{"provisionJob":{"scpCommand":"scp"}}""", true)]
    public async Task A_RemoteMachine_needs_a_key_unless_it_is_from_a_pool_or_a_job(string spec, bool comesUp)
    {
        await using var world = await StartAsync();
        await world.SendAsync(HttpMethod.Post, Hardware, $$"""
            {"apiVersion":"infrastructure.cluster.x-k8s.io/v1beta1","kind":"RemoteMachine","metadata":{"name":"a"},"spec":{{spec}} }
            """);
        await world.CreateClusterAsync();
        await world.SendAsync(HttpMethod.Post, "/api/v1/namespaces/default/secrets", """{"apiVersion":"v1","kind":"Secret","metadata":{"name":"data"}}""");
        await world.SendAsync(HttpMethod.Post, Machines, """
            {"apiVersion":"cluster.x-k8s.io/v1beta2","kind":"Machine","metadata":{"name":"a"},
             "spec":{"clusterName":"c1","bootstrap":{"dataSecretName":"data"},
                     "infrastructureRef":{"apiGroup":"infrastructure.cluster.x-k8s.io","kind":"RemoteMachine","name":"a"}}}
            """);
        await world.AwaitAsync($"{Machines}/a", machine => machine!["status"] is not null, "the Machine is seen");
        await world.AdvanceAsync(60);

        var hardware = (await world.FindAsync($"{Hardware}/a"))!;
        (hardware["status"]?["ready"]?.GetValue<bool>() ?? false).ShouldBe(comesUp);
        (hardware["status"]?["failureMessage"] is null).ShouldBe(comesUp);
    }

    [Fact]
    public async Task A_Node_of_k0smotron_gets_its_providerID_afterwards_and_is_nobodys_until_then()
    {
        await using var world = await StartAsync();
        world.Behaviour = world.Behaviour with { NodesGetProviderIds = false };
        await world.CreateMachineAsync("a");
        await world.AwaitAsync($"{Machines}/a", machine => machine!["status"] is not null, "the Machine is seen");
        foreach (var seconds in (double[])[10, 30, 20, 20])
        {
            await world.AdvanceAsync(seconds);
        }

        var node = (await world.FindAsync("/api/v1/nodes/a"))!;
        node["spec"]!["providerID"].ShouldBeNull();
        node["metadata"]!["labels"]!["k0smotron.io/machine-name"]!.ToString().ShouldBe("a");
        Condition(node, "Ready").ShouldBe("True");
        var machine = (await world.FindAsync($"{Machines}/a"))!;
        machine["status"]!["nodeRef"].ShouldBeNull();
        machine["status"]!["phase"]!.ToString().ShouldBe("Provisioned");
        Condition(machine, "Ready").ShouldBe("Unknown");

        world.Behaviour = world.Behaviour with { NodesGetProviderIds = true };
        await world.AwaitAsync($"{Machines}/a", seen => Condition(seen, "Ready") == "True", "it is found");
    }

    [Fact]
    public async Task Hardware_stays_down_or_up_and_kubelets_don_t_join_while_that_is_said()
    {
        await using var world = await StartAsync();
        world.Behaviour = world.Behaviour with { HardwareComesUp = false };
        await world.CreateMachineAsync("a");
        await world.AwaitAsync($"{Machines}/a", machine => machine!["status"] is not null, "the Machine is seen");
        await world.AdvanceAsync(10);
        await world.AdvanceAsync(3600);
        Phase(await world.FindAsync($"{Machines}/a")).ShouldBe("Provisioning");
        world.Behaviour = world.Behaviour with { HardwareComesUp = true, NodesJoin = false };
        await world.SettleAsync();
        Phase(await world.FindAsync($"{Machines}/a")).ShouldBe("Provisioned");
        await world.AdvanceAsync(3600);
        (await world.FindAsync("/api/v1/nodes/a")).ShouldBeNull();
        world.Behaviour = world.Behaviour with { NodesJoin = true, HardwareGoesDown = false };
        await world.AwaitAsync($"{Machines}/a", machine => Phase(machine) == "Running", "it joins");

        await world.SendAsync(HttpMethod.Delete, $"{Machines}/a");
        await world.AdvanceAsync(60);
        await world.AdvanceAsync(3600);
        Condition(await world.FindAsync($"{Machines}/a"), "Deleting", "message").ShouldBe("Waiting for RemoteMachine to be deleted");
        world.Behaviour = world.Behaviour with { HardwareGoesDown = true };
        await world.PassUntilAsync($"{Machines}/a", machine => machine is null, "the Machine is gone");
    }

    [Fact]
    public async Task What_another_Machine_has_is_not_taken_over_but_what_it_had_before_it_was_made_anew_is()
    {
        await using var world = await StartAsync();
        await world.CreateRunningMachineAsync("a");
        await world.SendAsync(HttpMethod.Post, Machines, """
            {"apiVersion":"cluster.x-k8s.io/v1beta2","kind":"Machine","metadata":{"name":"b"},
             "spec":{"clusterName":"c1","bootstrap":{"configRef":{"apiGroup":"bootstrap.cluster.x-k8s.io","kind":"K0sWorkerConfig","name":"a"}},
                     "infrastructureRef":{"apiGroup":"infrastructure.cluster.x-k8s.io","kind":"RemoteMachine","name":"a"}}}
            """);
        await world.AwaitAsync($"{Machines}/b", machine => Condition(machine, "InfrastructureReady", "message")?.Contains("already owned by another Machine controller a", StringComparison.Ordinal) == true, "it says so");
        var uid = (await world.FindAsync($"{Machines}/a"))!["metadata"]!["uid"]!.ToString();
        (await world.FindAsync($"{Hardware}/a"))!["metadata"]!["ownerReferences"]![0]!["uid"]!.ToString().ShouldBe(uid);

        await world.PatchAsync($"{Machines}/b", """{"metadata":{"finalizers":null}}""");
        await world.SendAsync(HttpMethod.Delete, $"{Machines}/b");
        await world.PassUntilAsync($"{Machines}/b", machine => machine is null, "it is gone, and has taken nothing with it");
        (await world.FindAsync($"{Hardware}/a"))!["metadata"]!["deletionTimestamp"].ShouldBeNull();
    }

    private static string? Phase(JsonNode? machine) => machine?["status"]?["phase"]?.ToString();
}
