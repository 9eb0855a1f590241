// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Sandbox.ApiServer;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Sandbox.Simulation;

/// <summary>
/// The clusters that machines join: the one of the Secret <c>clusterName-kubeconfig</c> beside the Machine (Cluster API's
/// convention), else the management cluster itself.
/// </summary>
internal sealed class WorkloadClusters(
    ApiClient management, TimeProvider clock, SimulationTimings timings, Action<ObjectKey> wake, ILoggerFactory loggers, CancellationToken stop)
    : IDisposable
{
    private static readonly ResourceType Secrets = new("", "v1", "secrets", "Secret", Namespaced: true);

    private readonly SemaphoreSlim _one = new(1);
    private readonly Dictionary<ObjectKey, (string Version, SimulatedNodes Nodes)> _bySecret = [];
    private readonly List<ApiClient> _clients = [];
    private SimulatedNodes? _management;

    /// <summary>The Nodes of the cluster that a Machine's node joins, complete.</summary>
    /// <exception cref="ClusterConnectionException">The Secret holds no usable kubeconfig.</exception>
    public async Task<SimulatedNodes> OfAsync(MachineObject machine, CancellationToken cancellationToken)
    {
        var key = new ObjectKey(machine.Key.Namespace, machine.ClusterName + WellKnown.KubeconfigSecretSuffix);
        await _one.WaitAsync(cancellationToken);
        try
        {
            if (machine.ClusterName.Length == 0 || await management.TryGetAsync(Secrets, key, ApiObject.Decode, cancellationToken) is not { } secret)
            {
                return _management ??= await OpenAsync(management);
            }

            if (_bySecret.TryGetValue(key, out var known) && known.Version == secret.ResourceVersion)
            {
                return known.Nodes;
            }

            var kubeconfig = Convert.FromBase64String(secret.Json.Text("data", WellKnown.KubeconfigSecretKey) ?? "");
            var client = new ApiClient(ClusterConnection.FromKubeconfig(kubeconfig, $"Secret {key}"));
            _clients.Add(client);
            var nodes = await OpenAsync(client);
            _bySecret[key] = (secret.ResourceVersion, nodes);
            return nodes;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose()
    {
        _clients.ForEach(client => client.Dispose());
        _one.Dispose();
    }

    private async Task<SimulatedNodes> OpenAsync(ApiClient client)
    {
        var nodes = new SimulatedNodes(client, clock, timings, wake, loggers);
        _ = nodes.RunAsync(stop);
        await nodes.WaitForSyncAsync(stop);
        return nodes;
    }
}
