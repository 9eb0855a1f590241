// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Simulation;

/// <summary>What a drain does with a Pod.</summary>
internal enum DrainBehavior
{
    /// <summary>Its eviction is asked for.</summary>
    Drain,

    /// <summary>It is left alone, and not waited for.</summary>
    Skip,

    /// <summary>It is left alone until it is gone.</summary>
    WaitCompleted,
}
