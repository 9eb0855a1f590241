// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Logging;
using DeleteOptions = FiveSpot.Kubernetes.DeleteOptions;

namespace FiveSpot.Simulation;

/// <summary>
/// Keeps the Deployments and ReplicaSets of a cluster at their replicas, as a kube-controller-manager does: a Deployment has
/// a ReplicaSet for its template, a ReplicaSet has Pods, and one that goes or is about to go is replaced.
/// </summary>
/// <remarks>
/// There is no strategy: with another template, all Pods of the former one go and all of the new one come at once. Nor are
/// there <c>paused</c>, <c>minReadySeconds</c>, revisions, or the adoption of Pods that are nobody's.
/// </remarks>
public sealed class SimulatedWorkloads : IDisposable
{
    // So many at a time: a typing error in replicas must not keep everybody else waiting.
    private const int Burst = 100;

    private static readonly ResourceType Deployments = new("apps", "v1", "deployments", "Deployment", Namespaced: true);
    private static readonly ResourceType ReplicaSets = new("apps", "v1", "replicasets", "ReplicaSet", Namespaced: true);
    private static readonly ResourceType Pods = new("", "v1", "pods", "Pod", Namespaced: true);

    private readonly ApiClient _api;
    private readonly TimeProvider _clock;
    private readonly Informer<ApiObject> _deployments;
    private readonly Informer<ApiObject> _replicaSets;
    private readonly Informer<ApiObject> _pods;
    private readonly WorkQueue<(string Kind, ObjectKey Key)> _queue;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Keeps nothing yet.</summary>
    /// <param name="api">The cluster; it must have nobody else who does this.</param>
    /// <param name="clock">Simulated time.</param>
    /// <param name="loggers">For what fails.</param>
    public SimulatedWorkloads(ApiClient api, TimeProvider clock, ILoggerFactory loggers)
    {
        _api = api;
        _clock = clock;
        _deployments = new(api, Deployments, new InformerOptions(), ApiObject.Decode, loggers.CreateLogger("FiveSpot.Sandbox.deployments"));
        _replicaSets = new(api, ReplicaSets, new InformerOptions(), ApiObject.Decode, loggers.CreateLogger("FiveSpot.Sandbox.replicasets"));
        _pods = new(api, Pods, new InformerOptions(), ApiObject.Decode, loggers.CreateLogger("FiveSpot.Sandbox.pods"));
        _queue = new(clock, static _ => 0, WorkQueueOptions.For(api), loggers.CreateLogger<SimulatedWorkloads>());
        _deployments.Changed += change => _queue.Enqueue((Deployments.Kind, change.Key));
        _replicaSets.Changed += change =>
        {
            _queue.Enqueue((ReplicaSets.Kind, change.Key));
            WakeOwner(Deployments, change);
        };
        _pods.Changed += change => WakeOwner(ReplicaSets, change);
    }

    /// <summary>Done when all that is there is known.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Whether there is nothing to do before something changes.</summary>
    public bool IsIdle => _queue.Depth == 0 && _queue.Running == 0;

