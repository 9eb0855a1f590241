// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;

namespace FiveSpot.Lifecycle.Workload;

/// <summary>Whether a workload cluster can be spoken to: the condition <c>WorkloadClusterReachable</c>, before it is dated.</summary>
/// <param name="Status">One of <see cref="ConditionStatus"/>.</param>
/// <param name="Reason">Why, in one word.</param>
/// <param name="Message">Why, for a person.</param>
public sealed record ClusterReachability(string Status, string Reason, string Message)
{
    /// <summary>Of a kubeconfig that was not the one before: what was known of that says nothing of this one.</summary>
    public static ClusterReachability Connecting { get; } = new(
        ConditionStatus.Unknown, ConditionReasons.Connecting, "Whether the workload cluster answers is not known yet: 5-Spot is connecting to it.");
}
