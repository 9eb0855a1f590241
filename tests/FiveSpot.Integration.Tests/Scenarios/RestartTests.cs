// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>
/// A controller that is killed right after a write of its own took effect, before it heard so, and for each write of each
/// scenario in turn (on a real server for a sample of them): the next one always ends in the same state, with the same objects.
/// </summary>
public abstract class RestartTests(ServerKind kind)
{
    public sealed class OnEmbedded() : RestartTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : RestartTests(ServerKind.KubeApiServer);

    private static readonly string[] NotState = ["uid", "resourceVersion", "managedFields", "generation", "creationTimestamp", "lastScheduledTime"];

    [Fact]
    public Task Opening() => EndsTheSameAsync(
        prepare: static _ => Task.CompletedTask,
        act: static async scenario =>
        {
            await scenario.Cluster.ScheduleAsync();
            await scenario.Cluster.PhaseAsync("Inactive");
            scenario.Cluster.MoveTo(Scenario.Opening);
            await scenario.Cluster.PhaseAsync("Active");
            await scenario.ClusterApi.JoinAsync();
            await scenario.Cluster.PhaseAsync("Active", also: status => status is { Ready: true, NodeRef.Uid: not null });
        },
        atLeast: 6);

    [Fact]
    public Task Closing() => EndsTheSameAsync(
        PrepareWorkingAsync,
        static async scenario =>
        {
            scenario.Cluster.MoveTo(Scenario.Closing);
            await scenario.Cluster.PhaseAsync("ShuttingDown");
            scenario.Cluster.MoveTo(Scenario.Closing.AddMinutes(5));
            await scenario.Pods.EndAsync("web-1");
            await scenario.Pods.EndAsync("web-2");
            await scenario.ClusterApi.LetGoAsync(withItsObjects: false);
            await scenario.Cluster.PhaseAsync("Inactive");
        },
        atLeast: 9);

