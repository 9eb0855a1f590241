// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Controller.ClusterApi;

namespace FiveSpot.Controller.Workload;

/// <summary>What a drain does with one Pod.</summary>
/// <param name="Behavior">What is done with it.</param>
/// <param name="Order">Of those that are evicted: those of a lower order go first, and are waited for before the next.</param>
/// <param name="Why">Of those that are undecided: what only Cluster API can tell, for a person.</param>
public readonly record struct PodDrain(DrainBehavior Behavior, int Order = 0, string? Why = null)
{
    /// <summary>It is left alone.</summary>
    public static PodDrain Skip { get; } = new(DrainBehavior.Skip);

    /// <summary>Whether the Node is not empty while it is there.</summary>
    public bool IsAwaited => Behavior is not DrainBehavior.Skip;
}
