// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;
using FiveSpot.ReclaimAgent.Detection;
using FiveSpot.ReclaimAgent.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace FiveSpot.Integration.Tests.Reclaim;

/// <summary>Contract, section 9, the agent's side: a Node, its ConfigMap, and programs that start on the machine.</summary>
public abstract class ReclaimAgentTests(ServerKind kind)
{
    public sealed class OnEmbedded() : ReclaimAgentTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : ReclaimAgentTests(ServerKind.KubeApiServer);

    private const string Machine = "3d1219c7c4c5404aaa1f6d2a48adfda4";
    private static readonly ResourceType ConfigMap = new("", "v1", "configmaps", "ConfigMap", Namespaced: true);

    [Fact]
    public async Task A_program_of_the_owner_is_written_on_their_node()
    {
        await using var desk = await Desk.StartAsync(kind, "java");
        desk.Start(7, "java");
        var node = await desk.RequestedAsync();
        var annotations = node["metadata"]!["annotations"]!;
        ((string?)annotations["5spot.finos.org/reclaim-reason"]).ShouldBe("process-match: java");
        ((string?)annotations["5spot.finos.org/reclaim-requested-at"]).ShouldBe("2026-01-04T12:00:00.000Z");

        // Kubernetes 1.20 keeps no managers of an object that was never applied.
        if (node["metadata"]!["managedFields"]?.AsArray() is { } managers)
        {
            managers
                .Where(entry => entry!["fieldsV1"]?["f:metadata"]?["f:annotations"]?.AsObject().ContainsKey("f:5spot.finos.org/reclaim-requested") ?? false)
                .Select(entry => (string?)entry!["manager"])
                .ShouldBe(["5spot-reclaim-agent"]);
        }
    }

    [Fact]
    public async Task On_the_node_of_another_machine_nothing_is_written()
    {
        await using var desk = await Desk.StartAsync(kind, "java", machineOfNode: "0123456789abcdef0123456789abcdef");
        var before = await desk.NodeAsync();
        desk.Start(7, "java");
        await Wait.UntilAsync("it refuses", () => desk.Metrics.Contains("writes_total{result=\"wrong_host\"} 1\n", StringComparison.Ordinal));
        JsonNode.DeepEquals(await desk.NodeAsync(), before).ShouldBeTrue();
    }

    [Fact]
    public async Task A_changed_config_map_takes_effect_on_what_runs_already()
    {
        await using var desk = await Desk.StartAsync(kind, "java");
        desk.Start(7, "idea");
        await desk.Cluster.PatchAsync(ConfigMap, Desk.ConfigMapName, Desk.Data("idea"));
        ((string?)(await desk.RequestedAsync())["metadata"]!["annotations"]!["5spot.finos.org/reclaim-reason"]).ShouldBe("process-match: idea");
    }

    [Fact]
    public async Task A_config_map_that_comes_late_or_goes_away_is_followed()
    {
        await using var desk = await Desk.StartAsync(kind, command: null);
        desk.Start(7, "java");
        await desk.LookForAsync("java");
        await desk.RequestedAsync();
        await desk.Cluster.DeleteAsync(ConfigMap, Desk.ConfigMapName);
        await desk.ClearAsync();
        await desk.LookForAsync("java");

        // What is noticed within a second of a request is of that one.
        var pid = 8;
        await desk.RequestedAsync(() => desk.Start(pid++, "java"));
    }

    [Theory]
    [InlineData(Trouble.Down)]
    [InlineData(Trouble.Slow)]
    [InlineData(Trouble.Forbidden)]
    [InlineData(Trouble.ClosesAtOnce)]
    public async Task A_request_that_can_not_be_made_is_made_when_it_can(Trouble trouble)
    {
        await using var desk = await Desk.StartAsync(kind, "java", isTroubled: true);
        await desk.Trouble!.BeginAsync(trouble);
        desk.Start(7, "java");
        await Wait.UntilAsync("it fails", () => desk.Metrics.Contains("writes_total{result=\"failed\"}", StringComparison.Ordinal));
        desk.End(7);
        await desk.Trouble.EndAsync();
        await desk.RequestedAsync();
    }

    [Fact]
    public async Task The_executable_notices_a_program_of_this_machine_and_ends_when_it_is_told_to()
    {
        await using var desk = await Desk.PrepareAsync(kind, machineOfNode: Machine);
        var name = $"owners{System.Environment.ProcessId}{kind}"[..15];
        await desk.LookForAsync(name);
        File.Copy("/bin/sleep", desk.Folder.PathOf(name));
        using var agent = Process.Start(new ProcessStartInfo("dotnet",
        [
            // Of what it needs there is here only what the tests' own framework lacks.
            "exec",
            "--runtimeconfig", Path.Combine(AppContext.BaseDirectory, "FiveSpot.Integration.Tests.runtimeconfig.json"),
            "--depsfile", Path.Combine(AppContext.BaseDirectory, "FiveSpot.Integration.Tests.deps.json"),
            Path.Combine(AppContext.BaseDirectory, "5spot-reclaim-agent.dll"), "--kubeconfig", desk.Folder.Write("kubeconfig", desk.Cluster.Kubeconfig),
            "--node-name", Desk.NodeName, "--namespace", desk.Cluster.Namespace, "--machine-id-path", desk.Folder.PathOf("machine-id"), "--log-format", "text",
        ])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
        })!;
        var log = agent.StandardError.ReadToEndAsync();
        using var program = Process.Start(desk.Folder.PathOf(name), "60");
        try
        {
            await desk.RequestedAsync();
        }
        finally
        {
            program.Kill();
            using var kill = Process.Start("kill", ["-TERM", $"{agent.Id}"]);
            await agent.WaitForExitAsync().WaitAsync(Wait.Deadline, TimeProvider.System);
        }

        agent.ExitCode.ShouldBe(0, await log);
        (await log).ShouldContain($"process-match: {name}");
    }

    /// <summary>Somebody's workstation, a Node of a cluster, with an agent that sees a directory instead of its processes.</summary>
    private sealed class Desk : IAsyncDisposable
    {
        public const string NodeName = "desk-1";
        public const string ConfigMapName = "reclaim-agent-desk-1";

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

        public static string Data(string command) =>
            new JsonObject { ["data"] = new JsonObject { ["reclaim.toml"] = $"match_commands = [\"{command}\"]\npoll_interval_ms = 20\n" } }.ToJsonString();

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
                    Encoding.UTF8.GetBytes(desk.Trouble?.Kubeconfig(desk.Cluster.Kubeconfig) ?? desk.Cluster.Kubeconfig), "the test's"));
                desk._agent = new FiveSpotReclaimAgent(
                    desk._api,
                    new ReclaimAgentSettings
                    {
                        NodeName = NodeName,
                        Namespace = desk.Cluster.Namespace,
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

        public Task LookForAsync(string command)
        {
            var map = JsonNode.Parse(Data(command))!.AsObject();
            map["apiVersion"] = "v1";
            map["kind"] = "ConfigMap";
            map["metadata"] = new JsonObject { ["name"] = ConfigMapName };
            return Cluster.CreateAsync(ConfigMap, map);
        }

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

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running;
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
}
