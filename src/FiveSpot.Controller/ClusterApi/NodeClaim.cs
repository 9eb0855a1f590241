// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Lifecycle.ClusterApi;

namespace FiveSpot.Controller.ClusterApi;

/// <summary>Which Node a Machine says that it is.</summary>
/// <param name="Kind">By what.</param>
/// <param name="Value">The id, uid or name.</param>
internal readonly record struct NodeClaim(NodeClaimKind Kind, string Value)
{
    /// <summary>The claim of a Machine; null while it makes none.</summary>
    public static NodeClaim? Of(IMachineClaim? machine) =>
        machine is null ? null
        : machine.ProviderId is { } id ? new(NodeClaimKind.ProviderId, id)
        : machine.NodeUid is { } uid ? new(NodeClaimKind.Uid, uid)
        : machine.NodeName is { } name ? new(NodeClaimKind.Name, name)
        : null;
}