    /// <summary>Keeps them until told to stop.</summary>
    /// <param name="stop">Stops it.</param>
    /// <returns>A task that ends when it has stopped.</returns>
    public async Task RunAsync(CancellationToken stop)
    {
        Informer<ApiObject>[] informers = [_deployments, _replicaSets, _pods];
        var watching = Task.WhenAll(informers.Select(informer => informer.RunAsync(stop)));
        try
        {
            // What is not known yet would be taken for missing, and made again.
            await Task.WhenAll(informers.Select(informer => informer.WaitForSyncAsync(stop)));
            _ready.TrySetResult();
            await _queue.RunAsync(2, ReconcileAsync, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Told to stop before it was ready.
        }
        finally
        {
            await watching;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _queue.Dispose();

    private void WakeOwner(ResourceType type, ObjectChange<ApiObject> change)
    {
        if ((change.New ?? change.Old)!.Metadata is { ControllerOwner: { } owner } metadata && owner.Kind == type.Kind)
        {
            _queue.Enqueue((type.Kind, new ObjectKey(metadata.Namespace, owner.Name)));
        }
    }

    private async ValueTask<WorkResult> ReconcileAsync(WorkItem<(string Kind, ObjectKey Key)> item, CancellationToken cancellationToken)
    {
        var (kind, key) = item.Key;
        try
        {
            if (kind == Deployments.Kind)
            {
                await ReconcileDeploymentAsync(key, cancellationToken);
            }
            else
            {
                await ReconcileReplicaSetAsync(key, cancellationToken);
            }

            return WorkResult.Done();
        }
        catch (ApiException refused) when (refused.IsNotFound || refused.IsConflict)
        {
            // The cache was behind.
            return WorkResult.Retry(TimeSpan.FromSeconds(1));
        }
    }

    private async Task ReconcileDeploymentAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        // What a deleted one leaves behind is the garbage collector's.
        if (_deployments.Get(key) is not { IsBeingDeleted: false } deployment)
        {
            return;
        }

        var current = WorkloadWriter.ReplicaSet(deployment);
        var owned = OwnedBy(deployment, _replicaSets).ToList();
        if (owned.All(set => set.Metadata.Name != current.Text("metadata", "name")))
        {
            var made = await _api.CreateAsync(
                ReplicaSets, key.Namespace, current.ToUtf8(), ClusterWriter.FieldManager, ApiObject.Decode, cancellationToken);
            _replicaSets.Observe(made);
            owned.Add(made);
        }

        for (var i = 0; i < owned.Count; i++)
        {
            var replicas = owned[i].Metadata.Name == current.Text("metadata", "name") ? WorkloadWriter.ReplicasOf(deployment) : 0;
            if (WorkloadWriter.ReplicasOf(owned[i]) != replicas)
            {
                owned[i] = await _api.PatchAsync(
                    ReplicaSets, owned[i].Key, new() { ["spec"] = new JsonObject { ["replicas"] = replicas } }, ApiObject.Decode, cancellationToken);
                _replicaSets.Observe(owned[i]);
            }
        }

        var newest = owned.First(set => set.Metadata.Name == current.Text("metadata", "name"));
        if (WorkloadWriter.DeploymentStatus(deployment, owned, newest, _clock.GetUtcNow()) is { } status)
        {
            _deployments.Observe(await _api.PatchStatusAsync(Deployments, key, status, ApiObject.Decode, cancellationToken));
        }
    }

    private async Task ReconcileReplicaSetAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (_replicaSets.Get(key) is not { IsBeingDeleted: false } set)
        {
            return;
        }

        var active = OwnedBy(set, _pods).Where(WorkloadWriter.IsActive).ToList();
        var missing = Math.Min(WorkloadWriter.ReplicasOf(set) - active.Count, Burst);
        for (; missing > 0; missing--)
        {
            var pod = await _api.CreateAsync(
                Pods, key.Namespace, WorkloadWriter.Pod(set).ToUtf8(), ClusterWriter.FieldManager, ApiObject.Decode, cancellationToken);
            _pods.Observe(pod);
            active.Add(pod);
        }

        // First those that do no work yet, then the youngest.
        foreach (var pod in active
            .OrderBy(WorkloadWriter.IsReady)
            .ThenByDescending(pod => pod.Metadata.CreationTimestamp)
            .ThenBy(pod => pod.Metadata.Name, StringComparer.Ordinal)
            .Take((int)Math.Clamp(active.Count - WorkloadWriter.ReplicasOf(set), 0, Burst)))
        {
            await _api.DeleteIfThereAsync(Pods, pod.Key, new DeleteOptions { Uid = pod.Uid }, cancellationToken);
        }

        if (WorkloadWriter.ReplicaSetStatus(set, active) is { } status)
        {
            _replicaSets.Observe(await _api.PatchStatusAsync(ReplicaSets, key, status, ApiObject.Decode, cancellationToken));
        }
    }

    private static IEnumerable<ApiObject> OwnedBy(ApiObject owner, Informer<ApiObject> objects) =>
        objects.Enumerate().Where(obj => obj.Metadata.ControllerOwner?.Uid == owner.Uid);
}
