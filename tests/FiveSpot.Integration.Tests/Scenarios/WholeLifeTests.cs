// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;
using FiveSpot.Simulation;

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

    // As often as Cluster API looks.
    private static readonly TimeSpan Coarse = TimeSpan.FromSeconds(20);

    /// <summary>Cluster API since 1.11, since 1.9, and before: by the version of its kinds, and whether its conditions of <c>v1beta2</c>
    /// are there too.</summary>
    public static TheoryData<string, bool> ClusterApis => new() { { "v1beta2", true }, { "v1beta1", true }, { "v1beta1", false } };

    public static TheoryData<string> Versions => ["v1beta2", "v1beta1"];

    [Theory]
    [MemberData(nameof(ClusterApis))]
    public Task A_machine_opens_joins_works_and_closes_with_grace_within_a_budget(string version, bool hasConditionsOfV1Beta2) =>
        LiveAsync(version, hasConditionsOfV1Beta2, ownWorkload: true);

    [Fact]
    public Task So_it_does_where_it_joins_the_management_cluster() => LiveAsync("v1beta2", hasConditionsOfV1Beta2: true, ownWorkload: false);

    private async Task LiveAsync(string version, bool hasConditionsOfV1Beta2, bool ownWorkload)
    {
        await using var world = await SimulatedScenario.StartAsync(kind, version, Conditions(hasConditionsOfV1Beta2), ownWorkload: ownWorkload);
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
            },
            TimeSpan.FromSeconds(5));
        took.ShouldBeGreaterThan(Grace, "running Pods had their grace");
        await world.Management.PhaseAsync("Inactive");
        await world.PassUntilAsync(TimeSpan.FromMinutes(1), "all work", async () => (await world.RunningPodsAsync("web")).Count(pod => pod.Node == "pc-2") == 4);
        (await world.IsReadyAsync("pc-2")).ShouldBeTrue();
    }

    [Theory]
    [MemberData(nameof(ClusterApis))]
    public async Task Ready_means_that_the_machine_works(string version, bool hasConditionsOfV1Beta2)
    {
        await using var world = await SimulatedScenario.StartAsync(kind, version, Conditions(hasConditionsOfV1Beta2));
        await world.ScheduleAsync();
        await world.Management.PhaseAsync("Inactive");
        world.Management.MoveTo(Scenario.Opening);
        await world.PassUntilAsync(TimeSpan.FromMinutes(5), "it is ready", () => world.IsReadyAsync());
        (await world.NodeWorksAsync()).ShouldBeTrue("it is not ready before that");

        world.SetMachine(isOn: false);
        await world.PassUntilAsync(TimeSpan.FromMinutes(2), "it is ready no more", async () => !await world.IsReadyAsync());
        world.SetMachine(isOn: true);
        await world.PassUntilAsync(TimeSpan.FromMinutes(1), "it is ready again", () => world.IsReadyAsync());
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_volume_that_stays_keeps_no_machine(string version)
    {
        await using var world = await SimulatedScenario.RunningMachineAsync(kind, version, new SimulationBehaviour { VolumesDetach = false });
        await world.RunPodAsync("db", spec: ""","volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"data"}}]""");
        await Wait.UntilAsync("its volume is attached", async () => (await world.Workload.ListAllAsync(Kinds.VolumeAttachment)).Count == 1);

        world.Management.MoveTo(Scenario.Closing);
        await world.PassUntilAsync(Grace + Drain + Drain + ToGo, "all of it is gone", () => world.IsAllGoneAsync(), Coarse);
        (await world.Workload.ListAllAsync(Kinds.VolumeAttachment)).Count.ShouldBe(1, "it never went");
        await world.Management.PhaseAsync("Inactive");
    }

    [Theory]
    [MemberData(nameof(Versions))]
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
                && await world.Management.GetAsync(world.Management.Providers.Infrastructure, "pc-1") is null,
            Coarse);
        await world.Management.PhaseAsync("Inactive");
        await world.Door.EndAsync();
    }

    [Fact]
    public async Task A_pod_of_which_only_Cluster_API_can_tell_is_drained_by_Cluster_API()
    {
        await using var world = await SimulatedScenario.RunningMachineAsync(kind);
        await world.Workload.PatchAsync(Kinds.Namespace, world.Workload.Namespace, """{"metadata":{"labels":{"owner":"us"}}}""");
        await world.Management.CreateAsync(world.Management.MachineKind with { Plural = "machinedrainrules", Kind = "MachineDrainRule" }, JsonNode.Parse($$"""
            {"apiVersion":"{{world.Management.MachineKind.ApiVersion}}","kind":"MachineDrainRule","metadata":{"name":"jobs-of-ours"},
             "spec":{"drain":{"behavior":"WaitCompleted"},"pods":[{"namespaceSelector":{"matchLabels":{"owner":"us"} } }] } }
            """)!.AsObject());
        await world.RunPodAsync("job");
        world.Management.MoveTo(Scenario.Closing);
        await world.PassUntilAsync(Grace + ToGo, "the Machine is being deleted", () => world.MachineIsBeingDeletedAsync());
        await world.PassAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(20));
        (await world.Workload.GetAsync(Kinds.Pod, "job"))!["metadata"]!["deletionTimestamp"].ShouldBeNull("Cluster API waits for it");

        await world.Workload.Api.DeleteAsync(Kinds.Pod, new ObjectKey(world.Workload.Namespace, "job"), new DeleteOptions { GracePeriodSeconds = 0 }, CancellationToken.None);
        await world.PassUntilAsync(ToGo, "all of it is gone", () => world.IsAllGoneAsync());
        world.Management.Calls.ShouldNotContain(call => call.Path.EndsWith("/eviction", StringComparison.Ordinal));
        await world.Management.PhaseAsync("Inactive");
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
        await world.Management.DeleteAsync(world.Management.ClusterKind, SimulatedScenario.Office);

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

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_Cluster_API_that_is_down_at_closing_does_not_keep_it_from_being_deleted(string version)
    {
        await using var world = await SimulatedScenario.RunningMachineAsync(kind, version);
        await world.RunPodAsync("job");
        world.SetManager(isUp: false);
        world.Management.MoveTo(Scenario.Closing);
        await world.PassUntilAsync(Grace + Drain, "it is deleted", () => world.MachineIsBeingDeletedAsync());
        (await world.Workload.GetAsync(Kinds.Pod, "job")).ShouldBeNull("it was drained before");
        var (asked, since) = (world.Management.Calls.Count, world.Management.Clock.GetUtcNow());
        await world.PassAsync(TimeSpan.FromMinutes(20), TimeSpan.FromSeconds(30));
        (world.Management.Calls.Count - asked).ShouldBeLessThanOrEqualTo(10 * (int)(world.Management.Clock.GetUtcNow() - since).TotalMinutes);

        world.SetManager(isUp: true);
        await world.PassUntilAsync(ToGo, "all of it is gone", () => world.IsAllGoneAsync());
        await world.Management.PhaseAsync("Inactive");
    }

    [Fact]
    public async Task A_machine_is_made_once_Cluster_API_is_up_again()
    {
        await using var world = await SimulatedScenario.StartAsync(kind);
        await world.ScheduleAsync();
        await world.Management.PhaseAsync("Inactive");
        world.SetManager(isUp: false);
        world.Management.MoveTo(Scenario.Opening);
        await world.PassAsync(TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(30));
        (await world.Management.ListAsync(world.Management.MachineKind)).ShouldBeEmpty();
        (await world.Management.StatusAsync()).Phase.ShouldBe("Error");
        (await world.Management.StatusAsync()).Message!.ShouldContain("failed calling webhook");

        world.SetManager(isUp: true);
        await world.PassUntilAsync(TimeSpan.FromMinutes(10), "it is ready", () => world.IsReadyAsync());
    }

    [Fact]
    public async Task Hardware_that_no_Machine_was_let_in_for_is_kept_and_used_the_next_day()
    {
        await using var world = await SimulatedScenario.StartAsync(kind);
        await world.ScheduleAsync();
        await world.Management.PhaseAsync("Inactive");
        await world.SettleAsync();
        world.Webhooks.Refusal = "no machines today";
        world.Management.MoveTo(Scenario.Opening);
        await world.PassUntilAsync(
            TimeSpan.FromMinutes(5),
            "it says why",
            async () => (await world.Management.StatusAsync()).Message?.Contains("no machines today", StringComparison.Ordinal) == true);
        var hardware = await world.Management.GetAsync(world.Management.Providers.Infrastructure, "pc-1");
        ((string)hardware!["metadata"]!["finalizers"]![0]!).ShouldBe("remotemachine.k0smotron.io/finalizer");

        // It can't go without a Machine.
        world.Management.MoveTo(Scenario.Closing);
        await world.PassUntilAsync(Grace + Drain + ToGo, "it is over", async () => (await world.Management.StatusAsync()).Phase == "Inactive");
        (await world.Management.GetAsync(world.Management.Providers.Infrastructure, "pc-1"))!["metadata"]!["deletionTimestamp"].ShouldBeNull("it would never go");
        world.Webhooks.Refusal = null;
        world.Management.MoveTo(Scenario.Opening.AddDays(1));
        await world.PassUntilAsync(TimeSpan.FromMinutes(10), "it is ready", () => world.IsReadyAsync());
        world.Management.MoveTo(Scenario.Closing.AddDays(1));
        await world.PassUntilAsync(Grace + Drain + ToGo, "all of it is gone", () => world.IsAllGoneAsync());
    }

    [Fact]
    public async Task Hardware_that_waited_for_its_Machine_is_used_as_soon_as_that_is_let_in()
    {
        await using var world = await SimulatedScenario.StartAsync(kind);
        await world.ScheduleAsync();
        await world.Management.PhaseAsync("Inactive");
        await world.SettleAsync();
        world.Webhooks.Refusal = "no machines today";
        world.Management.MoveTo(Scenario.Opening);
        await world.PassAsync(TimeSpan.FromMinutes(2));
        (await world.Management.ListAsync(world.Management.MachineKind)).ShouldBeEmpty();

        world.Webhooks.Refusal = null;
        await world.PassUntilAsync(TimeSpan.FromMinutes(15), "it is ready", () => world.IsReadyAsync());
    }

    private static SimulationBehaviour Conditions(bool ofV1Beta2) => new() { HasConditionsOfV1Beta2 = ofV1Beta2 };
}
