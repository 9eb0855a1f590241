// SPDX-License-Identifier: Apache-2.0

using System.Text;
using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.ReclaimAgent.Detection;
using FiveSpot.ReclaimAgent.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>The reclaim agent of a Node, in this process, that sees a directory instead of its machine's processes.</summary>
internal sealed class RunningAgent : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ApiClient _api;
    private readonly FiveSpotReclaimAgent _agent;
    private readonly MetricRegistry _registry;
    private readonly Task _running;

    private RunningAgent(ApiClient api, Cluster cluster, string node, TemporaryFolder folder)
    {
        _api = api;
        _registry = new MetricRegistry(meter => meter.Scope is FiveSpotReclaimAgent agent && (_agent is null || ReferenceEquals(agent, _agent)));
        _agent = new FiveSpotReclaimAgent(
            api,
            new ReclaimAgentSettings
            {
                NodeName = node,
                Namespace = WellKnown.SystemNamespace,
                ProcRoot = folder.PathOf("proc"),
                MachineIdPath = folder.PathOf("machine-id"),
                Detector = DetectorKind.Poll,
                Clock = cluster.Clock,
            },
            NullLoggerFactory.Instance);
        _running = _agent.RunAsync(_stop.Token);
    }

    public string Metrics => _registry.Render();

    /// <summary>Starts it, and waits until it knows what to look for.</summary>
    /// <param name="cluster">The Node's cluster.</param>
    /// <param name="node">The Node.</param>
    /// <param name="folder">In it are the machine's <c>proc</c> and <c>machine-id</c>.</param>
    /// <param name="kubeconfig">What it goes by; null for what agents have.</param>
    public static async Task<RunningAgent> StartAsync(Cluster cluster, string node, TemporaryFolder folder, string? kubeconfig = null)
    {
        var api = new ApiClient(ClusterConnection.FromKubeconfig(Encoding.UTF8.GetBytes(kubeconfig ?? cluster.AgentKubeconfig), "the test's"));
        var agent = new RunningAgent(api, cluster, node, folder);
        try
        {
            await agent._agent.Ready.WaitAsync(Wait.Deadline, TimeProvider.System);
            return agent;
        }
        catch
        {
            await agent.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes a machine on which nothing runs.</summary>
    public static void Prepare(TemporaryFolder folder, string machineId)
    {
        Directory.CreateDirectory(folder.PathOf("proc"));
        folder.Write("machine-id", machineId + "\n");
    }

    /// <summary>A program starts on the machine.</summary>
    public static void Start(TemporaryFolder folder, int pid, string command, string? commandLine = null, string? cgroup = null)
    {
        var process = Directory.CreateDirectory(folder.PathOf($"starting-{pid}")).FullName;
        File.WriteAllText(Path.Combine(process, "comm"), command + "\n");
        File.WriteAllText(Path.Combine(process, "cmdline"), commandLine ?? command + "\0");
        File.WriteAllText(Path.Combine(process, "cgroup"), (cgroup ?? "0::/user.slice/user-1000.slice/session-2.scope") + "\n");
        Directory.Move(process, Path.Combine(folder.PathOf("proc"), $"{pid}"));
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
        _agent.Dispose();
        _api.Dispose();
        _registry.Dispose();
        _stop.Dispose();
    }
}
