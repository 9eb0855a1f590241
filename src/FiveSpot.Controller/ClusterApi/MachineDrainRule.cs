// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;

namespace FiveSpot.Controller.ClusterApi;

/// <summary>What 5-Spot reads of a MachineDrainRule, which is the same at each version.</summary>
public sealed record MachineDrainRule : IKubernetesObject
{
    /// <summary>The label of each Namespace that has its name, and the only one that is known without reading it.</summary>
    public const string NamespaceNameLabel = "kubernetes.io/metadata.name";

    /// <summary>Name, uid and the like.</summary>
    public required ObjectMetadata Metadata { get; init; }

    /// <summary>What is done with the Pods that it selects; undecided where it says something that is not known here.</summary>
    public DrainBehavior Behavior { get; init; } = DrainBehavior.Undecided;

    /// <summary>In which order they are evicted.</summary>
    public int Order { get; init; }

    /// <summary>Machines by their labels, and by those of their Cluster; none for all.</summary>
    public ImmutableArray<(LabelSelector Machine, LabelSelector Cluster)> Machines { get; init; } = [];

    /// <summary>Pods by their labels, and by those of their Namespace; none for all.</summary>
    public ImmutableArray<(LabelSelector Pod, LabelSelector Namespace)> Pods { get; init; } = [];

    /// <inheritdoc/>
    public ObjectKey Key => Metadata.Key;

    /// <inheritdoc/>
    public string Uid => Metadata.Uid;

    /// <inheritdoc/>
    public string ResourceVersion => Metadata.ResourceVersion;

    /// <summary>Whether it selects a Machine.</summary>
    /// <param name="labels">The Machine's labels.</param>
    /// <param name="cluster">Those of its Cluster; null when they are not known.</param>
    /// <returns>Null when that can't be told.</returns>
    public bool? SelectsMachine(IReadOnlyDictionary<string, string> labels, IReadOnlyDictionary<string, string>? cluster)
    {
        bool? selects = Machines.IsEmpty;
        foreach (var (machine, ofCluster) in Machines)
        {
            selects |= machine.Matches(labels) & (cluster is not null ? ofCluster.Matches(cluster) : ofCluster.Requirements.IsEmpty ? true : null);
        }

        return selects;
    }

    /// <summary>Whether it selects a Pod.</summary>
    /// <param name="labels">The Pod's labels.</param>
    /// <param name="ns">The Pod's namespace.</param>
    /// <returns>Null when that can't be told.</returns>
    public bool? SelectsPod(IReadOnlyDictionary<string, string> labels, string ns)
    {
        bool? selects = Pods.IsEmpty;
        foreach (var (pod, ofNamespace) in Pods)
        {
            selects |= pod.Matches(labels) & MatchesNamespace(ofNamespace, ns);
        }

        return selects;
    }

    private static bool? MatchesNamespace(LabelSelector selector, string ns)
    {
        bool? matches = true;
        foreach (var requirement in selector.Requirements)
        {
            matches &= requirement.Key == NamespaceNameLabel ? requirement.Holds(ns) : null;
        }

        return matches;
    }
}
