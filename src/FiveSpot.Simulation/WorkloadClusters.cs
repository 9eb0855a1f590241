// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Simulation;

/// <summary>
/// The clusters that machines join: the one of the Secret <c>clusterName-kubeconfig</c> beside the Machine (Cluster API's
/// convention), else, where there never was one, the management cluster itself. Where the sandbox has a workload cluster, each
/// Cluster gets a Secret for it, as Cluster API's control plane providers make one.
/// </summary>
internal sealed partial class WorkloadClusters : IAsyncDisposable
{
    private static readonly ResourceType Secrets = new("", "v1", "secrets", "Secret", Namespaced: true);

    private readonly SemaphoreSlim _one = new(1);
    private readonly Dictionary<ObjectKey, string> _bySecret = [];
    private readonly Dictionary<string, Cluster> _open = [];
    private readonly List<SimulatedNodes> _all = [];
    private readonly List<ApiClient> _clients = [];
    private readonly List<Task> _running = [];
    private readonly ApiClient _management;
    private readonly string? _workloadKubeconfig;
    private readonly TimeProvider _clock;
    private readonly SimulationTimings _timings;
    private readonly PhysicalMachines _machines;
    private readonly Func<SimulationBehaviour> _behaviour;
    private readonly Action<ApiObject?> _wake;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly CancellationToken _stop;
    private SimulatedNodes? _ofManagement;

    /// <summary>Opens nothing yet.</summary>
    /// <param name="management">The management cluster.</param>
    /// <param name="workloadKubeconfig">What the Secrets hold that are made; null to make none.</param>
    /// <param name="clock">Simulated time.</param>
    /// <param name="timings">How long things take.</param>
    /// <param name="machines">The machines that join.</param>
    /// <param name="behaviour">What goes wrong.</param>
    /// <param name="wake">Called with each Node that changes, and with null when a cluster can't be reached any more, or can
    /// again.</param>
    /// <param name="loggers">For what fails.</param>
    /// <param name="stop">Ends all watches.</param>
    public WorkloadClusters(
        ApiClient management,
        byte[]? workloadKubeconfig,
        TimeProvider clock,
        SimulationTimings timings,
        PhysicalMachines machines,
        Func<SimulationBehaviour> behaviour,
        Action<ApiObject?> wake,
        ILoggerFactory loggers,
        CancellationToken stop)
    {
        _management = management;
        _workloadKubeconfig = workloadKubeconfig is null ? null : Convert.ToBase64String(workloadKubeconfig);
        _clock = clock;
        _timings = timings;
        _machines = machines;
        _behaviour = behaviour;
        _wake = wake;
        _loggers = loggers;
        _logger = loggers.CreateLogger<WorkloadClusters>();
        _stop = stop;
    }

    /// <summary>The Nodes of the cluster that a Machine's node joins, complete.</summary>
    /// <exception cref="ClusterConnectionException">The Secret holds no usable kubeconfig.</exception>
    public async Task<SimulatedNodes> OfAsync(MachineObject machine, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var key = KeyOf(machine.Cluster);
            if (await _management.TryGetAsync(Secrets, key, ApiObject.Decode, cancellationToken) is not { } secret)
            {
                if (_bySecret.ContainsKey(key))
                {
                    throw new ClusterConnectionException($"There is no Secret {key} any more.");
                }

                return _ofManagement ??= await OpenAsync(_management, _stop);
            }

            // One cluster is one cluster, however many Secrets lead to it: it has one scheduler, and a machine one kubelet.
            var kubeconfig = secret.Json.Text("data", WellKnown.KubeconfigSecretKey) ?? "";
            if (_open.TryGetValue(kubeconfig, out var known))
            {
                Use(secret.Key, kubeconfig);
                return known.Nodes;
            }

            var client = _management.ConnectTo(ClusterConnection.FromKubeconfig(Convert.FromBase64String(kubeconfig), $"Secret {secret.Key}"));
            _clients.Add(client);
            var closes = CancellationTokenSource.CreateLinkedTokenSource(_stop);
            var nodes = await OpenAsync(client, closes.Token);
            _open[kubeconfig] = new Cluster(nodes, closes);
            Use(secret.Key, kubeconfig);
            return nodes;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Waits until all has ended that was told to stop.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_running);
        foreach (var cluster in _open.Values)
        {
            cluster.Closes.Dispose();
        }

        _clients.ForEach(client => client.Dispose());
        _one.Dispose();
    }

    /// <summary>Makes the Secret of a Cluster, where it is missing and there is a cluster for it.</summary>
    public async Task EnsureSecretAsync(ObjectKey cluster, CancellationToken cancellationToken)
    {
        var key = KeyOf(cluster);
        if (_workloadKubeconfig is null || await _management.TryGetMetadataAsync(Secrets, key, cancellationToken) is not null)
        {
            return;
        }

        var made = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Secret",
            ["type"] = "cluster.x-k8s.io/secret",
            ["metadata"] = new JsonObject
            {
                ["name"] = key.Name,
                ["namespace"] = key.Namespace,
                ["labels"] = new JsonObject { [WellKnown.ClusterNameLabel] = cluster.Name },
            },
            ["data"] = new JsonObject { [WellKnown.KubeconfigSecretKey] = _workloadKubeconfig },
        };
        await _management.CreateAsync(Secrets, key.Namespace, made.ToUtf8(), ClusterWriter.FieldManager, PartialObject.Decode, cancellationToken);
    }

    /// <summary>Looks at all that runs on all of them: something else has changed.</summary>
    public void WakeAll()
    {
        foreach (var nodes in All)
        {
            nodes.WakeAll();
        }
    }

    /// <summary>Whether there is nothing to do on any of them before time passes or something changes.</summary>
    public bool AreIdle => All.All(nodes => nodes.IsIdle);

    private IReadOnlyList<SimulatedNodes> All
    {
        get
        {
            lock (_all)
            {
                return [.. _all];
            }
        }
    }

    private static ObjectKey KeyOf(ObjectKey cluster) => new(cluster.Namespace, cluster.Name + WellKnown.KubeconfigSecretSuffix);

    // What no Secret leads to any more is closed: credentials were exchanged, and another watch does its work.
    private void Use(ObjectKey secret, string kubeconfig)
    {
        var former = _bySecret.GetValueOrDefault(secret);
        _bySecret[secret] = kubeconfig;
        if (former is not null && former != kubeconfig && !_bySecret.ContainsValue(former) && _open.Remove(former, out var cluster))
        {
            cluster.Closes.Cancel();
            cluster.Closes.Dispose();
        }
    }

    private async Task<SimulatedNodes> OpenAsync(ApiClient client, CancellationToken closed)
    {
        try
        {
            await ReclaimAgents.InstallAsync(client, closed);
        }
        catch (ApiException refused)
        {
            LogNoNamespace(client.Connection.Server, refused.Message);
        }

        var nodes = new SimulatedNodes(client, _clock, _timings, _machines, _behaviour, _wake, _loggers);
        lock (_all)
        {
            _all.Add(nodes);
        }

        _running.Add(nodes.RunAsync(closed));
        await nodes.WaitForSyncAsync(closed);
        return nodes;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Reclaim agents get no namespace on {Server}: {Reason}")]
    private partial void LogNoNamespace(Uri server, string reason);

    private sealed record Cluster(SimulatedNodes Nodes, CancellationTokenSource Closes);
}
