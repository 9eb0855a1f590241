// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;
using FiveSpot.Sandbox.Simulation;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Whole lives of machines with a Cluster API that behaves as the real one does.</summary>
public abstract class WholeLifeTests(ServerKind kind)
{
    public sealed class OnEmbedded() : WholeLifeTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : WholeLifeTests(ServerKind.KubeApiServer);

    // What gracefulShutdownTimeout and nodeDrainTimeout are by default, and what Cluster API takes for the rest.
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Drain = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan ToGo = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData("v1beta2")]
    [InlineData("v1beta1")]
    public async Task A_machine_opens_joins_works_and_closes_with_grace_within_a_budget(string version)
    {
        await using var world = await SimulatedScenario.StartAsync(kind, version);
        await world.ScheduleAsync();
        await world.ScheduleAsync("pc-2", schedule: """{"daysOfWeek":["mon-sun"],"hoursOfDay":["0-23"]}""");
        await world.PassUntilAsync(TimeSpan.FromMinutes(5), "the other is ready", () => world.IsReadyAsync("pc-2"));
        await world.OpenAsync();
        await world.DeployAsync("web", replicas: 4, minAvailable: 3);
        await world.PassUntilAsync(TimeSpan.FromMinutes(2), "all work", async () => (await world.RunningPodsAsync("web")).Count == 4);
        (await world.RunningPodsAsync("web")).Count(pod => pod.Node == "pc-1").ShouldBeGreaterThan(0);

        world.Management.MoveTo(Scenario.Closing.AddSeconds(-1));
        await world.SettleAsync();
        (await world.NodeIsCordonedAsync()).ShouldBeFalse();
        world.Management.MoveTo(Scenario.Closing);
        await Wait.UntilAsync("it is cordoned", () => world.NodeIsCordonedAsync());
        var took = await world.PassUntilAsync(
            Grace + Drain + ToGo,
            "all of it is gone",
            async () =>
            {
                (await world.RunningPodsAsync("web")).Count.ShouldBeGreaterThanOrEqualTo(3, "the budget says so");
                return await world.IsAllGoneAsync();
            });
        took.ShouldBeGreaterThan(Grace, "running Pods had their grace");
        await world.Management.PhaseAsync("Inactive");
        await world.PassUntilAsync(TimeSpan.FromMinutes(1), "all work", async () => (await world.RunningPodsAsync("web")).Count(pod => pod.Node == "pc-2") == 4);
        (await world.IsReadyAsync("pc-2")).ShouldBeTrue();
    }

    [Theory]
    [InlineData("v1beta2")]
    [InlineData("v1beta1")]
    public async Task Ready_means_that_the_machine_works(string version)
    {
        await using var world = await SimulatedScenario.StartAsync(kind, version);
        await world.ScheduleAsync();
        await world.Management.PhaseAsync("Inactive");
        world.Management.MoveTo(Scenario.Opening);
        await world.PassUntilAsync(TimeSpan.FromMinutes(5), "it is ready", () => world.IsReadyAsync());
        (await world.NodeWorksAsync()).ShouldBeTrue("it is not ready before that");

        world.ClusterApi.Behaviour = world.ClusterApi.Behaviour with { SwitchedOff = [new ObjectKey(world.Management.Namespace, "pc-1")] };
        await world.PassUntilAsync(TimeSpan.FromMinutes(2), "it is ready no more", async () => !await world.IsReadyAsync());
        world.ClusterApi.Behaviour = world.ClusterApi.Behaviour with { SwitchedOff = [] };
        await world.PassUntilAsync(TimeSpan.FromMinutes(1), "it is ready again", () => world.IsReadyAsync());
    }

    [Theory]
    [InlineData("v1beta2")]
    [InlineData("v1beta1")]
    public async Task A_volume_that_stays_keeps_no_machine(string version)
    {
        await using var world = await SimulatedScenario.RunningMachineAsync(kind, version, new SimulationBehaviour { VolumesDetach = false });
        await world.RunPodAsync("db", spec: ""","volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"data"}}]""");
        await Wait.UntilAsync("its volume is attached", async () => (await world.Workload.ListAllAsync(Kinds.VolumeAttachment)).Count == 1);

        world.Management.MoveTo(Scenario.Closing);
        await world.PassUntilAsync(Grace + Drain + Drain + ToGo, "all of it is gone", () => world.IsAllGoneAsync());
        (await world.Workload.ListAllAsync(Kinds.VolumeAttachment)).Count.ShouldBe(1, "it never went");
        await world.Management.PhaseAsync("Inactive");
    }

    [Theory]
    [InlineData("v1beta2")]
    [InlineData("v1beta1")]
    public async Task A_cluster_that_cannot_be_reached_at_closing_keeps_no_machine(string version)
    {
        await using var world = await SimulatedScenario.RunningMachineAsync(kind, version);
        await world.RunPodAsync("job");
        await world.Door.BeginAsync(Trouble.Down);
        world.Management.MoveTo(Scenario.Closing);
        await world.PassUntilAsync(
            Grace + Drain + Drain + ToGo,
            "nothing of it is left on the management cluster",
            async () => await world.Management.GetAsync(world.Management.MachineKind, "pc-1") is null
                && await world.Management.GetAsync(world.Management.Providers.Infrastructure, "pc-1") is null);
        await world.Management.PhaseAsync("Inactive");
        await world.Door.EndAsync();
    }

    [Fact]
    public async Task While_its_Cluster_is_paused_nothing_is_made_and_nothing_is_taken_away()
    {
        await using var world = await SimulatedScenario.StartAsync(kind);
        await world.ScheduleAsync();
        await world.Management.PhaseAsync("Inactive");
        await world.PatchClusterAsync("""{"spec":{"paused":true}}""");
        await world.SettleAsync();
        world.Management.MoveTo(Scenario.Opening);
        await world.PassAsync(TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(1));
        (await world.IsAllGoneAsync()).ShouldBeTrue("nothing is made");

        await world.PatchClusterAsync("""{"spec":{"paused":false}}""");
        await world.PassUntilAsync(TimeSpan.FromMinutes(5), "it is ready", () => world.IsReadyAsync());
        await world.RunPodAsync("job");
        await world.PatchClusterAsync("""{"spec":{"paused":true}}""");
        await world.SettleAsync();
        world.Management.MoveTo(Scenario.Closing);
        await world.PassAsync(TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(1));
        (await world.NodeIsCordonedAsync()).ShouldBeFalse();
        (await world.MachineIsBeingDeletedAsync()).ShouldBeFalse();
        (await world.Workload.GetAsync(Kinds.Pod, "job"))!["metadata"]!["deletionTimestamp"].ShouldBeNull();

        await world.PatchClusterAsync("""{"spec":{"paused":false}}""");
        await world.PassUntilAsync(Grace + Drain + ToGo, "all of it is gone", () => world.IsAllGoneAsync());
        await world.Management.PhaseAsync("Inactive");
    }

    [Fact]
    public async Task A_Cluster_that_is_deleted_takes_its_machine_with_it_which_is_not_made_anew()
    {
        await using var world = await SimulatedScenario.RunningMachineAsync(kind);
        await world.RunPodAsync("job");
        var uid = (string)(await world.Management.GetAsync(world.Management.MachineKind, "pc-1"))!["metadata"]!["uid"]!;
        await world.Management.DeleteAsync(Kinds.ClusterLike(world.Management.MachineKind), SimulatedScenario.Office);

        await world.PassUntilAsync(ToGo, "the Cluster is gone", async () =>
        {
            var machine = await world.Management.GetAsync(world.Management.MachineKind, "pc-1");
            if (machine is not null)
            {
                ((string)machine["metadata"]!["uid"]!).ShouldBe(uid, "it is not made anew");
            }

            return await world.ClusterAsync() is null;
        });
        await world.PassAsync(TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(1));
        (await world.Management.ListAsync(world.Management.MachineKind)).ShouldBeEmpty();
        (await world.Management.ListAsync(world.Management.Providers.Infrastructure)).ShouldBeEmpty();
        (await world.Management.StatusAsync()).Conditions.Single(condition => condition.Type == "ReferencesValid").Reason.ShouldBe("ClusterNotFound");
    }
}
