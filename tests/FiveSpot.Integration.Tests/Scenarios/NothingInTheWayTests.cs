// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Integration.Tests.Environment;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Contract, section 4: nothing that is merely good to have stands in the way, and a moment's failure is nobody's state.</summary>
public abstract class NothingInTheWayTests(ServerKind kind)
{
    private static readonly ControllerTraffic.Fault Refused = new(403, "Forbidden", "policy says no");
    private static readonly ControllerTraffic.Fault Failing = new(500, "InternalError", "failed calling webhook");

    public sealed class OnEmbedded() : NothingInTheWayTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : NothingInTheWayTests(ServerKind.KubeApiServer);

    [Theory]
    [InlineData("closing", 403)]
    [InlineData("closing", 500)]
    [InlineData("kill switch", 403)]
    [InlineData("kill switch", 500)]
    [InlineData("reclaim", 403)]
    [InlineData("reclaim", 500)]
    [InlineData("deletion", 403)]
    [InlineData("deletion", 500)]
    public async Task A_Machine_that_may_not_be_patched_is_deleted_all_the_same(string why, int code)
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind, ",\"gracefulShutdownTimeout\":\"0s\"");
        await scenario.Pods.RunAsync("web-1");
        scenario.Cluster.Traffic.Disturb = (call, stage) => IsPatchOfMachine(call, stage) ? code == 403 ? Refused : Failing : null;
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"nodeDrainTimeout":"90s"}}""");
        await scenario.SettleAsync();

        switch (why)
        {
            case "closing":
                scenario.Cluster.MoveTo(Scenario.Closing);
                break;
            case "kill switch":
                await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"killSwitch":true}}""");
                break;
            case "reclaim":
                await scenario.ReclaimAsync();
                break;
            default:
                await scenario.Cluster.DeleteAsync(Kinds.ScheduledMachine, "pc-1");
                break;
        }

        if (why is "closing" or "deletion")
        {
            await scenario.Pods.EndAsync("web-1");
        }

        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
        if (why is not "kill switch")
        {
            (await scenario.NodeIsCordonedAsync()).ShouldBeTrue();
        }

        await scenario.ClusterApi.LetGoAsync();
        await Wait.UntilAsync("it is over", async () => await scenario.Cluster.GetAsync(Kinds.ScheduledMachine, "pc-1") is null
            || (await scenario.Cluster.StatusAsync()).Phase is "Inactive" or "Terminated" or "Disabled");
    }

    [Fact]
    public async Task A_Machine_that_may_not_be_patched_gets_its_taints_and_its_agent_and_says_what_fails()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        scenario.Cluster.Traffic.Disturb = static (call, stage) => IsPatchOfMachine(call, stage) ? Failing : null;
        await scenario.Cluster.PatchAsync(
            Kinds.ScheduledMachine, "pc-1", """{"spec":{"nodeDrainTimeout":"90s","killIfCommands":["java"],"nodeTaints":[{"key":"lent","effect":"NoSchedule"}]}}""");

        await scenario.TaintedAsync("True", "Applied");
        await Wait.UntilAsync("the agent is told", async () => await scenario.AgentConfigAsync() is not null);
        await scenario.Cluster.PhaseAsync("Active", also: static status => status.Ready
            && status.Message!.Contains("Failed, and is tried again: patch ", StringComparison.Ordinal) && status.Message.Contains("failed calling webhook", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(403)]
    [InlineData(500)]
    public async Task A_status_that_can_not_be_written_keeps_no_machine(int code)
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web-1");
        await scenario.SettleAsync();
        scenario.Cluster.Traffic.Disturb = (call, stage) => stage is ControllerTraffic.Stage.Before && call.Path.EndsWith("/scheduledmachines/pc-1/status", StringComparison.Ordinal)
            ? code == 403 ? Refused : Failing
            : null;
        scenario.Cluster.MoveTo(Scenario.Closing);
        await Wait.UntilAsync("the Node is cordoned", scenario.NodeIsCordonedAsync);
        await scenario.SettleAsync();
        var times = 0;
        await Wait.UntilAsync("the grace period ends, and the drain", async () =>
        {
            times++;
            scenario.Cluster.Clock.Advance(TimeSpan.FromSeconds(20));
            await scenario.SettleAsync();
            return await scenario.MachineIsBeingDeletedAsync();
        });
        times.ShouldBeInRange(29, 32, "five minutes each");
        scenario.Cluster.Traffic.Disturb = null;
        await scenario.ClusterApi.LetGoAsync();
        await Wait.UntilAsync("it is over", async () =>
        {
            scenario.Cluster.Clock.Advance(TimeSpan.FromMinutes(1));
            return (await scenario.Cluster.StatusAsync()).Phase == "Inactive";
        });
        (await scenario.Cluster.EventsAsync()).Count(static reason => reason == "MachineDeleted").ShouldBe(1);
    }

    [Theory]
    [InlineData(401, "Unauthorized")]
    [InlineData(502, "BadGateway")]
    public async Task Of_a_machine_that_is_wanted_back_nothing_is_deleted_before_it_is_off_for_an_answer_that_says_nothing(int code, string reason)
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.SettleAsync();
        var left = 2;
        scenario.Cluster.Traffic.Disturb = (call, stage) => stage is ControllerTraffic.Stage.Before && call.Verb == "patch"
            && call.Path.EndsWith("/scheduledmachines/pc-1", StringComparison.Ordinal) && Interlocked.Decrement(ref left) >= 0 ? new(code, reason, "no") : null;
        var before = scenario.Cluster.Writes.Count;
        await scenario.ReclaimAsync();
        await Wait.UntilAsync("the Machine is being deleted", async () =>
        {
            scenario.Cluster.Clock.Advance(TimeSpan.FromSeconds(1));
            return await scenario.MachineIsBeingDeletedAsync();
        });
        var writes = scenario.Cluster.Writes.Skip(before).ToList();
        writes.FindIndex(static call => call.Verb == "patch" && call.Path.EndsWith("/scheduledmachines/pc-1", StringComparison.Ordinal) && call.Answer is System.Net.HttpStatusCode.OK)
            .ShouldBeInRange(0, writes.FindIndex(static call => call.Verb == "delete" && call.Path.EndsWith("/machines/pc-1", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_the_server_takes_and_does_not_keep_is_told_and_not_asked_for_without_end()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind, Definitions.Changing);
        var cluster = scenario.Cluster;
        var known = (await cluster.GetAsync(Kinds.Crd, "machines.cluster.x-k8s.io"))!["spec"]!["versions"]!;
        try
        {
            var pruned = known.DeepClone();
            foreach (var version in pruned.AsArray())
            {
                version!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!["properties"]!.AsObject().Remove("deletion");
            }

            await SetVersionsAsync(cluster, pruned);
            var seconds = 100;
            await Wait.UntilAsync("the definition does not know the field", async () =>
                (await cluster.PatchAsync(cluster.MachineKind, "pc-1", $$$"""{"spec":{"deletion":{"nodeDeletionTimeoutSeconds":{{{seconds++}}} } } }"""))["spec"]!["deletion"] is null);
            await scenario.SettleAsync();
            var before = cluster.Writes.Count;
            await cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"nodeDrainTimeout":"90s"}}""");
            await cluster.PhaseAsync("Active", also: static status => status.Message!.Contains("does not keep it", StringComparison.Ordinal));
            for (var i = 0; i < 60; i++)
            {
                cluster.Clock.Advance(TimeSpan.FromSeconds(1));
                await scenario.SettleAsync();
            }

            cluster.Writes.Skip(before).Count(static call => call.Verb == "patch" && call.Path.EndsWith("/machines/pc-1", StringComparison.Ordinal)).ShouldBeInRange(2, 8);
            cluster.Writes.Skip(before).Count().ShouldBeLessThanOrEqualTo(12, "no report each time");
        }
        finally
        {
            await SetVersionsAsync(cluster, known.DeepClone());
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_moment_in_which_a_kind_can_not_be_listed_is_told_to_nobody(bool isOpen)
    {
        await using var cluster = await Cluster.StartAsync(kind);
        await cluster.ScheduleAsync(schedule: isOpen ? """{"daysOfWeek":["mon-sun"],"hoursOfDay":["0-23"]}""" : null);
        var left = 1;
        cluster.Traffic.Disturb = (call, stage) =>
            stage is ControllerTraffic.Stage.Before && call.Verb == "get" && call.Path.EndsWith("/remotemachines", StringComparison.Ordinal) && Interlocked.Decrement(ref left) >= 0
                ? new(429, "TooManyRequests", "storage is (re)initializing") { RetryAfter = TimeSpan.FromSeconds(1) }
                : null;
        await using var controller = await RunningController.StartAsync(cluster);

        await cluster.PhaseAsync(isOpen ? "Active" : "Inactive");
        left.ShouldBeLessThan(0);
        cluster.Writes.Where(call => call.Path.EndsWith("/status", StringComparison.Ordinal))
            .ShouldAllBe(call => !call.Body.Contains("\"Error\"") && !call.Body.Contains("ShuttingDown") && !call.Body.Contains("initializing"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_kind_that_can_not_be_listed_for_longer_is_told_once_and_no_longer_when_it_can(bool isOpen)
    {
        const string Words = "t be listed: list remotemachines"; // The apostrophe is escaped.
        var network = new FakeTimeProvider(Cluster.Sunday);
        await using var cluster = await Cluster.StartAsync(kind);
        await cluster.ScheduleAsync(schedule: isOpen ? """{"daysOfWeek":["mon-sun"],"hoursOfDay":["0-23"]}""" : null);
        var left = 5;
        cluster.Traffic.Disturb = (call, stage) =>
            stage is ControllerTraffic.Stage.Before && call.Verb == "get" && call.Path.EndsWith("/remotemachines", StringComparison.Ordinal) && Interlocked.Decrement(ref left) >= 0
                ? new(429, "TooManyRequests", "storage is (re)initializing") { RetryAfter = TimeSpan.FromSeconds(1) }
                : null;
        await using var controller = await RunningController.StartAsync(cluster, networkTime: network);

        await PassUntilAsync("it has failed five times", () => Task.FromResult(left <= 0));
        await cluster.PhaseAsync(isOpen ? "Error" : "ShuttingDown", also: static status => status.Message!.Contains(Words, StringComparison.Ordinal));
        cluster.Clock.Advance(TimeSpan.FromSeconds(10));
        await controller.SettleAsync(cluster);
        await PassUntilAsync("it is listed", async () => (await cluster.StatusAsync()).Phase == (isOpen ? "Active" : "Inactive"));
        await controller.SettleAsync(cluster);

        (await cluster.StatusAsync()).Message!.ShouldNotContain(Words);
        var told = cluster.Writes.Where(static call => call.Path.EndsWith("/status", StringComparison.Ordinal) && call.Body.Contains(Words, StringComparison.Ordinal)).ShouldHaveSingleItem();
        cluster.Calls.TakeWhile(call => call != told).Count(static call => call.Path.EndsWith("/remotemachines", StringComparison.Ordinal)).ShouldBeGreaterThanOrEqualTo(3);
        (await cluster.EventsAsync()).ShouldBeUnique();

        Task PassUntilAsync(string what, Func<Task<bool>> holds) => Wait.UntilAsync(what, async () =>
        {
            var isSo = await holds();
            if (!isSo && cluster.Calls.All(static call => call.IsOver))
            {
                network.Advance(TimeSpan.FromMilliseconds(500));
            }

            return isSo;
        });
    }

    private static Task SetVersionsAsync(Cluster cluster, JsonNode versions) => cluster.PatchAsync(
        Kinds.Crd, "machines.cluster.x-k8s.io", new JsonObject { ["spec"] = new JsonObject { ["versions"] = versions } }.ToJsonString());

    private static bool IsPatchOfMachine(ControllerTraffic.Call call, ControllerTraffic.Stage stage) =>
        stage is ControllerTraffic.Stage.Before && call.Verb == "patch" && call.Path.EndsWith("/machines/pc-1", StringComparison.Ordinal);
}
