// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.ApiServer;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;
using FiveSpot.Simulation;

namespace FiveSpot.Benchmarks;

/// <summary>A management cluster to measure on: an API server, embedded or real, with the kinds that the controller needs.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    public static readonly ResourceType ScheduledMachines =
        new(WellKnown.Group, WellKnown.Version, WellKnown.Plural, WellKnown.Kind, Namespaced: true);

    public static readonly ResourceType Machines = new("cluster.x-k8s.io", "v1beta2", "machines", "Machine", Namespaced: true);

    public static readonly ResourceType Clusters = Machines with { Plural = "clusters", Kind = "Cluster" };

    public static readonly ResourceType Bootstraps =
        new("bootstrap.cluster.x-k8s.io", "v1beta1", "k0sworkerconfigs", "K0sWorkerConfig", Namespaced: true);

    public static readonly ResourceType Infrastructures =
        new("infrastructure.cluster.x-k8s.io", "v1beta1", "remotemachines", "RemoteMachine", Namespaced: true);

    public static readonly ResourceType Events = new("events.k8s.io", "v1", "events", "Event", Namespaced: true);

    public static readonly ResourceType Nodes = new("", "v1", "nodes", "Node", Namespaced: false);

    public static readonly ResourceType Pods = new("", "v1", "pods", "Pod", Namespaced: true);

    public static readonly ResourceType Secrets = new("", "v1", "secrets", "Secret", Namespaced: true);

    public static readonly ResourceType DaemonSets = new("apps", "v1", "daemonsets", "DaemonSet", Namespaced: true);

    private const int SideBySide = 16;

    private readonly IAsyncDisposable _server;

    private Cluster(IAsyncDisposable server, string kubeconfig)
    {
        _server = server;
        Kubeconfig = kubeconfig;
        Api = Connect("bench");
    }

    /// <summary>The server, if it is the embedded one.</summary>
    public EmbeddedApiServer? Embedded => _server as EmbeddedApiServer;

    /// <summary>The administrator's kubeconfig.</summary>
    public string Kubeconfig { get; }

    /// <summary>Address and port of the server.</summary>
    public string Server => Api.Connection.Server.Authority;

    /// <summary>The benchmark's own client.</summary>
    public ApiClient Api { get; }

    /// <summary>Starts one; a real one if there are binaries of it.</summary>
    /// <param name="real">The binaries; null for an embedded one.</param>
    /// <param name="definitions">Whether it has the kinds of 5-Spot and Cluster API, which a workload cluster doesn't need.</param>
    public static async Task<Cluster> StartAsync(KubeAssets? real, bool definitions = true)
    {
        Cluster cluster;
        if (real is null)
        {
            var server = await EmbeddedApiServer.StartAsync(new EmbeddedApiServerOptions { Name = "management" });
            cluster = new Cluster(server, server.Kubeconfig());
        }
        else
        {
            var server = await KubeApiServer.StartAsync(real, "bench");
            cluster = new Cluster(server, server.Kubeconfig());
        }

        if (definitions)
        {
            await DefinitionInstaller.InstallMissingAsync(cluster.Api, CancellationToken.None);
            await cluster.CreateAsync(Clusters, JsonNode.Parse("""
                {"apiVersion":"cluster.x-k8s.io/v1beta2","kind":"Cluster","metadata":{"name":"office"},
                 "spec":{"controlPlaneRef":{"apiGroup":"controlplane.cluster.x-k8s.io","kind":"K0smotronControlPlane","name":"office"},
                  "infrastructureRef":{"apiGroup":"infrastructure.cluster.x-k8s.io","kind":"RemoteCluster","name":"office"} } }
                """)!.AsObject());
        }

        return cluster;
    }

    public ApiClient Connect(string userAgent, Func<HttpMessageHandler, HttpMessageHandler>? wrap = null) => new(
        ClusterConnection.FromKubeconfig(Encoding.UTF8.GetBytes(Kubeconfig), "the benchmark's"),
        new ApiClientOptions { UserAgent = userAgent, WrapHandler = wrap });

    public Task CreateAsync(IEnumerable<JsonObject> scheduledMachines) => EachAsync(
        scheduledMachines,
        machine => Api.CreateAsync(
            ScheduledMachines, "default", Encoding.UTF8.GetBytes(machine.ToJsonString()), "bench", static _ => 0, CancellationToken.None));

    public Task<JsonObject> CreateAsync(ResourceType type, JsonObject body) => Api.CreateAsync(
        type, type.Namespaced ? "default" : "", Encoding.UTF8.GetBytes(body.ToJsonString()), "bench", Parse, CancellationToken.None);

    public Task PatchAsync(ResourceType type, string name, string mergePatch, string? subresource = null) => Api.MergePatchAsync(
        type, new ObjectKey(type.Namespaced ? "default" : "", name), Encoding.UTF8.GetBytes(mergePatch), "bench", subresource,
        static _ => 0, CancellationToken.None);

    /// <summary>Does something with each, a few at a time.</summary>
    public static Task EachAsync<T>(IEnumerable<T> items, Func<T, Task> act, int sideBySide = SideBySide) => Parallel.ForEachAsync(
        items, new ParallelOptions { MaxDegreeOfParallelism = sideBySide }, async (item, _) => await act(item));

    public async Task<IReadOnlyList<JsonObject>> ListAsync(ResourceType type) =>
        (await Api.ListAsync(type, new ListOptions(), Parse, CancellationToken.None)).Items;

    /// <summary>A ScheduledMachine as people write them.</summary>
    public static JsonObject ScheduledMachine(string name, int priority, string days, string hours, string zone = "UTC") => JsonNode.Parse($$"""
        {"apiVersion":"5spot.finos.org/v1alpha1","kind":"ScheduledMachine","metadata":{"name":"{{name}}","namespace":"default"},
         "spec":{"clusterName":"office","priority":{{priority}},
          "schedule":{"daysOfWeek":["{{days}}"],"hoursOfDay":["{{hours}}"],"timezone":"{{zone}}"},
          "bootstrapSpec":{"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta1","kind":"K0sWorkerConfig","spec":{"version":"v1.33.1+k0s.0"} },
          "infrastructureSpec":{"apiVersion":"infrastructure.cluster.x-k8s.io/v1beta1","kind":"RemoteMachine",
           "spec":{"address":"{{name}}.example.com","port":22,"user":"admin"} },
          "machineTemplate":{"labels":{"example.com/room":"4.17"} },
          "gracefulShutdownTimeout":"5m","nodeDrainTimeout":"5m"} }
        """)!.AsObject();

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        await _server.DisposeAsync();
    }

    private static JsonObject Parse(ReadOnlySpan<byte> json) => JsonNode.Parse(json)!.AsObject();
}
