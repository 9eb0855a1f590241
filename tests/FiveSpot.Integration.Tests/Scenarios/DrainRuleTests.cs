// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Contract, section 7: a drain keeps to Cluster API's rules, the label of a Pod and the MachineDrainRules that select it.</summary>
public abstract class DrainRuleTests(ServerKind kind)
{
    private const string Skip = ",\"labels\":{\"cluster.x-k8s.io/drain\":\"skip\"}";
    private const string WaitCompleted = ",\"labels\":{\"cluster.x-k8s.io/drain\":\"Wait-Completed\"}";
    private const string OfWeb = ",\"labels\":{\"app\":\"web\"}";
    private const string OfDb = ",\"labels\":{\"app\":\"db\"}";
    private const string SelectingDb = ""","pods":[{"selector":{"matchLabels":{"app":"db"}}}]""";

    public sealed class OnEmbedded() : DrainRuleTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : DrainRuleTests(ServerKind.KubeApiServer);

    [Fact]
    public async Task A_pod_labelled_skip_is_left_alone_and_one_labelled_wait_completed_is_waited_for()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web");
        await scenario.Pods.RunAsync("storage", metadata: Skip);
        await scenario.Pods.RunAsync("batch", metadata: WaitCompleted);
        await scenario.CloseAsync();
        await scenario.Cluster.PhaseAsync("ShuttingDown", also: status => status.Message!.Contains("; 2 pods left, ", StringComparison.Ordinal));
        await scenario.DrainAsync();
        await scenario.Pods.EndAsync("web");
        await scenario.WithinAsync(TimeSpan.FromSeconds(30), "it says what it waits for", async () =>
            (await scenario.Cluster.StatusAsync()).Message!.Contains($"Draining: 1 of 2 pods left, {scenario.Workload.Namespace}/batch is waited for until it completes; until", StringComparison.Ordinal));
        (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse();

        await scenario.Pods.ReadyAsync("batch", phase: "Succeeded");
        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
        scenario.Evictions.ShouldBe(["web"]);
        (await scenario.Pods.IsEndingAsync("storage")).ShouldBeFalse();
        (await IsExcludedAsync(scenario)).ShouldBeTrue("Cluster API is not to drain again");
    }

    [Fact]
    public async Task A_grace_period_ends_early_when_only_pods_labelled_skip_are_left()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("storage", metadata: Skip);
        scenario.Cluster.MoveTo(Scenario.Closing);
        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
        scenario.Evictions.ShouldBeEmpty();
        (await scenario.Pods.IsEndingAsync("storage")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_pod_that_is_waited_for_keeps_no_machine_beyond_its_drain_timeout()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("batch", metadata: WaitCompleted);
        await scenario.CloseAsync();
        scenario.Cluster.MoveTo(Scenario.Closing.AddMinutes(10));
        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
        await Wait.UntilAsync("it is told", async () => (await scenario.Cluster.EventsAsync()).Contains("NodeDrainFailed"));
        ((string)(await scenario.Cluster.ListAsync(Kinds.Event)).Single(e => (string)e["reason"]! == "NodeDrainFailed")["note"]!)
            .ShouldContain($"1 pod was left: {scenario.Workload.Namespace}/batch is waited for until it completes.");
        scenario.Evictions.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_owner_waits_for_no_pod_to_complete_and_what_is_to_be_skipped_is_skipped()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await RuleAsync(scenario, "a-db", "Drain", ""","pods":[{"selector":{"matchLabels":{"app":"db"}}}]""", order: 5);
        await scenario.Pods.RunAsync("storage", metadata: Skip);
        await scenario.Pods.RunAsync("batch", metadata: WaitCompleted);
        await scenario.Pods.RunAsync("db", metadata: OfDb);
        await scenario.ReclaimAsync();
        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
        (await scenario.Workload.GetAsync(Kinds.Pod, "batch")).ShouldBeNull();
        (await scenario.Workload.GetAsync(Kinds.Pod, "db")).ShouldBeNull();
        (await scenario.Workload.GetAsync(Kinds.Pod, "storage"))!["metadata"]!["deletionTimestamp"].ShouldBeNull();
        scenario.Cluster.Clock.GetUtcNow().ShouldBe(Scenario.Opening);
    }

    [Fact]
    public async Task Pods_of_a_lower_order_are_gone_before_those_of_a_higher_are_evicted()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await RuleAsync(scenario, "a-db", "Drain", SelectingDb, order: 10);
        await RuleAsync(scenario, "b-early", "Drain", ""","pods":[{"selector":{"matchLabels":{"app":"web"}}}]""", order: -1);
        await scenario.Pods.RunAsync("db", metadata: OfDb);
        await scenario.Pods.RunAsync("plain");
        await scenario.Pods.RunAsync("web", metadata: OfWeb);
        await scenario.CloseAsync();
        await scenario.DrainAsync();

