// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.Reclaim;
using DeleteOptions = FiveSpot.Kubernetes.DeleteOptions;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>
/// A management cluster for one scenario: an API server of either kind, the kinds of Cluster API, a namespace of its own, a
/// clock that the scenario moves, and what passes between the controller and the server.
/// </summary>
internal sealed class Cluster : IAsyncDisposable
{
    public const string ControllerUserAgent = "5spot";

    // A Sunday: the first window of mon-fri 9-17 opens 21 hours later. A real server lives in another time, which makes no
    // difference but to the times that it sets itself: scenarios read those instead of assuming them.
    public static readonly DateTimeOffset Sunday = new(2026, 1, 4, 12, 0, 0, TimeSpan.Zero);

    private static int _namespaces;

    private readonly Definitions _definitions;
    private readonly string _kubeconfig;
    private readonly EmbeddedApiServer? _embedded;
    private readonly KubeServers.Lease? _real;
    private readonly long _auditedBefore;

    private Cluster(Definitions definitions, ScenarioClock clock, string kubeconfig, EmbeddedApiServer? embedded, KubeServers.Lease? real, string? ns)
    {
        Namespace = ns ?? $"scenario-{Interlocked.Increment(ref _namespaces)}";
        _definitions = definitions;
        _kubeconfig = kubeconfig;
        _embedded = embedded;
        _real = real;
        _auditedBefore = real?.Server.Audit.Length ?? 0;
        MachineKind = definitions.Machine;
        Clock = clock;
        Traffic = new ControllerTraffic(clock);
        Api = Connect("scenario");
    }

    /// <summary>The clock of the controller and, on an embedded server, of the objects.</summary>
    public ScenarioClock Clock { get; }

    /// <summary>What passes between the controller and the server.</summary>
    public ControllerTraffic Traffic { get; }

    /// <summary>The scenario's own client.</summary>
    public ApiClient Api { get; }

    /// <summary>The namespace of the scenario.</summary>
    public string Namespace { get; }

    /// <summary>The Machine at the newest version that this cluster serves; another one once a scenario has changed that.</summary>
    public ResourceType MachineKind { get; set; }

    /// <summary>Cluster API's Cluster, at the same version.</summary>
    public ResourceType ClusterKind => MachineKind with { Plural = "clusters", Kind = "Cluster" };

    /// <summary>The version of a real server; null of an embedded one.</summary>
    public Version? ServerVersion => _real?.Version;

    /// <summary>Address and port of the server.</summary>
    public string Address => Api.Connection.Server.Authority;

    /// <summary>The server, where it is a real one; null of an embedded one.</summary>
    public KubeApiServer? RealServer => _real?.Server;

    /// <summary>The administrator's kubeconfig.</summary>
    public string Kubeconfig => _kubeconfig;

    /// <summary>The controller's kubeconfig: on a real server with the rights that <c>deploy</c> gives it, and no others.</summary>
    public string ControllerKubeconfig => _real?.Server.Kubeconfig(KubeServers.ControllerToken) ?? _kubeconfig;

    /// <summary>The reclaim agent's kubeconfig, of the same kind.</summary>
    public string AgentKubeconfig => _real?.Server.Kubeconfig(KubeServers.AgentToken) ?? _kubeconfig;

    /// <summary>The controller's token on a real server; null on an embedded one, which knows the administrator alone.</summary>
    public string? ControllerToken => _real is null ? null : KubeServers.ControllerToken;

    /// <summary>What a real server has noted of the controller and the reclaim agent in this scenario.</summary>
    public IReadOnlyList<AuditLog.Entry> Audited => _real?.Server.Audit.Since(_auditedBefore) ?? [];

    /// <summary>Whose objects the ScheduledMachines of the scenario ask for.</summary>
    public Providers Providers => _definitions.Providers;

    /// <summary>Whether the server evaluates the CEL rules of a CRD; before 1.25 they are ignored.</summary>
    public bool EvaluatesRules => _real is null || _real.Version >= new Version(1, 25);

    /// <summary>Whether the server can refuse a field that a kind does not know; before 1.25 it drops it in any case.</summary>
    public bool ValidatesFields => _real is null || _real.Version >= new Version(1, 25);

    /// <summary>All that the controller asked for, in order.</summary>
    public IReadOnlyList<ControllerTraffic.Call> Calls => Traffic.Calls;

    /// <summary>What the controller wrote, in order; events apart, which follow in their own time.</summary>
    public IReadOnlyList<ControllerTraffic.Call> Writes => [.. Traffic.Calls.Where(call => call.IsWrite)];

