// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;

namespace FiveSpot.Lifecycle;

/// <summary>Why nothing can be made in the Cluster that a machine names.</summary>
/// <param name="Reason">The reason of condition <c>ReferencesValid</c>.</param>
/// <param name="Message">A sentence for a person.</param>
internal sealed record ClusterTrouble(string Reason, string Message)
{
    /// <summary>What is wrong with the Cluster of a machine; null when it is as it should be, or when it can't be told which one
    /// that is.</summary>
    public static ClusterTrouble? Of(Observation seen) => (seen.CapiCluster, seen.ClusterName) switch
    {
        ({ IsBeingDeleted: true } cluster, _) => new(
            ConditionReasons.ClusterDeleting, $"Cluster {cluster.Key.Name} is being deleted: its machines go with it, and none is made."),
        (null, { } name) => new(
            ConditionReasons.ClusterNotFound,
            $"There is no Cluster {name} in namespace {seen.Machine.Key.Namespace}: spec.clusterName names a Cluster API Cluster there. The machine is made when it comes."),
        _ => null,
    };

    /// <summary>What may be left of a machine whose workload cluster can't be reached, as a sentence with a space before it; empty
    /// where it can.</summary>
    public static string MayLeaveNode(Observation seen) =>
        seen.Cluster is { Status: ConditionStatus.False } ? " The Node, and what runs there, stays if Cluster API can't reach that cluster either." : "";

    /// <summary>What Cluster API leaves undone when a machine of such a Cluster closes, as a sentence with a space before it; empty
    /// where it does all.</summary>
    public static string LeftUndone(Observation seen) =>
        seen is { CapiCluster: { HasControlPlane: false } cluster, OurMachine.NodeName: { } node }
            ? $" Cluster {cluster.Key.Name} has no control plane reference, so that Cluster API does not delete Node {node}: it stays until somebody does."
            : "";
}
