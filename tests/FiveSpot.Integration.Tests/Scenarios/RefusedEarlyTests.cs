// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Contract, section 2, "Refused early": what the server would not make is told at once, and not at the opening.</summary>
public abstract class RefusedEarlyTests(ServerKind kind)
{
    public sealed class OnEmbedded() : RefusedEarlyTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : RefusedEarlyTests(ServerKind.KubeApiServer);

    private const string Denial = "admission webhook 'quota.example.com' denied the request: team lab has two machines already";

    private static readonly ControllerTraffic.Fault Denied = new(403, "Forbidden", Denial);

    [Fact]
    public async Task What_its_kind_does_not_take_is_told_at_once_and_mending_it_too()
    {
        await using var scenario = await Scenario.StartAsync(kind, Definitions.ClusterApi114);
        await scenario.Cluster.ScheduleAsync();
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"infrastructureSpec":{"spec":{"port":"ssh"}}}}""");

        await scenario.Cluster.PhaseAsync("Inactive", also: status =>
            References(status) is { Status: "False", Reason: "Refused" } refused && refused.Message.Contains("spec.port", StringComparison.Ordinal)
            && status.Message!.Contains("opens Mon 2026-01-05 09:00", StringComparison.Ordinal) && status.Message.Contains("spec.port", StringComparison.Ordinal)
            && status.AcceptedTemplates is null);
        (await scenario.CountAsync()).ShouldBe((0, 0, 0));
        await scenario.SettleAsync();
        (await scenario.Cluster.EventsAsync()).Count(reason => reason == "ReferencesInvalid").ShouldBe(1);

        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"infrastructureSpec":{"spec":{"port":22}}}}""");
        await AcceptedAsync(scenario);
        (await scenario.CountAsync()).ShouldBe((0, 0, 0));
    }

    [Fact]
    public async Task A_field_that_its_kind_does_not_know_is_told_at_once()
    {
        await using var scenario = await Scenario.StartAsync(kind, Definitions.ClusterApi114);
        Assert.SkipUnless(scenario.Cluster.ValidatesFields, "this kube-apiserver is older than 1.25 and drops unknown fields in any case");
        await scenario.Cluster.ScheduleAsync();
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"infrastructureSpec":{"spec":{"address":null,"adress":"192.0.2.1"}}}}""");

        await scenario.Cluster.PhaseAsync("Inactive", also: status =>
            References(status) is { Status: "False", Reason: "Refused" } refused && refused.Message.Contains("spec.adress", StringComparison.Ordinal));
    }

    [Fact]
    public async Task And_it_is_refused_at_the_opening()
    {
        await using var scenario = await Scenario.StartAsync(kind, Definitions.ClusterApi114);
        Assert.SkipUnless(scenario.Cluster.ValidatesFields, "this kube-apiserver is older than 1.25 and drops unknown fields in any case");
        scenario.Cluster.MoveTo(Scenario.Opening);
        var machine = Cluster.ScheduledMachineJson("pc-1");
        machine["spec"]!["infrastructureSpec"]!["spec"]!.AsObject().Remove("address");
        machine["spec"]!["infrastructureSpec"]!["spec"]!["adress"] = "192.0.2.1";
        await scenario.Cluster.CreateAsync(Kinds.ScheduledMachine, machine);

        await scenario.Cluster.PhaseAsync("Error", also: status =>
            References(status) is { Status: "False", Reason: "Refused" } refused && refused.Message.Contains("spec.adress", StringComparison.Ordinal));
        (await scenario.Cluster.ListAsync(scenario.Cluster.MachineKind)).ShouldBeEmpty();
    }

    [Fact]
    public async Task All_three_are_asked_for_as_they_would_be_made()
    {
        await using var scenario = await Scenario.StartAsync(kind);
        await scenario.Cluster.ScheduleAsync();
        await AcceptedAsync(scenario);
        scenario.Cluster.MoveTo(Scenario.Opening);
        await scenario.Cluster.PhaseAsync("Active");

        var asked = DryRuns(scenario);
        asked.Select(call => call.Path.Split('/')[^1]).ShouldBe(["k0sworkerconfigs", "remotemachines", "machines"]);
        asked.ShouldAllBe(call => call.At == Cluster.Sunday && call.Query.Contains("fieldValidation=Strict", StringComparison.Ordinal));
        var made = scenario.Cluster.Writes.Where(call => call.Verb == "create").ToList();
        made.Select(call => call.Body).ShouldBe(asked.Select(call => call.Body));
        made.ShouldAllBe(call => call.Query.Contains("fieldValidation=Strict", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_was_accepted_is_not_asked_again_by_a_process_that_was_restarted()
    {
        await using var scenario = await Scenario.StartAsync(kind);
        await scenario.Cluster.ScheduleAsync();
        await AcceptedAsync(scenario);
        await scenario.SettleAsync();
        var writes = scenario.Cluster.Writes.Count;

        await scenario.RestartAsync();
        await scenario.SettleAsync();
        DryRuns(scenario).Count.ShouldBe(3);
        scenario.Cluster.Writes.Count.ShouldBe(writes);

        // Its name, its switches and its schedule are no part of what was asked for.
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"enabled":false,"priority":7}}""");
        await scenario.Cluster.PhaseAsync("Disabled");
        await scenario.SettleAsync();
        DryRuns(scenario).Count.ShouldBe(3);

        await scenario.Cluster.CreateClusterAsync("lab");
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"clusterName":"lab"}}""");
        await Wait.UntilAsync("its objects are asked for anew", () => DryRuns(scenario).Count == 6);
    }

    [Fact]
    public async Task A_refusal_is_asked_about_again_less_and_less_often_until_it_is_over()
    {
        await using var scenario = await Scenario.StartAsync(kind);
        RefuseDryRuns(scenario, Denied);
        await scenario.Cluster.ScheduleAsync(schedule: """{"daysOfWeek":["sat"],"hoursOfDay":["3"]}""");
        await scenario.Cluster.PhaseAsync("Inactive", also: status => References(status) is { Reason: "Refused" } refused && refused.Message.Contains(Denial, StringComparison.Ordinal));
        await scenario.SettleAsync();

        // Again by a process that was restarted, which says nothing new.
        await scenario.RestartAsync();
        await scenario.SettleAsync();
        DryRuns(scenario).Count.ShouldBe(6);
        (await scenario.Cluster.EventsAsync()).Count(reason => reason == "ReferencesInvalid").ShouldBe(1);

        var began = scenario.Cluster.Clock.GetUtcNow();
        for (var minute = 0; minute < 5 * 60; minute++)
        {
            scenario.Cluster.Clock.Advance(TimeSpan.FromMinutes(1));
            await Wait.UntilAsync("the answer is there", () => scenario.Controller.IsIdle);
        }

        var minutes = DryRuns(scenario).Skip(6).Where(call => call.Path.EndsWith("/machines", StringComparison.Ordinal)).Select(call => (call.At - began).TotalMinutes);
        minutes.ShouldBe([1, 3, 7, 15, 31, 63, 123, 183, 243]);

        scenario.Cluster.Traffic.Disturb = null;
        scenario.Cluster.Clock.Advance(TimeSpan.FromHours(1));
        await AcceptedAsync(scenario);
        (await scenario.Cluster.EventsAsync()).Count(reason => reason == "ReferencesInvalid").ShouldBe(1);
    }

    [Fact]
    public async Task A_webhook_that_is_down_refuses_nothing_and_is_told_only_when_that_lasts()
    {
        await using var scenario = await Scenario.StartAsync(kind);
        const string Down = "Internal error occurred: failed calling webhook 'validation.machine.cluster.x-k8s.io': connection refused";
        RefuseDryRuns(scenario, new(500, "InternalError", Down));
        await scenario.Cluster.ScheduleAsync(schedule: """{"daysOfWeek":["sat"],"hoursOfDay":["3"]}""");
        foreach (var minutes in (int[])[0, 1, 2])
        {
            scenario.Cluster.Clock.Advance(TimeSpan.FromMinutes(minutes));
            await scenario.SettleAsync();
            var told = References(await scenario.Cluster.StatusAsync())!;
            told.Status.ShouldBe(minutes < 2 ? "True" : "Unknown");
            told.Message.Contains(Down, StringComparison.Ordinal).ShouldBe(minutes == 2);
        }

        scenario.Cluster.Traffic.Disturb = null;
        scenario.Cluster.Clock.Advance(TimeSpan.FromMinutes(4));
        await AcceptedAsync(scenario);
        (await scenario.Cluster.EventsAsync()).ShouldBe(["ScheduleInactive"]);
    }

    [Fact]
    public async Task A_webhook_that_is_not_made_for_dry_runs_is_not_in_the_way()
    {
        await using var scenario = await Scenario.StartAsync(kind);
        RefuseDryRuns(scenario, new(400, "BadRequest", "admission webhook 'old.example.com' does not support dry run"));
        await scenario.Cluster.ScheduleAsync();
        await AcceptedAsync(scenario);
    }

    [Fact]
    public async Task What_was_refused_beforehand_is_tried_at_the_opening_all_the_same()
    {
        await using var scenario = await Scenario.StartAsync(kind);
        RefuseDryRuns(scenario, Denied);
        await scenario.Cluster.ScheduleAsync();
        await scenario.Cluster.PhaseAsync("Inactive", also: status => References(status) is { Reason: "Refused" });
        await scenario.SettleAsync();

        scenario.Cluster.MoveTo(Scenario.Opening);
        await scenario.Cluster.PhaseAsync("Active", also: status => References(status) is { Status: "True" } && status.AcceptedTemplates is not null);
        await scenario.SettleAsync();
        DryRuns(scenario).Count.ShouldBe(3, "nothing is asked at a boundary");

        await scenario.ClusterApi.JoinAsync();
        await scenario.Cluster.PhaseAsync("Active", also: status => status is { Ready: true, NodeRef.Uid: not null });
        await scenario.CloseAsync();
        await scenario.SettleAsync();
        DryRuns(scenario).Count.ShouldBe(3, "what was made was accepted");
        References(await scenario.Cluster.StatusAsync())!.Status.ShouldBe("True");
    }

    [Fact]
    public async Task What_was_refused_at_the_opening_is_told_until_the_server_would_take_it()
    {
        await using var scenario = await Scenario.StartAsync(kind);
        await scenario.Cluster.ScheduleAsync();
        await AcceptedAsync(scenario);
        await scenario.SettleAsync();
        scenario.Cluster.Traffic.Disturb = static (call, stage) =>
            call.Verb == "create" && call.Path.EndsWith("/k0sworkerconfigs", StringComparison.Ordinal) && stage == ControllerTraffic.Stage.Before ? Denied : null;

        scenario.Cluster.MoveTo(Scenario.Opening);
        await scenario.Cluster.PhaseAsync("Error", also: status => status.AcceptedTemplates is null);
        scenario.Cluster.MoveTo(Scenario.Closing);
        await scenario.Cluster.PhaseAsync("Inactive", also: status => References(status) is { Reason: "Refused" });
        await scenario.SettleAsync();
        (await scenario.Cluster.EventsAsync()).Count(reason => reason == "ReferencesInvalid").ShouldBe(1);

        scenario.Cluster.Traffic.Disturb = null;
        scenario.Cluster.Clock.Advance(TimeSpan.FromMinutes(1));
        await AcceptedAsync(scenario);
    }

    [Fact]
    public async Task Nothing_is_asked_while_a_machine_is_there()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);
        await scenario.SettleAsync();
        var before = DryRuns(scenario).Count;
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"infrastructureSpec":{"spec":{"address":"192.0.2.7"}}}}""");
        await scenario.Cluster.PhaseAsync("Active", also: status => status.Message!.Contains("next opening", StringComparison.Ordinal));
        await scenario.SettleAsync();
        DryRuns(scenario).Count.ShouldBe(before);

        await scenario.CloseAsync();
        await AcceptedAsync(scenario);
        DryRuns(scenario).Count.ShouldBe(before + 3);
        DryRuns(scenario)[^2].Body.ShouldContain("192.0.2.7");
    }

    [Fact]
    public async Task A_kind_that_is_not_there_is_told_before_the_window_and_until_its_provider_is_installed()
    {
        await using var scenario = await Scenario.StartAsync(kind);
        var definition = (await scenario.Cluster.GetAsync(Kinds.Crd, "remotemachines.infrastructure.cluster.x-k8s.io"))!;
        await scenario.Cluster.DeleteAsync(Kinds.Crd, "remotemachines.infrastructure.cluster.x-k8s.io");
        await Wait.UntilAsync("the kind is gone", async () =>
            await scenario.Cluster.GetAsync(Kinds.Crd, "remotemachines.infrastructure.cluster.x-k8s.io") is null);
        await scenario.Cluster.ScheduleAsync(schedule: """{"daysOfWeek":["sat"],"hoursOfDay":["3"]}""");
        await scenario.Cluster.PhaseAsync("Inactive", also: status => References(status) is { Status: "False", Reason: "KindNotFound" });
        await scenario.SettleAsync();
        DryRuns(scenario).ShouldBeEmpty();

        await scenario.Cluster.InstallAsync(Definitions.Fresh(definition));

        // A real server's discovery learns of it late.
        await Wait.UntilAsync(
            "it is asked about",
            async () =>
            {
                scenario.Cluster.Clock.Advance(TimeSpan.FromMinutes(1));
                return (await scenario.Cluster.StatusAsync()).AcceptedTemplates is not null;
            },
            deadline: TimeSpan.FromMinutes(2));
        References(await scenario.Cluster.StatusAsync())!.Status.ShouldBe("True");
    }

    [Fact]
    public async Task Nothing_is_asked_for_in_a_Cluster_that_is_not_there_until_it_comes()
    {
        await using var scenario = await Scenario.StartAsync(kind);
        await scenario.Cluster.DeleteAsync(scenario.Cluster.ClusterKind, "office");
        await scenario.Cluster.ScheduleAsync();
        await scenario.Cluster.PhaseAsync("Inactive", also: status => References(status) is { Status: "False", Reason: "ClusterNotFound" });
        await scenario.SettleAsync();
        DryRuns(scenario).ShouldBeEmpty();

        await scenario.Cluster.CreateClusterAsync();
        await AcceptedAsync(scenario);
        DryRuns(scenario).Count.ShouldBe(3);
    }

    [Fact]
    public async Task However_many_machines_are_new_a_few_are_asked_about_at_a_time()
    {
        const int Machines = 60;
        await using var cluster = await Cluster.StartAsync(kind);
        for (var i = 0; i < Machines; i++)
        {
            await cluster.ScheduleAsync($"pc-{i}");
        }

        await using var controller = await RunningController.StartAsync(cluster, workers: 16);
        await Wait.UntilAsync("all are asked about", async () => (await cluster.ListAsync(Kinds.ScheduledMachine)).All(sm => sm["status"]?["acceptedTemplates"] is not null));
        var asked = cluster.Calls.Where(call => call.IsDryRun).ToList();
        asked.Count.ShouldBe(3 * Machines);
        asked.Max(call => asked.Count(other => other.Left <= call.Left && other.Answered > call.Left)).ShouldBeLessThanOrEqualTo(4);
    }

    private static Task AcceptedAsync(Scenario scenario) => scenario.Cluster.PhaseAsync(
        "Inactive", also: status => status.AcceptedTemplates is not null && References(status) is { Status: "True" } && !status.Message!.Contains("could not open", StringComparison.Ordinal));

    private static void RefuseDryRuns(Scenario scenario, ControllerTraffic.Fault fault) => scenario.Cluster.Traffic.Disturb = (call, stage) =>
        call.IsDryRun && stage == ControllerTraffic.Stage.Before ? fault : null;

    private static IReadOnlyList<ControllerTraffic.Call> DryRuns(Scenario scenario) => [.. scenario.Cluster.Calls.Where(call => call.IsDryRun)];

    private static Condition? References(ScheduledMachineStatus status) =>
        status.Conditions.FirstOrDefault(condition => condition.Type == ConditionTypes.ReferencesValid);
}
