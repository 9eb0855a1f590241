// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Contract, section 7: nobody sees Pods end on a machine that is switched off, so nobody waits for those that are ending.</summary>
public abstract class UnreachableNodeTests(ServerKind kind)
{
    private const string LongTimes = ",\"gracefulShutdownTimeout\":\"2h\",\"nodeDrainTimeout\":\"2h\"";

    public sealed class OnEmbedded() : UnreachableNodeTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : UnreachableNodeTests(ServerKind.KubeApiServer);

    [Fact]
    public async Task What_is_ending_on_a_Node_that_has_not_been_heard_of_is_not_waited_for()
    {
        await using var scenario = await WithPodsAsync("web-1", "web-2");
        await NotHeardOfAsync(scenario);
        await scenario.Workload.DeleteAsync(Kinds.Pod, "web-1");
        await scenario.Workload.DeleteAsync(Kinds.Pod, "web-2");

        scenario.Cluster.MoveTo(Scenario.Closing);

        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
        scenario.Cluster.Clock.GetUtcNow().ShouldBe(Scenario.Closing, "neither grace period nor drain would show anything");
        scenario.Evictions.ShouldBeEmpty();
        await Wait.UntilAsync("it is told", async () => (await scenario.Cluster.EventsAsync()).Contains("NodeDrained"));
        ((string)(await scenario.Cluster.ListAsync(Kinds.Event)).Single(e => (string)e["reason"]! == "NodeDrained")["note"]!)
            .ShouldContain("it has not been heard of, and 2 pods that are ending there are not waited for.");
    }

    [Fact]
    public async Task What_is_not_ending_yet_is_evicted_as_ever_and_then_not_waited_for()
    {
        await using var scenario = await WithPodsAsync("web-1", "web-2");
        await NotHeardOfAsync(scenario);
        await scenario.Workload.DeleteAsync(Kinds.Pod, "web-2");
        scenario.Cluster.MoveTo(Scenario.Closing);
        await scenario.Cluster.PhaseAsync("ShuttingDown", also: status => status.Message!.EndsWith("; 1 pod left.", StringComparison.Ordinal));

        scenario.Cluster.MoveTo(Scenario.Closing.AddHours(2));

        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
        scenario.Evictions.ShouldBe(["web-1"]);
        (await scenario.Pods.IsEndingAsync("web-1")).ShouldBeTrue();
    }

    [Fact]
    public async Task On_a_Node_that_is_heard_of_they_are_waited_for()
    {
        await using var scenario = await WithPodsAsync("web-1");
        await scenario.Workload.DeleteAsync(Kinds.Pod, "web-1");
        scenario.Cluster.MoveTo(Scenario.Closing);
        await scenario.Cluster.PhaseAsync("ShuttingDown", also: status => status.Message!.EndsWith("; 1 pod left.", StringComparison.Ordinal));
        await scenario.SettleAsync();
        (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse();

        await NotHeardOfAsync(scenario);
        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
    }

    private async Task<WorkloadScenario> WithPodsAsync(params string[] pods)
    {
        var scenario = await WorkloadScenario.RunningMachineAsync(kind, LongTimes);
        try
        {
            foreach (var pod in pods)
            {
                await scenario.Pods.RunAsync(pod);
            }

            return scenario;
        }
        catch
        {
            await scenario.DisposeAsync();
            throw;
        }
    }

    /// <summary>As the node lifecycle controller says of a Node whose kubelet is silent.</summary>
    private static async Task NotHeardOfAsync(WorkloadScenario scenario)
    {
        await scenario.Workload.PatchAsync(
            Kinds.Node, "pc-1", """{"status":{"conditions":[{"type":"Ready","status":"Unknown","reason":"NodeStatusUnknown","message":"Kubelet stopped posting node status."}]}}""", "status");
    }
}
