// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;

namespace FiveSpot.Controller.ClusterApi;

/// <summary>All that is kept of a Machine that is not 5-Spot's: there may be many thousands.</summary>
public sealed record MachineClaim : IMachineClaim
{
    /// <summary>The longest providerID that a claim is kept of, which is Cluster API's own bound at v1beta2.</summary>
    public const int LongestProviderId = 512;

    /// <summary>The longest name of a Node or a Cluster, and the longest uid, that are kept: an object of a longer name there can't
    /// be.</summary>
    public const int LongestName = 253;

    /// <inheritdoc/>
    public required ObjectKey Key { get; init; }

    /// <inheritdoc/>
    public required string ResourceVersion { get; init; }

    /// <inheritdoc/>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <inheritdoc/>
    public string? ClusterName { get; init; }

    /// <inheritdoc/>
    public string? ProviderId { get; init; }

    /// <inheritdoc/>
    public string? NodeName { get; init; }

    /// <summary>Uid of that Node, where the version tells it and there is no providerID, which says more.</summary>
    public string? NodeUid { get; init; }

    /// <summary>Not kept: nothing is ever asked of such a Machine.</summary>
    public string Uid => "";
}
