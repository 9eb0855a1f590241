// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Controller.Workload;

/// <summary>What the answer to an eviction or a deletion comes to.</summary>
public enum PodAnswerKind
{
    /// <summary>The Pod goes, or is gone; the watch will show it.</summary>
    Accepted,

    /// <summary>It may not go now, which is no failure: a budget is against it.</summary>
    NotNow,

    /// <summary>The call failed, as it may for every other Pod.</summary>
    Failed,
}
