// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;
using FiveSpot.Simulation;
using Microsoft.Extensions.Logging.Abstractions;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>
/// A management cluster with a controller and a simulated Cluster API, and a workload cluster that its machines join, all by one
/// clock: whole lives, in which nothing is done by hand. As in the field, Cluster API has an administrator's kubeconfig for it,
/// and 5-Spot one of its own; both lead through a door that can have trouble.
/// </summary>
internal sealed class SimulatedScenario : IAsyncDisposable
{
    /// <summary>The Cluster of every machine.</summary>
    public const string Office = "office";

    /// <summary>The Secret of 5-Spot's own kubeconfig.</summary>
    public const string OwnSecret = "office-5spot";

    // So many looks in a row at which nothing goes on: what is under way between two servers is seen by none of them.
    private const int QuietLooks = 3;
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(10);

    private readonly CancellationTokenSource _stop = new();
    private readonly PhysicalMachines _machines = new();
    private readonly ApiClient _clusterApiClient;
    private readonly ApiClient _workloadClient;
    private readonly SimulatedWorkloads? _workloads;
    private Task _running = Task.CompletedTask;

    // What it was like when it came to rest last, and how many times somebody's time had come until then.
    private (string State, int Fired) _rest = ("", 0);

    private SimulatedScenario(Cluster management, Cluster workload, ServerKind kind, SimulationBehaviour? behaviour)
    {
        Management = management;
        Workload = workload;
        Door = new TroubledServer(workload.Address);
        _clusterApiClient = management.Connect("capi");
        _workloadClient = workload.Connect("kube-controller-manager");
        ClusterApi = new SimulatedClusterApi(_clusterApiClient, management.Clock, Timings, _machines, NullLoggerFactory.Instance, behaviour: behaviour);

        // A real server has its own controllers.
        _workloads = kind == ServerKind.Embedded ? new SimulatedWorkloads(_workloadClient, management.Clock, NullLoggerFactory.Instance) : null;
    }

    public Cluster Management { get; }

    public Cluster Workload { get; }

    /// <summary>What stands between the workload cluster and everybody who uses a kubeconfig of it.</summary>
    public TroubledServer Door { get; }

    public SimulatedClusterApi ClusterApi { get; }

    /// <summary>Cluster API's webhooks.</summary>
    public SimulatedWebhooks Webhooks { get; private set; } = null!;

    public RunningController Controller { get; private set; } = null!;

    /// <summary>How long the machines and their Pods take.</summary>
    public static SimulationTimings Timings { get; } = new();

    /// <summary>Everything is there, and nothing has begun: it is the day before the first window.</summary>
    /// <param name="kind">Of which kind the servers are.</param>
    /// <param name="machineVersion">The version of Cluster API's kinds.</param>
    /// <param name="behaviour">How Cluster API behaves to begin with.</param>
    /// <param name="decisions">How the controller decides.</param>
    /// <param name="ownWorkload">Whether machines join a cluster of its own; else they join the management cluster.</param>
    public static async Task<SimulatedScenario> StartAsync(
        ServerKind kind, string machineVersion = "v1beta2", SimulationBehaviour? behaviour = null, DecisionOptions? decisions = null, bool ownWorkload = true)
    {
        var management = await Cluster.StartAsync(kind, Definitions.ServingMachineAt(machineVersion));
        Cluster? workload = null;
        SimulatedScenario? scenario = null;
        try
        {
            workload = ownWorkload ? await Cluster.StartAsync(kind, Definitions.None, management.Clock) : management;
            scenario = new SimulatedScenario(management, workload, kind, behaviour);
            await scenario.BeginAsync(decisions);
            return scenario;
        }
        catch
        {
            await (scenario?.DisposeAsync() ?? ValueTask.CompletedTask);
            if (scenario is null)
            {
                await management.DisposeAsync();
                if (workload is not null && workload != management)
                {
                    await workload.DisposeAsync();
                }
            }

            throw;
        }
    }

    /// <summary>A machine in its window, joined and ready.</summary>
    public static async Task<SimulatedScenario> RunningMachineAsync(
        ServerKind kind, string machineVersion = "v1beta2", SimulationBehaviour? behaviour = null, string extraSpec = "")
    {
        var scenario = await StartAsync(kind, machineVersion, behaviour);
        try
        {
            await scenario.ScheduleAsync(extraSpec: extraSpec);
            await scenario.OpenAsync();
            return scenario;
        }
        catch
        {
            await scenario.DisposeAsync();
            throw;
        }
    }

