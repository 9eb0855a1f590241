// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Contract, section 10: what is counted of workload clusters and drains. Alone, since a process has one meter.</summary>
[Collection(Alone)]
public sealed class WorkloadMetricTests
{
    /// <summary>What is counted of one scenario is not mixed with what another counts.</summary>
    public const string Alone = "alone";

    [CollectionDefinition(Alone, DisableParallelization = true)]
    public sealed class Definition;

    [Fact]
    public async Task Clusters_by_state_evictions_and_drains_are_counted()
    {
        using var metrics = new MetricsOf("FiveSpot.Controller");
        await using var scenario = await WorkloadScenario.RunningMachineAsync(ServerKind.Embedded);
        metrics.Sum("fivespot_workload_clusters", "state", "unknown").ShouldBe(0);
        metrics.Sum("fivespot_workload_clusters", "state", "reachable").ShouldBe(1);
        await scenario.Pods.RunAsync("web-1", metadata: ",\"labels\":{\"app\":\"web\"}");
        await scenario.Pods.RunAsync("free");
        await scenario.BudgetAsync("web", "\"minAvailable\":1");
        await scenario.CloseAsync();
        await scenario.DrainAsync();
        await scenario.Pods.EndAsync("free");
        await scenario.SettleAsync();
        metrics.Sum("fivespot_pod_evictions_total", "result", "accepted").ShouldBe(1);
        metrics.Sum("fivespot_pod_evictions_total", "result", "blocked").ShouldBe(1);

        scenario.Cluster.MoveTo(Scenario.Closing.AddMinutes(10));
        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Inactive");
        metrics.Sum("fivespot_node_drains_total", "result", "failure").ShouldBe(1);
        metrics.Sum("fivespot_workload_clusters", "state", "reachable").ShouldBe(0);
    }
}
