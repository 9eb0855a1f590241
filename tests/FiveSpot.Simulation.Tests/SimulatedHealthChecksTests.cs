// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;

using static FiveSpot.Simulation.Tests.SimulationFixture;

namespace FiveSpot.Simulation.Tests;

/// <summary>A MachineHealthCheck marks a Machine that is not well; what its owner does then is the owner's.</summary>
public sealed class SimulatedHealthChecksTests
{
    private const string Machine = $"{Machines}/a";
    private const string Checks = "/apis/cluster.x-k8s.io/v1beta2/namespaces/default/machinehealthchecks";

    [Fact]
    public async Task A_Node_that_is_not_ready_for_too_long_has_its_Machine_marked()
    {
        await using var world = await StartAsync();
        await world.CreateRunningMachineAsync("a");
        await world.SendAsync(HttpMethod.Post, Checks, """
            {"apiVersion":"cluster.x-k8s.io/v1beta2","kind":"MachineHealthCheck","metadata":{"name":"m"},
             "spec":{"clusterName":"c1","selector":{"matchLabels":{"team":"a"}},
                     "checks":{"unhealthyNodeConditions":[{"type":"Ready","status":"Unknown","timeoutSeconds":300}]}}}
            """);
        await world.AwaitAsync(Machine, machine => Condition(machine, "HealthCheckSucceeded") == "True", "it is well");
        world.Behaviour = world.Behaviour with { SwitchedOff = [new ObjectKey("default", "a")] };
        await world.AdvanceAsync(50);
        await world.AdvanceAsync(299);
        Condition(await world.FindAsync(Machine), "OwnerRemediated").ShouldBeNull();
        await world.AdvanceAsync(1);

        var machine = await world.FindAsync(Machine);
        Condition(machine, "HealthCheckSucceeded").ShouldBe("False");
        Condition(machine, "HealthCheckSucceeded", "reason").ShouldBe("UnhealthyNode");
        Condition(machine, "OwnerRemediated").ShouldBe("False");
        Condition(machine, "OwnerRemediated", "reason").ShouldBe("WaitingForRemediation");
        Condition(machine, "Ready", "message")!.ShouldContain("* HealthCheckSucceeded: Health check failed");
        await world.AdvanceAsync(3600);
        (await world.FindAsync(Machine))!["metadata"]!["deletionTimestamp"].ShouldBeNull("that is its owner's");
    }

    [Fact]
    public async Task One_of_v1beta1_marks_a_Machine_whose_Node_is_gone_and_its_Ready_says_so()
    {
        await using var world = await StartAsync(OnlyV1Beta1());
        await world.CreateRunningMachineAsync("a", version: "v1beta1");
        await world.SendAsync(HttpMethod.Post, At(Checks, "v1beta1"), """
            {"apiVersion":"cluster.x-k8s.io/v1beta1","kind":"MachineHealthCheck","metadata":{"name":"m"},
             "spec":{"clusterName":"c1","selector":{},"unhealthyConditions":[{"type":"Ready","status":"Unknown","timeout":"300s"}]}}
            """);
        await world.SendAsync(HttpMethod.Delete, "/api/v1/nodes/a");
        await world.SettleAsync();

        var machine = await world.FindAsync(At(Machine, "v1beta1"));
        Condition(machine, "HealthCheckSucceeded").ShouldBe("False");
        Condition(machine, "OwnerRemediated", "reason").ShouldBe("WaitingForRemediation");
        Condition(machine, "Ready").ShouldBe("False");
        NewCondition(machine, "OwnerRemediated").ShouldBe("False");
    }

    [Theory]
    [InlineData(""","annotations":{"cluster.x-k8s.io/remediate-machine":""}""", true)]
    [InlineData(""","annotations":{"cluster.x-k8s.io/remediate-machine":"","cluster.x-k8s.io/skip-remediation":""}""", false)]
    public async Task An_annotation_asks_for_it_and_another_forbids_it(string metadata, bool isMarked)
    {
        await using var world = await StartAsync();
        await world.CreateRunningMachineAsync("a", extraMetadata: metadata);
        await world.SendAsync(HttpMethod.Post, Checks, """
            {"apiVersion":"cluster.x-k8s.io/v1beta2","kind":"MachineHealthCheck","metadata":{"name":"m"},"spec":{"clusterName":"c1","selector":{}}}
            """);
        await world.SettleAsync();
        Condition(await world.FindAsync(Machine), "OwnerRemediated").ShouldBe(isMarked ? "False" : null);
    }

    [Fact]
    public async Task One_that_never_becomes_a_Node_is_marked_after_ten_minutes()
    {
        await using var world = await StartAsync();
        world.Behaviour = world.Behaviour with { NodesJoin = false };
        await world.SendAsync(HttpMethod.Post, Checks, """
            {"apiVersion":"cluster.x-k8s.io/v1beta2","kind":"MachineHealthCheck","metadata":{"name":"m"},"spec":{"clusterName":"c1","selector":{}}}
            """);
        await world.CreateMachineAsync("a");
        await world.AwaitAsync(Machine, machine => machine?["status"] is not null, "the Machine is seen");
        await world.AdvanceAsync(10);
        await world.AdvanceAsync(589);
        Condition(await world.FindAsync(Machine), "OwnerRemediated").ShouldBeNull();
        await world.AdvanceAsync(1);
        Condition(await world.FindAsync(Machine), "HealthCheckSucceeded", "reason").ShouldBe("NodeStartupTimeout");
        Condition(await world.FindAsync(Machine), "OwnerRemediated").ShouldBe("False");
    }
}
