// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Lifecycle.Reclaim;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Controller.Workload;

/// <summary>What is known of a machine's Node and of its cluster, and what is under way there.</summary>
/// <param name="Node">The Node.</param>
public sealed record NodeView(NodeObservation Node)
{
    /// <summary>Of a machine without a Node.</summary>
    public static NodeView None { get; } = new(NodeObservation.None);

    /// <summary>Whether the cluster answers; null while no Node makes it matter, and until the first answer.</summary>
    public ClusterReachability? Cluster { get; init; }

    /// <summary>Whether no kubeconfig says that it is the Machine's cluster.</summary>
    public bool IsGuess { get; init; }

    /// <summary>The write that cordons the Node, or lifts a cordon.</summary>
    public CallState Cordon { get; init; } = CallState.None;

    /// <summary>The write of the Node's taints.</summary>
    public CallState Taints { get; init; } = CallState.None;

    /// <summary>The Pods that a drain concerns; null while they are not watched, or not known yet.</summary>
    public NodePods? Pods { get; init; }

    /// <summary>Why the Pods are not known though they are watched, for a person.</summary>
    public string? PodTrouble { get; init; }

    /// <summary>The ConfigMap of the Node's reclaim agent; null where there is neither an agent nor to be one.</summary>
    public ReclaimConfigView? AgentConfig { get; init; }

    /// <summary>The writes that set the reclaim agent up, or take it away.</summary>
    public CallState Agent { get; init; } = CallState.None;

    /// <summary>The write that takes a reclaim request off the Node.</summary>
    public CallState RequestCleared { get; init; } = CallState.None;
}
