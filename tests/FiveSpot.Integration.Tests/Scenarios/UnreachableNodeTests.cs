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
    public async Task What_is_ending_on_a_machine_that_is_switched_off_is_not_waited_for_and_it_is_gone_at_once()
    {
        await using var world = await WithPodsAsync("web-1", "web-2");
        await SwitchOffAsync(world);
        await world.Workload.DeleteAsync(Kinds.Pod, "web-1");
        await world.Workload.DeleteAsync(Kinds.Pod, "web-2");

        world.Management.MoveTo(Scenario.Closing);

        await world.PassUntilAsync(TimeSpan.Zero, "the Machine is being deleted: neither grace period nor drain would show anything", () => world.MachineIsBeingDeletedAsync());
        (await IsEndingAsync(world, "web-1")).ShouldBeTrue("its kubelet says nothing");
        await Wait.UntilAsync("it is told", async () => (await world.Management.EventsAsync()).Contains("NodeDrained"));
        ((string)(await world.Management.ListAsync(Kinds.Event)).Single(e => (string)e["reason"]! == "NodeDrained")["note"]!)
            .ShouldContain("it has not been heard of, and 2 pods that are ending there are not waited for.");
        await world.PassUntilAsync(TimeSpan.FromMinutes(2), "all of it is gone", () => world.IsAllGoneAsync());
        Evictions(world).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_not_ending_yet_is_evicted_as_ever_and_then_not_waited_for()
    {
        await using var world = await WithPodsAsync("web-1", "web-2");
        await SwitchOffAsync(world);
        await world.Workload.DeleteAsync(Kinds.Pod, "web-2");
        world.Management.MoveTo(Scenario.Closing);
        await world.Management.PhaseAsync("ShuttingDown", also: status => status.Message!.EndsWith("; 1 pod left.", StringComparison.Ordinal));

        world.Management.MoveTo(Scenario.Closing.AddHours(2));

        await world.PassUntilAsync(TimeSpan.Zero, "the Machine is being deleted", () => world.MachineIsBeingDeletedAsync());
        Evictions(world).ShouldBe(["web-1"]);
        (await IsEndingAsync(world, "web-1")).ShouldBeTrue();
    }

    [Fact]
    public async Task On_a_machine_that_is_heard_of_they_are_waited_for_until_it_is_switched_off()
    {
        await using var world = await WithPodsAsync("web-1");
        world.Management.MoveTo(Scenario.Closing);
        await world.Management.PhaseAsync("ShuttingDown", also: status => status.Message!.EndsWith("; 1 pod left.", StringComparison.Ordinal));
        await world.Workload.DeleteAsync(Kinds.Pod, "web-1");
        await world.SettleAsync();
        (await IsEndingAsync(world, "web-1")).ShouldBeTrue("that takes its time");
        (await world.MachineIsBeingDeletedAsync()).ShouldBeFalse();

        await SwitchOffAsync(world);
        (await IsEndingAsync(world, "web-1")).ShouldBeTrue("nobody says that it has ended");
        await world.PassUntilAsync(TimeSpan.Zero, "the Machine is being deleted", () => world.MachineIsBeingDeletedAsync());
    }

    private async Task<SimulatedScenario> WithPodsAsync(params string[] pods)
    {
        var world = await SimulatedScenario.RunningMachineAsync(kind, extraSpec: LongTimes);
        try
        {
            foreach (var pod in pods)
            {
                await world.RunPodAsync(pod);
            }

            return world;
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }
    }

    private static async Task SwitchOffAsync(SimulatedScenario world)
    {
        world.SetMachine(isOn: false);
        await world.PassUntilAsync(TimeSpan.FromMinutes(2), "its Node has not been heard of, and is tainted", async () =>
        {
            var node = (await world.Workload.GetAsync(Kinds.Node, "pc-1"))!;
            return node["status"]!["conditions"]!.AsArray().Any(condition => (string?)condition!["type"] == "Ready" && (string?)condition["status"] == "Unknown")
                && node["spec"]!["taints"]?.AsArray().Any(taint => (string?)taint!["key"] == "node.kubernetes.io/unreachable") == true;
        });
    }

    private static async Task<bool> IsEndingAsync(SimulatedScenario world, string pod) =>
        (await world.Workload.GetAsync(Kinds.Pod, pod))?["metadata"]!["deletionTimestamp"] is not null;

    private static IReadOnlyList<string> Evictions(SimulatedScenario world) =>
        [.. world.Management.Calls.Where(call => call.Path.EndsWith("/eviction", StringComparison.Ordinal)).Select(call => call.Path.Split('/')[^2])];
}
