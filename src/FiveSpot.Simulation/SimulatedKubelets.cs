// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer;

namespace FiveSpot.Simulation;

/// <summary>
/// The kubelets of the machines, and who looks after their Nodes. A kubelet registers its Node once, when the machine comes up;
/// one that is not heard of is marked unreachable. Nodes of k0smotron get their providerIDs from it.
/// </summary>
internal sealed class SimulatedKubelets(
    ManagementCluster management,
    ProviderWatches providers,
    WorkloadClusters workloads,
    Marks marks,
    SimulationTimings timings,
    Func<SimulationBehaviour> behaviour)
{
    private const string Registered = "registered", Silent = "silent";

    /// <summary>One turn with the machine of a Machine.</summary>
    /// <returns>When to look again by itself; null for never.</returns>
    public async Task<DateTimeOffset?> ReconcileAsync(MachineObject machine, CancellationToken cancellationToken)
    {
        if (machine.Infrastructure is not { } reference
            || await providers.OfAsync(reference, cancellationToken) is not { } objects
            || objects.Get(new(machine.Key.Namespace, reference.Name)) is not { } infrastructure
            || !Contract.IsProvisioned(infrastructure)
            || infrastructure.Json.Text("spec", "providerID") is not { } providerId
            || management.ClusterOf(machine) is null)
        {
            return null;
        }

        var workload = await workloads.OfAsync(machine, cancellationToken);
        if (!workload.IsConnected)
        {
            return marks.Now + timings.Retry;
        }

        var node = workload.Get(machine.Key.Name);
        if (node?.Json.Text("spec", "providerID") is { Length: > 0 } id && id != providerId)
        {
            // Another machine's.
            return null;
        }

        return behaviour().SwitchedOff.Contains(machine.Key) || infrastructure.IsBeingDeleted
            ? await GiveUpAsync(workload, node, infrastructure.Uid, cancellationToken)
            : await RunAsync(workload, machine, node, infrastructure.Uid, providerId, cancellationToken);
    }

    private async Task<DateTimeOffset?> RunAsync(
        SimulatedNodes workload, MachineObject machine, ApiObject? node, string uid, string providerId, CancellationToken cancellationToken)
    {
        marks.Forget(uid, Silent);
        if (node is null)
        {
            // It does not do so a second time before it is started again.
            if (marks.Has(uid, Registered) || !behaviour().NodesJoin)
            {
                return null;
            }

            if (marks.Due(machine.Uid, "seen", timings.NodeJoins) is { } due)
            {
                return due;
            }

            var knownId = NodeWriter.IsOfK0smotron(machine) ? null : providerId;
            node = await workload.Api.CreateAsync(
                SimulatedNodes.Nodes, "", NodeWriter.Node(machine, knownId).ToUtf8(), NodeWriter.Kubelet, ApiObject.Decode, cancellationToken);
            workload.Observe(node);
        }

        marks.Since(uid, Registered);
        if (node.Json.Text("spec", "providerID") is not { Length: > 0 }
            && NodeWriter.IsOfK0smotron(machine)
            && machine.ProviderId is not null
            && behaviour() is { NodesGetProviderIds: true, ControllersRun: true })
        {
            node = await PatchAsync(workload, node, new() { ["spec"] = new JsonObject { ["providerID"] = machine.ProviderId } }, cancellationToken);
        }

        var readyAt = marks.Due(machine.Uid, "seen", timings.NodeReady);
        if (NodeWriter.LifecyclePatch(node, isReady: readyAt is null) is { } taints)
        {
            node = await PatchAsync(workload, node, taints, cancellationToken);
        }

        if (NodeWriter.Status(machine, node, readyAt is null, marks.Now) is { } status)
        {
            workload.Observe(await workload.Api.PatchStatusAsync(SimulatedNodes.Nodes, node.Key, status, ApiObject.Decode, cancellationToken));
        }

        return readyAt;
    }

    // The node lifecycle controller's part.
    private async Task<DateTimeOffset?> GiveUpAsync(SimulatedNodes workload, ApiObject? node, string uid, CancellationToken cancellationToken)
    {
        if (node is null)
        {
            return null;
        }

        if (marks.Due(uid, Silent, timings.NodeUnreachable) is { } due)
        {
            return due;
        }

        if (NodeWriter.LifecyclePatch(node, isReady: null) is { } taints)
        {
            node = await PatchAsync(workload, node, taints, cancellationToken);
        }

        if (NodeWriter.UnreachableStatus(node, marks.Now) is { } status)
        {
            workload.Observe(await workload.Api.PatchStatusAsync(SimulatedNodes.Nodes, node.Key, status, ApiObject.Decode, cancellationToken));
        }

        return null;
    }

    private static async Task<ApiObject> PatchAsync(SimulatedNodes workload, ApiObject node, JsonObject patch, CancellationToken cancellationToken)
    {
        patch.Metadata()["resourceVersion"] = node.ResourceVersion;
        var written = await workload.Api.PatchAsync(SimulatedNodes.Nodes, node.Key, patch, ApiObject.Decode, cancellationToken);
        workload.Observe(written);
        return written;
    }
}
