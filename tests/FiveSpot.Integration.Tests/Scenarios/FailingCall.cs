// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>A call of the controller that a scenario has fail, and the life of a machine around it.</summary>
/// <param name="Is">Whether it is this one.</param>
/// <param name="Trigger">Makes the controller want it.</param>
/// <param name="After">Waits for what comes of it, once it succeeds.</param>
internal sealed record FailingCall(
    Func<ControllerTraffic.Call, bool> Is, Func<WorkloadScenario, Task> Trigger, Func<WorkloadScenario, Task> After)
{
    /// <summary>Whether the machine is running before; else it is Inactive, or was never seen.</summary>
    public Life Before { get; init; } = Life.Running;

    /// <summary>Whether it is tried again by the network's time, and not by the schedules'.</summary>
    public bool IsOfNetworkTime { get; init; }

    /// <summary>Where a machine is in its life.</summary>
    public enum Life
    {
        /// <summary>There is no ScheduledMachine yet.</summary>
        New,

        /// <summary>It has never been open.</summary>
        Inactive,

        /// <summary>It is in its window, without taints and agent.</summary>
        Running,
    }

    public static IReadOnlyDictionary<string, FailingCall> All { get; } = new Dictionary<string, FailingCall>(StringComparer.Ordinal)
    {
        ["finalizer on the ScheduledMachine"] = new(
            Patch("/scheduledmachines/pc-1", "\"finalizers\""),
            static scenario => scenario.Cluster.ScheduleAsync(),
            static scenario => Until("it has the finalizer", async () => (await scenario.Cluster.GetAsync(Kinds.ScheduledMachine, "pc-1"))!["metadata"]!["finalizers"] is not null))
        { Before = Life.New },
        ["status"] = new(Patch("/scheduledmachines/pc-1/status", ""), Opens, static scenario => scenario.Cluster.PhaseAsync("Active")) { Before = Life.Inactive },
        ["dry run of the three objects"] = new(
            static call => call.IsDryRun,
            static scenario => scenario.Cluster.ScheduleAsync(schedule: """{"daysOfWeek":["sat"],"hoursOfDay":["3"]}"""),
            static scenario => Until("it is accepted", async () => (await scenario.Cluster.StatusAsync()).AcceptedTemplates is not null))
        { Before = Life.New },
        ["question whether its computer is another's"] = new(
            static call => call.Verb == "get" && call.Path.EndsWith("/machines/pc-0", StringComparison.Ordinal),
            static async scenario =>
            {
                await scenario.Cluster.ScheduleAsync("pc-0", ",\"computer\":\"192.0.2.1\"", """{"daysOfWeek":["sat"],"hoursOfDay":["3"]}""");
                await scenario.Cluster.PhaseAsync("Inactive", "pc-0", status => status.AcceptedTemplates is not null);
                await Opens(scenario);
            },
            static scenario => scenario.Cluster.PhaseAsync("Active"))
        { Before = Life.Inactive },
        ["creation of the bootstrap config"] = new(Create("/k0sworkerconfigs"), Opens, static scenario => scenario.Cluster.PhaseAsync("Active")) { Before = Life.Inactive },
        ["creation of the infrastructure machine"] = new(Create("/remotemachines"), Opens, static scenario => scenario.Cluster.PhaseAsync("Active")) { Before = Life.Inactive },
        ["creation of the Machine"] = new(Create("/machines"), Opens, static scenario => scenario.Cluster.PhaseAsync("Active")) { Before = Life.Inactive },
        ["patch of the Machine"] = new(
            Patch("/machines/pc-1", ""),
            static scenario => scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"nodeDrainTimeout":"90s"}}"""),
            static scenario => Until("the Machine has it", async () =>
                (int?)(await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))!["spec"]!["deletion"]!["nodeVolumeDetachTimeoutSeconds"] == 90)),
        ["owners of the Machine"] = new(
            Patch("/machines/pc-1", "\"ownerReferences\""),
            static scenario => scenario.Cluster.PatchAsync(scenario.Cluster.MachineKind, "pc-1", """{"metadata":{"ownerReferences":null}}"""),
            static scenario => Until("it has its owners", async () =>
                (await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))!["metadata"]!["ownerReferences"]?.AsArray().Count == 2)),
        ["change of a provider object"] = new(
            Patch("/remotemachines/pc-1", ""),
            static async scenario =>
            {
                var providers = scenario.Cluster.Providers;
                await scenario.Cluster.CreateAsync(providers.Infrastructure, JsonNode.Parse($$"""
                    {"apiVersion":"{{providers.Infrastructure.ApiVersion}}","kind":"{{providers.Infrastructure.Kind}}",
                     "metadata":{"name":"pc-1","labels":{"5spot.finos.org/scheduled-machine":"pc-1"},"annotations":{"5spot.finos.org/template-hash":"another"},"finalizers":["example.com/held"]},"spec":{{providers.InfrastructureSpec}} }
                    """)!.AsObject());
                await Opens(scenario);
            },
            static scenario => scenario.Cluster.PhaseAsync("Active"))
        { Before = Life.Inactive },
        ["note of a remediation"] = new(
            Patch("/scheduledmachines/pc-1", "5spot.finos.org/remediations"),
            static scenario => scenario.Cluster.PatchAsync(
                scenario.Cluster.MachineKind,
                "pc-1",
                """{"status":{"conditions":[{"type":"OwnerRemediated","status":"False","reason":"WaitingForRemediation","message":"","lastTransitionTime":"2026-01-05T09:02:00Z"}]}}""",
                "status"),
            static scenario => Until("it is being deleted", () => scenario.MachineIsBeingDeletedAsync())),
        ["Secret of a kubeconfig"] = new(
            static call => call.Verb == "get" && call.Path.EndsWith("/secrets/other", StringComparison.Ordinal),
            static async scenario =>
            {
                await scenario.SetKubeconfigAsync(scenario.Workload.ControllerKubeconfig, "other");
                await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"kubeconfigSecretRef":{"name":"other"}}}""");
            },
            static scenario => scenario.ReachableAsync("True", "Reachable", ""))
        { IsOfNetworkTime = true },
        ["list of MachineDrainRules"] = new(
            static call => IsDrainRules(call) && !IsWatch(call),
            static scenario => scenario.RestartAsync(),
            static scenario => Until("they are watched", () => Task.FromResult(scenario.Cluster.Calls
                .SkipWhile(static call => call.Answer is not null || !IsDrainRules(call))
                .Any(static call => IsWatch(call) && IsDrainRules(call) && call.Answer is System.Net.HttpStatusCode.OK))))
        { IsOfNetworkTime = true },
        ["cordon"] = new(Patch("/nodes/pc-1", "\"unschedulable\":true"), Closes, static scenario => Until("it is cordoned", () => scenario.NodeIsCordonedAsync())),
        ["end of a cordon"] = new(
            Patch("/nodes/pc-1", "\"unschedulable\":null"),
            static async scenario =>
            {
                await scenario.Pods.RunAsync("web-1");
                await scenario.CloseAsync();
                await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"schedule":{"hoursOfDay":["9-20"]}}}""");
            },
            static scenario => Until("it is uncordoned", async () => !await scenario.NodeIsCordonedAsync())),
        ["eviction"] = new(static call => call.Path.EndsWith("/eviction", StringComparison.Ordinal), PodsAndCloses, static scenario => Until("it is told to end", () => scenario.Pods.IsEndingAsync("web-1"))),
        ["taints"] = new(
            Patch("/nodes/pc-1", "\"taints\""),
            static scenario => scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"nodeTaints":[{"key":"lent","effect":"NoSchedule"}]}}"""),
            static scenario => scenario.TaintedAsync("True", "Applied")),
        ["ConfigMap of the reclaim agent"] = new(
            Patch("/configmaps/reclaim-agent-pc-1", ""),
            static scenario => scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"killIfCommands":["java"]}}"""),
            static scenario => Until("it is there", async () => await scenario.AgentConfigAsync() is not null)),
        ["label of the reclaim agent"] = new(
            Patch("/nodes/pc-1", "/reclaim-agent\""),
            static scenario => scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"killIfCommands":["java"]}}"""),
            static scenario => Until("it is there", () => HasAgentAsync(scenario))),
        ["removal of the ConfigMap of the reclaim agent"] = new(
            Delete("/configmaps/reclaim-agent-pc-1"), AgentIsNotWanted, static scenario => Until("it is gone", async () => await scenario.AgentConfigAsync() is null)),
        ["removal of the label of the reclaim agent"] = new(
            Patch("/nodes/pc-1", "/reclaim-agent\":null"), AgentIsNotWanted, static scenario => Until("it is gone", async () => !await HasAgentAsync(scenario))),
        ["deletion of the Machine"] = new(Delete("/machines/pc-1"), Closes, static scenario => Until("it is being deleted", () => scenario.MachineIsBeingDeletedAsync())),
        ["question whether the Machine is gone"] = new(static call => call.Verb == "get" && call.Path.EndsWith("/machines/pc-1", StringComparison.Ordinal), LeavesRemains, static scenario => scenario.Cluster.PhaseAsync("Inactive")),
        ["deletion of the infrastructure machine"] = new(Delete("/remotemachines/pc-1"), LeavesRemains, static scenario => scenario.Cluster.PhaseAsync("Inactive")),
        ["deletion of the bootstrap config"] = new(Delete("/k0sworkerconfigs/pc-1"), LeavesRemains, static scenario => scenario.Cluster.PhaseAsync("Inactive")),
        ["removal of the finalizer"] = new(
            Patch("/scheduledmachines/pc-1", "\"finalizers\":[]"),
            static async scenario =>
            {
                await scenario.Cluster.DeleteAsync(Kinds.ScheduledMachine, "pc-1");
                await scenario.ClusterApi.LetGoAsync();
            },
            static scenario => Until("it is gone", async () => await scenario.Cluster.GetAsync(Kinds.ScheduledMachine, "pc-1") is null)),
        ["switching off for a reclaim"] = new(Patch("/scheduledmachines/pc-1", "\"enabled\":false"), static scenario => scenario.ReclaimAsync(), static scenario =>
            Until("it is switched off", async () => (bool?)(await scenario.Cluster.GetAsync(Kinds.ScheduledMachine, "pc-1"))!["spec"]!["schedule"]!["enabled"] == false)),
        ["clearing the request of a reclaim"] = new(Patch("/nodes/pc-1", "reclaim-requested"), static scenario => scenario.ReclaimAsync(), static scenario =>
            Until("it is off the Node", async () => !await scenario.RequestIsOnNodeAsync())),
    };

    private static Func<ControllerTraffic.Call, bool> Patch(string path, string body) => call =>
        call.Verb == "patch" && call.Path.EndsWith(path, StringComparison.Ordinal) && call.Body.Contains(body, StringComparison.Ordinal);

    private static Func<ControllerTraffic.Call, bool> Create(string path) => call => call.Verb == "create" && !call.IsDryRun && call.Path.EndsWith(path, StringComparison.Ordinal);

    private static Func<ControllerTraffic.Call, bool> Delete(string path) => call => call.Verb == "delete" && call.Path.EndsWith(path, StringComparison.Ordinal);

    private static bool IsWatch(ControllerTraffic.Call call) => call.Query.Contains("watch=true", StringComparison.Ordinal);

    private static bool IsDrainRules(ControllerTraffic.Call call) => call.Path.EndsWith("/machinedrainrules", StringComparison.Ordinal);

    private static async Task<bool> HasAgentAsync(WorkloadScenario scenario) =>
        (await scenario.Workload.GetAsync(Kinds.Node, "pc-1"))!["metadata"]!["labels"]?["5spot.finos.org/reclaim-agent"] is not null;

    private static async Task AgentIsNotWanted(WorkloadScenario scenario)
    {
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"killIfCommands":["java"]}}""");
        await Until("there is an agent", async () => await scenario.AgentConfigAsync() is not null && await HasAgentAsync(scenario));
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"killIfCommands":null}}""");
    }

    private static Task Until(string what, Func<Task<bool>> holds) => Wait.UntilAsync(what, holds);

    private static Task Opens(WorkloadScenario scenario)
    {
        scenario.Cluster.MoveTo(Scenario.Opening);
        return Task.CompletedTask;
    }

    private static Task Closes(WorkloadScenario scenario)
    {
        scenario.Cluster.MoveTo(Scenario.Closing);
        return Task.CompletedTask;
    }

    private static async Task PodsAndCloses(WorkloadScenario scenario)
    {
        await scenario.Pods.RunAsync("web-1");
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"gracefulShutdownTimeout":"0s","nodeDrainTimeout":"10h"}}""");
        await scenario.SettleAsync();
        await Closes(scenario);
    }

    private static async Task LeavesRemains(WorkloadScenario scenario)
    {
        await Closes(scenario);
        await scenario.ClusterApi.LetGoAsync(withItsObjects: false);
    }
}