    public Task ScheduleAsync(string name = "pc-1", string extraSpec = "", string? schedule = null) =>
        Management.ScheduleAsync(name, Workload == Management ? extraSpec : $$""","kubeconfigSecretRef":{"name":"{{OwnSecret}}"}{{extraSpec}}""", schedule);

    /// <summary>The first window opens, and the machine becomes a Node that works.</summary>
    public async Task OpenAsync(string name = "pc-1")
    {
        await Management.PhaseAsync("Inactive", name);
        Management.MoveTo(Scenario.Opening);
        await Management.PhaseAsync("Active", name);
        await PassUntilAsync(TimeSpan.FromMinutes(5), $"{name} is ready", async () => await IsReadyAsync(name) && await NodeWorksAsync(name));
    }

    /// <summary>Whether the kubelet of a machine says that its Node works.</summary>
    public async Task<bool> NodeWorksAsync(string name = "pc-1") => (await Workload.GetAsync(Kinds.Node, name))?["status"]?["conditions"]?.AsArray()
        .Any(condition => (string?)condition!["type"] == "Ready" && (string?)condition["status"] == "True") ?? false;

    /// <summary>Whether 5-Spot says that a machine works.</summary>
    public async Task<bool> IsReadyAsync(string name = "pc-1") => await Management.StatusAsync(name) is { Phase: "Active", Ready: true, NodeRef.Uid: not null };

    /// <summary>Whether there is nothing of a machine, on either cluster.</summary>
    public async Task<bool> IsAllGoneAsync(string name = "pc-1") =>
        await Management.GetAsync(Management.MachineKind, name) is null
        && await Management.GetAsync(Management.Providers.Infrastructure, name) is null
        && await Management.GetAsync(Management.Providers.Bootstrap, name) is null
        && await Management.GetAsync(Kinds.Secret, name) is null
        && await Workload.GetAsync(Kinds.Node, name) is null;

    public async Task<bool> MachineIsBeingDeletedAsync(string name = "pc-1") =>
        (await Management.GetAsync(Management.MachineKind, name))?["metadata"]?["deletionTimestamp"] is not null;

    public async Task<bool> NodeIsCordonedAsync(string name = "pc-1") =>
        (bool?)(await Workload.GetAsync(Kinds.Node, name))?["spec"]?["unschedulable"] ?? false;

    /// <summary>A Deployment, and a budget for its Pods.</summary>
    public async Task DeployAsync(string name, int replicas, int minAvailable)
    {
        var kind = Kinds.Budget(Workload);
        await Workload.CreateAsync(Kinds.Deployment, JsonNode.Parse($$"""
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"{{name}}"},
             "spec":{"replicas":{{replicas}},"selector":{"matchLabels":{"app":"{{name}}"} },
              "template":{"metadata":{"labels":{"app":"{{name}}"} },"spec":{"automountServiceAccountToken":false,"containers":[{"name":"c","image":"i"}]} } } }
            """)!.AsObject());
        await Workload.CreateAsync(kind, JsonNode.Parse($$"""
            {"apiVersion":"{{kind.ApiVersion}}","kind":"PodDisruptionBudget","metadata":{"name":"{{name}}"},
             "spec":{"minAvailable":{{minAvailable}},"selector":{"matchLabels":{"app":"{{name}}"} } } }
            """)!.AsObject());
    }

    /// <summary>The Pods of a label <c>app</c> that run, by name and Node.</summary>
    public async Task<IReadOnlyList<(string Name, string Node)>> RunningPodsAsync(string app) =>
    [
        .. (await Workload.ListAsync(Kinds.Pod))
            .Where(pod => (string?)pod["metadata"]!["labels"]?["app"] == app && (string?)pod["status"]?["phase"] == "Running" && pod["metadata"]!["deletionTimestamp"] is null)
            .Select(pod => ((string)pod["metadata"]!["name"]!, (string?)pod["spec"]!["nodeName"] ?? "")),
    ];

