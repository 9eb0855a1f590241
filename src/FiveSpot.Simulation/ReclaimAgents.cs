// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;
using FiveSpot.ReclaimAgent.Detection;
using FiveSpot.ReclaimAgent.Hosting;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Simulation;

/// <summary>
/// What the DaemonSet of the reclaim agent does on the simulated Nodes of a cluster: while a Node has the agent's label, the real
/// agent runs for it, within this process, and looks at the processes of the Node's machine.
/// </summary>
#pragma warning disable CA1001 // RunAsync disposes of the queue.
internal sealed partial class ReclaimAgents
#pragma warning restore CA1001
{
    private static readonly TimeSpan RestartAfter = TimeSpan.FromSeconds(2);

    private static readonly ResourceType Namespaces = new("", "v1", "namespaces", "Namespace", Namespaced: false);

    private readonly ApiClient _api;
    private readonly Func<string, ApiObject?> _findNode;
    private readonly PhysicalMachines _machines;
    private readonly TimeProvider _clock;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, RunningAgent> _running = new();
    private readonly WorkQueue<string> _queue;

    /// <summary>Runs none yet.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="findNode">Finds a Node by its name.</param>
    /// <param name="machines">The machines that are its Nodes.</param>
    /// <param name="clock">Simulated time, which the agents write down; they look for programs in real time, in which people
    /// start them.</param>
    /// <param name="loggers">For what fails.</param>
    public ReclaimAgents(ApiClient api, Func<string, ApiObject?> findNode, PhysicalMachines machines, TimeProvider clock, ILoggerFactory loggers)
    {
        _api = api;
        _findNode = findNode;
        _machines = machines;
        _clock = clock;
        _loggers = loggers;
        _logger = loggers.CreateLogger<ReclaimAgents>();
        _queue = new(api.NetworkTime, static _ => 0, WorkQueueOptions.For(api), _logger);
    }

    /// <summary>Makes the namespace of the agents' ConfigMaps, as whoever installs the DaemonSet does.</summary>
    /// <exception cref="ApiException">It may not be made.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer.</exception>
    public static async Task InstallAsync(ApiClient api, CancellationToken cancellationToken)
    {
        var wanted = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = Namespaces.Kind,
            ["metadata"] = new JsonObject { ["name"] = WellKnown.SystemNamespace },
        };
        try
        {
            await api.CreateAsync(Namespaces, "", wanted.ToUtf8(), ClusterWriter.FieldManager, PartialObject.Decode, cancellationToken);
        }
        catch (ApiException refused) when (refused.IsAlreadyExists)
        {
            // From an earlier time, or made by somebody else.
        }
    }

    /// <summary>Looks at a Node that has changed.</summary>
    public void Wake(string node) => _queue.Enqueue(node);

    /// <summary>Runs them until told to stop, and then stops them.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using (_queue)
        {
            await _queue.RunAsync(2, ReconcileAsync, stop);
            await Task.WhenAll(_running.Values.Select(agent => agent.DisposeAsync().AsTask()));
        }
    }

    private async ValueTask<WorkResult> ReconcileAsync(WorkItem<string> item, CancellationToken cancellationToken)
    {
        var node = _findNode(item.Key) is { IsBeingDeleted: false } found
            && found.Metadata.Labels.GetValueOrDefault(WellKnown.ReclaimAgentLabel) == WellKnown.ReclaimAgentEnabled ? found : null;
        if (_running.TryGetValue(item.Key, out var agent))
        {
            if (agent.NodeUid == node?.Uid && (agent.RestartAt is not { } due || due > _api.NetworkTime.GetUtcNow()))
            {
                return WorkResult.Done(agent.RestartAt);
            }

            await agent.DisposeAsync();
            _running.TryRemove(item.Key, out _);
        }

        if (node is not null && SimulatedHardware.MachineOf(node.Json.Text("spec", "providerID")) is { } machine)
        {
            _running[item.Key] = agent = new RunningAgent(node.Uid);
            agent.Start(stop => RunAsync(agent, item.Key, machine, stop));
        }

        return WorkResult.Done();
    }

    private async Task RunAsync(RunningAgent running, string node, ObjectKey key, CancellationToken stop)
    {
        if (!OperatingSystem.IsLinux())
        {
            LogNoLinux(node);
            return;
        }

        try
        {
            var machine = _machines.Acquire(key);
            try
            {
                using var agent = new FiveSpotReclaimAgent(
                    _api,
                    new ReclaimAgentSettings
                    {
                        NodeName = node,
                        Detector = DetectorKind.Poll,
                        ProcRoot = machine.ProcRoot,
                        MachineIdPath = machine.MachineIdPath,
                        Clock = _clock,
                    },
                    _loggers);
                await agent.RunAsync(stop);
            }
            finally
            {
                _machines.Release(key);
            }
        }
        catch (Exception failed)
        {
            LogFailed(failed, node, RestartAfter.TotalSeconds);
            running.RestartAt = _api.NetworkTime.GetUtcNow() + RestartAfter;
            _queue.Enqueue(node);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The reclaim agent of Node {Node} has failed, and is started again in {Seconds} s.")]
    private partial void LogFailed(Exception exception, string node, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Node {Node} is to have a reclaim agent, which needs Linux: nobody notices what its owner runs.")]
    private partial void LogNoLinux(string node);

    private sealed class RunningAgent(string nodeUid) : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Lock _lock = new();
        private DateTimeOffset? _restartAt;
        private Task _run = Task.CompletedTask;

        public string NodeUid => nodeUid;

        /// <summary>When to start it again; null if it has not failed.</summary>
        public DateTimeOffset? RestartAt
        {
            get
            {
                lock (_lock)
                {
                    return _restartAt;
                }
            }

            set
            {
                lock (_lock)
                {
                    _restartAt = value;
                }
            }
        }

        public void Start(Func<CancellationToken, Task> run) => _run = Task.Run(() => run(_stop.Token));

        /// <summary>Stops it, and waits until it has stopped.</summary>
        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _run;
            _stop.Dispose();
        }
    }
}
