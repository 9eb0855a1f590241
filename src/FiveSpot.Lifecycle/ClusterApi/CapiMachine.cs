// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;

namespace FiveSpot.Lifecycle.ClusterApi;

/// <summary>What 5-Spot reads of a Cluster API Machine, at whichever version it came.</summary>
public sealed record CapiMachine : IMachineClaim
{
    /// <summary>Name, uid, owners and the like.</summary>
    public required ObjectMetadata Metadata { get; init; }

    /// <summary>The version it was read at, such as <c>cluster.x-k8s.io/v1beta2</c>.</summary>
    public required string ApiVersion { get; init; }

    /// <summary>The Cluster that it is of, which its label only repeats.</summary>
    public string? ClusterName { get; init; }

    /// <summary>Its bootstrap config.</summary>
    public ProviderReference? Bootstrap { get; init; }

    /// <summary>Its infrastructure machine.</summary>
    public ProviderReference? Infrastructure { get; init; }

    /// <summary>How long Cluster API takes at most to delete it.</summary>
    public DeletionTimeouts DeletionTimeouts { get; init; }

    /// <summary>The machine's id at its provider; null until it is known.</summary>
    public string? ProviderId { get; init; }

    /// <summary>Name of the Node that it became, as Cluster API has it; null until Cluster API has found it.</summary>
    public string? NodeName { get; init; }

    /// <summary>Uid of that Node, where the version tells it: as it was when Cluster API found it for the first time.</summary>
    public string? NodeUid { get; init; }

    /// <summary>Whether it may have become a Node: without either nobody could tell which.</summary>
    public bool MayHaveNode => ProviderId is not null || NodeName is not null;

    /// <summary>Cluster API's own word for where it is, such as <c>Provisioning</c>.</summary>
    public string? Phase { get; init; }

    /// <summary>Whether Cluster API says that it works, with its Node.</summary>
    public bool Ready { get; init; }

    /// <summary>What Cluster API says about that, for a person.</summary>
    public string? ReadyMessage { get; init; }

    /// <summary>Why Cluster API says that it has failed for good, in one line for a person; null where it does not say so.</summary>
    public string? Failure { get; init; }

    /// <summary>Whether a MachineHealthCheck waits for its controller to delete it and make another.</summary>
    public bool IsWaitingForRemediation { get; init; }

    /// <summary>Whether it is on its way out, so that only finalizers keep it.</summary>
    public bool IsBeingDeleted => Metadata.DeletionTimestamp is not null;

    /// <inheritdoc/>
    public DateTimeOffset? CreatedAt => Metadata.CreationTimestamp;

    /// <inheritdoc/>
    public ObjectKey Key => Metadata.Key;

    /// <inheritdoc/>
    public string Uid => Metadata.Uid;

    /// <inheritdoc/>
    public string ResourceVersion => Metadata.ResourceVersion;
}
