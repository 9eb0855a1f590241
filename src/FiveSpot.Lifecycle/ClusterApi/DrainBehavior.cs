// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Lifecycle.ClusterApi;

/// <summary>What Cluster API's rules have a drain do with a Pod.</summary>
public enum DrainBehavior
{
    /// <summary>It is evicted, and waited for until it is gone.</summary>
    Drain,

    /// <summary>It is left alone: neither evicted nor waited for.</summary>
    Skip,

    /// <summary>It is not evicted, and waited for until it has finished.</summary>
    WaitCompleted,

    /// <summary>Only Cluster API can tell: the rule goes by something that 5-Spot can't see or does not know.</summary>
    Undecided,
}
