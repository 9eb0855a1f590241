// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Lifecycle.Workload;

/// <summary>How much is known of a Machine's Node.</summary>
public enum NodeState
{
    /// <summary>The Machine has not become a Node yet: its cluster has none for it, and Cluster API names none.</summary>
    None,

    /// <summary>The Node's cluster has not been heard yet, or which one it is is not known: there may be a Node or not.</summary>
    Unknown,

    /// <summary>
    /// Cluster API names a Node that the cluster does not have, and has not been seen to have had: it may be the wrong cluster.
    /// </summary>
    Missing,

    /// <summary>The cluster had the Node, and has deleted it: nothing runs there any more.</summary>
    Deleted,

    /// <summary>The cluster has a Node of that name that is another machine's, or several that could be it: none is ever
    /// written to.</summary>
    Mismatch,

    /// <summary>It is this one.</summary>
    Known,
}
