// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Controller.Workload;

/// <summary>How much is known of a Machine's Node.</summary>
public enum NodeState
{
    /// <summary>The Machine has not become a Node yet.</summary>
    None,

    /// <summary>The Node's cluster has not been heard yet.</summary>
    Unknown,

    /// <summary>
    /// The cluster has no such Node, and has not been seen to have had it: it may be the wrong cluster.
    /// </summary>
    Missing,

    /// <summary>The cluster had the Node, and has deleted it: nothing runs there any more.</summary>
    Deleted,

    /// <summary>The cluster has a Node of that name, but it is another machine's: it is never written to.</summary>
    Mismatch,

    /// <summary>It is this one.</summary>
    Known,
}
