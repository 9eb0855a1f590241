// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.LyingServer;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Contract, section 6: a workload cluster's answers are a stranger's input; what it costs is bounded, whatever it says.</summary>
public abstract class LyingClusterTests(ServerKind kind)
{
    private const string Liar = ",\"kubeconfigSecretRef\":{\"name\":\"liar\"},\"gracefulShutdownTimeout\":\"1s\"";

    public sealed class OnEmbedded() : LyingClusterTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : LyingClusterTests(ServerKind.KubeApiServer);

    [Theory]
    [InlineData(Lie.EndlessPages, "It has more than 20,000 nodes, which is as many as a watch may tell of (--workload-watch-objects).")]
    [InlineData(Lie.EmptyPages, "Its list of nodes has more than 216 pages")]
    [InlineData(Lie.OneLargeList, "One answer is larger than 8 MiB")]
    [InlineData(Lie.GzipBomb, "One answer is larger than 8 MiB")]
    [InlineData(Lie.ManyNothings, "It has more than 20,000 nodes")]
    [InlineData(Lie.EndlessAdded, "It has more than 20,000 nodes")]
    [InlineData(Lie.HugeEvent, "One object is larger than 2 MiB")]
    public async Task Who_says_too_much_is_not_reachable_and_nobody_else_is_concerned(Lie lie, string words)
    {
        await using var world = await WorkloadScenario.RunningMachineAsync(kind);
        await using var liar = await LyingApiServer.StartAsync(lie, "pc-2", "remote://pc-2");
        await world.SetKubeconfigAsync(liar.Kubeconfig, "liar");
        await world.OpenAsync(Liar, "pc-2");

        await world.ReachableAsync(ConditionStatus.False, "TooLarge", words, "pc-2");
        await world.ReachableAsync(ConditionStatus.True, "Reachable", "");

        // A better one is taken.
        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig, "liar");
        await world.ReachableAsync(ConditionStatus.True, "Reachable", "", "pc-2");
    }

    [Fact]
    public async Task A_hundred_thousand_pods_on_a_Node_are_not_held()
    {
        await using var world = await WorkloadScenario.RunningMachineAsync(kind);
        await using var liar = await LyingApiServer.StartAsync(Lie.Pods, "pc-2", "remote://pc-2", count: 100_000);
        await world.SetKubeconfigAsync(liar.Kubeconfig, "liar");
        await world.OpenAsync(Liar, "pc-2");
        await world.ReachableAsync(ConditionStatus.True, "Reachable", "", "pc-2");

        world.Cluster.MoveTo(Scenario.Closing);
        await world.ReachableAsync(ConditionStatus.False, "TooLarge", "It has more than 20,000 pods", "pc-2", "ShuttingDown");
        await world.Cluster.PhaseAsync("ShuttingDown", also: status => status.Message!.Contains("nothing that could be evicted is left", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Thousands_of_pods_are_evicted_a_few_at_a_time()
    {
        await using var world = await WorkloadScenario.RunningMachineAsync(kind);
        await using var liar = await LyingApiServer.StartAsync(Lie.Pods, "pc-2", "remote://pc-2", count: 3_000);
        await world.SetKubeconfigAsync(liar.Kubeconfig, "liar");
        await world.OpenAsync(Liar, "pc-2");
        await world.ReachableAsync(ConditionStatus.True, "Reachable", "", "pc-2");

        world.Cluster.MoveTo(Scenario.Closing);
        await world.Cluster.PhaseAsync("ShuttingDown", "pc-2", status => status.Message!.Contains("pods left", StringComparison.Ordinal));
        world.Cluster.MoveTo(Scenario.Closing.AddSeconds(2));
        await Wait.UntilAsync("all are evicted", () => liar.Evictions >= 3_000);
        await Wait.UntilAsync("the Machine goes", () => world.MachineIsBeingDeletedAsync("pc-2"));
    }

    [Fact]
    public async Task Who_refuses_every_eviction_is_asked_some_hundred_times_a_minute_slows_nobody_and_has_no_longer_than_anybody()
    {
        await using var world = await WorkloadScenario.RunningMachineAsync(kind);
        await using var liar = await LyingApiServer.StartAsync(Lie.RefusedEvictions, "pc-2", "remote://pc-2", count: 900);
        await world.SetKubeconfigAsync(liar.Kubeconfig, "liar");
        await world.OpenAsync(Liar, "pc-2");
        await world.ReachableAsync(ConditionStatus.True, "Reachable", "", "pc-2");
        await world.Pods.RunAsync("web-1");

        world.Cluster.MoveTo(Scenario.Closing);
        await world.Cluster.PhaseAsync("ShuttingDown", "pc-2", status => status.Message!.Contains(" left", StringComparison.Ordinal));
        var began = world.Cluster.Clock.GetUtcNow();
        world.Cluster.MoveTo(began.AddSeconds(1));
        await world.Cluster.PhaseAsync("ShuttingDown", "pc-2", status => status.Message!.Contains("Draining: ", StringComparison.Ordinal));
        await Wait.UntilAsync("it has been asked", () => liar.Evictions >= 100);
        for (var minute = 0; minute < 3; minute++)
        {
            var before = liar.Evictions;
            await world.PassAsync(TimeSpan.FromMinutes(1));
            (liar.Evictions - before).ShouldBeLessThanOrEqualTo(1_000, $"in minute {minute}");
        }

        // After their five minutes of grace, the others' Pods are told to go at once.
        world.Cluster.MoveTo(Scenario.Closing.AddMinutes(5));
        await Wait.UntilAsync("the other's Pod is told to end", () => world.Pods.IsEndingAsync("web-1"));
        world.Cluster.MoveTo(Scenario.Closing.AddMinutes(5).AddSeconds(2));
        await Wait.UntilAsync("the liar's Machine is being deleted", () => world.MachineIsBeingDeletedAsync("pc-2"));
    }
}
