// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.Reclaim;

namespace FiveSpot.Integration.Tests.Reclaim;

/// <summary>Somebody's workstation, a Node of a cluster, with an agent that sees a directory instead of its processes.</summary>
internal sealed class Desk : IAsyncDisposable
{
    /// <summary>The id that the machine has.</summary>
    public const string Machine = "3d1219c7c4c5404aaa1f6d2a48adfda4";

    public const string NodeName = "desk-1";

    private static readonly ObjectKey Config = ReclaimConfig.KeyOf(NodeName);

    private RunningAgent? _agent;

    private Desk(Cluster cluster)
    {
        Cluster = cluster;
        RunningAgent.Prepare(Folder, Machine);
    }

    public Cluster Cluster { get; }

    public TemporaryFolder Folder { get; } = new();

    public TroubledServer? Trouble { get; private set; }

    public string Metrics => _agent!.Metrics;

    /// <summary>How often the agent has looked at everything that runs.</summary>
    public int Sweeps => int.Parse(
        Metrics.Split('\n').Single(line => line.StartsWith("fivespot_reclaim_sweeps_total ", StringComparison.Ordinal)).Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);

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
            desk._agent = await RunningAgent.StartAsync(desk.Cluster, NodeName, desk.Folder, desk.Trouble?.Kubeconfig(desk.Cluster.AgentKubeconfig));
            return desk;
        }
        catch
        {
            await desk.DisposeAsync();
            throw;
        }
    }

    /// <summary>What the controller tells the agent.</summary>
    public Task LookForAsync(string command) => TellAsync(TomlFor(command));

    /// <summary>Stands for what <see cref="LookForAsync"/> tells.</summary>
    public static string HashOf(string command) => ReclaimConfigHash.Of(TomlFor(command));

    /// <summary>What the controller tells the agent, in its own words.</summary>
    public Task TellAsync(string toml)
    {
        var map = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["metadata"] = new JsonObject { ["name"] = Config.Name, ["labels"] = new JsonObject { [WellKnown.ScheduledMachineLabel] = "pc-1" } },
            ["data"] = new JsonObject { ["reclaim.toml"] = toml },
        };
        return Cluster.Api.ApplyAsync(
            ReclaimConfig.ConfigMaps, Config, Encoding.UTF8.GetBytes(map.ToJsonString()), "scenario", force: true, null, Cluster.Parse, CancellationToken.None);
    }

    public Task LookForNothingAsync() => Cluster.Api.DeleteAsync(ReclaimConfig.ConfigMaps, Config, options: null, CancellationToken.None);

    public void Start(int pid, string command, string? commandLine = null, string? cgroup = null) => RunningAgent.Start(Folder, pid, command, commandLine, cgroup);

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

    /// <summary>By which configuration the Node says that its agent watches; null if it says nothing.</summary>
    public async Task<string?> SaysAsync() => (string?)(await NodeAsync())["metadata"]!["annotations"]?[WellKnown.ReclaimAgentWatchingAnnotation];

    /// <summary>The agent ends.</summary>
    public Task StopAsync() => _agent?.StopAsync() ?? Task.CompletedTask;

    private static string TomlFor(string command) => $"match_commands = [\"{command}\"]\npoll_interval_ms = 20\n";

    public async ValueTask DisposeAsync()
    {
        if (_agent is not null)
        {
            await _agent.DisposeAsync();
        }

        if (Trouble is not null)
        {
            await Trouble.DisposeAsync();
        }

        await Cluster.DisposeAsync();
        Folder.Dispose();
    }
}
