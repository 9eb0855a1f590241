// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Sandbox.ApiServer;
using FiveSpot.Sandbox.Simulation;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>
/// A management cluster for one scenario: an API server, the kinds of Cluster API, a clock that the scenario moves, and a
/// log of what the controller asks of the server.
/// </summary>
internal sealed class Cluster : IAsyncDisposable
{
    public const string ControllerUserAgent = "5spot";

    // A Sunday: the first window of mon-fri 9-17 opens 21 hours later.
    public static readonly DateTimeOffset Sunday = new(2026, 1, 4, 12, 0, 0, TimeSpan.Zero);

    private static readonly string[] Writing = ["create", "update", "patch", "delete", "deletecollection"];

    private readonly EmbeddedApiServer _server;
    private readonly ConcurrentQueue<Call> _calls = new();

    private Cluster(EmbeddedApiServer server, FakeTimeProvider clock, ResourceType machineKind)
    {
        _server = server;
        Clock = clock;
        MachineKind = machineKind;
        Api = Connect("scenario");
        server.RequestObserver = observed =>
        {
            if (observed.Stage == RequestStage.Before && observed.Request.UserAgent.StartsWith(ControllerUserAgent, StringComparison.Ordinal))
            {
                _calls.Enqueue(new Call(observed.Request.Verb, observed.Request.Path, clock.GetUtcNow()));
            }
        };
    }

    /// <summary>The clock of the controller and of the objects.</summary>
    public FakeTimeProvider Clock { get; }

    /// <summary>The scenario's own client.</summary>
    public ApiClient Api { get; }

    /// <summary>The Machine at the newest version that this cluster serves.</summary>
    public ResourceType MachineKind { get; }

    /// <summary>All that the controller asked for, in order.</summary>
    public IReadOnlyList<Call> Calls => [.. _calls];

    /// <summary>What the controller wrote, in order; events apart, which follow in their own time.</summary>
    public IReadOnlyList<Call> Writes => [.. _calls.Where(call => IsWrite(call.Verb, call.Path))];

    public EmbeddedApiServer Server => _server;

    public static async Task<Cluster> StartAsync(string machineVersion = "v1beta2", JsonObject? crd = null)
    {
        var clock = new FakeTimeProvider(Sunday);
        var server = await EmbeddedApiServer.StartAsync(new EmbeddedApiServerOptions { Name = "management", Clock = clock });
        var cluster = new Cluster(server, clock, machineVersion == "v1beta2" ? Kinds.MachineV1Beta2 : Kinds.MachineV1Beta1);
        await cluster.CreateAsync(Kinds.Crd, "", crd ?? ScheduledMachineCrd.ToJson());
        foreach (var definition in ClusterApiDefinitions.All())
        {
            if (machineVersion != "v1beta2" && definition["metadata"]!["name"]!.GetValue<string>() == "machines.cluster.x-k8s.io")
            {
                ServeOnly(definition, machineVersion);
            }

            await cluster.CreateAsync(Kinds.Crd, "", definition);
        }

        return cluster;
    }

    /// <summary>Whether a request changes something other than events.</summary>
    public static bool IsWrite(ApiRequest request) => IsWrite(request.Verb, request.Path);

    public ApiClient Connect(string userAgent, Func<HttpMessageHandler, HttpMessageHandler>? wrap = null) => new(
        ClusterConnection.FromKubeconfig(System.Text.Encoding.UTF8.GetBytes(_server.Kubeconfig()), "the test's"),
        new ApiClientOptions { UserAgent = userAgent, WrapHandler = wrap });

    public Task<JsonObject> CreateAsync(ResourceType type, string ns, JsonObject body) =>
        Api.CreateAsync(type, ns, Bytes(body), "scenario", Parse, CancellationToken.None);

    public Task<JsonObject?> GetAsync(ResourceType type, string name) =>
        Api.TryGetAsync(type, new ObjectKey(type.Namespaced ? "default" : "", name), Parse, CancellationToken.None);

    public async Task<IReadOnlyList<JsonObject>> ListAsync(ResourceType type) =>
        (await Api.ListAsync(type, new ListOptions(), Parse, CancellationToken.None)).Items;

    public Task<JsonObject> PatchAsync(ResourceType type, string name, string mergePatch, string? subresource = null) => Api.MergePatchAsync(
        type,
        new ObjectKey(type.Namespaced ? "default" : "", name),
        System.Text.Encoding.UTF8.GetBytes(mergePatch),
        "scenario",
        subresource,
        Parse,
        CancellationToken.None);

    public async Task DeleteAsync(ResourceType type, string name)
    {
        try
        {
            await Api.DeleteAsync(type, new ObjectKey(type.Namespaced ? "default" : "", name), options: null, CancellationToken.None);
        }
        catch (ApiException exception) when (exception.IsNotFound)
        {
            // Gone already.
        }
    }

    /// <summary>Applies a ScheduledMachine: a workday schedule in UTC, unless the spec says otherwise.</summary>
    public Task<JsonObject> ScheduleAsync(string name = "pc-1", string extraSpec = "", string? schedule = null) => CreateAsync(
        Kinds.ScheduledMachine, "default", ScheduledMachineJson(name, extraSpec, schedule));

    public static JsonObject ScheduledMachineJson(string name, string extraSpec = "", string? schedule = null) => JsonNode.Parse($$"""
        {"apiVersion":"5spot.finos.org/v1alpha1","kind":"ScheduledMachine","metadata":{"name":"{{name}}","namespace":"default"},
         "spec":{"clusterName":"office","schedule":{{schedule ?? """{"daysOfWeek":["mon-fri"],"hoursOfDay":["9-17"]}"""}},
          "bootstrapSpec":{"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta1","kind":"K0sWorkerConfig","spec":{"version":"v1.33.1+k0s.0"} },
          "infrastructureSpec":{"apiVersion":"infrastructure.cluster.x-k8s.io/v1beta1","kind":"RemoteMachine","spec":{"address":"192.0.2.1","port":22,"user":"admin"} }
          {{extraSpec}} } }
        """)!.AsObject();

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

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        await _server.DisposeAsync();
    }

    public static JsonObject Parse(ReadOnlySpan<byte> json) => JsonNode.Parse(json)!.AsObject();

    private static bool IsWrite(string verb, string path) =>
        Writing.Contains(verb) && !path.Contains("/events", StringComparison.Ordinal);

    private static byte[] Bytes(JsonObject body) => JsonSerializer.SerializeToUtf8Bytes((JsonNode)body);

    private static void ServeOnly(JsonObject definition, string version)
    {
        var versions = definition["spec"]!["versions"]!.AsArray();
        foreach (var other in versions.Where(v => v!["name"]!.GetValue<string>() != version).ToList())
        {
            versions.Remove(other);
        }

        versions[0]!["storage"] = true;
        versions[0]!["served"] = true;
    }

    /// <summary>One request of the controller.</summary>
    internal sealed record Call(string Verb, string Path, DateTimeOffset At);
}
