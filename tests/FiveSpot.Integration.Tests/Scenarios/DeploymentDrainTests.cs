// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>
/// Contract, section 7, with the controllers of Kubernetes itself: a Deployment that makes Pods anew, and a disruption
/// controller that counts them.
/// </summary>
public sealed class DeploymentDrainTests
{
    [Fact]
    public async Task A_Deployment_moves_to_another_Node_one_by_one_and_is_never_below_its_budget()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(ServerKind.KubeApiServer, ",\"nodeDrainTimeout\":\"6h\"");
        var workload = scenario.Workload;
        await workload.CreateAsync(Kinds.Node, JsonNode.Parse("""{"apiVersion":"v1","kind":"Node","metadata":{"name":"pc-2"} }""")!.AsObject());
        await using var played = new SchedulerAndKubelet(workload, "pc-1", "pc-2");
        await workload.CreateAsync(Kinds.Deployment, JsonNode.Parse("""
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},
             "spec":{"replicas":5,"selector":{"matchLabels":{"app":"web"} },
              "template":{"metadata":{"labels":{"app":"web"} },
               "spec":{"automountServiceAccountToken":false,"containers":[{"name":"c","image":"i"}]} } } }
            """)!.AsObject());
        await scenario.BudgetAsync("web", "\"minAvailable\":4");
        await Wait.UntilAsync("the Deployment runs, and its budget allows one disruption", async () =>
            (int?)(await workload.GetAsync(Kinds.Deployment, "web"))!["status"]?["availableReplicas"] == 5
            && (int?)(await workload.GetAsync(Kinds.Budget(workload), "web"))!["status"]!["disruptionsAllowed"] == 1);
        var before = (await workload.ListAsync(Kinds.Pod)).Select(pod => (string)pod["metadata"]!["name"]!).ToList();
        await using var witness = await ReadinessWitness.StartAsync(workload);
        witness.ServingOn("pc-1").ShouldBe(5);

        await scenario.CloseAsync();
        await scenario.DrainAsync();
        await scenario.WithinAsync(TimeSpan.FromHours(5), "the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());

        await Wait.UntilAsync("the witness has seen all of them move", () => witness.ServingOn("pc-2") == 5);
        witness.ServingOn("pc-1").ShouldBe(0);
        witness.Counts.Min().ShouldBe(4, $"never below the budget, and down to it, since something moves: {string.Join(' ', witness.Counts)}");
        scenario.Evictions.Distinct().ShouldBe(before, ignoreOrder: true, "all that were there, and nothing of what took their place");
        scenario.Evictions.Count.ShouldBeGreaterThan(before.Count, "the budget was in the way");
        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Inactive");
        await Wait.UntilAsync("it is told", async () => (await scenario.Cluster.EventsAsync()).Contains("NodeDrained"));
        (await scenario.Cluster.EventsAsync()).ShouldNotContain("NodeDrainFailed");
    }
}
