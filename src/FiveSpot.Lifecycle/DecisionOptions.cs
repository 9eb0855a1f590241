// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Lifecycle;

/// <summary>What the controller's flags say about decisions.</summary>
public sealed record DecisionOptions
{
    /// <summary>Whether a deleted ScheduledMachine is let go after <see cref="Decision.CleanupTimeout"/> though its
    /// machine is not gone.</summary>
    public bool ForceFinalizerOnTimeout { get; init; }
}
