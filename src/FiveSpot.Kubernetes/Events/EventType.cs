// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>Whether an event calls for a look.</summary>
public enum EventType
{
    /// <summary>For information.</summary>
    Normal,

    /// <summary>A person should look.</summary>
    Warning,
}
