// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Controller.ClusterApi;

/// <summary>By what a Machine says which Node it is.</summary>
internal enum NodeClaimKind
{
    /// <summary>By the machine's id at its provider.</summary>
    ProviderId,

    /// <summary>Without that, by the uid of the Node that Cluster API found.</summary>
    Uid,

    /// <summary>Without either, by that Node's name.</summary>
    Name,
}
