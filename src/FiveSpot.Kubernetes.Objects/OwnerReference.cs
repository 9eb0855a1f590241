// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>An entry of <c>metadata.ownerReferences</c>.</summary>
/// <param name="ApiVersion">The owner's <c>apiVersion</c>.</param>
/// <param name="Kind">The owner's kind.</param>
/// <param name="Name">The owner's name, in the object's own namespace or cluster-scoped.</param>
/// <param name="Uid">The owner's uid.</param>
/// <param name="Controller">Whether the owner is the one that controls the object.</param>
/// <param name="BlockOwnerDeletion">Whether foreground deletion of the owner waits for the object.</param>
public sealed record OwnerReference(
    string ApiVersion, string Kind, string Name, string Uid, bool Controller, bool BlockOwnerDeletion);
