// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Integration.Tests.Environment;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Contract, section 9, on the controller's side: what it does on a Node whose owner wants the machine back.</summary>
public abstract class ReclaimTests(ServerKind kind)
{
    private const string WatchesFor = ",\"killIfCommands\":[\"java\",\"argv:idea \\\"x\\\"\"]";

    public sealed class OnEmbedded() : ReclaimTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : ReclaimTests(ServerKind.KubeApiServer);

    [Fact]
    public async Task The_owner_gets_the_machine_back_and_it_stays_off_until_a_person_switches_it_on()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind, WatchesFor);
        await AgentAsync(scenario);
        await scenario.SettleAsync();
        var before = scenario.Cluster.Calls.Count;

        await scenario.ReclaimAsync();
        await scenario.Cluster.PhaseAsync("EmergencyRemove", also: status => status.Message == "Its owner wants it back (process-match: java). Node pc-1 is drained: nothing that could be evicted is left. Waiting for Cluster API to delete the Machine.");
        var annotations = (await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))!["metadata"]!["annotations"]!.AsObject();
        annotations.ContainsKey("machine.cluster.x-k8s.io/exclude-node-draining").ShouldBeTrue();
        annotations.ContainsKey("machine.cluster.x-k8s.io/exclude-wait-for-node-volume-detach").ShouldBeTrue();
        await Wait.UntilAsync("the request is off the Node", async () => !await scenario.RequestIsOnNodeAsync());
        (await scenario.AgentConfigAsync()).ShouldBeNull("or the agent would write the request again");

        Order(scenario.Cluster.Calls.Skip(before)).ShouldBe(["told", "switched off", "Machine deleted", "agent taken away", "request cleared"]);

        await scenario.ClusterApi.LetGoAsync();
        await OffAsync(scenario);
        await scenario.SettleAsync();
        (await scenario.Cluster.EventsAsync()).Where(reason => reason.Contains("Reclaim", StringComparison.Ordinal)).ShouldBe(["EmergencyReclaim", "EmergencyReclaimDisabledSchedule"], ignoreOrder: true);
        scenario.Cluster.Clock.Advance(TimeSpan.FromDays(8));
        await scenario.SettleAsync();
        (await scenario.Cluster.ListAsync(scenario.Cluster.MachineKind)).ShouldBeEmpty();
        await OffAsync(scenario);

        scenario.Cluster.MoveTo(Scenario.Opening.AddDays(14));
        await SwitchOnAsync(scenario);
        await scenario.Cluster.PhaseAsync("Active");
        await scenario.SettleAsync();
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"schedule":{"enabled":false}}}""");
        await scenario.Cluster.PhaseAsync("Disabled", also: status => status.Conditions.Single(c => c.Type == "Scheduled").Reason == "ScheduleDisabled");
    }

    [Theory]
    [InlineData("\"True\"")]
    [InlineData("\"false\"")]
    [InlineData("\"1\"")]
    [InlineData("\" true\"")]
    [InlineData("\"\"")]
    public async Task Nothing_but_true_is_a_request(string value)
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Workload.PatchAsync(Kinds.Node, "pc-1", $$"""{"metadata":{"annotations":{"5spot.finos.org/reclaim-requested":{{value}},"5spot.finos.org/reclaim-reason":"process-match: java"} } }""");
        await scenario.SettleAsync();

        (await scenario.Cluster.StatusAsync()).Phase.ShouldBe("Active");
        (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse();
    }

    [Fact]
    public async Task Another_machines_Node_says_nothing_of_this_one()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Workload.DeleteAsync(Kinds.Node, "pc-1");
        await scenario.Workload.CreateAsync(Kinds.Node, JsonNode.Parse("""
            {"apiVersion":"v1","kind":"Node","metadata":{"name":"pc-1","annotations":{"5spot.finos.org/reclaim-requested":"true"} },"spec":{"providerID":"remote://another"} }
            """)!.AsObject());

        await scenario.Cluster.PhaseAsync("Active", also: status => status.Conditions.Single(c => c.Type == "MachineReady").Reason == "NodeMismatch");
        await scenario.SettleAsync();
        (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse();
    }

    [Fact]
    public async Task A_request_that_came_while_no_controller_ran_is_acted_on()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Controller.DisposeAsync();
        await scenario.ReclaimAsync();
        await scenario.RestartAsync();

        await scenario.ClusterApi.LetGoAsync();
        await OffAsync(scenario);
    }

    [Fact]
    public async Task Pods_are_deleted_at_once_whatever_their_budget_and_one_that_will_not_go_keeps_the_machine_for_a_minute()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web-1", metadata: ",\"labels\":{\"app\":\"web\"}");
        await scenario.Pods.RunAsync("stubborn", metadata: ",\"finalizers\":[\"example.com/stays\"]");
        await scenario.Pods.RunAsync("agent", metadata: ",\"ownerReferences\":[{\"apiVersion\":\"apps/v1\",\"kind\":\"DaemonSet\",\"name\":\"agent\",\"uid\":\"1\",\"controller\":true}]");
        await scenario.BudgetAsync("web", "\"minAvailable\":1");

        await scenario.ReclaimAsync();
        await Wait.UntilAsync("web-1 is gone", async () => await scenario.Workload.GetAsync(Kinds.Pod, "web-1") is null);
        await scenario.Cluster.PhaseAsync("EmergencyRemove");
        await scenario.SettleAsync();
        scenario.Evictions.ShouldBeEmpty("there is no time for them");
        (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse();

        scenario.Cluster.Clock.Advance(TimeSpan.FromSeconds(59));
        await scenario.SettleAsync();
        (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse();
        scenario.Cluster.Clock.Advance(TimeSpan.FromSeconds(1));
        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
        await scenario.Cluster.PhaseAsync("EmergencyRemove", also: status => status.Message!.Contains("1 pod was left", StringComparison.Ordinal));
        await scenario.ClusterApi.LetGoAsync();
        await OffAsync(scenario);
    }

    [Fact]
    public async Task Whoever_comes_back_while_the_window_closes_does_not_wait_for_the_grace_period()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("batch");
        await scenario.CloseAsync();

        await scenario.ReclaimAsync();
        await scenario.ClusterApi.LetGoAsync();
        await OffAsync(scenario);
        scenario.Cluster.Clock.GetUtcNow().ShouldBe(Scenario.Closing);
    }

    [Fact]
    public async Task Should_switching_off_be_refused_the_machine_goes_all_the_same_and_a_Warning_says_that_it_comes_back()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        scenario.Cluster.Traffic.Disturb = static (call, stage) =>
            stage is ControllerTraffic.Stage.Before && call.Verb == "patch" && call.Path.EndsWith("/scheduledmachines/pc-1", StringComparison.Ordinal)
                ? new ControllerTraffic.Fault(403, "Forbidden", "policy says no")
                : null;

        await scenario.ReclaimAsync();
        await scenario.Cluster.PhaseAsync("EmergencyRemove", also: status =>
            status.Conditions.Single(c => c.Type == "Scheduled") is { Reason: "ScheduleStaysOn" } scheduled && scheduled.Message.Contains("will come back: ", StringComparison.Ordinal));
        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Active");
        await scenario.SettleAsync();
        (await scenario.Cluster.ListAsync(Kinds.Event)).ShouldContain(e =>
            (string)e["reason"]! == "EmergencyReclaim" && (string)e["type"]! == "Warning" && ((string)e["note"]!).Contains("policy says no", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_switching_off_hang_the_Node_is_drained_after_two_seconds_and_the_machine_goes_once_it_is_off(bool isDone)
    {
        var hangs = isDone ? ControllerTraffic.Stage.After : ControllerTraffic.Stage.Before;
        var network = new FakeTimeProvider(Cluster.Sunday);
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind, networkTime: network);
        await scenario.Pods.RunAsync("web-1");
        await scenario.SettleAsync();
        scenario.Cluster.Traffic.Disturb = (call, stage) => stage == hangs && IsSwitchingOff(call) ? ControllerTraffic.Fault.Hang : null;

        await scenario.ReclaimAsync();
        await Wait.UntilAsync("switching off hangs", () => scenario.Cluster.Calls.Any(call => IsSwitchingOff(call) && !call.IsOver && call.Answered > 0 == isDone));
        network.Advance(TimeSpan.FromSeconds(2) - TimeSpan.FromMilliseconds(1));
        (await scenario.NodeIsCordonedAsync()).ShouldBeFalse();
        network.Advance(TimeSpan.FromMilliseconds(1));
        await Wait.UntilAsync("the Node is cordoned", () => scenario.NodeIsCordonedAsync());
        await Wait.UntilAsync("web-1 is gone", async () => await scenario.Workload.GetAsync(Kinds.Pod, "web-1") is null);
        if (!isDone)
        {
            await scenario.SettleAsync();
            (await IsOnAsync(scenario)).ShouldBeTrue();
            (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse("it would come back");
            scenario.Cluster.Traffic.Disturb = null;
            scenario.Cluster.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
        (await IsOnAsync(scenario)).ShouldBeFalse();
        await scenario.ClusterApi.LetGoAsync();
        await OffAsync(scenario);
    }

    [Fact]
    public async Task Should_the_status_that_tells_of_it_not_be_taken_the_owner_waits_for_it_two_seconds_at_a_time()
    {
        var network = new FakeTimeProvider(Cluster.Sunday);
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind, networkTime: network);
        await scenario.Pods.RunAsync("web-1");
        await scenario.SettleAsync();
        scenario.Cluster.Traffic.Disturb = static (call, stage) => stage is ControllerTraffic.Stage.Before && IsStatus(call) ? ControllerTraffic.Fault.Hang : null;

        await scenario.ReclaimAsync();
        await Wait.UntilAsync("it hangs", () => scenario.Cluster.Calls.Any(IsHanging));
        network.Advance(TimeSpan.FromSeconds(2));
        await Wait.UntilAsync("it is switched off", async () => !await IsOnAsync(scenario));

        // Later reports hang too: the schedules' time passes as well, so that they are due.
        var waited = TimeSpan.FromSeconds(2);
        await Wait.UntilAsync("the Machine is being deleted", async () =>
        {
            if (scenario.Cluster.Calls.Any(IsHanging))
            {
                network.Advance(TimeSpan.FromSeconds(0.5));
                waited += TimeSpan.FromSeconds(0.5);
            }

            scenario.Cluster.Clock.Advance(TimeSpan.FromMilliseconds(100));
            return await scenario.MachineIsBeingDeletedAsync();
        });
        waited.ShouldBeLessThanOrEqualTo(TimeSpan.FromSeconds(12));

        static bool IsStatus(ControllerTraffic.Call call) => call.Verb == "patch" && call.Path.EndsWith("/scheduledmachines/pc-1/status", StringComparison.Ordinal);
        static bool IsHanging(ControllerTraffic.Call call) => IsStatus(call) && !call.IsOver;
    }

    [Fact]
    public async Task Switched_on_while_its_owner_still_uses_it_it_is_reclaimed_again_and_the_third_time_is_told()
    {
        using var metrics = new MetricsOf("FiveSpot.Controller");
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind, WatchesFor);
        var tags = $"namespace={scenario.Cluster.Namespace},name=pc-1";
        for (var time = 1; time <= 3; time++)
        {
            await scenario.ReclaimAsync();
            await scenario.ClusterApi.LetGoAsync();
            await OffAsync(scenario);
            await scenario.SettleAsync();
            (await scenario.Cluster.EventsAsync()).Count(reason => reason == "EmergencyReclaim").ShouldBe(time);
            (await scenario.Cluster.EventsAsync()).Contains("RapidReReclaim").ShouldBe(time == 3);
            metrics.Sum("fivespot_emergency_reclaims_total", tags).ShouldBe(time);
            metrics.Sum("fivespot_rapid_re_reclaims_total", tags).ShouldBe(time == 3 ? 1 : 0);
            metrics.Sum("fivespot_emergency_drain_duration_seconds", "outcome", "success").ShouldBeGreaterThanOrEqualTo(time);
            scenario.Cluster.Clock.Advance(TimeSpan.FromMinutes(4));
            await SwitchOnAsync(scenario);
            await scenario.Cluster.PhaseAsync("Active");
            await scenario.ClusterApi.JoinAsync();
            await AgentAsync(scenario);
        }
    }

    [Fact]
    public async Task Three_reclaims_in_more_than_ten_minutes_are_nothing_special()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        for (var time = 1; time <= 3; time++)
        {
            await scenario.ReclaimAsync();
            await scenario.ClusterApi.LetGoAsync();
            await OffAsync(scenario);
            scenario.Cluster.Clock.Advance(TimeSpan.FromMinutes(6));
            await SwitchOnAsync(scenario);
            await scenario.Cluster.PhaseAsync("Active");
            await scenario.ClusterApi.JoinAsync();
            await scenario.Cluster.PhaseAsync("Active", also: status => status.Ready);
        }

        await scenario.SettleAsync();
        (await scenario.Cluster.EventsAsync()).ShouldNotContain("RapidReReclaim");
    }

    [Fact]
    public async Task The_agent_is_set_up_and_kept_as_the_spec_says_and_taken_away_when_it_says_nothing()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind, WatchesFor);
        await AgentAsync(scenario);
        var config = (await scenario.AgentConfigAsync())!;
        ((string)config["data"]!["reclaim.toml"]!).ShouldBe("""
            match_commands = ["java"]
            match_argv_substrings = ["idea \"x\""]
            poll_interval_ms = 250

            """);
        config["metadata"]!["managedFields"]!.AsArray().Select(entry => (string)entry!["manager"]!).ShouldBe(["5spot-controller-reclaim-agent"]);
        var node = (await scenario.Workload.GetAsync(Kinds.Node, "pc-1"))!;
        ((string)config["metadata"]!["ownerReferences"]![0]!["uid"]!).ShouldBe((string)node["metadata"]!["uid"]!, "it goes with its Node");

        // Somebody tidies up.
        await scenario.Workload.PatchAsync(Kinds.Node, "pc-1", """{"metadata":{"labels":{"5spot.finos.org/reclaim-agent":null} } }""");
        await scenario.DeleteAgentConfigAsync();
        await AgentAsync(scenario);

        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"killIfCommands":["steam"]}}""");
        await Wait.UntilAsync("the agent is told", async () => ((string?)(await scenario.AgentConfigAsync())?["data"]?["reclaim.toml"])?.Contains("[\"steam\"]", StringComparison.Ordinal) ?? false);
        await ReadyAsync(scenario, "Unknown", "AgentStarting");
        await AgentAsync(scenario);
        await scenario.SettleAsync();
        var calls = scenario.Cluster.Calls.Count;
        scenario.Cluster.Clock.Advance(TimeSpan.FromHours(3));
        await scenario.SettleAsync();
        scenario.Cluster.Calls.Count.ShouldBe(calls, "at rest, nothing");

        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"killIfCommands":[]}}""");
        await NoAgentAsync(scenario);
        await Wait.UntilAsync("nothing is said of an agent", async () => (await scenario.Cluster.StatusAsync()).Conditions.All(c => c.Type != "ReclaimAgentReady"));
    }

    [Fact]
    public async Task An_agent_that_does_not_say_that_it_watches_is_not_running_after_a_minute()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind, WatchesFor);
        await ReadyAsync(scenario, "Unknown", "AgentStarting");
        await scenario.SettleAsync();
        scenario.Cluster.Clock.Advance(TimeSpan.FromSeconds(59));
        await scenario.SettleAsync();
        await ReadyAsync(scenario, "Unknown", "AgentStarting");

        // Whoever takes over counts from the same instant.
        await scenario.RestartAsync();
        await scenario.SettleAsync();
        await ReadyAsync(scenario, "Unknown", "AgentStarting");
        scenario.Cluster.Clock.Advance(TimeSpan.FromSeconds(1));
        await ReadyAsync(scenario, "False", "AgentNotRunning");

        await scenario.SettleAsync();
        var calls = scenario.Cluster.Calls.Count;
        scenario.Cluster.Clock.Advance(TimeSpan.FromHours(3));
        await scenario.SettleAsync();
        scenario.Cluster.Calls.Count.ShouldBe(calls, "nobody asks again");

        await AgentAsync(scenario);
        await AgentByHand.StopAsync(scenario.Workload);
        await ReadyAsync(scenario, "Unknown", "AgentStarting");
        await scenario.SettleAsync();
        scenario.Cluster.Clock.Advance(TimeSpan.FromMinutes(1));
        await ReadyAsync(scenario, "False", "AgentNotRunning");
    }

    [Fact]
    public async Task The_agent_itself_says_that_it_watches_by_what_the_controller_told_it()
    {
        const string MachineId = "3d1219c7c4c5404aaa1f6d2a48adfda4";
        using var desk = new TemporaryFolder();
        RunningAgent.Prepare(desk, MachineId);
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind, WatchesFor);
        await scenario.Workload.PatchAsync(Kinds.Node, "pc-1", $$$"""{"status":{"nodeInfo":{"machineID":"{{{MachineId}}}"} } }""", "status");
        await ReadyAsync(scenario, "Unknown", "AgentStarting");
        await using (await RunningAgent.StartAsync(scenario.Workload, "pc-1", desk))
        {
            await ReadyAsync(scenario, "True", "Applied");
            await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"killIfCommands":["steam","argv:-jar idea.jar"]}}""");
            await Wait.UntilAsync("it looks for something else", async () => (await scenario.Cluster.StatusAsync()).Conditions
                .Any(c => c is { Type: "ReclaimAgentReady", Status: "True" } && c.Message.Contains("steam", StringComparison.Ordinal)));
        }

        await ReadyAsync(scenario, "Unknown", "AgentStarting");
        (await scenario.AgentSaysAsync()).ShouldBeNull();

        // Its successor is told of a program only by looking.
        RunningAgent.Start(desk, 7, "bash", "bash\0/opt/steam/steam\0");
        await using var next = await RunningAgent.StartAsync(scenario.Workload, "pc-1", desk);
        await scenario.Cluster.PhaseAsync("EmergencyRemove", also: status => status.Message!.Contains("process-match: steam", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_agent_goes_when_its_machine_does()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind, WatchesFor);
        await AgentAsync(scenario);
        await scenario.CloseAsync(message: "Waiting for Cluster API");
        await NoAgentAsync(scenario);
    }

    [Fact]
    public async Task Without_its_namespace_there_is_no_agent_and_the_condition_says_what_is_missing()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        scenario.Cluster.Traffic.Disturb = static (call, stage) =>
            stage is ControllerTraffic.Stage.Before && call.Verb == "patch" && call.Path.Contains("/configmaps/", StringComparison.Ordinal)
                ? new ControllerTraffic.Fault(404, "NotFound", "namespaces \\\"5spot-system\\\" not found")
                : null;
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"killIfCommands":["java"]}}""");
        await scenario.Cluster.PhaseAsync("Active", also: status =>
            status.Conditions.FirstOrDefault(c => c.Type == "ReclaimAgentReady") is { Status: "False", Reason: "PatchFailed" } ready
            && ready.Message.Contains("5spot-system", StringComparison.Ordinal));

        scenario.Cluster.Traffic.Disturb = null;
        await scenario.WithinAsync(TimeSpan.FromMinutes(1), "it is set up", async () => await scenario.AgentConfigAsync() is not null);
        await AgentAsync(scenario);
    }

    private static Task OffAsync(WorkloadScenario scenario) => scenario.Cluster.PhaseAsync("Disabled", also: status =>
        status.Conditions.Single(c => c.Type == "Scheduled") is { Status: "False", Reason: "EmergencyReclaimDisabledSchedule" } scheduled
        && scheduled.Message.Contains("process-match: java", StringComparison.Ordinal));

    private static bool IsSwitchingOff(ControllerTraffic.Call call) => call.Verb == "patch"
        && call.Path.EndsWith("/scheduledmachines/pc-1", StringComparison.Ordinal) && call.Body.Contains("\"enabled\":false", StringComparison.Ordinal);

    private static async Task<bool> IsOnAsync(WorkloadScenario scenario) =>
        (bool?)(await scenario.Cluster.GetAsync(Kinds.ScheduledMachine, "pc-1"))!["spec"]!["schedule"]!["enabled"] != false;

    private static Task SwitchOnAsync(WorkloadScenario scenario) =>
        scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"schedule":{"enabled":true}}}""");

    private static async Task AgentAsync(WorkloadScenario scenario)
    {
        await Wait.UntilAsync("the Node has the agent's label", async () =>
            (string?)(await scenario.Workload.GetAsync(Kinds.Node, "pc-1"))!["metadata"]!["labels"]?["5spot.finos.org/reclaim-agent"] == "enabled");
        await scenario.AgentWatchesAsync();
        await ReadyAsync(scenario, "True", "Applied");
    }

    private static Task ReadyAsync(WorkloadScenario scenario, string status, string reason) => scenario.Cluster.PhaseAsync(
        "Active", also: seen => seen.Conditions.SingleOrDefault(c => c.Type == "ReclaimAgentReady") is { } ready && ready.Status == status && ready.Reason == reason);

    private static async Task NoAgentAsync(WorkloadScenario scenario)
    {
        await Wait.UntilAsync("the agent has no ConfigMap", async () => await scenario.AgentConfigAsync() is null);
        await Wait.UntilAsync("the Node has no label", async () =>
            (await scenario.Workload.GetAsync(Kinds.Node, "pc-1"))!["metadata"]!["labels"]?["5spot.finos.org/reclaim-agent"] is null);
        (await scenario.AgentSaysAsync()).ShouldBeNull("with the agent goes its word");
    }

    /// <summary>The steps of section 9, in the order in which they left the controller, each at its first.</summary>
    private static IEnumerable<string> Order(IEnumerable<ControllerTraffic.Call> calls) => calls
        .Select(call => (call.Verb, Last(call.Path)) switch
        {
            ("patch", "status") when call.Body.Contains("EmergencyRemove", StringComparison.Ordinal) => "told",
            ("patch", "pc-1") when call.Path.Contains("/scheduledmachines/", StringComparison.Ordinal) && call.Body.Contains("\"enabled\":false", StringComparison.Ordinal) => "switched off",
            ("delete", "pc-1") when call.Path.Contains("/machines/", StringComparison.Ordinal) => "Machine deleted",
            ("delete", "reclaim-agent-pc-1") => "agent taken away",
            ("patch", "pc-1") when call.Path.Contains("/nodes/", StringComparison.Ordinal) && call.Body.Contains("\"5spot.finos.org/reclaim-requested\":null", StringComparison.Ordinal) => "request cleared",
            _ => "",
        })
        .Where(step => step.Length > 0)
        .Distinct();

    private static string Last(string path) => path[(path.LastIndexOf('/') + 1)..];
}