        foreach (var (next, before) in ((string, string[])[])[("web", []), ("plain", ["web"]), ("db", ["web", "plain"])])
        {
            await Wait.UntilAsync($"{next} is told to end", () => scenario.Pods.IsEndingAsync(next));
            await scenario.SettleAsync();
            scenario.Evictions.ShouldBe([.. before, next]);
            await scenario.Pods.KillAsync(next);
        }

        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
    }

    [Fact]
    public async Task The_first_rule_by_name_that_selects_a_pod_counts_and_the_label_before_it()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind, ",\"machineTemplate\":{\"labels\":{\"os\":\"linux\"}}");
        const string HereOnLinux = """
            ,"machines":[{"selector":{"matchLabels":{"os":"linux"}}}],
            "pods":[{"selector":{"matchLabels":{"app":"db"}},"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"HERE"}}}]
            """;
        await RuleAsync(scenario, "a-windows", "Drain", ""","machines":[{"selector":{"matchLabels":{"os":"windows"}}}]""");
        await RuleAsync(scenario, "b-elsewhere", "WaitCompleted", ""","pods":[{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"elsewhere"}}}]""");
        await RuleAsync(scenario, "c-db-here", "Skip", HereOnLinux.Replace("HERE", scenario.Workload.Namespace, StringComparison.Ordinal));
        await RuleAsync(scenario, "d-db", "Drain", SelectingDb);
        await scenario.Pods.RunAsync("db", metadata: OfDb);
        await scenario.Pods.RunAsync("web", metadata: OfWeb);
        await scenario.Pods.RunAsync("batch", metadata: WaitCompleted.Replace("}", ",\"app\":\"db\"}", StringComparison.Ordinal));
        await scenario.CloseAsync();
        await scenario.DrainAsync();
        await scenario.Pods.EndAsync("web");
        await scenario.SettleAsync();
        (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse("what the label says comes before the rule");
        await scenario.Pods.KillAsync("batch");
        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
        scenario.Evictions.ShouldBe(["web"]);
        (await scenario.Pods.IsEndingAsync("db")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_rule_that_is_made_in_mid_drain_counts()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web", metadata: OfWeb);
        await scenario.BudgetAsync("web", "\"minAvailable\":1");
        await scenario.CloseAsync();
        await scenario.DrainAsync();
        await scenario.SettleAsync();

        await RuleAsync(scenario, "leave-it", "Skip", "");
        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
        (await scenario.Pods.IsEndingAsync("web")).ShouldBeFalse();
    }

    [Fact]
    public async Task What_only_Cluster_API_can_tell_is_left_to_Cluster_API()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await RuleAsync(scenario, "ours", "WaitCompleted", ""","pods":[{"selector":{"matchLabels":{"app":"db"}},"namespaceSelector":{"matchLabels":{"owner":"us"}}}]""");
        await scenario.Pods.RunAsync("db", metadata: OfDb);
        await scenario.Pods.RunAsync("web", metadata: OfWeb);
        await scenario.CloseAsync();
        await scenario.SettleAsync();
        (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse("its grace period is that of any other");
        await scenario.DrainAsync();
        await scenario.Pods.EndAsync("web");

        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
        scenario.Evictions.ShouldBe(["web"]);
        (await scenario.Pods.IsEndingAsync("db")).ShouldBeFalse();
        (await IsExcludedAsync(scenario)).ShouldBeFalse("Cluster API drains what is left");
        (await scenario.Cluster.EventsAsync()).ShouldNotContain("NodeDrainFailed");
    }

    [Fact]
    public async Task Of_a_Cluster_without_a_control_plane_nothing_is_left_to_Cluster_API_which_would_not_drain()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Cluster.PatchAsync(scenario.Cluster.ClusterKind, "office", """{"spec":{"controlPlaneRef":null}}""");
        await RuleAsync(scenario, "ours", "WaitCompleted", ""","pods":[{"namespaceSelector":{"matchLabels":{"owner":"us"}}}]""");
        await scenario.Pods.RunAsync("db");
        await scenario.CloseAsync();
        await scenario.DrainAsync();
        await scenario.Pods.EndAsync("db");
        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
        scenario.Evictions.ShouldBe(["db"]);
    }

    [Fact]
    public async Task Rules_select_machines_by_the_labels_of_their_Cluster()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Cluster.PatchAsync(scenario.Cluster.ClusterKind, "office", """{"metadata":{"labels":{"stage":"production"}}}""");
        await RuleAsync(scenario, "a-test", "WaitCompleted", ""","machines":[{"clusterSelector":{"matchLabels":{"stage":"test"}}}]""");
        await RuleAsync(scenario, "b-production", "Skip", ""","machines":[{"clusterSelector":{"matchLabels":{"stage":"production"}}}]""");
        await scenario.Pods.RunAsync("db");
        scenario.Cluster.MoveTo(Scenario.Closing);
        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
        (await scenario.Pods.IsEndingAsync("db")).ShouldBeFalse();
        (await IsExcludedAsync(scenario)).ShouldBeTrue();
    }

    [Fact]
    public async Task Rules_that_can_not_be_read_leave_the_drain_to_Cluster_API_which_can_read_them()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web");
        await scenario.Pods.RunAsync("storage", metadata: Skip);
        scenario.Cluster.Traffic.Disturb = (call, stage) => stage == ControllerTraffic.Stage.Before && call.Path.EndsWith("/machinedrainrules", StringComparison.Ordinal)
            ? new ControllerTraffic.Fault(403, "Forbidden", "machinedrainrules is forbidden")
            : null;
        await scenario.RestartAsync();
        await scenario.CloseAsync();
        scenario.Cluster.MoveTo(Scenario.Closing.AddMinutes(5));
        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
        scenario.Evictions.ShouldBeEmpty();
        (await IsExcludedAsync(scenario)).ShouldBeFalse();
    }

    [Fact]
    public async Task Rules_count_where_they_are_served_at_v1beta1_alone()
    {
        await using var scenario = await JoinedAsync(Definitions.OnlyV1Beta1);
        await RuleAsync(scenario, "a-db", "Skip", SelectingDb);
        await scenario.Pods.RunAsync("db", metadata: OfDb);
        scenario.Cluster.MoveTo(Scenario.Closing);
        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
        (await scenario.Pods.IsEndingAsync("db")).ShouldBeFalse();
    }

    [Fact]
    public async Task Where_Cluster_API_has_no_rules_nothing_asks_for_them_and_those_that_are_installed_later_count()
    {
        await using var scenario = await JoinedAsync(Definitions.WithoutDrainRules);
        scenario.Cluster.Calls.ShouldNotContain(call => call.Path.EndsWith("/machinedrainrules", StringComparison.Ordinal));
        await scenario.Pods.RunAsync("web", metadata: OfWeb);
        await scenario.Pods.RunAsync("db", metadata: OfDb);
        try
        {
            await scenario.Cluster.InstallAsync(Definitions.DrainRules());
            await RuleAsync(scenario, "a-db", "Skip", SelectingDb);
            await scenario.CloseAsync();
            await scenario.DrainAsync();
            await scenario.Pods.EndAsync("web");
            await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
            scenario.Evictions.ShouldBe(["web"]);
        }
        finally
        {
            await scenario.Cluster.DeleteAsync(Kinds.Crd, "machinedrainrules.cluster.x-k8s.io");
        }
    }

    private async Task<WorkloadScenario> JoinedAsync(Definitions definitions)
    {
        var scenario = await WorkloadScenario.StartAsync(kind, definitions);
        try
        {
            await scenario.SetKubeconfigAsync(scenario.Workload.ControllerKubeconfig);
            await scenario.OpenAsync();
            await scenario.Cluster.PhaseAsync("Active", also: status => status is { Ready: true, NodeRef.Uid: not null });
            return scenario;
        }
        catch
        {
            await scenario.DisposeAsync();
            throw;
        }
    }

    private static async Task<bool> IsExcludedAsync(WorkloadScenario scenario) =>
        (await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))!["metadata"]!["annotations"]?["machine.cluster.x-k8s.io/exclude-node-draining"] is not null;

    /// <summary>A rule is made, and the controller has heard of it.</summary>
    private static async Task RuleAsync(WorkloadScenario scenario, string name, string behavior, string selectors, int? order = null) => await scenario.Cluster.CreateAsync(
        scenario.Cluster.MachineKind with { Plural = "machinedrainrules", Kind = "MachineDrainRule" },
        JsonNode.Parse($$"""
            {"apiVersion":"{{scenario.Cluster.MachineKind.ApiVersion}}","kind":"MachineDrainRule","metadata":{"name":"{{name}}"},
             "spec":{"drain":{"behavior":"{{behavior}}"{{(order is null ? "" : $",\"order\":{order}")}} }{{selectors}} } }
            """)!.AsObject());
}
