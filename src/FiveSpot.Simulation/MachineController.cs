// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;

namespace FiveSpot.Simulation;

/// <summary>
/// What Cluster API does with Machines: without its Cluster nothing, and nothing while it is paused. Else it takes over what the
/// Machine points at, follows what the providers report, finds the Node by its providerID alone, and takes away what is deleted.
/// </summary>
internal sealed class MachineController(
    ManagementCluster management,
    ProviderWatches providers,
    WorkloadClusters workloads,
    Marks marks,
    SimulationTimings timings,
    Func<SimulationBehaviour> behaviour)
{
    /// <summary>Cluster API's finalizer on Machines.</summary>
    public const string Finalizer = "machine.cluster.x-k8s.io";

    private const string LooksAgain = "looks again";

    private readonly MachineDeletion _deletion = new(management, providers, workloads, marks, timings);

    /// <summary>One turn.</summary>
    /// <returns>When to look again by itself; null for never.</returns>
    public async Task<DateTimeOffset?> ReconcileAsync(MachineObject machine, CancellationToken cancellationToken)
    {
        if (management.ClusterOf(machine) is not { } cluster)
        {
            return null;
        }

        // While something slow goes on, what happens meanwhile is not looked at.
        if (marks.Has(machine.Uid, LooksAgain) && marks.Since(machine.Uid, LooksAgain) is var at && at > marks.Now)
        {
            return at;
        }

        if (!machine.IsBeingDeleted && !machine.Metadata.Finalizers.Contains(Finalizer))
        {
            machine = await management.PatchAsync(
                machine, ClusterWriter.FinalizersPatch(machine.Metadata, [.. machine.Metadata.Finalizers, Finalizer]), cancellationToken);
        }

        if (Pause.Reason(cluster, machine.Metadata, MachineApi.Kind) is { } reason)
        {
            await WriteAsync(machine, Status(machine).Paused(reason), cancellationToken);
            return null;
        }

        if (machine.IsBeingDeleted && !machine.Metadata.Finalizers.Contains(Finalizer))
        {
            return null;
        }

        machine = await OwnAsync(machine, cluster, cancellationToken);
        var progress = new MachineProgress();
        machine = await BootstrapAsync(machine, progress, cancellationToken);
        machine = await InfrastructureAsync(machine, progress, cancellationToken);
        await NodeAsync(machine, progress, cancellationToken);
        NoteConnection(machine, progress);
        var isWaiting = progress.NodeError is not null || progress.Trouble is not null
            || (machine.Bootstrap is not null && progress.Config is null) || (machine.Infrastructure is not null && progress.Infrastructure is null);
        DateTimeOffset? wakeAt = isWaiting ? marks.Now + timings.Retry : null;
        if (machine.IsBeingDeleted)
        {
            if (machine.Json.Text("status", "phase") != "Deleting")
            {
                machine = await WriteAsync(machine, Status(machine).Of(progress), cancellationToken);
            }

            var step = await _deletion.AdvanceAsync(machine, cluster, progress, cancellationToken);
            if (step.IsGone)
            {
                return null;
            }

            if (step.IsSlow)
            {
                marks.Set(machine.Uid, LooksAgain, step.WakeAt!.Value);
            }

            wakeAt = step.WakeAt;
        }

        await WriteAsync(machine, Status(machine).Of(progress), cancellationToken);
        return wakeAt;
    }

    private MachineStatusWriter Status(MachineObject machine) => new(machine, management.Version, behaviour().HasConditionsOfV1Beta2, marks.Now);

    private async Task<MachineObject> WriteAsync(MachineObject machine, JsonObject? status, CancellationToken cancellationToken) =>
        status is null ? machine : await management.PatchStatusAsync(machine, status, cancellationToken);

    // One that nobody controls becomes its Cluster's, which deletes it with itself.
    private async Task<MachineObject> OwnAsync(MachineObject machine, ApiObject cluster, CancellationToken cancellationToken)
    {
        var metadata = new JsonObject();
        if (machine.Metadata.ControllerOwner is null && !machine.Metadata.OwnerReferences.Any(owner => owner.Kind == "Cluster"))
        {
            var owners = new JsonArray([.. machine.Json.Objects("metadata", "ownerReferences").Select(owner => owner.DeepClone())]);
            owners.Add((JsonNode)new JsonObject
            {
                ["apiVersion"] = management.Clusters.Type.ApiVersion,
                ["kind"] = management.Clusters.Type.Kind,
                ["name"] = cluster.Metadata.Name,
                ["uid"] = cluster.Uid,
            });
            metadata["ownerReferences"] = owners;
        }

        if (machine.Metadata.Labels.GetValueOrDefault(WellKnown.ClusterNameLabel) != machine.ClusterName)
        {
            metadata["labels"] = new JsonObject { [WellKnown.ClusterNameLabel] = machine.ClusterName };
        }

        if (metadata.Count == 0)
        {
            return machine;
        }

        metadata["resourceVersion"] = machine.ResourceVersion;
        return await management.PatchAsync(machine, new() { ["metadata"] = metadata }, cancellationToken);
    }

    private async Task<MachineObject> BootstrapAsync(MachineObject machine, MachineProgress progress, CancellationToken cancellationToken)
    {
        progress.IsBootstrapped = machine.DataSecretName is not null;
        if (machine.Bootstrap is not { } reference)
        {
            return machine;
        }

        progress.Config = await TakeOverAsync(machine, reference, progress, cancellationToken);
        if (!progress.IsBootstrapped && progress.Config is { IsBeingDeleted: false } config && Contract.DataSecretOf(config) is { } secret)
        {
            progress.IsBootstrapped = true;
            return await management.PatchAsync(
                machine, new() { ["spec"] = new JsonObject { ["bootstrap"] = new JsonObject { ["dataSecretName"] = secret } } }, cancellationToken);
        }

        return machine;
    }

    private async Task<MachineObject> InfrastructureAsync(MachineObject machine, MachineProgress progress, CancellationToken cancellationToken)
    {
        progress.IsProvisioned = machine.WasProvisioned;
        if (machine.Infrastructure is not { } reference)
        {
            return machine;
        }

        progress.Infrastructure = await TakeOverAsync(machine, reference, progress, cancellationToken);
        if (progress.Infrastructure is not { IsBeingDeleted: false } infrastructure
            || (!Contract.IsProvisioned(infrastructure) && !machine.WasProvisioned)
            || infrastructure.Json.Text("spec", "providerID") is not { Length: > 0 } providerId)
        {
            return machine;
        }

        progress.IsProvisioned = true;
        return machine.ProviderId == providerId
            ? machine
            : await management.PatchAsync(machine, new() { ["spec"] = new JsonObject { ["providerID"] = providerId } }, cancellationToken);
    }

    // Another Machine's is left to it: but one of the same name was this one, before it was made anew.
    private async Task<ApiObject?> TakeOverAsync(
        MachineObject machine, ProviderReference reference, MachineProgress progress, CancellationToken cancellationToken)
    {
        if (await providers.OfAsync(reference, cancellationToken) is not { } objects
            || objects.Get(new(machine.Key.Namespace, reference.Name)) is not { } obj)
        {
            return null;
        }

        var controller = obj.Metadata.ControllerOwner;
        if (controller is not null && (controller.Kind != MachineApi.Kind || controller.Name != machine.Key.Name))
        {
            progress.Trouble = $"{reference.Kind} {obj.Key} is already owned by another {controller.Kind} controller {controller.Name}";
            return null;
        }

        if (controller?.Uid == machine.Uid && obj.Metadata.Labels.GetValueOrDefault(WellKnown.ClusterNameLabel) == machine.ClusterName)
        {
            return obj;
        }

        var owners = new JsonArray([.. obj.Json.Objects("metadata", "ownerReferences").Where(owner => owner.Flag("controller") != true).Select(owner => owner.DeepClone())]);
        owners.Add((JsonNode)ClusterWriter.OwnerReference(management.Machines.Type.ApiVersion, MachineApi.Kind, machine.Metadata));
        obj = await management.Api.PatchAsync(
            objects.Type,
            obj.Key,
            new()
            {
                ["metadata"] = new JsonObject
                {
                    ["resourceVersion"] = obj.ResourceVersion,
                    ["ownerReferences"] = owners,
                    ["labels"] = new JsonObject { [WellKnown.ClusterNameLabel] = machine.ClusterName },
                },
            },
            ApiObject.Decode,
            cancellationToken);
        objects.Observe(obj);
        return obj;
    }

    private async Task NodeAsync(MachineObject machine, MachineProgress progress, CancellationToken cancellationToken)
    {
        if (machine.ProviderId is not { } providerId)
        {
            return;
        }

        try
        {
            var workload = await workloads.OfAsync(machine, cancellationToken);
            if (!workload.IsConnected)
            {
                progress.NodeError = "Remote connection is down";
                return;
            }

            progress.Node = workload.ByProviderId(providerId);
            if (progress.Node is { IsBeingDeleted: false } node && NodeWriter.ManagedPatch(machine, node) is { } patch)
            {
                progress.Node = await workload.Api.PatchAsync(SimulatedNodes.Nodes, node.Key, patch, ApiObject.Decode, cancellationToken);
                workload.Observe(progress.Node);
            }
        }
        catch (Exception failed) when (failed is ApiUnreachableException or ClusterConnectionException)
        {
            progress.NodeError = failed.Message;
        }
        catch (ApiException refused)
        {
            progress.NodeError = refused.Message;
        }
    }

    private void NoteConnection(MachineObject machine, MachineProgress progress)
    {
        const string IsCutOff = "is cut off";
        if (progress.NodeError is null)
        {
            marks.Forget(machine.Uid, IsCutOff);
        }
        else
        {
            progress.NodeErrorSince = marks.Since(machine.Uid, IsCutOff);
        }
    }
}
