// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Integration.Tests.Reclaim;
using FiveSpot.Integration.Tests.Scenarios;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Installation;

/// <summary>
/// That <c>deploy</c> gives no right that is not used. Every scenario on a real server shows that it gives all that are;
/// these here use each one, and compare by what the server has noted.
/// </summary>
public sealed class LeastPrivilegeTests
{
    private static readonly ObjectKey TheLease = new(WellKnown.SystemNamespace, WellKnown.LeaseName);
    private static readonly ResourceType SpareMachine = new("k0smotron.io", "v1beta1", "sparemachines", "SpareMachine", Namespaced: true);

    [Fact]
    public async Task The_controller_uses_each_of_its_rights_on_either_cluster_and_has_no_others()
    {
        await using var scenario = await WorkloadScenario.StartAsync(ServerKind.KubeApiServer);
        await using var spare = await SparesAsync(scenario.Cluster);
        ConflictOnce(scenario.Cluster.Traffic);

        await IsReclaimedAsync(scenario);
        await ClosesAsync(scenario);
        await LeavesBeforeItJoinedAsync(scenario);
        await IsMendedAsync(scenario, "pc-3", Providers.K0smotron);
        await IsMendedAsync(scenario, "pc-4", Providers.K0smotron with { Infrastructure = SpareMachine });
        await scenario.Cluster.DeleteAsync(Kinds.ScheduledMachine, "pc-1");
        await Wait.UntilAsync("it is gone", async () => await scenario.Cluster.GetAsync(Kinds.ScheduledMachine, "pc-1") is null);

        await ReplicasTakeTurnsAsync(scenario.Cluster);

        // Of a watch the server tells when it has ended.
        await scenario.Controller.DisposeAsync();

        // What they have been given for one cluster in both roles is not used for two.
        await UsesAllOfAsync(scenario.Cluster, "controller");
        await UsesAllOfAsync(scenario.Workload, "workload-access");
    }

    [Fact]
    public async Task The_reclaim_agent_uses_each_of_its_rights_and_has_no_others()
    {
        await using var desk = await Desk.StartAsync(ServerKind.KubeApiServer, "java");
        desk.Start(7, "java");
        await desk.RequestedAsync();
        await desk.StopAsync();

        await UsesAllOfAsync(desk.Cluster, "node-agent");
    }

