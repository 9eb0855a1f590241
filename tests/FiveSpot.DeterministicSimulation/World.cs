// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;
using FiveSpot.Simulation;
using Microsoft.Extensions.Logging.Abstractions;

namespace FiveSpot.DeterministicSimulation;

/// <summary>
/// Everything there is in one run: API servers, Cluster API, machines and what runs on them, controllers, people, and the time.
/// </summary>
#pragma warning disable CA1001 // Its life is LiveAsync, which leaves nothing behind.
internal sealed class World
#pragma warning restore CA1001
{
    public const string Namespace = "team";
    private const string ForeignNode = "cp-1";

    public static readonly ResourceType Machines = new("cluster.x-k8s.io", "v1beta2", "machines", "Machine", Namespaced: true);
    public static readonly ResourceType Clusters = Machines with { Plural = "clusters", Kind = "Cluster" };
    public static readonly ResourceType ScheduledMachines = new(WellKnown.Group, WellKnown.Version, WellKnown.Plural, WellKnown.Kind, Namespaced: true);
    public static readonly ResourceType Nodes = new("", "v1", "nodes", "Node", Namespaced: false);
    public static readonly ResourceType Secrets = new("", "v1", "secrets", "Secret", Namespaced: true);

    /// <summary>How long a watch lasts: at rest next to nothing is to happen, so that days pass quickly.</summary>
    public static readonly TimeSpan WatchTimeout = TimeSpan.FromHours(2);

    private static readonly ResourceType Namespaces = new("", "v1", "namespaces", "Namespace", Namespaced: false);
    private static readonly ResourceType Deployments = new("apps", "v1", "deployments", "Deployment", Namespaced: true);
    private static readonly ResourceType Budgets = new("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", Namespaced: true);
    private static readonly string[] WorkloadNames = ["blue", "green"];

    private readonly Plan _plan;
    private readonly VirtualTime _time;
    private readonly Trace _trace;
    private readonly Counts _counts = new();
    private readonly Dictionary<string, EmbeddedApiServer> _servers = new(StringComparer.Ordinal);
    private readonly List<Replica> _replicas = [];
    private readonly Dictionary<string, StoreBackup> _backups = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _versions = new(StringComparer.Ordinal);
    private Network _network = null!;
    private Properties _properties = null!;
    private SimulatedClusterApi _clusterApi = null!;
    private People _people = null!;
    private PhysicalMachines? _hardware;

    private World(Plan plan, TextWriter? output)
    {
        _plan = plan;
        _time = new VirtualTime(plan.Start);
        _trace = new Trace(_time, output);
    }

    /// <summary>Lives one plan to its end, or to the first thing that must not be.</summary>
    public static async Task<Outcome> LiveAsync(Plan plan, TextWriter? output)
    {
        var world = new World(plan, output);
        using var stop = new CancellationTokenSource();
        try
        {
            await world.BeginAsync(stop.Token);
            await world.LiveAsync();
            return world.Sum();
        }
        finally
        {
            await stop.CancelAsync();
            world._replicas.ForEach(static replica => replica.Life?.Kill());
            await OneThread.SettleAsync();
            foreach (var server in world._servers.Values)
            {
                await world.WhileTimePasses(server.DisposeAsync().AsTask());
            }

            world._hardware?.Dispose();
        }
    }

    private Outcome Sum() => new(
        _plan.Seed.Value, _trace.Digest, _trace.Lines, _plan.Machines * _time.Elapsed.TotalDays, _network.Requests, _properties.Openings, _counts.All, _properties.First);

    // ---- the beginning

    private async Task BeginAsync(CancellationToken stop)
    {
        foreach (var name in (string[])["management", .. WorkloadNames])
        {
            _servers[name] = await EmbeddedApiServer.StartAsync(
                new EmbeddedApiServerOptions
                {
                    Name = name,
                    Listens = false,
                    Clock = _time,
                    TransportClock = _time,
                    Token = "simulation",
                    Random = _plan.Seed.For(name),
                    HistoryLength = 2000,
                    BookmarkInterval = WatchTimeout,
                },
                stop);
        }

        _network = new Network(_plan.Seed, _time, _trace, _servers, _plan.Faults, _counts);
        _network.Former = name => _versions.TryGetValue(name, out var version) ? version : null;
        var admin = Connect("management", "people");
        _properties = new Properties(_time, _trace, _servers, _network, _plan);
        _people = new People(admin, WorkloadNames.ToDictionary(static name => name, name => Connect(name, "people")), _servers, _plan, _trace, _counts, _properties);
        await WhileTimePasses(InstallAsync(admin, stop));

        _hardware = new PhysicalMachines();
        var capi = Connect("management", "cluster-api");
        _clusterApi = new SimulatedClusterApi(capi, _time, timings: null, _hardware, NullLoggerFactory.Instance);
        _ = _clusterApi.RunAsync(stop);
        foreach (var name in WorkloadNames)
        {
            var workloads = new SimulatedWorkloads(Connect(name, "workloads"), _time, NullLoggerFactory.Instance);
            _ = workloads.RunAsync(stop);
        }

        await WhileTimePasses(_clusterApi.Ready);
        var random = _plan.Seed.For("replicas");
        for (var number = 1; number <= _plan.Replicas; number++)
        {
            var drift = (random.NextDouble() - 0.5) * 0.002;
            var replica = new Replica(_network, _time, _trace, ConnectionTo("management"), number, _plan.Replicas > 1, drift, _plan.Seed.For($"replica {number}"));
            _replicas.Add(replica);
            replica.Start();
        }

        await WhileTimePasses(_people.ApplyAsync(stop));
    }

    private async Task InstallAsync(ApiClient admin, CancellationToken stop)
    {
        await DefinitionInstaller.InstallMissingAsync(admin, stop);
        foreach (var name in (string[])[Namespace, "5spot-system"])
        {
            await CreateAsync(admin, Namespaces, "", new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = name } }, stop);
        }

        foreach (var name in WorkloadNames)
        {
            await CreateAsync(admin, Secrets, Namespace, Secret(name), stop);
            await CreateAsync(admin, Clusters, Namespace, JsonNode.Parse($$"""
                {"apiVersion":"cluster.x-k8s.io/v1beta2","kind":"Cluster","metadata":{"name":"{{name}}"},
                 "spec":{"controlPlaneRef":{"apiGroup":"controlplane.cluster.x-k8s.io","kind":"K0smotronControlPlane","name":"{{name}}"},
                         "infrastructureRef":{"apiGroup":"infrastructure.cluster.x-k8s.io","kind":"RemoteCluster","name":"{{name}}"} } }
                """)!.AsObject(), stop);
            var workload = Connect(name, "people");
            await CreateAsync(workload, Nodes, "", JsonNode.Parse($$"""
                {"apiVersion":"v1","kind":"Node","metadata":{"name":"{{ForeignNode}}","labels":{"node-role.kubernetes.io/control-plane":""} },
                 "spec":{"providerID":"elsewhere://{{ForeignNode}}","taints":[{"key":"node-role.kubernetes.io/control-plane","effect":"NoSchedule"}]} }
                """)!.AsObject(), stop);
            await CreateAsync(workload, Deployments, "default", JsonNode.Parse("""
                {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},
                 "spec":{"replicas":3,"selector":{"matchLabels":{"app":"web"}},
                  "template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"web","image":"web"}]} } } }
                """)!.AsObject(), stop);
            await CreateAsync(workload, Budgets, "default", JsonNode.Parse("""
                {"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"web"},
                 "spec":{"minAvailable":2,"selector":{"matchLabels":{"app":"web"}}} }
                """)!.AsObject(), stop);
        }
    }

    /// <summary>The Secret of a workload cluster, as Cluster API's control plane providers make it.</summary>
    public JsonObject Secret(string name) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Secret",
        ["type"] = "cluster.x-k8s.io/secret",
        ["metadata"] = new JsonObject { ["name"] = $"{name}-kubeconfig", ["labels"] = new JsonObject { [WellKnown.ClusterNameLabel] = name } },
        ["data"] = new JsonObject { ["value"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(_servers[name].Kubeconfig())) },
    };

    public static Task<JsonObject> CreateAsync(ApiClient api, ResourceType type, string ns, JsonObject body, CancellationToken stop) =>
        api.CreateAsync(type, ns, JsonSerializer.SerializeToUtf8Bytes((JsonNode)body), "people", Parse, stop);

    public static JsonObject Parse(ReadOnlySpan<byte> json) => JsonNode.Parse(json)!.AsObject();

    private ClusterConnection ConnectionTo(string server) => ClusterConnection.FromKubeconfig(Encoding.UTF8.GetBytes(_servers[server].Kubeconfig()), server);

    private ApiClient Connect(string server, string who)
    {
        var random = _plan.Seed.For($"jitter of {who}");
        var life = new Life(who);
        return new ApiClient(
            ConnectionTo(server),
            new ApiClientOptions { UserAgent = who, NetworkTime = _time, KeyComparer = KeyOrder.Instance, WatchTimeout = WatchTimeout, Jitter = random.NextDouble, WrapHandler = _ => _network.From(life, isDisturbed: false) });
    }

    // ---- its course

    private async Task WhileTimePasses(Task awaited)
    {
        await OneThread.SettleAsync();
        while (!awaited.IsCompleted)
        {
            if (!_time.FireNext(TimeSpan.MaxValue))
            {
                throw new InvalidOperationException("Nothing is left that could happen, and somebody waits.");
            }

            await OneThread.SettleAsync();
        }

        await awaited;
    }

    private async Task LiveAsync()
    {
        var ends = _plan.Length;
        foreach (var fault in _plan.Faults)
        {
            At(fault.At, () => Begin(fault));
        }

        for (var look = TimeSpan.FromMinutes(4); look < ends; look += TimeSpan.FromMinutes(4))
        {
            At(look, NoteVersions);
        }

        for (var hour = TimeSpan.FromMinutes(30); hour < ends; hour += TimeSpan.FromHours(1))
        {
            At(hour, BackUp);
        }

        await PassUntilAsync(ends);
        _network.IsDisturbed = false;
        _trace.Add("world", "no more faults");
        _clusterApi.Behaviour = new SimulationBehaviour();

        // Not near a boundary: what began with the last one is over by then.
        var calm = ends + Plan.Recovery;
        calm += TimeSpan.FromMinutes(50 - (_plan.Start + calm).Minute);
        await PassUntilAsync(calm);
        _properties.CheckSettled();
        var before = _properties.CallsOfControllers;
        await PassUntilAsync(calm + TimeSpan.FromMinutes(5));
        _properties.CheckSilent(before);
    }

    private void At(TimeSpan when, Action what) =>
        _time.CreateTimer(_ => what(), null, when > _time.Elapsed ? when - _time.Elapsed : TimeSpan.Zero, Timeout.InfiniteTimeSpan);

    private async Task PassUntilAsync(TimeSpan until)
    {
        await OneThread.SettleAsync();
        while (_properties.First is null && _time.FireNext(until))
        {
            await OneThread.SettleAsync();
        }
    }

    private void NoteVersions()
    {
        foreach (var (name, server) in _servers)
        {
            _versions[name] = server.ResourceVersion;
        }
    }

    private void BackUp()
    {
        foreach (var (name, server) in _servers)
        {
            _backups[name] = server.BackUp();
        }
    }

    private Replica Choose(Fault fault) => _replicas[fault.Whom % _replicas.Count];

    private void Begin(Fault fault)
    {
        _trace.Add("world", fault.ToString());
        switch (fault.Kind)
        {
            case FaultKind.WatchesCut:
                _counts.Add(fault.Kind);
                _network.CutWatches(fault);
                break;
            case FaultKind.HistoryForgotten:
                _counts.Add(fault.Kind);
                _network.CutWatches(fault with { Whom = 0 });
                foreach (var server in _servers.Values)
                {
                    server.CompactHistory();
                }

                break;
            case FaultKind.StoreRestored when _backups.TryGetValue("management", out var backup):
                _counts.Add(fault.Kind);
                _servers["management"].Restore(backup);
                _properties.Restored();
                break;
            case FaultKind.KilledBeforeWrite or FaultKind.KilledDuringWrite or FaultKind.KilledAfterWrite when Choose(fault).Life is { } life:
                life.EndsAtWrite = fault.Kind;
                break;
            case FaultKind.Restarted:
                _counts.Add(fault.Kind);
                Choose(fault).Stop();
                break;
            case FaultKind.ClockJump when Choose(fault).Clock is { } clock:
                _counts.Add(fault.Kind);
                clock.Ahead += TimeSpan.FromSeconds((fault.Whom - 500) * 4);
                At(fault.At + TimeSpan.FromMinutes(10), () => clock.Ahead = TimeSpan.Zero);
                break;
            case FaultKind.ClusterApiDown:
                While(fault, behaviour => behaviour with { ControllersRun = false }, behaviour => behaviour with { ControllersRun = true });
                break;
            case FaultKind.HardwareStuck:
                While(fault, behaviour => behaviour with { HardwareComesUp = false }, behaviour => behaviour with { HardwareComesUp = true });
                break;
            case FaultKind.NodeSilent:
                var key = new ObjectKey(Namespace, People.NameOf(fault.Whom % _plan.Machines));
                While(
                    fault,
                    behaviour => behaviour with { SwitchedOff = behaviour.SwitchedOff.Add(key) },
                    behaviour => behaviour with { SwitchedOff = behaviour.SwitchedOff.Remove(key) });
                break;
            default:
                if (fault.Kind >= FaultKind.NodeDeleted)
                {
                    _ = _people.ActAsync(fault, _time, this);
                }

                break;
        }
    }

    private void While(Fault fault, Func<SimulationBehaviour, SimulationBehaviour> begin, Func<SimulationBehaviour, SimulationBehaviour> end)
    {
        _counts.Add(fault.Kind);
        _clusterApi.Behaviour = begin(_clusterApi.Behaviour);
        At(fault.Ends, () => _clusterApi.Behaviour = end(_clusterApi.Behaviour));
    }
}
