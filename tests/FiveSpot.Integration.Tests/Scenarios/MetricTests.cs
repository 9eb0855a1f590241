// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Controller.Hosting;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;
using Microsoft.Extensions.Logging.Abstractions;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>
/// Contract, section 10: each metric moves when what it is about happens, under the name and the labels that it is scraped by.
/// Alone, since a process has one meter.
/// </summary>
[Collection(WorkloadMetricTests.Alone)]
public sealed class MetricTests : IDisposable
{
    // As long as the process lives its counters do: what counts is by how much they move.
    private readonly MetricRegistry _registry = MetricsPage.NewRegistry();

    private MetricsPage Page => MetricsPage.Parse(_registry.Render());

    public void Dispose() => _registry.Dispose();

    [Fact]
    public async Task Machines_are_shown_by_phase_and_a_controller_says_what_it_is()
    {
        await using (var scenario = await Scenario.RunningMachineAsync(ServerKind.Embedded))
        {
            await scenario.Cluster.ScheduleAsync("pc-2", ",\"enabled\":false");
            await scenario.Cluster.PhaseAsync("Disabled", "pc-2");
            await SeesAsync("fivespot_machines_by_phase{phase=\"Disabled\"}", 1);
            Page["fivespot_machines_by_phase{phase=\"Active\"}"].ShouldBe(1);
            Page["fivespot_machines_active"].ShouldBe(1);
            Page["fivespot_is_leader"].ShouldBe(1);
            Page["fivespot_instances"].ShouldBe(1);
            Page[$"fivespot_controller_info{{version=\"{FiveSpotController.ProductVersion}\",instance_id=\"0\"}}"].ShouldBe(1);

            scenario.Cluster.MoveTo(Scenario.Closing);
            await scenario.Cluster.PhaseAsync("ShuttingDown");
            await SeesAsync("fivespot_machines_by_phase{phase=\"ShuttingDown\"}", 1);
            Page["fivespot_machines_active"].ShouldBe(0);
        }

        // Asked anew, so that nothing of a controller that is gone is told.
        using var later = MetricsPage.NewRegistry();
        MetricsPage.Parse(later.Render()).Samples.Keys.ShouldNotContain("fivespot_is_leader");
    }

    [Fact]
    public async Task A_controller_that_is_not_ready_leads_nothing()
    {
        await using var cluster = await Cluster.StartAsync(ServerKind.Embedded, Definitions.None);
        using var api = cluster.Connect("test");
        using var controller = new FiveSpotController(
            api, new ControllerSettings { Instances = new(1, 3) }, NullLoggerFactory.Instance);
        Page["fivespot_is_leader"].ShouldBe(0);
        Page["fivespot_instances"].ShouldBe(3);
        Page.Samples.Keys.ShouldContain($"fivespot_controller_info{{instance_id=\"1\",version=\"{FiveSpotController.ProductVersion}\"}}");
    }