    /// <summary>A machine that its owner claims back, with a pod on it, and what its agent is to look for as it changes.</summary>
    private static async Task IsReclaimedAsync(WorkloadScenario scenario)
    {
        await scenario.SetKubeconfigAsync(scenario.Workload.ControllerKubeconfig);
        await scenario.OpenAsync(",\"killIfCommands\":[\"java\"]");
        await scenario.Pods.RunAsync("web");
        await AgentLooksForAsync(scenario, "java");
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"killIfCommands":["steam"]}}""");
        await AgentLooksForAsync(scenario, "steam");

        await scenario.ReclaimAsync();
        await Wait.UntilAsync("the pod is gone", async () => await scenario.Workload.GetAsync(Kinds.Pod, "web") is null);
        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Disabled");
    }

    /// <summary>The same machine closes, with a pod on it, and its provider loses track of what it made.</summary>
    private static async Task ClosesAsync(WorkloadScenario scenario)
    {
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"schedule":{"enabled":true},"killIfCommands":[]}}""");
        await scenario.Cluster.PhaseAsync("Active");
        await scenario.ClusterApi.JoinAsync();
        await scenario.Cluster.PhaseAsync("Active", also: status => status is { Ready: true, NodeRef.Uid: not null });
        await scenario.Pods.RunAsync("web");
        await scenario.CloseAsync();
        await scenario.DrainAsync();
        await scenario.Pods.EndAsync("web");
        await scenario.ClusterApi.LetGoAsync(withItsObjects: false);
        await scenario.Cluster.PhaseAsync("Inactive");
    }

    /// <summary>A machine of a provider of the third group is taken away before it joins.</summary>
    private static async Task LeavesBeforeItJoinedAsync(WorkloadScenario scenario)
    {
        await scenario.Cluster.CreateAsync(Kinds.ScheduledMachine, Cluster.ScheduledMachineJson(
            "pc-2", schedule: """{"daysOfWeek":["mon-sun"],"hoursOfDay":["0-23"]}""", providers: Providers.K0smotron with { Infrastructure = SpareMachine }));
        await scenario.Cluster.PhaseAsync("Active", "pc-2");
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-2", """{"spec":{"killSwitch":true}}""");
        await scenario.Cluster.PhaseAsync("Terminated", "pc-2", status => status is { MachineRef: null, InfrastructureRef: null, BootstrapRef: null });
    }

    /// <summary>A machine whose Machine is refused until its templates are changed: what is there already is brought up to them.</summary>
    private static async Task IsMendedAsync(WorkloadScenario scenario, string name, Providers providers)
    {
        var (refuses, conflicts) = (true, new System.Collections.Concurrent.ConcurrentDictionary<string, bool>());
        var before = scenario.Cluster.Traffic.Disturb;
        scenario.Cluster.Traffic.Disturb = (call, stage) =>
            stage is ControllerTraffic.Stage.Before && call.Verb == "create" && call.Path.EndsWith("/machines", StringComparison.Ordinal) && refuses
                ? new(422, "Invalid", "spec.version: Invalid value")
            : stage is ControllerTraffic.Stage.Before && call.Verb == "patch" && call.Path.EndsWith($"s/{name}", StringComparison.Ordinal)
                && !call.Path.Contains("x-k8s.io/v1beta2/", StringComparison.Ordinal) && !call.Path.Contains("5spot.finos.org", StringComparison.Ordinal) && conflicts.TryAdd(call.Path, true)
                ? new(409, "Conflict", "the object has been modified")
            : before?.Invoke(call, stage);
        await scenario.Cluster.CreateAsync(Kinds.ScheduledMachine, Cluster.ScheduledMachineJson(
            name, schedule: """{"daysOfWeek":["mon-sun"],"hoursOfDay":["0-23"]}""", providers: providers));
        await scenario.Cluster.PhaseAsync("Error", name);
        refuses = false;
        await scenario.Cluster.PatchAsync(
            Kinds.ScheduledMachine, name, """{"spec":{"bootstrapSpec":{"metadata":{"labels":{"rack":"b"} } },"infrastructureSpec":{"metadata":{"labels":{"rack":"b"} } } } }""");
        await scenario.Cluster.PhaseAsync("Active", name);
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, name, """{"spec":{"killSwitch":true}}""");
        await scenario.Cluster.PhaseAsync("Terminated", name, status => status is { MachineRef: null, InfrastructureRef: null, BootstrapRef: null });
        scenario.Cluster.Traffic.Disturb = before;
    }

    /// <summary>Two replicas as the Deployment starts them: the second waits for the first, and takes over when it ends.</summary>
    private static async Task ReplicasTakeTurnsAsync(Cluster cluster)
    {
        using var folder = new TemporaryFolder();
        var kubeconfig = folder.Write("kubeconfig", cluster.ControllerKubeconfig);
        GuardedProcess? second = null;
        try
        {
            string holder;
            await using (var first = Start("first"))
            {
                holder = await LeaderAsync(cluster, after: "", first);
                second = Start("second");
                await Wait.UntilAsync("the second waits", () => second.LastWords().Contains($"{holder} has it.", StringComparison.Ordinal));
            }

            await LeaderAsync(cluster, after: holder, second);
            await cluster.Api.DeleteAsync(Lease.Resource, TheLease, options: null, CancellationToken.None);
        }
        finally
        {
            await (second?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        GuardedProcess Start(string name) => GuardedProcess.Start("dotnet", Directory.CreateDirectory(folder.PathOf(name)).FullName,
        [
            Repository.ProgramOf("FiveSpot.Controller", "5spot"), "--kubeconfig", kubeconfig, "--enable-leader-election", "--metrics-port", "0", "--health-port", "0",
        ]);
    }

    /// <summary>Who has the Lease, once that is somebody else.</summary>
    private static async Task<string> LeaderAsync(Cluster cluster, string after, GuardedProcess next)
    {
        var holder = "";
        await Wait.UntilAsync(
            "somebody else leads",
            async () => (holder = (await cluster.Api.TryGetAsync(Lease.Resource, TheLease, Lease.Read, CancellationToken.None))?.Holder ?? "") != after && holder.Length > 0,
            () => Task.FromResult(next.LastWords()));
        return holder;
    }

    private static Task AgentLooksForAsync(WorkloadScenario scenario, string command) => Wait.UntilAsync($"the agent looks for {command}", async () =>
        ((string?)(await scenario.AgentConfigAsync())?["data"]?["reclaim.toml"])?.Contains($"[\"{command}\"]", StringComparison.Ordinal) ?? false);

    /// <summary>Somebody else comes first, once with each kind of write for which the controller then looks again.</summary>
    private static void ConflictOnce(ControllerTraffic traffic)
    {
        var had = new HashSet<string>(StringComparer.Ordinal);
        traffic.Disturb = (call, stage) =>
        {
            if (stage != ControllerTraffic.Stage.Before)
            {
                return null;
            }

            // Group, version and resource are what is left without the names.
            var parts = call.Path.Split('/');
            var (kind, fault) = (call.Verb, parts) switch
            {
                ("patch", [_, "apis", "5spot.finos.org", _, _, _, "scheduledmachines", _]) => (parts[2], new ControllerTraffic.Fault(409, "Conflict", "somebody came first")),
                ("patch", [_, "api", "v1", "nodes", _]) => (parts[3], new ControllerTraffic.Fault(409, "Conflict", "somebody came first")),
                ("create", [_, "apis", "bootstrap.cluster.x-k8s.io" or "infrastructure.cluster.x-k8s.io" or "k0smotron.io", ..]) =>
                    (parts[2], new ControllerTraffic.Fault(409, "AlreadyExists", "somebody came first")),
                _ => ("", null),
            };
            lock (had)
            {
                return fault is not null && had.Add(kind) ? fault : null;
            }
        };
    }

    private static async Task UsesAllOfAsync(Cluster cluster, string folder)
    {
        var granted = Right.GrantedBy(new DeployFolder(folder)).Select(right => right.ToString()).Order(StringComparer.Ordinal).ToList();
        List<string> used = [];
        List<string> Unused() => [.. granted.Except(used, StringComparer.Ordinal)];
        await Wait.UntilAsync(
            $"every right of deploy/{folder} is used",
            () =>
            {
                used = [.. Right.UsedIn(cluster.Audited).Select(right => right.ToString()).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
                return Task.FromResult(Unused().Count == 0);
            },
            () => Task.FromResult($"unused are {string.Join("; ", Unused())}"));
        used.ShouldBe(granted);
    }

    /// <summary>A kind of the third group, for as long as the scenario lasts.</summary>
    private static async Task<Spares> SparesAsync(Cluster cluster)
    {
        await cluster.InstallAsync(JsonNode.Parse($$"""
            {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"{{SpareMachine.Plural}}.{{SpareMachine.Group}}"},
             "spec":{"group":"{{SpareMachine.Group}}","scope":"Namespaced","names":{"kind":"{{SpareMachine.Kind}}","plural":"{{SpareMachine.Plural}}"},
              "versions":[{"name":"{{SpareMachine.Version}}","served":true,"storage":true,
               "schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true} } }] } }
            """)!.AsObject());
        return new Spares(cluster);
    }

    private sealed class Spares(Cluster cluster) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await cluster.DeleteAsync(Kinds.Crd, $"{SpareMachine.Plural}.{SpareMachine.Group}");
    }
}
