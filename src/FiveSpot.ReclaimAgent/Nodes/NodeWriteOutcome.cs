// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ReclaimAgent.Nodes;

/// <summary>What came of an attempt to write on the Node.</summary>
internal enum NodeWriteOutcome
{
    /// <summary>It is written.</summary>
    Written,

    /// <summary>The Node was right as it is.</summary>
    NotNeeded,

    /// <summary>The Node is another machine's, or which machine this is can't be known.</summary>
    WrongHost,

    /// <summary>There is no such Node.</summary>
    NoNode,

    /// <summary>The Node was changed meanwhile, or is another one of its name.</summary>
    Conflict,

    /// <summary>It failed, or nobody answered.</summary>
    Failed,
}
