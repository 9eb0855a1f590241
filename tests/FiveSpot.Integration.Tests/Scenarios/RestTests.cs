// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Contract, section 5: a machine whose state does not change causes no API call, and thousands keep their order.</summary>
public abstract class RestTests(ServerKind kind)
{
    public sealed class OnEmbedded() : RestTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : RestTests(ServerKind.KubeApiServer);

    private const string Always = """{"daysOfWeek":["mon-sun"],"hoursOfDay":["0-23"]}""";

    [Fact]
    public async Task Nothing_is_requested_in_a_week_in_which_nothing_changes()
    {
        await using var scenario = await Scenario.StartAsync(kind);
        await scenario.Cluster.ScheduleAsync("pc-1", schedule: Always);
        await scenario.Cluster.ScheduleAsync("off-1", extraSpec: ",\"enabled\":false", schedule: Always);
        await scenario.Cluster.ScheduleAsync("killed-1", extraSpec: ",\"killSwitch\":true", schedule: Always);
        await scenario.Cluster.PhaseAsync("Active");
        await scenario.ClusterApi.JoinAsync();
        await scenario.Cluster.PhaseAsync("Active", also: status => status is { Ready: true, NodeRef.Uid: not null });
        await scenario.Cluster.PhaseAsync("Disabled", "off-1");
        await scenario.Cluster.PhaseAsync("Terminated", "killed-1");
        await scenario.SettleAsync();
        var before = scenario.Cluster.Calls;

        for (var hour = 0; hour < 7 * 24; hour++)
        {
            scenario.Cluster.Clock.Advance(TimeSpan.FromHours(1));
        }

        await scenario.SettleAsync();
        scenario.Cluster.Calls.Skip(before.Count).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_machine_outside_of_its_window_is_left_alone_until_its_boundary()
    {
        await using var scenario = await Scenario.StartAsync(kind);
        await scenario.Cluster.ScheduleAsync(schedule: """{"daysOfWeek":["sat"],"hoursOfDay":["3"]}""");
        await scenario.Cluster.PhaseAsync("Inactive");
        await scenario.SettleAsync();
        var before = scenario.Cluster.Calls.Count;

        var opening = Cluster.Sunday.AddDays(6).AddHours(-9);
        for (var at = Cluster.Sunday.AddHours(1); at < opening; at = at.AddHours(1))
        {
            scenario.Cluster.MoveTo(at);
        }

        await scenario.SettleAsync();
        scenario.Cluster.Calls.Count.ShouldBe(before);

        scenario.Cluster.MoveTo(opening);
        await scenario.Cluster.PhaseAsync("Active");
    }

    [Fact]
    public async Task A_thousand_windows_that_open_at_one_instant_are_served_in_order_of_priority_and_none_twice()
    {
        // Each is eight writes, and the order is the controller's: on the real server fewer show it too.
        var machines = kind == ServerKind.Embedded ? 1000 : 200;
        const int Workers = 8;
        await using var cluster = await Cluster.StartAsync(kind);
        await Parallel.ForAsync(0, machines, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) =>
            await cluster.ScheduleAsync($"pc-{i}", extraSpec: $",\"priority\":{Priority(i)}"));
        await using var controller = await RunningController.StartAsync(cluster, workers: Workers);
        await Wait.UntilAsync("all are known", async () => (await cluster.ListAsync(Kinds.ScheduledMachine)).All(sm => (string?)sm["status"]?["phase"] == "Inactive"));
        await controller.SettleAsync(cluster);
        var before = cluster.Writes.Count;

        cluster.MoveTo(Scenario.Opening);
        await Wait.UntilAsync("all are active", async () => (await cluster.ListAsync(Kinds.ScheduledMachine)).All(sm => (string?)sm["status"]?["phase"] == "Active"));

        (await cluster.ListAsync(cluster.MachineKind)).Count.ShouldBe(machines);
        (await cluster.ListAsync(Kinds.Bootstrap)).Count.ShouldBe(machines);
        (await cluster.ListAsync(Kinds.Infrastructure)).Count.ShouldBe(machines);
        var writes = cluster.Writes.Skip(before).ToList();
        writes.Count(call => call.Verb == "create").ShouldBe(3 * machines, "none is tried twice");

        // The store says in which order they were made. With several at work at once, one may overtake as many others; and
        // a few whose request a busy machine leaves lying are overtaken by more than that.
        var order = (await cluster.ListAsync(Kinds.Bootstrap))
            .OrderBy(made => long.Parse((string)made["metadata"]!["resourceVersion"]!, System.Globalization.CultureInfo.InvariantCulture))
            .Select(made => Priority(int.Parse(((string)made["metadata"]!["name"]!)["pc-".Length..], System.Globalization.CultureInfo.InvariantCulture)))
            .ToList();
        order.Count.ShouldBe(machines);
        var late = Enumerable.Range(2 * Workers, machines - (2 * Workers)).Count(i => order[i] > order.Take(i - (2 * Workers) + 1).Min());
        late.ShouldBeLessThanOrEqualTo(Workers);
    }

    // All priorities, in no order.
    private static int Priority(int machine) => machine * 97 % 256;
}
