// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ReclaimAgent.Detection;

/// <summary>What the detecting thread is woken for.</summary>
[Flags]
internal enum WakeReasons
{
    /// <summary>Nothing but what it waits for itself.</summary>
    None = 0,

    /// <summary>To end.</summary>
    Stop = 1,

    /// <summary>To examine every process.</summary>
    Sweep = 2,

    /// <summary>To examine the processes that are new or have changed.</summary>
    Poll = 4,
}
