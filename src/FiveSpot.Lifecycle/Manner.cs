// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Lifecycle;

/// <summary>How much time a machine is given on its way out.</summary>
internal enum Manner
{
    /// <summary>Running Pods may finish first, for the grace period.</summary>
    WithGrace,

    /// <summary>Drained at once, for as long as a drain may take.</summary>
    WithoutGrace,

    /// <summary>Its owner waits: Pods are deleted, and a minute is the most.</summary>
    Emergency,

    /// <summary>Not drained.</summary>
    AtOnce,
}