    [Fact]
    public async Task Passes_are_counted_and_timed_by_phase_and_result()
    {
        await using var scenario = await Scenario.StartAsync(ServerKind.Embedded);
        var before = Page;
        await scenario.Cluster.ScheduleAsync();
        await scenario.Cluster.PhaseAsync("Inactive");
        await scenario.SettleAsync();
        Moved(before, "fivespot_reconciliations_total{phase=\"Inactive\",result=\"success\"}").ShouldBeGreaterThan(0);
        Moved(before, "fivespot_reconciliation_duration_seconds_count{phase=\"Inactive\"}").ShouldBe(Moved(before, "fivespot_reconciliations_total{phase=\"Inactive\",result=\"success\"}"));
        Moved(before, "fivespot_reconciliation_duration_seconds_sum{phase=\"Inactive\"}").ShouldBeGreaterThan(0);
        Moved(before, "fivespot_reconciliation_duration_seconds_bucket{phase=\"Inactive\",le=\"+Inf\"}").ShouldBeGreaterThan(0);

        // What it waits for can't be watched: it is looked at again after a while.
        before = Page;
        await scenario.Cluster.CreateAsync(scenario.Cluster.Providers.Bootstrap, Somebodys(scenario.Cluster));
        scenario.Cluster.MoveTo(Scenario.Opening);
        await scenario.Cluster.PhaseAsync("Error");
        await scenario.SettleAsync();
        Moved(before, "fivespot_reconciliations_total{phase=\"Error\",result=\"retry\"}").ShouldBeGreaterThan(0);

        // What can't be reported is tried again.
        before = Page;
        scenario.Cluster.Traffic.Disturb = (call, _) => call.Path.EndsWith("/status", StringComparison.Ordinal) ? new(500, "InternalError", "no") : null;
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"enabled":false}}""");
        await Wait.UntilAsync("a pass fails", () => Moved(before, "fivespot_reconciliations_total{phase=\"Disabled\",result=\"retry\"}") > 0);
        scenario.Cluster.Traffic.Disturb = null;
    }

    [Theory]
    [InlineData("conflict", 409, "Conflict")]
    [InlineData("refused", 403, "Forbidden")]
    [InlineData("throttled", 429, "TooManyRequests")]
    [InlineData("server", 500, "InternalError")]
    [InlineData("unreachable", null, "")]
    [InlineData("internal", null, "")]
    public async Task What_fails_is_counted_by_its_kind(string kind, int? code, string reason)
    {
        await using var scenario = await Scenario.StartAsync(ServerKind.Embedded);
        await scenario.Cluster.ScheduleAsync();
        await scenario.Cluster.PhaseAsync("Inactive");
        await scenario.SettleAsync();
        var before = Page;
        scenario.Cluster.Traffic.Disturb = (call, _) => call.Verb == "create" && call.Path.EndsWith("/machines", StringComparison.Ordinal)
            ? kind == "internal" ? throw new InvalidOperationException("a bug") : new(code, reason, "the scenario's")
            : null;
        scenario.Cluster.MoveTo(Scenario.Opening);
        await Wait.UntilAsync(
            "it is counted", () => Moved(before, $"fivespot_errors_total{{error_type=\"{kind}\"}}") > 0, () => Task.FromResult(string.Join('\n', Page.Samples)));
        foreach (var other in (string[])["conflict", "refused", "throttled", "server", "unreachable", "internal"])
        {
            if (other != kind)
            {
                Moved(before, $"fivespot_errors_total{{error_type=\"{other}\"}}").ShouldBe(0, other);
            }
        }

        scenario.Cluster.Traffic.Disturb = null;
    }

    [Fact]
    public async Task Schedules_are_counted_by_what_they_say()
    {
        await using var scenario = await Scenario.StartAsync(ServerKind.Embedded);
        var before = Page;
        await scenario.Cluster.ScheduleAsync();
        await scenario.Cluster.PhaseAsync("Inactive");
        Moved(before, "fivespot_schedule_evaluations_total{result=\"inactive\"}").ShouldBeGreaterThan(0);
        Moved(before, "fivespot_schedule_evaluations_total{result=\"active\"}").ShouldBe(0);
        scenario.Cluster.MoveTo(Scenario.Opening);
        await scenario.Cluster.PhaseAsync("Active");
        Moved(before, "fivespot_schedule_evaluations_total{result=\"active\"}").ShouldBeGreaterThan(0);
        Moved(before, "fivespot_schedule_evaluations_total{result=\"invalid\"}").ShouldBe(0);
        await scenario.Cluster.ScheduleAsync("pc-2", schedule: """{"daysOfWeek":["mon"],"hoursOfDay":["0"],"timezone":"Mars/Olympus"}""");
        await scenario.Cluster.PhaseAsync("Error", "pc-2");
        Moved(before, "fivespot_schedule_evaluations_total{result=\"invalid\"}").ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_boundary_is_measured_once_and_so_is_the_wait_of_each_turn()
    {
        await using var scenario = await Scenario.StartAsync(ServerKind.Embedded);
        var before = Page;
        await scenario.Cluster.ScheduleAsync();
        await scenario.Cluster.PhaseAsync("Inactive");
        await scenario.SettleAsync();
        Moved(before, "fivespot_workqueue_wait_seconds_count").ShouldBeGreaterThan(0);
        Moved(before, "fivespot_boundary_lag_seconds_count").ShouldBe(0);

        // The clock jumps, and with it all that is late by it.
        scenario.Cluster.MoveTo(Scenario.Opening.AddSeconds(3));
        await scenario.Cluster.PhaseAsync("Active");
        await scenario.SettleAsync();
        Moved(before, "fivespot_boundary_lag_seconds_count").ShouldBe(1);
        Moved(before, "fivespot_boundary_lag_seconds_sum").ShouldBe(3);
        Moved(before, "fivespot_boundary_lag_seconds_bucket{le=\"1\"}").ShouldBe(0);
        Moved(before, "fivespot_boundary_lag_seconds_bucket{le=\"5\"}").ShouldBe(1);
    }

    [Fact]
    public async Task While_the_workers_are_busy_machines_wait_and_their_boundary_is_overdue()
    {
        await using var scenario = await Scenario.StartAsync(ServerKind.Embedded);
        foreach (var name in (string[])["pc-1", "pc-2", "pc-3", "pc-4", "pc-5", "pc-6"])
        {
            await scenario.Cluster.ScheduleAsync(name);
            await scenario.Cluster.PhaseAsync("Inactive", name);
        }

        await scenario.SettleAsync();
        Page["fivespot_workqueue_depth"].ShouldBe(0);
        Page["fivespot_boundary_overdue_seconds"].ShouldBe(0);

        // Four workers are held up in their first call.
        using var held = new ManualResetEventSlim();
        scenario.Cluster.Traffic.Disturb = (call, stage) =>
        {
            if (call.IsWrite && stage == ControllerTraffic.Stage.Before)
            {
                held.Wait(Wait.Deadline);
            }

            return null;
        };
        try
        {
            scenario.Cluster.MoveTo(Scenario.Opening.AddSeconds(90));
            await SeesAsync("fivespot_workqueue_depth", 2);
            Page["fivespot_boundary_overdue_seconds"].ShouldBe(90);
        }
        finally
        {
            held.Set();
        }

        await scenario.Cluster.PhaseAsync("Active", "pc-6");
        await scenario.SettleAsync();
        Page["fivespot_workqueue_depth"].ShouldBe(0);
        Page["fivespot_boundary_overdue_seconds"].ShouldBe(0);
    }

    [Fact]
    public async Task What_takes_longer_than_its_spec_asks_for_is_overdue_in_its_phase()
    {
        await using var scenario = await Scenario.RunningMachineAsync(ServerKind.Embedded);
        await SeesAsync("fivespot_phase_overdue_seconds{phase=\"Active\"}", 0);
        scenario.Cluster.MoveTo(Scenario.Closing);
        await scenario.Cluster.PhaseAsync("ShuttingDown");
        await Wait.UntilAsync("the Machine is being deleted", scenario.MachineIsBeingDeletedAsync);
        scenario.Cluster.MoveTo(Scenario.Closing.AddMinutes(10));
        await scenario.SettleAsync();
        Page["fivespot_phase_overdue_seconds{phase=\"ShuttingDown\"}"].ShouldBe(0);
        scenario.Cluster.MoveTo(Scenario.Closing.AddMinutes(12));
        Page["fivespot_phase_overdue_seconds{phase=\"ShuttingDown\"}"].ShouldBe(120);
        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Inactive");
        await SeesAsync("fivespot_phase_overdue_seconds{phase=\"ShuttingDown\"}", 0);
    }

    [Fact]
    public async Task A_kill_switch_is_counted_once()
    {
        await using var scenario = await Scenario.RunningMachineAsync(ServerKind.Embedded);
        var before = Page;
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"killSwitch":true}}""");
        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Terminated", also: status => status.MachineRef is null);
        await scenario.SettleAsync();
        Moved(before, "fivespot_kill_switch_activations_total").ShouldBe(1);
        before["fivespot_finalizer_cleanup_timeouts_total"].ShouldBe(Page["fivespot_finalizer_cleanup_timeouts_total"]);
    }

    [Fact]
    public async Task A_cleanup_that_takes_too_long_is_counted_once()
    {
        await using var scenario = await Scenario.RunningMachineAsync(ServerKind.Embedded);
        var before = Page;
        await scenario.Cluster.DeleteAsync(Kinds.ScheduledMachine, "pc-1");
        await Wait.UntilAsync("the Machine is being deleted", scenario.MachineIsBeingDeletedAsync);
        scenario.Cluster.Clock.Advance(Decision.CleanupTimeout - TimeSpan.FromSeconds(1));
        await scenario.SettleAsync();
        Moved(before, "fivespot_finalizer_cleanup_timeouts_total").ShouldBe(0);
        scenario.Cluster.Clock.Advance(TimeSpan.FromSeconds(2));
        await Wait.UntilAsync("it is counted", () => Moved(before, "fivespot_finalizer_cleanup_timeouts_total") == 1);
        scenario.Cluster.Clock.Advance(TimeSpan.FromHours(1));
        await scenario.SettleAsync();
        Moved(before, "fivespot_finalizer_cleanup_timeouts_total").ShouldBe(1);
    }

    [Fact]
    public async Task A_drain_that_gets_through_is_counted_and_so_are_evictions_that_find_nothing_or_fail()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(ServerKind.Embedded);
        var before = Page;
        await scenario.Pods.RunAsync("web-1");
        await scenario.Pods.RunAsync("web-2");
        await scenario.CloseAsync();
        scenario.Cluster.Traffic.Disturb = (call, _) => !call.Path.EndsWith("/eviction", StringComparison.Ordinal) ? null
            : call.Path.Contains("/web-1/", StringComparison.Ordinal) ? new(404, "NotFound", "gone") : new(500, "InternalError", "no");
        await scenario.DrainAsync();
        await Wait.UntilAsync("both are counted", () =>
            Moved(before, "fivespot_pod_evictions_total{result=\"gone\"}") == 1 && Moved(before, "fivespot_pod_evictions_total{result=\"failed\"}") >= 1);
        scenario.Cluster.Traffic.Disturb = null;
        await scenario.Pods.KillAsync("web-1");
        await scenario.Pods.KillAsync("web-2");
        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Inactive");
        Moved(before, "fivespot_node_drains_total{result=\"success\"}").ShouldBe(1);
        Moved(before, "fivespot_node_drains_total{result=\"failure\"}").ShouldBe(0);
    }

    [Fact]
    public async Task Reclaims_are_counted_by_machine_and_their_drains_by_how_they_end()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(ServerKind.Embedded, ",\"killIfCommands\":[\"java\"]");
        var machine = $"{{namespace=\"{scenario.Cluster.Namespace}\",name=\"pc-1\"}}";
        var before = Page;
        for (var time = 1; time <= 3; time++)
        {
            // The last one's pods do not go: nothing ends them.
            if (time == 3)
            {
                await scenario.Pods.RunAsync("stubborn", metadata: ",\"finalizers\":[\"example.com/stays\"]");
            }

            await scenario.ReclaimAsync();
            await scenario.Cluster.PhaseAsync("EmergencyRemove");
            if (time == 3)
            {
                await Wait.UntilAsync("the pod is told to end", () => scenario.Pods.IsEndingAsync("stubborn"));
                scenario.Cluster.Clock.Advance(TimeSpan.FromMinutes(1));
            }

            await scenario.ClusterApi.LetGoAsync();
            await scenario.Cluster.PhaseAsync("Disabled");
            Moved(before, $"fivespot_emergency_reclaims_total{machine}").ShouldBe(time);
            if (time < 3)
            {
                Page.Samples.Keys.ShouldNotContain(sample => sample.StartsWith("fivespot_rapid_re_reclaims_total{", StringComparison.Ordinal) && sample.Contains(scenario.Cluster.Namespace + "\"", StringComparison.Ordinal));
                await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"schedule":{"enabled":true}}}""");
                await scenario.Cluster.PhaseAsync("Active");
                await scenario.ClusterApi.JoinAsync();
                await scenario.Cluster.PhaseAsync("Active", also: status => status is { Ready: true, NodeRef.Uid: not null });
            }
        }

        await Wait.UntilAsync("the third is rapid", () => Moved(before, $"fivespot_rapid_re_reclaims_total{machine}") == 1);
        Moved(before, "fivespot_emergency_drain_duration_seconds_count{outcome=\"success\"}").ShouldBe(2);
        Moved(before, "fivespot_emergency_drain_duration_seconds_count{outcome=\"timeout\"}").ShouldBe(1);
        Moved(before, "fivespot_emergency_drain_duration_seconds_sum{outcome=\"timeout\"}").ShouldBeGreaterThanOrEqualTo(60);
    }

    [Fact]
    public async Task A_workload_cluster_that_goes_away_is_unreachable_until_it_is_back()
    {
        await using var scenario = await WorkloadScenario.StartAsync(ServerKind.Embedded);
        await using var between = new TroubledServer(scenario.Workload.Address);
        await scenario.SetKubeconfigAsync(between.Kubeconfig(scenario.Workload.Kubeconfig));
        await scenario.OpenAsync();
        await SeesAsync("fivespot_workload_clusters{state=\"reachable\"}", 1);
        await between.BeginAsync(Trouble.Unauthorized);
        await scenario.WithinAsync(TimeSpan.FromHours(1), "it is unreachable", () => Task.FromResult(Page["fivespot_workload_clusters{state=\"unreachable\"}"] == 1));
        Page["fivespot_workload_clusters{state=\"reachable\"}"].ShouldBe(0);
        await between.EndAsync();
        await scenario.WithinAsync(TimeSpan.FromHours(1), "it is reachable", () => Task.FromResult(Page["fivespot_workload_clusters{state=\"reachable\"}"] == 1));
        Page["fivespot_workload_clusters{state=\"unreachable\"}"].ShouldBe(0);
    }

    [Fact]
    public async Task Answers_of_API_servers_are_counted_by_verb_and_code_and_so_are_events_that_could_not_be_written()
    {
        await using var scenario = await Scenario.StartAsync(ServerKind.Embedded);
        var before = Page;
        scenario.Cluster.Traffic.Disturb = (call, _) => call.Verb == "create" && call.Path.EndsWith("/events", StringComparison.Ordinal) ? new(403, "Forbidden", "no") : null;
        await scenario.Cluster.ScheduleAsync();
        await scenario.Cluster.PhaseAsync("Inactive");
        await Wait.UntilAsync("an event is lost", () => Moved(before, "fivespot_events_dropped_total") > 0);
        Page.Samples.Where(sample => sample.Key.StartsWith("fivespot_api_requests_total{", StringComparison.Ordinal) && sample.Key.Contains("code=\"403\"", StringComparison.Ordinal))
            .Sum(sample => sample.Value - before[sample.Key]).ShouldBeGreaterThan(0);
        scenario.Cluster.Traffic.Disturb = null;
    }

    private double Moved(MetricsPage before, string sample) => Page[sample] - before[sample];

    private Task SeesAsync(string sample, double value) =>
        Wait.UntilAsync($"{sample} is {value}", () => Page[sample] == value, () => Task.FromResult($"{Page[sample]}"));

    private static JsonObject Somebodys(Cluster cluster) => JsonNode.Parse($$"""
        {"apiVersion":"{{cluster.Providers.Bootstrap.ApiVersion}}","kind":"{{cluster.Providers.Bootstrap.Kind}}","metadata":{"name":"pc-1"},"spec":{} }
        """)!.AsObject();
}
