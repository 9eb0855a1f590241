// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.Controller.Reclaim;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;
using FiveSpot.ReclaimAgent.Detection;
using FiveSpot.ReclaimAgent.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace FiveSpot.Integration.Tests.Reclaim;

/// <summary>Somebody's workstation, a Node of a cluster, with an agent that sees a directory instead of its processes.</summary>
internal sealed class Desk : IAsyncDisposable
{
    /// <summary>The id that the machine has.</summary>
    public const string Machine = "3d1219c7c4c5404aaa1f6d2a48adfda4";

    public const string NodeName = "desk-1";

    private static readonly ObjectKey Config = ReclaimConfig.KeyOf(NodeName);

    private readonly CancellationTokenSource _stop = new();
    private readonly MetricRegistry _registry;
    private ApiClient? _api;
    private FiveSpotReclaimAgent? _agent;
    private Task _running = Task.CompletedTask;

    private Desk(Cluster cluster)
    {
        Cluster = cluster;
        _registry = new MetricRegistry(meter => meter.Scope is FiveSpotReclaimAgent agent && (_agent is null || ReferenceEquals(agent, _agent)));
        Directory.CreateDirectory(Folder.PathOf("proc"));
        Folder.Write("machine-id", Machine + "\n");
    }

    public Cluster Cluster { get; }

    public TemporaryFolder Folder { get; } = new();

    public TroubledServer? Trouble { get; private set; }

    public string Metrics => _registry.Render();

    public static async Task<Desk> PrepareAsync(ServerKind kind, string machineOfNode)
    {
        var desk = new Desk(await Cluster.StartAsync(kind));
        await desk.Cluster.CreateAsync(Kinds.Node, JsonNode.Parse($$"""{"apiVersion":"v1","kind":"Node","metadata":{"name":"{{NodeName}}"} }""")!.AsObject());
        await desk.Cluster.PatchAsync(Kinds.Node, NodeName, $$$"""{"status":{"nodeInfo":{"machineID":"{{{machineOfNode}}}"} } }""", "status");
        return desk;
    }

    public static async Task<Desk> StartAsync(ServerKind kind, string? command, string machineOfNode = Machine, bool isTroubled = false)
    {
        var desk = await PrepareAsync(kind, machineOfNode);
        try
        {
            if (command is not null)
            {
                await desk.LookForAsync(command);
            }

            desk.Trouble = isTroubled ? new TroubledServer(desk.Cluster.Address) : null;
            desk._api = new ApiClient(ClusterConnection.FromKubeconfig(
                Encoding.UTF8.GetBytes(desk.Trouble?.Kubeconfig(desk.Cluster.AgentKubeconfig) ?? desk.Cluster.AgentKubeconfig), "the test's"));
            desk._agent = new FiveSpotReclaimAgent(
                desk._api,
                new ReclaimAgentSettings
                {
                    NodeName = NodeName,
                    Namespace = WellKnown.SystemNamespace,
                    ProcRoot = desk.Folder.PathOf("proc"),
                    MachineIdPath = desk.Folder.PathOf("machine-id"),
                    Detector = DetectorKind.Poll,
                    Clock = desk.Cluster.Clock,
                },
                NullLoggerFactory.Instance);
            desk._running = desk._agent.RunAsync(desk._stop.Token);
            await desk._agent.Ready.WaitAsync(Wait.Deadline, TimeProvider.System);
            return desk;
        }
        catch
        {
            await desk.DisposeAsync();
            throw;
        }
    }

    /// <summary>What the controller tells the agent.</summary>
    public Task LookForAsync(string command)
    {
        var map = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["metadata"] = new JsonObject { ["name"] = Config.Name, ["labels"] = new JsonObject { [WellKnown.ScheduledMachineLabel] = "pc-1" } },
            ["data"] = new JsonObject { ["reclaim.toml"] = $"match_commands = [\"{command}\"]\npoll_interval_ms = 20\n" },
        };
        return Cluster.Api.ApplyAsync(
            ReclaimConfig.ConfigMaps, Config, Encoding.UTF8.GetBytes(map.ToJsonString()), "scenario", force: true, null, Cluster.Parse, CancellationToken.None);
    }

    public Task LookForNothingAsync() => Cluster.Api.DeleteAsync(ReclaimConfig.ConfigMaps, Config, options: null, CancellationToken.None);

    public void Start(int pid, string command)
    {
        var process = Directory.CreateDirectory(Folder.PathOf($"starting-{pid}")).FullName;
        File.WriteAllText(Path.Combine(process, "comm"), command + "\n");
        File.WriteAllText(Path.Combine(process, "cmdline"), command + "\0");
        Directory.Move(process, Path.Combine(Folder.PathOf("proc"), $"{pid}"));
    }

    public void End(int pid) => Directory.Delete(Path.Combine(Folder.PathOf("proc"), $"{pid}"), recursive: true);

    public async Task<JsonObject> NodeAsync() => (await Cluster.GetAsync(Kinds.Node, NodeName))!;

    public Task ClearAsync() => Cluster.PatchAsync(Kinds.Node, NodeName, """{"metadata":{"annotations":null} }""");

    public async Task<JsonObject> RequestedAsync(Action? each = null)
    {
        JsonObject? node = null;
        await Wait.UntilAsync(
            "the reclaim is requested",
            async () =>
            {
                each?.Invoke();
                return (string?)(node = await NodeAsync())["metadata"]!["annotations"]?["5spot.finos.org/reclaim-requested"] == "true";
            },
            () => Task.FromResult(Metrics));
        return node!;
    }

    /// <summary>The agent ends.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _agent?.Dispose();
        _api?.Dispose();
        if (Trouble is not null)
        {
            await Trouble.DisposeAsync();
        }

        await Cluster.DisposeAsync();
        _registry.Dispose();
        Folder.Dispose();
        _stop.Dispose();
    }
}
