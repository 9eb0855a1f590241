// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.ApiServer;
using DeleteOptions = FiveSpot.Kubernetes.DeleteOptions;

namespace FiveSpot.Simulation;

/// <summary>
/// What Cluster API does with Clusters. Each is there at once: a control plane is somebody's who runs it elsewhere, as k0smotron's.
/// One that is deleted deletes the Machines that it owns, and waits for all that have its name.
/// </summary>
internal sealed class ClusterController(
    ManagementCluster management, WorkloadClusters workloads, Marks marks, SimulationTimings timings, Func<SimulationBehaviour> behaviour)
{
    /// <summary>Cluster API's finalizer on Clusters.</summary>
    public const string Finalizer = "cluster.cluster.x-k8s.io";

    /// <summary>Whether somebody runs its control plane. Where nobody does, Cluster API takes any Machine for the last of it, and
    /// leaves its Node alone.</summary>
    public static bool HasControlPlane(ApiObject cluster) => cluster.Json.Text("spec", "controlPlaneRef", "name") is not null;

    /// <summary>One turn.</summary>
    /// <returns>When to look again by itself; null for never.</returns>
    public async Task<DateTimeOffset?> ReconcileAsync(ApiObject cluster, CancellationToken cancellationToken)
    {
        var paused = Pause.Reason(cluster, cluster.Metadata, management.Clusters.Type.Kind);
        var waitsFor = new List<string>();
        if (paused is null)
        {
            if (!cluster.IsBeingDeleted && !cluster.Metadata.Finalizers.Contains(Finalizer))
            {
                cluster = await PatchAsync(
                    cluster, ClusterWriter.FinalizersPatch(cluster.Metadata, [.. cluster.Metadata.Finalizers, Finalizer]), cancellationToken);
            }

            if (!cluster.IsBeingDeleted)
            {
                await workloads.EnsureSecretAsync(cluster.Key, cancellationToken);
            }
            else if (cluster.Metadata.Finalizers.Contains(Finalizer))
            {
                waitsFor.AddRange(await DeleteMachinesAsync(cluster, cancellationToken));
                if (waitsFor.Count == 0)
                {
                    await PatchAsync(
                        cluster, ClusterWriter.FinalizersPatch(cluster.Metadata, cluster.Metadata.Finalizers.Where(name => name != Finalizer)), cancellationToken);
                    return null;
                }
            }
        }

        var status = new ClusterStatusWriter(cluster, management.Version, behaviour().HasConditionsOfV1Beta2, marks.Now).Of(paused, waitsFor);
        if (status is not null)
        {
            management.Clusters.Observe(await management.Api.PatchStatusAsync(
                management.Clusters.Type, cluster.Key, status, ApiObject.Decode, cancellationToken));
        }

        return waitsFor.Count > 0 ? marks.Now + timings.ClusterRetry : null;
    }

    private async Task<IEnumerable<string>> DeleteMachinesAsync(ApiObject cluster, CancellationToken cancellationToken)
    {
        var machines = management.Machines.Snapshot().Where(machine =>
            machine.Key.Namespace == cluster.Metadata.Namespace
            && machine.Metadata.Labels.GetValueOrDefault(WellKnown.ClusterNameLabel) == cluster.Metadata.Name).ToList();
        foreach (var machine in machines.Where(machine => !machine.IsBeingDeleted && machine.Metadata.OwnerReferences.Any(owner => owner.Uid == cluster.Uid)))
        {
            await management.Api.DeleteIfThereAsync(management.Machines.Type, machine.Key, new DeleteOptions { Uid = machine.Uid }, cancellationToken);
        }

        return machines.Select(machine => machine.Key.Name).Order(StringComparer.Ordinal);
    }

    private async Task<ApiObject> PatchAsync(ApiObject cluster, JsonObject patch, CancellationToken cancellationToken)
    {
        var written = await management.Api.PatchAsync(management.Clusters.Type, cluster.Key, patch, ApiObject.Decode, cancellationToken);
        if (!written.IsBeingDeleted || written.Metadata.Finalizers.Count > 0)
        {
            management.Clusters.Observe(written);
        }

        return written;
    }
}
