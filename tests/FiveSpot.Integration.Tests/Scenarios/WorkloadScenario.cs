// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Lifecycle.Reclaim;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>A management cluster with a controller, and a workload cluster beside it.</summary>
internal sealed class WorkloadScenario : IAsyncDisposable
{
    private readonly TimeProvider? _networkTime;

    private WorkloadScenario(Cluster cluster, Cluster workload, RunningController controller, TimeProvider? networkTime)
    {
        _networkTime = networkTime;
        Cluster = cluster;
        Workload = workload;
        Controller = controller;
        ClusterApi = new ClusterApiByHand(cluster, workload);
        Pods = new PodsByHand(workload);
    }

    public Cluster Cluster { get; }

    public Cluster Workload { get; }

    public ClusterApiByHand ClusterApi { get; }

    public PodsByHand Pods { get; }

    public RunningController Controller { get; private set; }

    public static Task<WorkloadScenario> StartAsync(ServerKind kind, string machineVersion, TimeProvider? networkTime = null) =>
        StartAsync(kind, Definitions.ServingMachineAt(machineVersion), networkTime);

    public static async Task<WorkloadScenario> StartAsync(ServerKind kind, Definitions? definitions = null, TimeProvider? networkTime = null)
    {
        var cluster = await Cluster.StartAsync(kind, definitions);
        try
        {
            var workload = await Cluster.StartAsync(kind, Definitions.None);
            try
            {
                return new WorkloadScenario(cluster, workload, await RunningController.StartAsync(cluster, networkTime: networkTime), networkTime);
            }
            catch
            {
                await workload.DisposeAsync();
                throw;
            }
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>A machine in its window, joined.</summary>
    public async Task OpenAsync(string extraSpec = "", string name = "pc-1")
    {
        await BeginAsync(extraSpec, name);
        await ClusterApi.JoinAsync(name);
    }

    /// <summary>A machine in its window, whose objects are made.</summary>
    public async Task BeginAsync(string extraSpec = "", string name = "pc-1")
    {
        await Cluster.ScheduleAsync(name, extraSpec);
        if (Cluster.Clock.GetUtcNow() < Scenario.Opening)
        {
            await Cluster.PhaseAsync("Inactive", name);
            Cluster.MoveTo(Scenario.Opening);
        }

        await Cluster.PhaseAsync("Active", name);
    }

    public async Task SetKubeconfigAsync(string kubeconfig, string secret = "office-kubeconfig", string key = "value")
    {
        var data = new JsonObject { [key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(kubeconfig)) };
        if (await Cluster.GetAsync(Kinds.Secret, secret) is null)
        {
            await Cluster.CreateAsync(Kinds.Secret, new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Secret",
                ["metadata"] = new JsonObject { ["name"] = secret },
                ["data"] = data,
            });
        }
        else
        {
            await Cluster.PatchAsync(Kinds.Secret, secret, new JsonObject { ["data"] = data }.ToJsonString());
        }
    }

    /// <summary>A machine in its window, joined and ready, on a workload cluster of its own.</summary>
    public static async Task<WorkloadScenario> RunningMachineAsync(
        ServerKind kind, string extraSpec = "", string machineVersion = "v1beta2", TimeProvider? networkTime = null)
    {
        var scenario = await StartAsync(kind, machineVersion, networkTime);
        try
        {
            await scenario.SetKubeconfigAsync(scenario.Workload.ControllerKubeconfig);
            await scenario.OpenAsync(extraSpec);
            await scenario.Cluster.PhaseAsync("Active", also: status => status is { Ready: true, NodeRef.Uid: not null });
            return scenario;
        }
        catch
        {
            await scenario.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops the controller and starts another one.</summary>
    public async Task RestartAsync()
    {
        await Controller.DisposeAsync();
        Controller = await RunningController.StartAsync(Cluster, networkTime: _networkTime);
    }

    public Task SettleAsync() => Controller.SettleAsync(Cluster);

    /// <summary>The taints on a Node, without those that a cluster puts there itself.</summary>
    public async Task<IReadOnlyList<string>> TaintsAsync(string node = "pc-1") =>
    [
        .. ((await Workload.GetAsync(Kinds.Node, node))!["spec"]!["taints"]?.AsArray() ?? [])
            .Where(taint => !((string)taint!["key"]!).StartsWith("node.kubernetes.io/", StringComparison.Ordinal))
            .Select(taint => $"{taint!["key"]}={taint["value"]}:{taint["effect"]}"),
    ];

    /// <summary>Waits until the condition <c>NodeTainted</c> says so.</summary>
    public Task TaintedAsync(string status, string reason, string words = "") => Cluster.PhaseAsync("Active", also: reported =>
        reported.Conditions.FirstOrDefault(condition => condition.Type == "NodeTainted") is { } tainted
        && tainted.Status == status && tainted.Reason == reason && tainted.Message.Contains(words, StringComparison.Ordinal));

    public async Task<bool> NodeIsCordonedAsync(string name = "pc-1") =>
        (bool?)(await Workload.GetAsync(Kinds.Node, name))?["spec"]?["unschedulable"] ?? false;

    public async Task<bool> MachineIsBeingDeletedAsync(string name = "pc-1") =>
        (await Cluster.GetAsync(Cluster.MachineKind, name))?["metadata"]?["deletionTimestamp"] is not null;

    /// <summary>The Pods whose eviction was asked for, in order.</summary>
    public IReadOnlyList<string> Evictions =>
        [.. Cluster.Calls.Where(call => call.Path.EndsWith("/eviction", StringComparison.Ordinal)).Select(call => call.Path.Split('/')[^2])];

    /// <summary>A PodDisruptionBudget for the Pods of label <c>app=web</c>, in effect.</summary>
    public async Task BudgetAsync(string name, string spec)
    {
        // The first of a real server's disruption controllers to look at a budget is the one to say what it allows.
        var kind = Kinds.Budget(Workload);
        await Workload.CreateAsync(kind, JsonNode.Parse($$"""
            {"apiVersion":"{{kind.ApiVersion}}","kind":"PodDisruptionBudget","metadata":{"name":"{{name}}"},
             "spec":{ {{spec}},"selector":{"matchLabels":{"app":"web"} } } }
            """)!.AsObject());
        await Wait.UntilAsync($"budget {name} is in effect", async () =>
            (int?)(await Workload.GetAsync(kind, name))?["status"]?["observedGeneration"] == 1);
    }

    /// <summary>The window closes; the Node is cordoned and its Pods are known.</summary>
    public async Task CloseAsync(string name = "pc-1", string message = " left")
    {
        Cluster.MoveTo(Scenario.Closing);
        await Cluster.PhaseAsync("ShuttingDown", name, status => status.Message!.Contains(message, StringComparison.Ordinal));
    }

    /// <summary>What the reclaim agent writes.</summary>
    public Task ReclaimAsync(string name = "pc-1") => Workload.PatchAsync(Kinds.Node, name, $$"""
        {"metadata":{"annotations":{"5spot.finos.org/reclaim-requested":"true","5spot.finos.org/reclaim-reason":"process-match: java",
         "5spot.finos.org/reclaim-requested-at":"{{Cluster.Clock.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ}}"} } }
        """);

    /// <summary>Whether anything of a reclaim request is on a Node.</summary>
    public async Task<bool> RequestIsOnNodeAsync(string name = "pc-1") =>
        (await Workload.GetAsync(Kinds.Node, name))?["metadata"]?["annotations"]?.AsObject()
            .Any(annotation => annotation.Key is WellKnown.ReclaimRequestedAnnotation or WellKnown.ReclaimReasonAnnotation or WellKnown.ReclaimRequestedAtAnnotation) ?? false;

    /// <summary>The reclaim agent of a Node does what it is told to do, and says so.</summary>
    public Task AgentWatchesAsync(string name = "pc-1") => AgentByHand.WatchAsync(Workload, name);

    /// <summary>By which configuration an agent says that it watches; null if none does.</summary>
    public async Task<string?> AgentSaysAsync(string name = "pc-1") =>
        (string?)(await Workload.GetAsync(Kinds.Node, name))?["metadata"]?["annotations"]?[WellKnown.ReclaimAgentWatchingAnnotation];

    /// <summary>The ConfigMap of a Node's reclaim agent; null if there is none.</summary>
    public Task<JsonObject?> AgentConfigAsync(string name = "pc-1") =>
        Workload.Api.TryGetAsync(ReclaimConfig.ConfigMaps, ReclaimConfig.KeyOf(name), Cluster.Parse, CancellationToken.None);

    public Task DeleteAgentConfigAsync(string name = "pc-1") =>
        Workload.Api.DeleteAsync(ReclaimConfig.ConfigMaps, ReclaimConfig.KeyOf(name), options: null, CancellationToken.None);

    /// <summary>The grace period is over, and the drain has begun.</summary>
    public async Task DrainAsync(string name = "pc-1")
    {
        Cluster.MoveTo(Scenario.Closing.AddMinutes(5));
        await Cluster.PhaseAsync("ShuttingDown", name, status => status.Message!.Contains("Draining: ", StringComparison.Ordinal));
    }

    /// <summary>Lets time pass second by second; what is due at each is done before the next.</summary>
    public async Task PassAsync(TimeSpan time)
    {
        for (var ends = Cluster.Clock.GetUtcNow() + time; Cluster.Clock.GetUtcNow() < ends;)
        {
            Cluster.Clock.Advance(TimeSpan.FromSeconds(1));
            await Wait.UntilAsync("what is due is done", () => Controller.IsIdle);
        }
    }

    /// <summary>Moves the clock second by second until something holds: retries are due at their own times.</summary>
    public Task WithinAsync(TimeSpan time, string what, Func<Task<bool>> holds)
    {
        var ends = Cluster.Clock.GetUtcNow() + time;
        return Wait.UntilAsync(what, async () =>
        {
            if (await holds())
            {
                return true;
            }

            if (Cluster.Clock.GetUtcNow() < ends)
            {
                Cluster.Clock.Advance(TimeSpan.FromSeconds(1));
            }

            return false;
        });
    }

    public Task ReachableAsync(string status, string reason, string words, string name = "pc-1", string phase = "Active") =>
        ConditionAsync("WorkloadClusterReachable", status, reason, words, name, phase);

    /// <summary>Waits until a condition says so.</summary>
    public Task ConditionAsync(string type, string status, string reason, string words = "", string name = "pc-1", string phase = "Active") =>
        Cluster.PhaseAsync(phase, name, reported =>
            reported.Conditions.FirstOrDefault(condition => condition.Type == type) is { } told
            && told.Status == status && told.Reason == reason && told.Message.Contains(words, StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        // Whatever fails, both servers are given back.
        try
        {
            await Controller.DisposeAsync();
        }
        finally
        {
            try
            {
                await Workload.DisposeAsync();
            }
            finally
            {
                await Cluster.DisposeAsync();
            }
        }
    }
}
