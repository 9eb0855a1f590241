// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.Controller.Hosting;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Contract, section 2, "One computer, one machine": two ScheduledMachines of one computer take turns.</summary>
public abstract class OneComputerTests(ServerKind kind)
{
    public sealed class OnEmbedded() : OneComputerTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : OneComputerTests(ServerKind.KubeApiServer);

    private const string Night = """{"daysOfWeek":["mon-sun"],"hoursOfDay":["18-8"]}""";
    private const string Always = """{"daysOfWeek":["mon-sun"]}""";

    // The same computer as pc-1, which names it by its address.
    private const string Computer = ",\"computer\":\"192.0.2.1\"";

    [Fact]
    public async Task By_night_it_serves_another_cluster_as_soon_as_the_day_is_really_over()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);
        var cluster = scenario.Cluster;
        await cluster.CreateClusterAsync("grid");
        var night = Cluster.ScheduledMachineJson("pc-1-night", Computer, Night);
        night["spec"]!["clusterName"] = "grid";
        await cluster.CreateAsync(Kinds.ScheduledMachine, night);
        await cluster.PhaseAsync("Inactive", "pc-1-night");
        await scenario.Pods.RunAsync("web-1", "pc-1");
        await scenario.SettleAsync();

        // The boundary of both: one begins to leave, the other says for whom it waits, and asks for nothing.
        var before = cluster.Calls.Count;
        cluster.MoveTo(Scenario.Closing);
        await cluster.PhaseAsync("Pending", "pc-1-night", InUse("pc-1 has its computer and is leaving it, until 2026-01-05 18:10:00 UTC at the latest."));
        await cluster.PhaseAsync("ShuttingDown");
        await scenario.SettleAsync();
        CallsFor(cluster, "pc-1-night", before).ShouldAllBe(call => call.Path.EndsWith("/status", StringComparison.Ordinal));
        (await scenario.CountAsync()).ShouldBe((1, 1, 1));

        // Grace, drain, and the deletion of each of the three.
        cluster.MoveTo(Scenario.Closing.AddMinutes(5));
        await scenario.Pods.EndAsync("web-1");
        await Wait.UntilAsync("its Machine is being deleted", scenario.MachineIsBeingDeletedAsync);
        await cluster.DeleteAsync(Kinds.Infrastructure, "pc-1");
        await cluster.DeleteAsync(Kinds.Bootstrap, "pc-1");
        await scenario.SettleAsync();
        (await cluster.StatusAsync("pc-1-night")).Phase.ShouldBe("Pending");
        (await cluster.GetAsync(Kinds.Infrastructure, "pc-1-night")).ShouldBeNull("the Machine is there yet");

        await scenario.ClusterApi.LetGoAsync();
        await cluster.PhaseAsync("Active", "pc-1-night");
        ((string)(await cluster.GetAsync(cluster.MachineKind, "pc-1-night"))!["spec"]!["clusterName"]!).ShouldBe("grid");
        await cluster.PhaseAsync("Inactive");
        OnlyOneAtATime(cluster);

        // And back again in the morning.
        await scenario.ClusterApi.TakeOverAsync("pc-1-night");
        cluster.MoveTo(Scenario.Opening.AddDays(1));
        await cluster.PhaseAsync("Pending", also: InUse("pc-1-night has its computer and is leaving it"));
        await scenario.ClusterApi.LetGoAsync("pc-1-night");
        await cluster.PhaseAsync("Active");
        await cluster.PhaseAsync("Inactive", "pc-1-night");
        OnlyOneAtATime(cluster);
    }

    [Fact]
    public async Task It_says_who_has_the_computer_and_until_when()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);
        await scenario.Cluster.ScheduleAsync("pc-2", Computer, Always);
        await scenario.Cluster.PhaseAsync("Pending", "pc-2", InUse("pc-1 has its computer until Mon 2026-01-05 18:00 UTC."));
        await scenario.SettleAsync();
        scenario.Cluster.Calls.ShouldNotContain(call => call.IsDryRun && call.Body.Contains("pc-2", StringComparison.Ordinal), "it waits and asks for nothing");
        (await scenario.Cluster.EventsAsync("pc-2")).ShouldBe(["ScheduleActive"]);
    }

    [Theory]
    [InlineData("pc-1", "pc-2", 50)]
    [InlineData("pc-2", "pc-1", 51)]
    public async Task Of_two_that_are_due_at_one_instant_the_same_one_opens_whoever_looks(string first, string second, int priority)
    {
        await using var cluster = await Cluster.StartAsync(kind);
        await using var controller = await RunningController.StartAsync(cluster);
        await cluster.ScheduleAsync("pc-1");
        await cluster.ScheduleAsync("pc-2", $"{Computer},\"priority\":{priority}");
        await cluster.PhaseAsync("Inactive", "pc-1");
        await cluster.PhaseAsync("Inactive", "pc-2");
        await controller.SettleAsync(cluster);

        cluster.MoveTo(Scenario.Opening);
        await cluster.PhaseAsync("Active", first);
        await cluster.PhaseAsync("Pending", second, InUse($"{first} has its computer until Mon 2026-01-05 18:00 UTC."));
        await controller.SettleAsync(cluster);
        (await cluster.ListAsync(Kinds.Bootstrap)).ShouldHaveSingleItem();
        OnlyOneAtATime(cluster);
    }

    [Fact]
    public async Task Never_both_whichever_instances_they_are_worked_on_by()
    {
        await using var cluster = await Cluster.StartAsync(kind);
        await using var one = await RunningController.StartAsync(cluster, share: new InstanceShare(0, 2), workers: 16);
        await using var other = await RunningController.StartAsync(cluster, share: new InstanceShare(1, 2), workers: 16);
        var all = Enumerable.Range(0, 48).Select(i => $"desk-{i / 3}-{i % 3}").ToList();
        all.ShouldContain(name => new InstanceShare(0, 2).Owns(new(cluster.Namespace, name)));
        all.ShouldContain(name => new InstanceShare(1, 2).Owns(new(cluster.Namespace, name)));
        foreach (var name in all)
        {
            await cluster.ScheduleAsync(name, $",\"computer\":\"{name[..^2]}\",\"enabled\":false");
        }

        // Switched on at once while their windows are open, in an order in which those come first that have to wait.
        cluster.MoveTo(Scenario.Opening);
        await Parallel.ForEachAsync(Enumerable.Reverse(all), async (name, _) => await cluster.PatchAsync(Kinds.ScheduledMachine, name, """{"spec":{"enabled":true}}"""));
        await Wait.UntilAsync("each computer has one machine", async () =>
        {
            cluster.Clock.Advance(TimeSpan.FromSeconds(1));
            var found = await cluster.ListAsync(Kinds.ScheduledMachine);
            return found.Count(sm => (string?)sm["status"]?["phase"] == "Active") == 16 && found.Count(sm => (string?)sm["status"]?["phase"] == "Pending") == 32;
        }, async () => string.Join("; ", (await cluster.ListAsync(Kinds.ScheduledMachine)).Select(sm => $"{sm["metadata"]!["name"]} {sm["status"]?["phase"]} {sm["status"]?["message"]}")));
        await one.SettleAsync(cluster);
        await other.SettleAsync(cluster);

        var made = cluster.Writes.Where(call => call.Verb == "create" && call.Path.EndsWith("/machines", StringComparison.Ordinal)).ToList();
        foreach (var computer in made.GroupBy(call => NameIn(call)[..^2]))
        {
            var about = cluster.Calls.Where(call => call.Path.Contains($"/{computer.Key}-", StringComparison.Ordinal) || call.Body.Contains($"\"{computer.Key}-", StringComparison.Ordinal));
            computer.Count().ShouldBe(1, string.Join('\n', about.Select(call => $"{call.Left}-{call.Answered} {call.Verb} {call.Path}{call.Query} {call.Answer} {call.Body}")));
        }

        made.Count.ShouldBe(16);
        (await cluster.ListAsync(Kinds.Infrastructure)).Count.ShouldBe(16);
    }

    [Fact]
    public async Task A_spec_that_turns_out_to_be_another_one_is_observed_anew()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);
        var isSwitchedOn = OnceBefore(
            scenario.Cluster, "patch", "/pc-2", () => scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-2", """{"spec":{"enabled":true}}"""));
        await scenario.Cluster.ScheduleAsync("pc-2", Computer + ",\"enabled\":false");
        await scenario.Cluster.PhaseAsync("Pending", "pc-2", InUse("pc-1 has its computer until Mon 2026-01-05 18:00 UTC."));
        await scenario.SettleAsync();
        isSwitchedOn().ShouldBeTrue();
        (await scenario.CountAsync()).ShouldBe((1, 1, 1));
        OnlyOneAtATime(scenario.Cluster);
    }

    [Fact]
    public async Task Who_loses_its_place_while_it_asks_takes_it_again()
    {
        await using var cluster = await Cluster.StartAsync(kind);
        await using var controller = await RunningController.StartAsync(cluster);
        await ScheduleBothAsync(cluster, controller);
        var isLost = OnceBefore(cluster, "get", "/machines/pc-1", () => cluster.DeleteAsync(Kinds.Bootstrap, "pc-2"));
        cluster.MoveTo(Scenario.Opening);
        await cluster.PhaseAsync("Active", "pc-2");
        isLost().ShouldBeTrue();
        cluster.Writes.Where(call => call.Verb == "create").Select(call => call.Path.Split('/')[^1]).ShouldBe(["k0sworkerconfigs", "k0sworkerconfigs", "remotemachines", "machines"]);
    }

    [Fact]
    public async Task An_owner_who_has_just_taken_it_back_is_heard_past_every_cache()
    {
        await using var cluster = await Cluster.StartAsync(kind);
        await using var controller = await RunningController.StartAsync(cluster);
        await ScheduleBothAsync(cluster, controller);
        var isTaken = OnceBefore(cluster, "get", "/scheduledmachines/pc-1", () => cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """
            {"metadata":{"annotations":{"5spot.finos.org/reclaim-reason":"process-match: java","5spot.finos.org/reclaim-requested-at":"2026-01-05T08:59:00Z","5spot.finos.org/reclaims":"2026-01-05T08:59:00Z"}},"spec":{"schedule":{"enabled":false}}}
            """));
        cluster.MoveTo(Scenario.Opening);
        await cluster.PhaseAsync("Pending", "pc-2", InUse("The owner of its computer has taken it back from pc-1"));
        await controller.SettleAsync(cluster);
        isTaken().ShouldBeTrue();
        (await cluster.ListAsync(cluster.MachineKind)).ShouldBeEmpty();
        (await cluster.ListAsync(Kinds.Infrastructure)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_cache_that_is_behind_makes_no_second_machine()
    {
        await using var cluster = await Cluster.StartAsync(kind);
        await using var controller = await RunningController.StartAsync(cluster);
        await ScheduleBothAsync(cluster, controller);

        // Without our label no cache has it; the server does.
        await cluster.CreateAsync(cluster.MachineKind, JsonNode.Parse($$"""
            {"apiVersion":"{{cluster.MachineKind.ApiVersion}}","kind":"Machine","metadata":{"name":"pc-1","annotations":{"5spot.finos.org/computer":"192.0.2.1"} },
             "spec":{"clusterName":"office","bootstrap":{"dataSecretName":"pc-1"},"infrastructureRef":{"{{(cluster.MachineKind.Version == "v1beta1" ? "apiVersion" : "apiGroup")}}":"{{(cluster.MachineKind.Version == "v1beta1" ? "infrastructure.cluster.x-k8s.io/v1beta1" : "infrastructure.cluster.x-k8s.io")}}","kind":"RemoteMachine","name":"pc-1"} } }
            """)!.AsObject());
        cluster.MoveTo(Scenario.Opening);
        await cluster.PhaseAsync("Pending", "pc-2", status => Ready(status).Reason == "MachineInUse");
        await controller.SettleAsync(cluster);
        (await cluster.ListAsync(Kinds.Infrastructure)).ShouldBeEmpty();
        (await cluster.ListAsync(Kinds.Bootstrap)).ShouldBeEmpty("it takes back what it has made so far");
        var asked = cluster.Calls.Count;
        cluster.Clock.Advance(TimeSpan.FromMilliseconds(500));
        await controller.SettleAsync(cluster);
        cluster.Calls.Skip(asked).Select(static call => $"{call.Verb} {call.Path}{call.Query}").ShouldBeEmpty("it does not ask in a loop");

        await cluster.DeleteAsync(cluster.MachineKind, "pc-1");
        await Wait.UntilAsync("it opens", async () =>
        {
            cluster.Clock.Advance(TimeSpan.FromSeconds(10));
            return (await cluster.StatusAsync("pc-2")).Phase == "Active";
        });
    }

    [Fact]
    public async Task The_kill_switch_of_one_frees_the_computer_for_the_other_when_its_own_window_is_open()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);
        await scenario.Cluster.ScheduleAsync("pc-2", Computer);
        await scenario.Cluster.ScheduleAsync("pc-3", Computer, Night);
        await scenario.Cluster.PhaseAsync("Pending", "pc-2");
        await scenario.Cluster.PhaseAsync("Inactive", "pc-3");

        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"killSwitch":true}}""");
        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Active", "pc-2");
        await scenario.SettleAsync();
        (await scenario.Cluster.StatusAsync("pc-3")).Phase.ShouldBe("Inactive");
        OnlyOneAtATime(scenario.Cluster);
    }

    [Fact]
    public async Task A_computer_that_its_owner_took_back_is_nobodys_until_it_is_given_back()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);
        await scenario.Cluster.ScheduleAsync("pc-2", Computer);
        await scenario.Cluster.PhaseAsync("Pending", "pc-2");

        await scenario.Cluster.PatchAsync(Kinds.Node, "pc-1", """
            {"metadata":{"annotations":{"5spot.finos.org/reclaim-requested":"true","5spot.finos.org/reclaim-reason":"process-match: java","5spot.finos.org/reclaim-requested-at":"2026-01-05T09:10:00Z"}}}
            """);
        await scenario.Cluster.PhaseAsync("EmergencyRemove");
        scenario.Cluster.Clock.Advance(TimeSpan.FromMinutes(1));
        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Disabled");
        await scenario.Cluster.PhaseAsync("Pending", "pc-2", InUse("The owner of its computer has taken it back from pc-1 (process-match: java)"));
        await scenario.SettleAsync();
        (await scenario.CountAsync()).ShouldBe((0, 0, 0));

        await scenario.Cluster.DeleteAsync(Kinds.ScheduledMachine, "pc-1");
        await scenario.Cluster.PhaseAsync("Active", "pc-2");
    }

    [Theory]
    [InlineData("""{"spec":{"infrastructureSpec":{"spec":{"address":"192.0.2.9"}}}}""", "pc-1 has its computer until")]
    [InlineData("""{"spec":{"enabled":false}}""", "pc-1 has its computer and is leaving it")]
    public async Task What_is_there_has_the_computer_for_which_it_was_made_whatever_the_spec_says_now(string patch, string message)
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", patch);
        await scenario.SettleAsync();
        await scenario.Cluster.ScheduleAsync("pc-2", Computer);
        await scenario.Cluster.PhaseAsync("Pending", "pc-2", InUse(message));
        await scenario.RestartAsync();
        await scenario.SettleAsync();
        (await scenario.Cluster.ListAsync(scenario.Cluster.MachineKind)).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Equal_templates_without_an_address_are_a_pool_and_wait_for_nobody()
    {
        await using var scenario = await Scenario.StartAsync(kind);
        scenario.Cluster.MoveTo(Scenario.Opening);
        foreach (var name in (string[])["pc-1", "pc-2"])
        {
            var machine = Cluster.ScheduledMachineJson(name);
            machine["spec"]!["infrastructureSpec"]!["spec"] = JsonNode.Parse("""{"pool":"room-3"}""");
            await scenario.Cluster.CreateAsync(Kinds.ScheduledMachine, machine);
        }

        await scenario.Cluster.PhaseAsync("Active", "pc-1");
        await scenario.Cluster.PhaseAsync("Active", "pc-2");
    }

    private static Func<ScheduledMachineStatus, bool> InUse(string message) => status =>
        Ready(status) is { Status: "False", Reason: "MachineInUse" } && status.Message!.Contains(message, StringComparison.Ordinal);

    private static Condition Ready(ScheduledMachineStatus status) => status.Conditions.Single(condition => condition.Type == ConditionTypes.Ready);

    private static IEnumerable<ControllerTraffic.Call> CallsFor(Cluster cluster, string name, int after) => cluster.Calls.Skip(after).Where(call =>
        call.Path.Contains($"/{name}", StringComparison.Ordinal) || (call.Verb == "create" && !call.Path.Contains("/events", StringComparison.Ordinal) && call.Body.Contains($"\"{name}\"", StringComparison.Ordinal)));

    // Between the making of one's infrastructure and another's there is always the deletion of the one's Machine.
    private static void OnlyOneAtATime(Cluster cluster)
    {
        string? has = null;
        foreach (var call in cluster.Writes.Where(call => call.Path.Contains("/remotemachines", StringComparison.Ordinal) || call.Path.Contains("/machines", StringComparison.Ordinal)))
        {
            if (call.Verb == "create")
            {
                (has ??= NameIn(call)).ShouldBe(NameIn(call));
            }
            else if (call.Verb == "delete" && call.Path.EndsWith($"/machines/{has}", StringComparison.Ordinal))
            {
                has = null;
            }
        }
    }

    // Two of one computer, at rest; only the second opens on Monday.
    private static async Task ScheduleBothAsync(Cluster cluster, RunningController controller)
    {
        await cluster.ScheduleAsync("pc-1", schedule: """{"daysOfWeek":["sat"]}""");
        await cluster.ScheduleAsync("pc-2", Computer);
        await cluster.PhaseAsync("Inactive", "pc-1");
        await cluster.PhaseAsync("Inactive", "pc-2");
        await controller.SettleAsync(cluster);
    }

    /// <summary>Does something right before the controller's first call of a kind reaches the server.</summary>
    /// <returns>Whether it has been done.</returns>
    private static Func<bool> OnceBefore(Cluster cluster, string verb, string path, Func<Task> act)
    {
        var times = 0;
        cluster.Traffic.Disturb = (call, stage) =>
        {
            if (call.Verb == verb && call.Path.EndsWith(path, StringComparison.Ordinal) && stage == ControllerTraffic.Stage.Before && Interlocked.Exchange(ref times, 1) == 0)
            {
                act().GetAwaiter().GetResult();
            }

            return null;
        };
        return () => Volatile.Read(ref times) == 1;
    }

    private static string NameIn(ControllerTraffic.Call call) => (string)JsonNode.Parse(call.Body)!["metadata"]!["name"]!;
}
