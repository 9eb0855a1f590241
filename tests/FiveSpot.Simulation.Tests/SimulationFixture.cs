// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer;
using FiveSpot.Controller.Hosting;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Simulation.Tests;

/// <summary>An embedded API server on which Cluster API is simulated, by a clock that the test moves.</summary>
internal sealed class SimulationFixture : IAsyncDisposable
{
    public const string Machines = "/apis/cluster.x-k8s.io/v1beta2/namespaces/default/machines";
    public const string Configs = "/apis/bootstrap.cluster.x-k8s.io/v1beta1/namespaces/default/k0sworkerconfigs";
    public const string ScheduledMachines = "/apis/5spot.finos.org/v1alpha1/namespaces/default/scheduledmachines";
    public const string Clusters = "/apis/cluster.x-k8s.io/v1beta2/namespaces/default/clusters";
    public const string Hardware = "/apis/infrastructure.cluster.x-k8s.io/v1beta1/namespaces/default/remotemachines";

    private readonly CancellationTokenSource _stop = new();
    private SimulatedClusterApi? _simulation;
    private SimulatedWorkloads? _workloads;
    private OwnerPrograms? _owners;
    private FiveSpotController? _controller;
    private Task _running = Task.CompletedTask;
    private Task _keeping = Task.CompletedTask;
    private Task _owning = Task.CompletedTask;
    private Task _controlling = Task.CompletedTask;

    private readonly FollowedWatches _watches = new();
    private readonly EmbeddedApiServer? _workload;

    private SimulationFixture(EmbeddedApiServer server, EmbeddedApiServer? workload, FakeTimeProvider clock)
    {
        _workload = workload;
        Server = server;
        Clock = clock;
        _watches.Authority = server.Address.Authority;
        Http = FiveSpot.ApiServer.Tests.ServerFixture.ClientFor(server);
        Api = new ApiClient(ClusterConnection.FromKubeconfig(Encoding.UTF8.GetBytes(server.Kubeconfig()), "test"), new ApiClientOptions { WrapHandler = _watches.Follow });
    }

    public EmbeddedApiServer Server { get; }

    public FakeTimeProvider Clock { get; }

    public HttpClient Http { get; }

    public ApiClient Api { get; }

    /// <summary>What was logged, of all levels.</summary>
    public RecordedLogs Logs { get; } = new();

    public PhysicalMachines PhysicalMachines { get; } = new();

    /// <summary>How Cluster API and the machines behave, from now on.</summary>
    public SimulationBehaviour Behaviour
    {
        get => _simulation!.Behaviour;
        set => _simulation!.Behaviour = value;
    }

    public IReadOnlyList<string> Installed { get; private set; } = [];

    public static Task<SimulationFixture> StartAsync(params IReadOnlyList<string> definitions) => StartAsync(NewClock(), null, definitions);

    /// <summary>Where every test begins.</summary>
    public static FakeTimeProvider NewClock() => new(new DateTimeOffset(2026, 1, 5, 9, 0, 0, TimeSpan.Zero));

    /// <summary>As above; its machines join a cluster of their own.</summary>
    public static async Task<SimulationFixture> StartAsync(FakeTimeProvider clock, EmbeddedApiServer? workload, params IReadOnlyList<string> definitions)
    {
        var server = await EmbeddedApiServer.StartAsync(new EmbeddedApiServerOptions { Clock = clock }, TestContext.Current.CancellationToken);
        var fixture = new SimulationFixture(server, workload, clock);
        foreach (var definition in definitions)
        {
            await fixture.SendAsync(HttpMethod.Post, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition, "application/yaml");
        }

        fixture.Installed = await DefinitionInstaller.InstallMissingAsync(fixture.Api, TestContext.Current.CancellationToken);
        fixture._simulation = new SimulatedClusterApi(
            fixture.Api, clock, null, fixture.PhysicalMachines, fixture.Logs, workload is null ? null : Encoding.UTF8.GetBytes(workload.Kubeconfig()));
        fixture._running = fixture._simulation.RunAsync(fixture._stop.Token);
        await fixture._simulation.Ready.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        return fixture;
    }

    /// <summary>Definitions of Cluster API's own kinds as before 1.11: at <c>v1beta1</c> alone.</summary>
    public static IReadOnlyList<string> OnlyV1Beta1() =>
    [
        .. ClusterApiDefinitions.All().Where(definition => definition["spec"]!["group"]!.ToString() == "cluster.x-k8s.io").Select(definition =>
        {
            var versions = definition["spec"]!["versions"]!.AsArray();
            versions.Remove(versions.Single(version => version!["name"]!.ToString() == "v1beta2"));
            versions[0]!["storage"] = true;
            return definition.ToJsonString();
        }),
    ];

