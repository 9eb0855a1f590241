// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>What becomes of the dependents of a deleted object.</summary>
public enum PropagationPolicy
{
    /// <summary>The garbage collector deletes them afterwards.</summary>
    Background,

    /// <summary>They are deleted before the object itself goes.</summary>
    Foreground,

    /// <summary>They stay.</summary>
    Orphan,
}
