// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Lifecycle;

/// <summary>How far the drain of a Node is, and what goes on with it.</summary>
internal static class NodeDrain
{
    /// <summary>
    /// A Node that is not cordoned may get another Pod at any moment, so that looking at its Pods would tell nothing.
    /// </summary>
    public static bool IsCordoned(Observation seen) => seen.Node is { State: NodeState.Known, Node.Unschedulable: true };

    /// <summary>Whether nothing is left that would be waited for.</summary>
    public static bool IsEmpty(Observation seen) =>
        seen.Node.State is NodeState.Deleted || (IsCordoned(seen) && seen.Pods is { Left: 0 });

    /// <summary>Whether all Pods that are left are Cluster API's to drain.</summary>
    public static bool IsLeftToClusterApi(Observation seen) => IsCordoned(seen) && seen.Pods is { WhyClusterApiDrains: not null };

    /// <summary>Cordons the Node, unless it is.</summary>
    public static IEnumerable<Step> Cordon(Observation seen, DateTimeOffset now) =>
        seen.Node is { State: NodeState.Known, Node: { Unschedulable: false } node } && seen.Cordon.MayStart(now)
            ? [new Step.Cordon(node)]
            : [];

    /// <summary>Why it can't be, as a sentence with a space before it; empty where it can.</summary>
    public static string CordonTrouble(Observation seen) =>
        seen.Node is { State: NodeState.Known, Node.Unschedulable: false } && seen.Cordon.Trouble is { } trouble
            ? $" The Node can't be cordoned: {trouble}"
            : "";

    /// <summary>What has the next Pods go.</summary>
    public static IEnumerable<Step> MovePods(Observation seen, Manner manner) => (manner, IsCordoned(seen) ? seen.Pods : null) switch
    {
        (Manner.Emergency, { DueForDeletion: { Length: > 0 } pods }) => [new Step.DeletePods(pods)],
        (Manner.Emergency, _) => [],
        (_, { Due: { Length: > 0 } pods }) => [new Step.Evict(pods)],
        _ => [],
    };

    /// <summary>What came of it.</summary>
    public static DrainResult Result(Observation seen) =>
        seen.Node.State is NodeState.Deleted
            ? DrainResult.Drained($"{NodeOf(seen)} was deleted: nothing runs there any more.")
        : IsEmpty(seen) ? DrainResult.Drained($"{NodeOf(seen)} is drained: {seen.Pods!.DescribeEmpty()}")
        : seen.Pods is { } pods ? DrainResult.Failed($"{NodeOf(seen)} could not be drained in time. {pods.Describe()}")
        : DrainResult.Failed($"{NodeOf(seen)} could not be drained: {WhyPodsAreUnknown(seen)}{ClusterTrouble.MayLeaveNode(seen)}");

    /// <summary>Why nobody knows how far it is.</summary>
    public static string WhyPodsAreUnknown(Observation seen) => seen.Node.State switch
    {
        NodeState.Mismatch or NodeState.Missing => seen.Node.Detail ?? "",
        NodeState.Unknown => seen.Cluster is { Status: not ConditionStatus.True } cluster ? cluster.Message : seen.Node.Detail ?? "its cluster has not answered yet.",
        _ when !IsCordoned(seen) => seen.Cordon.Trouble is { } trouble ? $"the Node can't be cordoned: {trouble}" : "cordoning the Node.",
        _ => seen.PodTrouble is { } trouble ? $"its pods can't be listed: {trouble}" : "looking for its pods.",
    };

    private static string NodeOf(Observation seen) => seen.Node.Name is { } name ? $"Node {name}" : "The Node";
}