    /// <summary>One that is ready for a scenario.</summary>
    /// <param name="kind">Of which kind.</param>
    /// <param name="definitions">What it serves; everything of ours and of Cluster API by default.</param>
    /// <param name="clock">The clock of another one, where both are to have one time; its own by default.</param>
    /// <param name="ns">The namespace of another one, where both are to have one; its own by default.</param>
    public static async Task<Cluster> StartAsync(ServerKind kind, Definitions? definitions = null, ScenarioClock? clock = null, string? ns = null)
    {
        definitions ??= Definitions.BothVersions;
        clock ??= new ScenarioClock(Sunday);
        Cluster cluster;
        if (kind == ServerKind.Embedded)
        {
            // Scenarios ask for the Events of days.
            var server = await EmbeddedApiServer.StartAsync(new EmbeddedApiServerOptions { Name = "management", Clock = clock, EventTtl = TimeSpan.FromDays(60) });
            cluster = new Cluster(definitions, clock, server.Kubeconfig(), server, real: null, ns);
        }
        else
        {
            var lease = await KubeServers.RentAsync(definitions.Name, definitions.ChecksOwners);
            cluster = new Cluster(definitions, clock, lease.Server.Kubeconfig(), embedded: null, lease, ns);
        }

        try
        {
            await cluster.PrepareAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client of the cluster: the administrator's, or on a real server that of somebody with fewer rights.</summary>
    public ApiClient Connect(
        string userAgent, Func<HttpMessageHandler, HttpMessageHandler>? wrap = null, string? token = null, TimeProvider? networkTime = null,
        Func<CancellationToken>? writingAllowed = null, string? kubeconfig = null) => new(
        ClusterConnection.FromKubeconfig(
            System.Text.Encoding.UTF8.GetBytes(kubeconfig ?? (token is null ? _kubeconfig : _real!.Server.Kubeconfig(token))), "the test's"),
        new ApiClientOptions { UserAgent = userAgent, WrapHandler = wrap, NetworkTime = networkTime ?? TimeProvider.System, WritingAllowed = writingAllowed });

    /// <summary>How often the server's store was changed, ever; a number that stands still when nothing happens.</summary>
    public async Task<string> RevisionAsync() =>
        (await Api.ListAsync(Kinds.Namespace, new ListOptions { FieldSelector = "metadata.name=default" }, Parse, CancellationToken.None)).ResourceVersion;

    public Task<JsonObject> CreateAsync(ResourceType type, JsonObject body) =>
        Api.CreateAsync(type, type.Namespaced ? Namespace : "", Bytes(body), "scenario", Parse, CancellationToken.None);

    public Task<JsonObject?> GetAsync(ResourceType type, string name) =>
        Api.TryGetAsync(type, Key(type, name), Parse, CancellationToken.None);

    public async Task<IReadOnlyList<JsonObject>> ListAsync(ResourceType type) =>
        (await Api.ListAsync(type, new ListOptions { Namespace = type.Namespaced ? Namespace : null }, Parse, CancellationToken.None)).Items;

    /// <summary>All objects of a kind, in every namespace.</summary>
    public async Task<IReadOnlyList<JsonObject>> ListAllAsync(ResourceType type) =>
        (await Api.ListAsync(type, new ListOptions(), Parse, CancellationToken.None)).Items;

    public Task<JsonObject> PatchAsync(ResourceType type, string name, string mergePatch, string? subresource = null) => Api.MergePatchAsync(
        type,
        Key(type, name),
        System.Text.Encoding.UTF8.GetBytes(mergePatch),
        "scenario",
        subresource,
        Parse,
        CancellationToken.None);

    public async Task DeleteAsync(ResourceType type, string name)
    {
        try
        {
            await Api.DeleteAsync(type, Key(type, name), options: null, CancellationToken.None);
        }
        catch (ApiException exception) when (exception.IsNotFound)
        {
            // Gone already.
        }
    }

    /// <summary>Applies a ScheduledMachine: a workday schedule in UTC, unless the spec says otherwise.</summary>
    public Task<JsonObject> ScheduleAsync(string name = "pc-1", string extraSpec = "", string? schedule = null) => CreateAsync(
        Kinds.ScheduledMachine, ScheduledMachineJson(name, extraSpec, schedule, Providers));

    public static JsonObject ScheduledMachineJson(
        string name, string extraSpec = "", string? schedule = null, Providers? providers = null)
    {
        var (bootstrap, bootstrapSpec, infrastructure, infrastructureSpec) = providers ?? Providers.K0smotron;
        if (name != "pc-1")
        {
            // Two of one address would be one computer.
            infrastructureSpec = infrastructureSpec.Replace("192.0.2.1", $"{name}.example.com", StringComparison.Ordinal);
        }

        return JsonNode.Parse($$"""
        {"apiVersion":"5spot.finos.org/v1alpha1","kind":"ScheduledMachine","metadata":{"name":"{{name}}"},
         "spec":{"clusterName":"office","schedule":{{schedule ?? """{"daysOfWeek":["mon-fri"],"hoursOfDay":["9-17"]}"""}},
          "bootstrapSpec":{"apiVersion":"{{bootstrap.ApiVersion}}","kind":"{{bootstrap.Kind}}","spec":{{bootstrapSpec}} },
          "infrastructureSpec":{"apiVersion":"{{infrastructure.ApiVersion}}","kind":"{{infrastructure.Kind}}","spec":{{infrastructureSpec}} }
          {{extraSpec}} } }
        """)!.AsObject();
    }

    /// <summary>Makes the Cluster that ScheduledMachines name.</summary>
    public Task<JsonObject> CreateClusterAsync(string name = "office", bool hasControlPlane = true) => CreateAsync(
        ClusterKind, ClusterJson(ClusterKind.Version, name, hasControlPlane));

    public static JsonObject ClusterJson(string version, string name = "office", bool hasControlPlane = true)
    {
        JsonObject Reference(string group, string kind) => version == "v1beta1"
            ? new JsonObject { ["apiVersion"] = $"{group}/v1beta1", ["kind"] = kind, ["name"] = name }
            : new JsonObject { ["apiGroup"] = group, ["kind"] = kind, ["name"] = name };
        var spec = new JsonObject { ["infrastructureRef"] = Reference("infrastructure.cluster.x-k8s.io", "RemoteCluster") };
        if (hasControlPlane)
        {
            spec["controlPlaneRef"] = Reference("controlplane.cluster.x-k8s.io", "K0smotronControlPlane");
        }

        return new JsonObject
        {
            ["apiVersion"] = $"cluster.x-k8s.io/{version}",
            ["kind"] = "Cluster",
            ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = spec,
        };
    }

    public async Task<ScheduledMachineStatus> StatusAsync(string name = "pc-1") =>
        (await GetAsync(Kinds.ScheduledMachine, name))?["status"] is { } status
            ? status.Deserialize(ApiJsonContext.Default.ScheduledMachineStatus)!
            : new ScheduledMachineStatus();

    /// <summary>Waits until the controller reports a phase, and a condition on the rest of the status holds.</summary>
    public Task PhaseAsync(string phase, string name = "pc-1", Func<ScheduledMachineStatus, bool>? also = null) => Wait.UntilAsync(
        $"{name} is {phase}",
        async () => await StatusAsync(name) is var status && status.Phase == phase && (also is null || also(status)),
        async () => JsonSerializer.Serialize(await StatusAsync(name), ApiJsonContext.Default.ScheduledMachineStatus));

    /// <summary>The controller's events about one machine, by reason, in the order in which they came.</summary>
    public async Task<IReadOnlyList<string>> EventsAsync(string name = "pc-1") =>
    [
        .. (await ListAsync(Kinds.Event))
            .Where(e => e["regarding"]?["name"]?.GetValue<string>() == name)
            .OrderBy(e => long.Parse(e["metadata"]!["resourceVersion"]!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture))
            .Select(e => e["reason"]!.GetValue<string>()),
    ];

    public void MoveTo(DateTimeOffset instant) => Clock.Advance(instant - Clock.GetUtcNow());

    /// <summary>Installs a definition and waits until it is served.</summary>
    public async Task InstallAsync(JsonObject definition)
    {
        await CreateAsync(Kinds.Crd, definition);
        await EstablishedAsync(Definitions.NameOf(definition));
    }

    public async ValueTask DisposeAsync()
    {
        if (_real is not null)
        {
            try
            {
                await LeaveNothingAsync();
                Audited.Where(entry => entry.IsRefused).ShouldBeEmpty("deploy gives them every right that they need");
            }
            finally
            {
                _real.Dispose();
            }
        }

        Api.Dispose();
        if (_embedded is not null)
        {
            await _embedded.DisposeAsync();
        }
    }

    public static JsonObject Parse(ReadOnlySpan<byte> json) => JsonNode.Parse(json)!.AsObject();

    private static byte[] Bytes(JsonObject body) => JsonSerializer.SerializeToUtf8Bytes((JsonNode)body);

    private ObjectKey Key(ResourceType type, string name) => new(type.Namespaced ? Namespace : "", name);

    private async Task PrepareAsync()
    {
        var there = (await ListAsync(Kinds.Crd)).Select(Definitions.NameOf).ToHashSet(StringComparer.Ordinal);
        var missing = _definitions.Read().Where(definition => !there.Contains(Definitions.NameOf(definition))).ToList();
        foreach (var definition in missing)
        {
            await CreateAsync(Kinds.Crd, definition);
        }

        foreach (var definition in missing)
        {
            await EstablishedAsync(Definitions.NameOf(definition));
        }

        if (_real is not null)
        {
            // Whoever had the server before may not have been a scenario, and a controller works on whatever it finds.
            await RemoveAllAsync("what was left behind is gone", [Kinds.ScheduledMachine], ns: null);
        }

        await CreateNamespaceAsync(Namespace);

        if (_definitions.IsManagement)
        {
            await CreateClusterAsync();
        }

        // As it is installed for the reclaim agent; a real server may have it from the scenario before.
        if (await GetAsync(Kinds.Namespace, WellKnown.SystemNamespace) is null)
        {
            await CreateNamespaceAsync(WellKnown.SystemNamespace);
        }

        if (_real is not null && await GetAsync(Kinds.ClusterRole, "5spot-workload") is null)
        {
            await DeployedRights.ApplyAsync(this, _definitions.IsManagement ? [new("controller"), new("workload-access"), new("node-agent")] : [new("workload-access"), new("node-agent")]);
        }
    }

    private Task CreateNamespaceAsync(string name) => CreateAsync(Kinds.Namespace, new JsonObject
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Namespace",
        ["metadata"] = new JsonObject { ["name"] = name },
    });

    // Established is not enough: for a moment a newer server says that its storage is initializing. A scenario whose network
    // has a clock that stands still would wait for ever to ask again.
    private Task EstablishedAsync(string name) => Wait.UntilAsync($"{name} is served", async () =>
    {
        var definition = await GetAsync(Kinds.Crd, name);
        if (definition?["status"]?["conditions"]?.AsArray().Any(condition => (string?)condition!["type"] == "Established" && (string?)condition["status"] == "True") is not true)
        {
            return false;
        }

        try
        {
            foreach (var version in definition["spec"]!["versions"]!.AsArray().Where(version => (bool)version!["served"]!))
            {
                await Api.GetRawAsync(
                    $"/apis/{definition["spec"]!["group"]}/{version!["name"]}/{definition["spec"]!["names"]!["plural"]}?limit=1", Parse, CancellationToken.None);
            }

            return true;
        }
        catch (ApiException exception) when (exception.IsNotServed || exception.IsTooManyRequests)
        {
            return false;
        }
    });

    // The server is another scenario's next: what a controller would see of this one must be gone. The namespace and the rest in it
    // stay: to delete it, the server's own controller looks for objects of each kind, for seconds in which nobody comes to rest.
    private async Task LeaveNothingAsync()
    {
        // What makes others anew goes before them.
        await RemoveAllAsync(
            "the scenario leaves nothing behind",
            [Kinds.ScheduledMachine, MachineKind, Providers.Bootstrap, Providers.Infrastructure, ClusterKind, Kinds.Deployment, Kinds.ReplicaSet, Kinds.Pod, Kinds.Node],
            Namespace);

        // Its garbage collector takes them with their Nodes, in its own time.
        foreach (var config in (await Api.ListAsync(ReclaimConfig.ConfigMaps, new ListOptions { Namespace = WellKnown.SystemNamespace, LabelSelector = WellKnown.ScheduledMachineLabel }, ReclaimConfig.Read, CancellationToken.None)).Items)
        {
            try
            {
                await Api.DeleteAsync(ReclaimConfig.ConfigMaps, config.Key, options: null, CancellationToken.None);
            }
            catch (ApiException exception) when (exception.IsNotFound)
            {
                // It came first.
            }
        }
    }

    private Task RemoveAllAsync(string what, IReadOnlyList<ResourceType> kinds, string? ns)
    {
        return Wait.UntilAsync(
            what,
            async () =>
            {
                var count = 0;
                foreach (var kind in kinds)
                {
                    var left = await ListWhatIsServedAsync(kind);
                    count += left.Count;
                    await Parallel.ForEachAsync(left, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (found, _) => await RemoveAsync(kind, found));
                }

                return count == 0;
            },
            deadline: 2 * Wait.Deadline);

        async Task<IReadOnlyList<JsonObject>> ListWhatIsServedAsync(ResourceType kind)
        {
            try
            {
                return (await Api.ListAsync(kind, new ListOptions { Namespace = kind.Namespaced ? ns : null }, Parse, CancellationToken.None)).Items;
            }
            catch (ApiException exception) when (exception.IsNotServed)
            {
                return []; // A kind that the scenario took away.
            }
        }

        async Task RemoveAsync(ResourceType kind, JsonObject found)
        {
            var key = new ObjectKey((string?)found["metadata"]!["namespace"] ?? "", (string)found["metadata"]!["name"]!);
            try
            {
                if (found["metadata"]!["finalizers"] is not null)
                {
                    await Api.MergePatchAsync(kind, key, """{"metadata":{"finalizers":null}}"""u8.ToArray(), "scenario", null, Parse, CancellationToken.None);
                }

                await Api.DeleteAsync(kind, key, new DeleteOptions { GracePeriodSeconds = 0 }, CancellationToken.None);
            }
            catch (ApiException exception) when (exception.IsNotFound)
            {
                // Gone already.
            }
        }
    }
}
