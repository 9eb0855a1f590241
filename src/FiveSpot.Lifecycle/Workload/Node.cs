// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using FiveSpot.Kubernetes;

namespace FiveSpot.Lifecycle.Workload;

/// <summary>What 5-Spot reads of a Node.</summary>
public sealed record Node : IKubernetesObject
{
    private const string ControlPlane = "node-role.kubernetes.io/control-plane";

    // Its name until Kubernetes 1.24.
    private const string Master = "node-role.kubernetes.io/master";

    /// <summary>Name, uid, annotations and the like.</summary>
    public required ObjectMetadata Metadata { get; init; }

    /// <summary>The machine's id at its provider; null until it is known.</summary>
    public string? ProviderId { get; init; }

    /// <summary>Whether it is cordoned.</summary>
    public bool Unschedulable { get; init; }

    /// <summary>Its taints, whoever put them there.</summary>
    public ImmutableArray<Taint> Taints { get; init; } = [];

    /// <summary>Who set that it is cordoned, as the API server tells, on a Node that 5-Spot has cordoned; null where it does
    /// not matter, or is not told.</summary>
    public string? CordonManager { get; init; }

    /// <summary>Whether its kubelet reports Ready.</summary>
    public bool Ready { get; init; }

    /// <summary>Whether its kubelet has not been heard of for so long that the cluster does not know how it is.</summary>
    public bool IsUnreachable { get; init; }

    /// <summary>Whether it is of a control plane, by its labels or its taints.</summary>
    public bool IsControlPlane =>
        Metadata.Labels.ContainsKey(ControlPlane) || Metadata.Labels.ContainsKey(Master)
        || Taints.Any(static taint => taint.Key is ControlPlane or Master);

    /// <summary>Whether no more was kept than by what it is told, because no machine claims it.</summary>
    public bool IsPartial { get; private init; }

    /// <summary>No more of it than by what it is told.</summary>
    public Node ToPartial() => new()
    {
        Metadata = new ObjectMetadata { Name = Metadata.Name, Uid = Metadata.Uid, ResourceVersion = Metadata.ResourceVersion },
        ProviderId = ProviderId,
        IsPartial = true,
    };

    /// <inheritdoc/>
    public ObjectKey Key => Metadata.Key;

    /// <inheritdoc/>
    public string Uid => Metadata.Uid;

    /// <inheritdoc/>
    public string ResourceVersion => Metadata.ResourceVersion;

    /// <inheritdoc/>
    public long ApproximateBytes => 320 + Metadata.ApproximateBytes + ObjectMetadata.SizeOf(ProviderId) + ObjectMetadata.SizeOf(CordonManager) + SizeOf(Taints);

    private static long SizeOf(ImmutableArray<Taint> taints)
    {
        var bytes = 0L;
        foreach (var taint in taints)
        {
            bytes += 72 + ObjectMetadata.SizeOf(taint.Key) + ObjectMetadata.SizeOf(taint.Value) + ObjectMetadata.SizeOf(taint.Effect) + ObjectMetadata.SizeOf(taint.TimeAdded);
        }

        return bytes;
    }
}
