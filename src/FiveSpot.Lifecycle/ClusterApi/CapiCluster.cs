// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;

namespace FiveSpot.Lifecycle.ClusterApi;

/// <summary>What 5-Spot keeps of a Cluster API Cluster, at whichever version it came.</summary>
public sealed record CapiCluster : IKubernetesObject
{
    /// <inheritdoc/>
    public required ObjectKey Key { get; init; }

    /// <inheritdoc/>
    public required string Uid { get; init; }

    /// <inheritdoc/>
    public required string ResourceVersion { get; init; }

    /// <summary>The version it was read at, such as <c>cluster.x-k8s.io/v1beta2</c>.</summary>
    public required string ApiVersion { get; init; }

    /// <summary>Its labels, by which rules select it.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>When somebody deleted it, so that only finalizers keep it; null while it stays.</summary>
    public DateTimeOffset? DeletionTimestamp { get; init; }

    /// <summary>Whether it is paused, by its spec or by Cluster API's annotation on it.</summary>
    public bool IsPaused { get; init; }

    /// <summary>Whether it names a control plane. Of one that does not, Cluster API neither drains nor deletes Nodes.</summary>
    public bool HasControlPlane { get; init; }

    /// <summary>Its infrastructure; null where it names none.</summary>
    public ProviderReference? Infrastructure { get; init; }

    /// <summary>Whether it is on its way out.</summary>
    public bool IsBeingDeleted => DeletionTimestamp is not null;
}
