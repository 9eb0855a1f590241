// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;

namespace FiveSpot.Lifecycle.ClusterApi;

/// <summary>What a Machine, whoever made it, says of the Node that it became or will become.</summary>
public interface IMachineClaim : IKubernetesObject
{
    /// <summary>When the Machine was made; null where the server does not say so.</summary>
    DateTimeOffset? CreatedAt { get; }

    /// <summary>The Cluster that it is of.</summary>
    string? ClusterName { get; }

    /// <summary>The machine's id at its provider; null until it is known.</summary>
    string? ProviderId { get; }

    /// <summary>Name of the Node that it became, as Cluster API has it; null until Cluster API has found it.</summary>
    string? NodeName { get; }

    /// <summary>Uid of that Node, where the version tells it.</summary>
    string? NodeUid { get; }
}
