// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;

namespace FiveSpot.Lifecycle.Workload;

/// <summary>What 5-Spot reads of a Pod, while the Node that it is on is drained.</summary>
public sealed record Pod : IKubernetesObject
{
    /// <summary>Annotation by which a kubelet tells that a Pod mirrors a file of its own.</summary>
    public const string MirrorAnnotation = "kubernetes.io/config.mirror";

    /// <summary>Name, uid, owners and the like.</summary>
    public required ObjectMetadata Metadata { get; init; }

    /// <summary>Whether all of its containers have ended for good.</summary>
    public bool IsFinished { get; init; }

    /// <summary>What its label says that a drain is to do with it; null for nothing.</summary>
    public DrainBehavior? DrainLabel { get; init; }

    /// <summary>
    /// Whether a drain concerns it (contract, section 7). A DaemonSet would put its Pod back at once, a kubelet runs what a
    /// mirror Pod shows whatever becomes of it, and what has finished has nothing to lose. A Pod without an owner, or with
    /// data on the machine, goes like any other: the machine leaves. What its label and the MachineDrainRules say of it comes
    /// after that, in <c>DrainRules</c>.
    /// </summary>
    public bool IsEvictable =>
        !IsFinished && Metadata.ControllerOwner?.Kind != "DaemonSet" && !Metadata.Annotations.ContainsKey(MirrorAnnotation);

    /// <summary>Whether it is on its way out.</summary>
    public bool IsTerminating => Metadata.DeletionTimestamp is not null;

    /// <inheritdoc/>
    public ObjectKey Key => Metadata.Key;

    /// <inheritdoc/>
    public string Uid => Metadata.Uid;

    /// <inheritdoc/>
    public string ResourceVersion => Metadata.ResourceVersion;

    /// <inheritdoc/>
    public long ApproximateBytes => 280 + Metadata.ApproximateBytes;
}
