// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Sandbox.ApiServer;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Sandbox.Simulation;

/// <summary>
/// The clusters that machines join: the one of the Secret <c>clusterName-kubeconfig</c> beside the Machine (Cluster API's
/// convention), else the management cluster itself. Where the sandbox has a workload cluster, a Secret that is missing is
/// made, as Cluster API does for a cluster whose control plane it runs.
/// </summary>
internal sealed partial class WorkloadClusters : IAsyncDisposable
{
    private static readonly ResourceType Secrets = new("", "v1", "secrets", "Secret", Namespaced: true);

    private readonly SemaphoreSlim _one = new(1);
    private readonly Dictionary<ObjectKey, string> _bySecret = [];
    private readonly Dictionary<string, Cluster> _open = [];
    private readonly List<ApiClient> _clients = [];
    private readonly List<Task> _running = [];
    private readonly ApiClient _management;
    private readonly string? _workloadKubeconfig;
    private readonly TimeProvider _clock;
    private readonly SimulationTimings _timings;
    private readonly PhysicalMachines _machines;
    private readonly Action<ObjectKey> _wake;
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
    /// <param name="wake">Called with the Machine of each simulated Node that changes.</param>
    /// <param name="loggers">For what fails.</param>
    /// <param name="stop">Ends all watches.</param>
    public WorkloadClusters(
        ApiClient management,
        byte[]? workloadKubeconfig,
        TimeProvider clock,
        SimulationTimings timings,
        PhysicalMachines machines,
        Action<ObjectKey> wake,
        ILoggerFactory loggers,
        CancellationToken stop)
    {
        _management = management;
        _workloadKubeconfig = workloadKubeconfig is null ? null : Convert.ToBase64String(workloadKubeconfig);
        _clock = clock;
        _timings = timings;
        _machines = machines;
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
            if (await SecretOfAsync(machine, cancellationToken) is not { } secret)
            {
                return _ofManagement ??= await OpenAsync(_management, _stop);
            }

            // One cluster is one cluster, however many Secrets lead to it: it has one scheduler, and a machine one kubelet.
            var kubeconfig = secret.Json.Text("data", WellKnown.KubeconfigSecretKey) ?? "";
            if (_open.TryGetValue(kubeconfig, out var known))
            {
                Use(secret.Key, kubeconfig);
                return known.Nodes;
            }

            var client = new ApiClient(ClusterConnection.FromKubeconfig(Convert.FromBase64String(kubeconfig), $"Secret {secret.Key}"));
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

    private async Task<ApiObject?> SecretOfAsync(MachineObject machine, CancellationToken cancellationToken)
    {
        if (machine.ClusterName.Length == 0)
        {
            return null;
        }

        var key = new ObjectKey(machine.Key.Namespace, machine.ClusterName + WellKnown.KubeconfigSecretSuffix);
        var secret = await _management.TryGetAsync(Secrets, key, ApiObject.Decode, cancellationToken);
        if (secret is not null || _workloadKubeconfig is null)
        {
            return secret;
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
                ["labels"] = new JsonObject { [WellKnown.ClusterNameLabel] = machine.ClusterName },
            },
            ["data"] = new JsonObject { [WellKnown.KubeconfigSecretKey] = _workloadKubeconfig },
        };
        try
        {
            return await _management.CreateAsync(
                Secrets, key.Namespace, made.ToUtf8(), ClusterWriter.FieldManager, ApiObject.Decode, cancellationToken);
        }
        catch (ApiException refused) when (refused.IsInvalid)
        {
            // A cluster may have a name that no Secret can have; then 5-Spot finds none either.
            LogNoSecret(machine.Key, refused.Message);
            return null;
        }
    }

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

        var nodes = new SimulatedNodes(client, _clock, _timings, _machines, _wake, _loggers);
        _running.Add(nodes.RunAsync(closed));
        await nodes.WaitForSyncAsync(closed);
        return nodes;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Machine {Machine} joins the management cluster: {Reason}")]
    private partial void LogNoSecret(ObjectKey machine, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Reclaim agents get no namespace on {Server}: {Reason}")]
    private partial void LogNoNamespace(Uri server, string reason);

    private sealed record Cluster(SimulatedNodes Nodes, CancellationTokenSource Closes);
}
