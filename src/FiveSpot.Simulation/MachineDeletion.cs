// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;
using DeleteOptions = FiveSpot.Kubernetes.DeleteOptions;

namespace FiveSpot.Simulation;

/// <summary>
/// How Cluster API takes a Machine away: the Node is drained, its volumes are waited for, then go the infrastructure, the
/// bootstrap config and the Node, each once the one before is gone.
/// </summary>
internal sealed class MachineDeletion(
    ManagementCluster management, ProviderWatches providers, WorkloadClusters workloads, Marks marks, SimulationTimings timings)
{
    private const string Deleted = "deleted";

    // Where no webhook has set it.
    private static readonly TimeSpan DefaultNodeDeletionTimeout = TimeSpan.FromSeconds(10);

    /// <summary>One turn.</summary>
    public async Task<DeletionStep> AdvanceAsync(MachineObject machine, ApiObject cluster, MachineProgress progress, CancellationToken cancellationToken)
    {
        marks.Since(machine.Uid, Deleted);
        progress.DrainStarted = machine.DrainStarted;
        progress.VolumeWaitStarted = machine.VolumeWaitStarted;
        var node = NodeThatMayGo(machine, cluster, progress);
        if (node is not null && progress.Infrastructure is { IsBeingDeleted: false })
        {
            // Without infrastructure the Node is past help.
            if (await DrainAsync(machine, cluster, node, progress, cancellationToken) is { } drains)
            {
                return drains;
            }

            if (await WaitForVolumesAsync(machine, cluster, node, progress, cancellationToken) is { } waits)
            {
                return waits;
            }
        }

        if (await KeepsAsync(machine, machine.Infrastructure, progress.Infrastructure, cancellationToken))
        {
            (progress.DeletingReason, progress.DeletingMessage) =
                ("WaitingForInfrastructureDeletion", $"Waiting for {machine.Infrastructure!.Kind} to be deleted");
            return new DeletionStep();
        }

        if (await KeepsAsync(machine, machine.Bootstrap, progress.Config, cancellationToken))
        {
            (progress.DeletingReason, progress.DeletingMessage) = ("WaitingForBootstrapDeletion", $"Waiting for {machine.Bootstrap!.Kind} to be deleted");
            return new DeletionStep();
        }

        if (node is not null && await DeleteNodeAsync(machine, node, cancellationToken) is { } retries)
        {
            (progress.DeletingReason, progress.DeletingMessage) = ("DeletingNode", "Error deleting Node, please check controller logs for errors");
            return retries;
        }

        await management.PatchAsync(
            machine,
            ClusterWriter.FinalizersPatch(machine.Metadata, machine.Metadata.Finalizers.Where(finalizer => finalizer != MachineController.Finalizer)),
            cancellationToken);
        return new DeletionStep(IsGone: true);
    }

    // The Node of a Cluster that goes, or whose control plane is nobody's, is left as it is.
    private static string? NodeThatMayGo(MachineObject machine, ApiObject cluster, MachineProgress progress) =>
        cluster.IsBeingDeleted || !ClusterController.HasControlPlane(cluster) ? null : machine.NodeName ?? progress.Node?.Metadata.Name;

    private async Task<DeletionStep?> DrainAsync(
        MachineObject machine, ApiObject cluster, string name, MachineProgress progress, CancellationToken cancellationToken)
    {
        if (machine.Metadata.Annotations.ContainsKey(WellKnown.ExcludeNodeDrainingAnnotation)
            || IsOver(machine.Timeout("nodeDrainTimeout"), progress.DrainStarted))
        {
            return null;
        }

        progress.DrainStarted ??= marks.Now;
        (progress.DeletingReason, progress.DeletingMessage) = ("DrainingNode", $"Drain not completed yet (started at {progress.DrainStarted.Value.ToKubernetesTime()}):");
        try
        {
            var workload = await workloads.OfAsync(machine, cancellationToken);
            var drain = new NodeDrain(management, workload.Api, marks);
            if (await drain.FindNodeAsync(name, cancellationToken) is not { } node
                || await drain.AdvanceAsync(machine, cluster, node, cancellationToken) is not { } left)
            {
                return null;
            }

            progress.DeletingMessage += left;
            return new DeletionStep(marks.Now + timings.DrainRetry, IsSlow: true);
        }
        catch (Exception failed) when (failed is ApiException or ApiUnreachableException or ClusterConnectionException)
        {
            progress.DeletingMessage = "Error draining Node, please check controller logs for errors";
            return new DeletionStep(marks.Now + timings.Retry);
        }
    }

    private async Task<DeletionStep?> WaitForVolumesAsync(
        MachineObject machine, ApiObject cluster, string name, MachineProgress progress, CancellationToken cancellationToken)
    {
        if (machine.Metadata.Annotations.ContainsKey(WellKnown.ExcludeWaitForNodeVolumeDetachAnnotation)
            || IsOver(machine.Timeout("nodeVolumeDetachTimeout"), progress.VolumeWaitStarted))
        {
            return null;
        }

        progress.VolumeWaitStarted ??= marks.Now;
        progress.DeletingReason = "WaitingForVolumeDetach";
        try
        {
            var workload = await workloads.OfAsync(machine, cancellationToken);
            var drain = new NodeDrain(management, workload.Api, marks);
            if (await drain.FindNodeAsync(name, cancellationToken) is not { } node || NodeDrain.IsUnreachable(node))
            {
                return null;
            }

            var volumes = await AttachedVolumes.OfAsync(
                workload.Api, node, () => drain.ClaimsOfSkippedAsync(machine, cluster, node, cancellationToken), cancellationToken);
            if (volumes.Count == 0)
            {
                return null;
            }

            progress.DeletingMessage =
                $"Waiting for Node volumes to be detached (started at {progress.VolumeWaitStarted.Value.ToKubernetesTime()})\n* {string.Join(", ", volumes)}";
            return new DeletionStep(marks.Now + timings.DrainRetry, IsSlow: true);
        }
        catch (Exception failed) when (failed is ApiException or ApiUnreachableException or ClusterConnectionException)
        {
            progress.DeletingMessage = "Error waiting for volumes to be detached from Node, please check controller logs for errors";
            return new DeletionStep(marks.Now + timings.Retry);
        }
    }

    // Zero is without end.
    private bool IsOver(TimeSpan? timeout, DateTimeOffset? started) => timeout is { Ticks: > 0 } && started + timeout <= marks.Now;

    // Its provider wakes us when it is gone.
    private async Task<bool> KeepsAsync(
        MachineObject machine, ProviderReference? reference, ApiObject? obj, CancellationToken cancellationToken)
    {
        if (reference is null || obj is null)
        {
            return false;
        }

        if (!obj.IsBeingDeleted)
        {
            var objects = await providers.OfAsync(reference, cancellationToken);
            await management.Api.DeleteIfThereAsync(objects!.Type, obj.Key, new DeleteOptions { Uid = obj.Uid }, cancellationToken);
        }

        return true;
    }

    private async Task<DeletionStep?> DeleteNodeAsync(MachineObject machine, string node, CancellationToken cancellationToken)
    {
        try
        {
            var workload = await workloads.OfAsync(machine, cancellationToken);
            await workload.Api.DeleteIfThereAsync(SimulatedNodes.Nodes, ObjectKey.ClusterScoped(node), null, cancellationToken);
            return null;
        }
        catch (Exception failed) when (failed is ApiException or ApiUnreachableException or ClusterConnectionException)
        {
            // Counted from the beginning of the deletion, so that after a drain it is tried once.
            var timeout = machine.Timeout("nodeDeletionTimeout") ?? DefaultNodeDeletionTimeout;
            return IsOver(timeout, marks.Since(machine.Uid, Deleted)) ? null : new DeletionStep(marks.Now + timings.Retry);
        }
    }
}