    /// <summary>A Pod runs on a machine.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="node">The machine.</param>
    /// <param name="spec">More of its spec, as the inside of a JSON object after a comma.</param>
    public async Task RunPodAsync(string name, string node = "pc-1", string spec = "")
    {
        await Workload.CreateAsync(Kinds.Pod, JsonNode.Parse($$"""
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{name}}"},
             "spec":{"nodeName":"{{node}}","automountServiceAccountToken":false,"containers":[{"name":"c","image":"i"}],"tolerations":[{"operator":"Exists"}]{{spec}} } }
            """)!.AsObject());
        await PassUntilAsync(TimeSpan.FromMinutes(1), $"{name} runs", async () => (string?)(await Workload.GetAsync(Kinds.Pod, name))?["status"]?["phase"] == "Running");
    }

    /// <summary>Cluster API's manager goes down, with all of its controllers and webhooks, or comes up again.</summary>
    public void SetManager(bool isUp)
    {
        Webhooks.IsUp = isUp;
        ClusterApi.Behaviour = ClusterApi.Behaviour with { ControllersRun = isUp };
    }

    /// <summary>Somebody switches a machine off at its button, or on again.</summary>
    public void SetMachine(bool isOn, string name = "pc-1")
    {
        var machine = new ObjectKey(Management.Namespace, name);
        var off = ClusterApi.Behaviour.SwitchedOff;
        ClusterApi.Behaviour = ClusterApi.Behaviour with { SwitchedOff = isOn ? off.Remove(machine) : off.Add(machine) };
    }

    /// <summary>A MachineHealthCheck for the machines of the Cluster: unwell is one whose Node is gone, or unheard of for a minute.</summary>
    public Task CheckHealthAsync()
    {
        var (type, isOld) = (Management.MachineKind with { Plural = "machinehealthchecks", Kind = "MachineHealthCheck" }, Management.MachineKind.Version == "v1beta1");
        var unhealthy = isOld
            ? """
            "unhealthyConditions":[{"type":"Ready","status":"Unknown","timeout":"60s"}]
            """
            : """
            "checks":{"unhealthyNodeConditions":[{"type":"Ready","status":"Unknown","timeoutSeconds":60}]}
            """;
        return Management.CreateAsync(type, JsonNode.Parse($$"""
            {"apiVersion":"{{type.ApiVersion}}","kind":"{{type.Kind}}","metadata":{"name":"{{Office}}"},
             "spec":{"clusterName":"{{Office}}","selector":{"matchLabels":{"{{WellKnown.ClusterNameLabel}}":"{{Office}}"} },{{unhealthy}} } }
            """)!.AsObject());
    }

    /// <summary>Stops the controller and starts another one.</summary>
    public async Task RestartAsync()
    {
        await Controller.DisposeAsync();
        Controller = await RunningController.StartAsync(Management);
    }

    public Task PatchClusterAsync(string mergePatch) => Management.PatchAsync(Management.ClusterKind, Office, mergePatch);

    public Task<JsonObject?> ClusterAsync() => Management.GetAsync(Management.ClusterKind, Office);

    /// <summary>Waits until nothing happens any more before time passes.</summary>
    public async Task SettleAsync()
    {
        var (quiet, before, fired) = (0, "", Management.Clock.Fired);
        await Wait.UntilAsync("it comes to rest", async () =>
        {
            var now = await StateAsync();
            quiet = now == before && IsIdle ? quiet + 1 : 0;
            before = now;
            await Task.Delay(Between, TimeProvider.System);
            return quiet >= QuietLooks;
        });
        _rest = (before, fired);
    }

    private bool IsIdle => Controller.IsIdle && ClusterApi.IsIdle && _workloads?.IsIdle != false;

    private async Task<string> StateAsync() => $"{await Management.RevisionAsync()} {await Workload.RevisionAsync()} {Management.Calls.Count}";

    // Time in which nothing was due leaves it at rest. A real server's own controllers live by another time.
    private async Task<bool> RestsAsync() => _workloads is not null && Management.Clock.Fired == _rest.Fired && IsIdle && await StateAsync() == _rest.State;

    /// <summary>Lets time pass, a step at a time, each once all is done that was due, until it is so.</summary>
    /// <param name="within">The time that it may take.</param>
    /// <param name="what">What is waited for.</param>
    /// <param name="isSo">Whether it is so.</param>
    /// <param name="step">The step; ten seconds by default.</param>
    /// <returns>The time that it took.</returns>
    /// <exception cref="TimeoutException">It was not so within that time; the message has what 5-Spot and Cluster API say.</exception>
    public async Task<TimeSpan> PassUntilAsync(TimeSpan within, string what, Func<Task<bool>> isSo, TimeSpan? step = null)
    {
        var began = Management.Clock.GetUtcNow();
        await SettleAsync();
        while (true)
        {
            if (!await RestsAsync())
            {
                await SettleAsync();
            }

            var passed = Management.Clock.GetUtcNow() - began;
            if (await isSo())
            {
                return passed;
            }

            if (passed >= within)
            {
                throw new TimeoutException($"Not within {within} of the scenario's time: {what}. {await DescribeAsync()}");
            }

            Management.Clock.Advance(step ?? TimeSpan.FromSeconds(10));
        }
    }

