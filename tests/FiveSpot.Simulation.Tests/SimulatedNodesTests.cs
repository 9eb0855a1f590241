// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Simulation.Tests;

public sealed class SimulatedNodesTests
{
    private const string Pods = "/api/v1/namespaces/default/pods";

    [Theory]
    [InlineData("90s", 300, 90)]
    [InlineData("10m", 30, 30)]
    [InlineData("0s", 30, 0)]
    [InlineData(null, 30, 2)]
    public async Task A_pod_takes_its_time_to_stop_but_no_more_than_its_grace(string? stopsAfter, int grace, int seconds)
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.CreateRunningMachineAsync("a");
        await CreatePodAsync(world, grace, stopsAfter is null ? "" : $"\"sandbox.5spot.finos.org/stops-after\":\"{stopsAfter}\"");
        await world.AdvanceAsync(3);

        await world.SendAsync(HttpMethod.Delete, $"{Pods}/job");
        if (seconds > 0)
        {
            await world.AdvanceAsync(seconds - 1);
            (await world.FindAsync($"{Pods}/job")).ShouldNotBeNull();
            await world.AdvanceAsync(1);
        }

        await world.AwaitAsync($"{Pods}/job", pod => pod is null, "it has stopped");
    }

    [Fact]
    public async Task A_pod_takes_its_time_to_start()
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.CreateRunningMachineAsync("a");
        await CreatePodAsync(world, 30, "\"sandbox.5spot.finos.org/starts-after\":\"2m\"");

        await world.AdvanceAsync(119);
        (await world.FindAsync($"{Pods}/job"))!["status"]!["phase"]!.ToString().ShouldBe("Pending");
        await world.AdvanceAsync(1);
        await world.AwaitAsync($"{Pods}/job", pod => pod!["status"]!["phase"]!.ToString() == "Running", "it runs");
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("-5s")]
    [InlineData("1.5m")]
    [InlineData("25h")]
    [InlineData("")]
    public async Task A_time_that_is_none_is_ignored_and_said_once(string text)
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.CreateRunningMachineAsync("a");
        await CreatePodAsync(world, 30, $"\"sandbox.5spot.finos.org/stops-after\":\"{text}\"");
        await world.AdvanceAsync(3);

        await world.SendAsync(HttpMethod.Delete, $"{Pods}/job");
        await world.SettleAsync();
        await world.SendAsync(HttpMethod.Patch, $"{Pods}/job", """{"metadata":{"labels":{"looked-at":"again"}}}""", "application/merge-patch+json");
        await world.AdvanceAsync(2);

        await world.AwaitAsync($"{Pods}/job", pod => pod is null, "it has stopped");
        world.Logs.Lines.Where(line => line.Contains("stops-after", StringComparison.Ordinal)).ShouldHaveSingleItem()
            .ShouldBe($"Pod default/job: annotation sandbox.5spot.finos.org/stops-after is ignored: \"{text}\" is no time such as 90s, 5m or 1h, of at most 24h.");
    }

    [Fact]
    public async Task Pods_that_come_together_are_spread()
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.CreatePodAsync("other");
        await world.CreateRunningMachineAsync("a");
        await world.CreateRunningMachineAsync("b");
        await world.SendAsync(HttpMethod.Patch, "/api/v1/nodes/b", """{"spec":{"unschedulable":true}}""", "application/merge-patch+json");
        await world.CreateRunningMachineAsync("c");
        await world.KeepWorkloadsAsync();
        await world.CreateDeploymentAsync("web", 9);
        await world.AdvanceAsync(3);

        var nodes = (await world.ListAsync($"{Pods}?labelSelector=app=web")).Select(pod => pod["spec"]!["nodeName"]!.ToString()).ToList();
        nodes.Count(node => node == "b").ShouldBe(0);
        nodes.Count(node => node == "a").ShouldBeInRange(4, 5);
        nodes.Count(node => node == "c").ShouldBeInRange(4, 5);
    }

    [Fact]
    public async Task A_machine_that_is_about_to_be_ready_gets_its_share()
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.KeepWorkloadsAsync();
        await world.CreateDeploymentAsync("web", 4);
        await CreateSeenAsync("a");
        await world.AdvanceAsync(10);
        await CreateSeenAsync("b");
        foreach (var seconds in (double[])[10, 20, 20, 10, 10])
        {
            // The last of them makes the first machine ready, when the second one has joined.
            await world.AdvanceAsync(seconds);
        }

        (await world.ListAsync(Pods)).ShouldAllBe(pod => pod["spec"]!["nodeName"] == null);
        await world.AdvanceAsync(10);
        await Eventually.GetAsync(NodesAsync, nodes => nodes == "a a b b", "they are spread");

        async Task<string> NodesAsync() => string.Join(' ', (await world.ListAsync(Pods)).Select(pod => pod["spec"]!["nodeName"]?.ToString()).Order());

        // Before time passes, or it would be late by that much.
        async Task CreateSeenAsync(string name)
        {
            await world.CreateMachineAsync(name);
            await world.AwaitAsync($"{SimulationFixture.Machines}/{name}", machine => machine?["metadata"]?["finalizers"] is not null, "Cluster API has seen it");
        }
    }

    private static async Task CreatePodAsync(SimulationFixture world, int grace, string annotations)
    {
        await world.SendAsync(HttpMethod.Post, Pods, $$$"""
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"job","annotations":{ {{{annotations}}} } },
             "spec":{"terminationGracePeriodSeconds":{{{grace}}},"containers":[{"name":"c","image":"i"}]}}
            """);
        await world.AwaitAsync($"{Pods}/job", pod => pod?["spec"]?["nodeName"] is not null, "the Pod is put on the Node");
    }
}