    [Fact]
    public Task KillSwitch() => EndsTheSameAsync(
        PrepareRunningAsync,
        static async scenario =>
        {
            await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"killSwitch":true}}""");
            await scenario.ClusterApi.LetGoAsync(withItsObjects: false);
            await scenario.Cluster.PhaseAsync("Terminated", also: status => status.MachineRef is null && status.BootstrapRef is null);
        },
        atLeast: 5);

    [Fact]
    public Task Deletion() => EndsTheSameAsync(
        PrepareWorkingAsync,
        static async scenario =>
        {
            await scenario.Cluster.DeleteAsync(Kinds.ScheduledMachine, "pc-1");
            await scenario.Pods.EndAsync("web-1");
            await scenario.Pods.EndAsync("web-2");
            await scenario.ClusterApi.LetGoAsync(withItsObjects: false);
            await Wait.UntilAsync("it is gone", async () => await scenario.Cluster.GetAsync(Kinds.ScheduledMachine, "pc-1") is null);
        },
        atLeast: 5);

    [Fact]
    public Task A_shutdown_that_is_called_off() => EndsTheSameAsync(
        PrepareWorkingAsync,
        static async scenario =>
        {
            scenario.Cluster.MoveTo(Scenario.Closing);
            await scenario.Cluster.PhaseAsync("ShuttingDown", also: status => status.Message!.Contains("2 pods left", StringComparison.Ordinal));
            await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"schedule":{"hoursOfDay":["9-20"]}}}""");
            await scenario.Cluster.PhaseAsync("Active", also: status => status.Ready);
            await Wait.UntilAsync("the Node is uncordoned", async () => !await scenario.NodeIsCordonedAsync());
        },
        atLeast: 4);

    [Fact]
    public Task A_reclaim() => EndsTheSameAsync(
        PrepareReclaimableAsync,
        static scenario => ReclaimAsync(scenario, async () =>
        {
            await Wait.UntilAsync("the request is off the Node", async () =>
                (string?)(await scenario.Cluster.GetAsync(Kinds.Node, "pc-1"))!["metadata"]!["annotations"]?["5spot.finos.org/reclaim-requested"] is null);
            await scenario.ClusterApi.LetGoAsync(withItsObjects: false);
        }),
        atLeast: 9);

    [Fact]
    public Task A_reclaim_after_which_the_Node_goes_with_its_Machine_at_once() => EndsTheSameAsync(
        PrepareReclaimableAsync,
        static scenario => ReclaimAsync(scenario, () => scenario.ClusterApi.LetGoAsync(withItsObjects: false)),
        atLeast: 7);

    private static async Task PrepareReclaimableAsync(Scenario scenario)
    {
        await PrepareRunningAsync(scenario, ",\"killIfCommands\":[\"java\"]");
        await scenario.Pods.RunAsync("web-1");
        await AgentByHand.WatchAsync(scenario.Cluster);
        await Wait.UntilAsync("the agent watches", async () => (await scenario.Cluster.StatusAsync()).Conditions.Any(c => c is { Type: "ReclaimAgentReady", Status: "True" }));
        await scenario.SettleAsync();
    }

    private static async Task ReclaimAsync(Scenario scenario, Func<Task> leaveAsync)
    {
        await using var order = await WriteOrder.FollowAsync(
            scenario.Cluster,
            (Kinds.ScheduledMachine, "switched off", static machine => (bool)machine["spec"]!["schedule"]!["enabled"]! is false),
            (scenario.Cluster.MachineKind, "Machine deleted", static machine => machine["metadata"]!["deletionTimestamp"] is not null),
            (Kinds.Node, "requested", static node => (string?)node["metadata"]!["annotations"]?["5spot.finos.org/reclaim-requested"] == "true"),
            (Kinds.Node, "request cleared", static node =>
                node["metadata"]!["deletionTimestamp"] is null && node["metadata"]!["annotations"]?["5spot.finos.org/reclaim-requested"] is null));
        await scenario.Cluster.PatchAsync(Kinds.Node, "pc-1", """
            {"metadata":{"annotations":{"5spot.finos.org/reclaim-requested":"true","5spot.finos.org/reclaim-reason":"process-match: java","5spot.finos.org/reclaim-requested-at":"2026-01-05T09:00:00Z"} } }
            """);
        await leaveAsync();
        await scenario.Cluster.PhaseAsync("Disabled", also: status =>
            status.Conditions.Single(c => c.Type == "Scheduled") is { Reason: "EmergencyReclaimDisabledSchedule" } scheduled
            && scheduled.Message.Contains("process-match: java", StringComparison.Ordinal));
        (await scenario.Cluster.ListAsync(scenario.Cluster.MachineKind)).ShouldBeEmpty("there is no second one");

        // A Node that goes with its request is never seen without it.
        await Wait.UntilAsync(
            "the store shows it in its order",
            () => Task.FromResult(order.AfterFirst("requested") is "switched off, Machine deleted, request cleared" or "switched off, Machine deleted"),
            () => Task.FromResult(order.AfterFirst("requested")));
    }

    private static Task PrepareRunningAsync(Scenario scenario) => PrepareRunningAsync(scenario, extraSpec: "");

    private static async Task PrepareRunningAsync(Scenario scenario, string extraSpec)
    {
        await scenario.Cluster.ScheduleAsync(extraSpec: extraSpec);
        await scenario.Cluster.PhaseAsync("Inactive");
        scenario.Cluster.MoveTo(Scenario.Opening);
        await scenario.Cluster.PhaseAsync("Active");
        await scenario.ClusterApi.JoinAsync();
        await scenario.Cluster.PhaseAsync("Active", also: status => status is { Ready: true, NodeRef.Uid: not null });
        await scenario.SettleAsync();
    }

    private static async Task PrepareWorkingAsync(Scenario scenario)
    {
        await PrepareRunningAsync(scenario);
        await scenario.Pods.RunAsync("web-1");
        await scenario.Pods.RunAsync("web-2");
    }

    private async Task EndsTheSameAsync(Func<Scenario, Task> prepare, Func<Scenario, Task> act, int atLeast)
    {
        var (undisturbed, writes, _) = await RunAsync(prepare, act, killAfter: null);
        writes.ShouldBeGreaterThanOrEqualTo(atLeast, "the scenario must have writes to be killed after");
        // Two reports in quick succession may become one, so that the last writes are not there each time. Each run lives a whole
        // scenario: on the real server, where it takes longer and shows the same, every third write is enough.
        var every = kind is ServerKind.Embedded ? 1 : 3;
        var kills = 0;
        for (var kill = 1; kill <= writes; kill += every)
        {
            var (state, _, killed) = await RunAsync(prepare, act, kill);
            state.ShouldBe(undisturbed, $"killed after write {kill} of {writes}");
            kills += killed ? 1 : 0;
        }

        kills.ShouldBeGreaterThanOrEqualTo(atLeast / every);
    }

    private async Task<(IReadOnlyList<string> State, int Writes, bool Killed)> RunAsync(
        Func<Scenario, Task> prepare, Func<Scenario, Task> act, int? killAfter)
    {
        await using var scenario = await Scenario.StartAsync(kind);
        await prepare(scenario);
        var before = scenario.Cluster.Writes.Count;
        var written = 0;
        var killed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        scenario.Cluster.Traffic.Disturb = (call, stage) =>
        {
            if (!killed.Task.IsCompleted && stage == ControllerTraffic.Stage.After && call.IsWrite && Interlocked.Increment(ref written) == killAfter)
            {
                killed.SetResult();
            }

            // From then on that process does nothing any more, nor hears of what it did.
            return killed.Task.IsCompleted ? ControllerTraffic.Fault.Abort : null;
        };

        var acting = act(scenario);
        if (killAfter is not null)
        {
            await await Task.WhenAny(killed.Task, acting);
            await scenario.Controller.DisposeAsync();
            scenario.Cluster.Traffic.Disturb = null;
            await scenario.RestartAsync();
        }

        await acting;
        await scenario.SettleAsync();
        return (await StateAsync(scenario), scenario.Cluster.Writes.Count - before, killed.Task.IsCompleted);
    }

    private static async Task<IReadOnlyList<string>> StateAsync(Scenario scenario)
    {
        var lines = new List<string>();
        foreach (var kind in (ResourceType[])[Kinds.ScheduledMachine, scenario.Cluster.MachineKind, Kinds.Bootstrap, Kinds.Infrastructure, Kinds.Node])
        {
            foreach (var found in await scenario.Cluster.ListAsync(kind))
            {
                lines.Add($"{kind.Kind} {Canonical("", found)!.ToJsonString().Replace(scenario.Cluster.Namespace, "the-namespace", StringComparison.Ordinal).Replace(scenario.Cluster.Address, "the-server", StringComparison.Ordinal)}");
            }
        }

        return lines;
    }

    // Without what differs between two runs of the same (identities, versions), and in one order of properties.
    private static JsonNode? Canonical(string name, JsonNode? node) => node switch
    {
        JsonObject obj => new JsonObject(obj
            .Where(property => !NotState.Contains(property.Key))
            .OrderBy(property => property.Key, StringComparer.Ordinal)
            .Select(property => KeyValuePair.Create(property.Key, Canonical(property.Key, property.Value)))),
        JsonArray array => new JsonArray([.. array.Select(item => Canonical("", item))]),
        not null when name == "5spot.finos.org/cordoned-by" => "the uid",
        _ => node?.DeepClone(),
    };
}