    /// <summary>Lets so much time pass.</summary>
    public async Task PassAsync(TimeSpan time, TimeSpan? step = null)
    {
        var ends = Management.Clock.GetUtcNow() + time;
        await PassUntilAsync(time, "time passes", () => Task.FromResult(Management.Clock.GetUtcNow() >= ends), step);
    }

    public async ValueTask DisposeAsync()
    {
        if (Controller is not null)
        {
            await Controller.DisposeAsync();
        }

        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ClusterApi.Dispose();
        _workloads?.Dispose();
        await (Webhooks?.DisposeAsync() ?? ValueTask.CompletedTask);
        await RemoveWhatIsLeftAsync();
        await Door.DisposeAsync();
        _clusterApiClient.Dispose();
        _workloadClient.Dispose();
        _machines.Dispose();
        _stop.Dispose();
        if (Workload != Management)
        {
            await Workload.DisposeAsync();
        }

        await Management.DisposeAsync();
    }

    private async Task BeginAsync(DecisionOptions? decisions)
    {
        if (Workload != Management)
        {
            await SetSecretAsync($"{Office}-kubeconfig", Workload.Kubeconfig);
            await SetSecretAsync(OwnSecret, Workload.ControllerKubeconfig);
        }

        Webhooks = await SimulatedWebhooks.StartAsync(_clusterApiClient, CancellationToken.None);
        _running = Task.WhenAll(ClusterApi.RunAsync(_stop.Token), _workloads?.RunAsync(_stop.Token) ?? Task.CompletedTask);
        await Task.WhenAll(ClusterApi.Ready, _workloads?.Ready ?? Task.CompletedTask).WaitAsync(Wait.Deadline);
        Controller = await RunningController.StartAsync(Management, decisions);
    }

    private Task SetSecretAsync(string name, string kubeconfig) => Management.CreateAsync(Kinds.Secret, new JsonObject
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Secret",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["data"] = new JsonObject { ["value"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(Door.Kubeconfig(kubeconfig))) },
    });

    private async Task<string> DescribeAsync()
    {
        var said = new StringBuilder();
        foreach (var scheduled in await Management.ListAsync(Kinds.ScheduledMachine))
        {
            said.Append($"\n{scheduled["metadata"]!["name"]}: {scheduled["status"]?["phase"]}: {scheduled["status"]?["message"]}");
        }

        foreach (var machine in await Management.ListAsync(Management.MachineKind))
        {
            var conditions = machine["status"]?["v1beta2"]?["conditions"] ?? machine["status"]?["conditions"];
            var deleting = conditions?.AsArray().FirstOrDefault(condition => (string?)condition!["type"] == "Deleting");
            said.Append($"\nMachine {machine["metadata"]!["name"]}: {machine["status"]?["phase"]}: {deleting?["reason"]}: {deleting?["message"]}");
        }

        return said.ToString();
    }

    // The servers are others' next. What belongs to no namespace, or has finalizers, has to be taken away by hand.
    private async Task RemoveWhatIsLeftAsync()
    {
        foreach (var attachment in await Workload.ListAllAsync(Kinds.VolumeAttachment))
        {
            await Workload.DeleteAsync(Kinds.VolumeAttachment, Definitions.NameOf(attachment));
        }

        foreach (var volume in await Workload.ListAllAsync(Kinds.PersistentVolume))
        {
            await Workload.PatchAsync(Kinds.PersistentVolume, Definitions.NameOf(volume), """{"metadata":{"finalizers":null}}""");
            await Workload.DeleteAsync(Kinds.PersistentVolume, Definitions.NameOf(volume));
        }

        if (await ClusterAsync() is not null)
        {
            await PatchClusterAsync("""{"metadata":{"finalizers":null}}""");
            await Management.DeleteAsync(Management.ClusterKind, Office);
        }
    }
}