    /// <summary>Stops Cluster API and the machines, and all else but the API server.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _keeping;
        await _owning;
        await _controlling;
        _owners?.Dispose();
        _controller?.Dispose();
        _simulation?.Dispose();
        _workloads?.Dispose();
        PhysicalMachines.Dispose();
        Logs.Dispose();
        Http.Dispose();
        Api.Dispose();
        _stop.Dispose();
        await Server.DisposeAsync();
    }

    /// <summary>From now on somebody keeps Deployments at their replicas.</summary>
    public async Task KeepWorkloadsAsync()
    {
        _workloads = new SimulatedWorkloads(Api, Clock, Logs);
        _keeping = _workloads.RunAsync(_stop.Token);
        await _workloads.Ready.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
    }

    /// <summary>From now on there are the owners of the machines, and 5-Spot.</summary>
    public async Task RunFiveSpotAsync()
    {
        _owners = new OwnerPrograms(Api, PhysicalMachines, Logs);
        _owning = _owners.RunAsync(_stop.Token);
        _controller = new FiveSpotController(Api, new ControllerSettings { Clock = Clock, Workload = new() { Kubeconfigs = new() { AllowOwnAddresses = true } } }, Logs);
        _controlling = _controller.RunAsync(_stop.Token);
        await _controller.Ready.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
    }

    public async Task<JsonObject> SendAsync(HttpMethod method, string path, string? body = null, string type = "application/json")
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, type);
        }

        using var response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        response.IsSuccessStatusCode.ShouldBeTrue($"{method} {path}: {text}");
        return JsonNode.Parse(text)!.AsObject();
    }

    /// <summary>Null when there is none.</summary>
    public async Task<JsonNode?> FindAsync(string path)
    {
        using var response = await Http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        return response.IsSuccessStatusCode ? JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)) : null;
    }

    /// <summary>The items of a list.</summary>
    public async Task<IReadOnlyList<JsonNode>> ListAsync(string path) => [.. (await FindAsync(path))!["items"]!.AsArray().Select(item => item!)];

    public Task<JsonNode?> AwaitAsync(string path, Func<JsonNode?, bool> isSo, string what) => Eventually.GetAsync(() => FindAsync(path), isSo, what);

    private bool IsIdle => _simulation!.IsIdle && _workloads?.IsIdle != false && _controller?.IsIdle != false;

    /// <summary>Waits until nothing happens any more before time passes.</summary>
    public async Task SettleAsync()
    {
        for (var quiet = 0; quiet < 3;)
        {
            var before = Server.ResourceVersion;
            await Eventually.GetAsync(() => Task.FromResult(IsIdle), idle => idle, "the simulation is idle");
            await Server.WaitForControllersAsync(TestContext.Current.CancellationToken);
            await Eventually.GetAsync(
                () =>
                {
                    Server.SendBookmarks();
                    return Task.FromResult(_watches.AreAt(before));
                },
                areThere => areThere,
                "the simulation knows of all that happened");
            if (_workload is not null)
            {
                // How far its clients are is not known.
                await Task.Delay(TimeSpan.FromMilliseconds(40), TimeProvider.System, TestContext.Current.CancellationToken);
            }

            quiet = Server.ResourceVersion == before && IsIdle ? quiet + 1 : 0;
        }
    }

    public async Task AdvanceAsync(double seconds)
    {
        await SettleAsync();
        Clock.Advance(TimeSpan.FromSeconds(seconds));
        await SettleAsync();
    }

    /// <summary>Lets time pass until it is so.</summary>
    public Task<JsonNode?> PassUntilAsync(string path, Func<JsonNode?, bool> isSo, string what) => Eventually.GetAsync(
        () =>
        {
            Clock.Advance(TimeSpan.FromSeconds(5));
            return FindAsync(path);
        },
        isSo,
        what);

    /// <summary>The path of Machines, Clusters or the like at another version.</summary>
    public static string At(string path, string version) => path.Replace("v1beta2", version, StringComparison.Ordinal);

    /// <summary>A Cluster, unless there is one of that name; somebody runs its control plane, or nobody does.</summary>
    public async Task CreateClusterAsync(string name = "c1", string version = "v1beta2", bool hasControlPlane = true)
    {
        if (await FindAsync($"{At(Clusters, version)}/{name}") is not null)
        {
            return;
        }

        var group = version == "v1beta1" ? "\"apiVersion\":\"infrastructure.cluster.x-k8s.io/v1beta1\"" : "\"apiGroup\":\"infrastructure.cluster.x-k8s.io\"";
        var controlPlane = hasControlPlane
            ? $$$""","controlPlaneRef":{ {{{group.Replace("infrastructure", "controlplane", StringComparison.Ordinal)}}},"kind":"K0smotronControlPlane","name":"{{{name}}}"}"""
            : "";
        await SendAsync(HttpMethod.Post, At(Clusters, version), $$$"""
            {"apiVersion":"cluster.x-k8s.io/{{{version}}}","kind":"Cluster","metadata":{"name":"{{{name}}}"},
             "spec":{"infrastructureRef":{ {{{group}}},"kind":"RemoteCluster","name":"{{{name}}}"}{{{controlPlane}}} } }
            """);
    }

    /// <summary>Creates the three objects as 5-Spot does.</summary>
    public async Task CreateMachineAsync(
        string name, string version = "v1beta2", string extraSpec = "", string clusterName = "c1", string extraMetadata = "")
    {
        await CreateClusterAsync(clusterName, version);
        await SendAsync(HttpMethod.Post, Configs, $$$"""{"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta1","kind":"K0sWorkerConfig","metadata":{"name":"{{{name}}}"},"spec":{"version":"v1.34.1+k0s.0"}}""");
        await SendAsync(HttpMethod.Post, Hardware, $$$"""{"apiVersion":"infrastructure.cluster.x-k8s.io/v1beta1","kind":"RemoteMachine","metadata":{"name":"{{{name}}}"},"spec":{"address":"192.0.2.1","port":22,"user":"k0s","sshKeyRef":{"name":"key"} } }""");
        var (config, hardware) = version == "v1beta1"
            ? ("\"apiVersion\":\"bootstrap.cluster.x-k8s.io/v1beta1\"", "\"apiVersion\":\"infrastructure.cluster.x-k8s.io/v1beta1\"")
            : ("\"apiGroup\":\"bootstrap.cluster.x-k8s.io\"", "\"apiGroup\":\"infrastructure.cluster.x-k8s.io\"");
        await SendAsync(HttpMethod.Post, Machines.Replace("v1beta2", version, StringComparison.Ordinal), $$$"""
            {"apiVersion":"cluster.x-k8s.io/{{{version}}}","kind":"Machine",
             "metadata":{"name":"{{{name}}}","labels":{"node-role.kubernetes.io/worker":"","team":"a"}{{{extraMetadata}}} },
             "spec":{"clusterName":"{{{clusterName}}}","bootstrap":{"configRef":{ {{{config}}},"kind":"K0sWorkerConfig","name":"{{{name}}}"}},
                     "infrastructureRef":{ {{{hardware}}},"kind":"RemoteMachine","name":"{{{name}}}"}{{{extraSpec}}}}}
            """);
    }

    /// <summary>Creates a machine and lets the time pass that it takes.</summary>
    public async Task CreateRunningMachineAsync(
        string name, string extraSpec = "", string clusterName = "c1", string version = "v1beta2", string extraMetadata = "")
    {
        await CreateMachineAsync(name, version, extraSpec, clusterName, extraMetadata);
        await AwaitAsync($"{At(Machines, version)}/{name}", machine => machine?["status"] is not null, "the Machine is seen");
        foreach (var seconds in (double[])[10, 30, 20, 20])
        {
            await AdvanceAsync(seconds);
        }

        (await FindAsync($"{At(Machines, version)}/{name}"))!["status"]!["phase"]!.ToString().ShouldBe("Running");
    }

    public Task<JsonObject> CreateDeploymentAsync(string name, int replicas, string extraAnnotations = "") =>
        SendAsync(HttpMethod.Post, "/apis/apps/v1/namespaces/default/deployments", $$$"""
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"{{{name}}}"},
             "spec":{"replicas":{{{replicas}}},"selector":{"matchLabels":{"app":"{{{name}}}"}},
                     "template":{"metadata":{"labels":{"app":"{{{name}}}"},"annotations":{"example.com/why":"test"{{{extraAnnotations}}} } },
                                 "spec":{"containers":[{"name":"c","image":"i"}]} } }}
            """);

    public async Task CreatePodAsync(string name, string? node = null, string extraMetadata = "", string extraSpec = "")
    {
        var nodeName = node is null ? "" : $"\"nodeName\":\"{node}\",";
        await SendAsync(HttpMethod.Post, "/api/v1/namespaces/default/pods", $$$"""
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{{name}}}"{{{extraMetadata}}}},
             "spec":{ {{{nodeName}}}"containers":[{"name":"c","image":"i"}]{{{extraSpec}}} } }
            """);
    }

    public Task<JsonObject> PatchAsync(string path, string mergePatch) => SendAsync(HttpMethod.Patch, path, mergePatch, "application/merge-patch+json");

    /// <summary>A Pod runs on the Node of a machine.</summary>
    public async Task RunPodAsync(string name, string node = "a", string extraMetadata = "", string extraSpec = "")
    {
        await CreatePodAsync(name, node, extraMetadata, extraSpec);
        await AdvanceAsync(3);
        (await FindAsync($"/api/v1/namespaces/default/pods/{name}"))!["status"]!["phase"]!.ToString().ShouldBe("Running");
    }

    /// <summary>The status of a condition; null where there is none.</summary>
    public static string? Condition(JsonNode? obj, string type, string field = "status") =>
        Conditions(obj?["status"]?["conditions"], type, field);

    /// <summary>The same of the newer conditions that <c>v1beta1</c> has beside its own.</summary>
    public static string? NewCondition(JsonNode? obj, string type, string field = "status") =>
        Conditions(obj?["status"]?["v1beta2"]?["conditions"], type, field);

    private static string? Conditions(JsonNode? conditions, string type, string field) =>
        conditions?.AsArray().FirstOrDefault(condition => condition!["type"]!.ToString() == type)?[field]?.ToString();
}
