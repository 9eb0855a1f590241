// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Lifecycle.ClusterApi;

namespace FiveSpot.Controller.Workload;

/// <summary>What a drain does with one Pod.</summary>
/// <param name="Behavior">What is done with it.</param>
/// <param name="Order">Of those that are evicted: those of a lower order go first, and are waited for before the next.</param>
/// <param name="Why">Of those that are left to Cluster API: what only it can tell, for a person; null while that is not known yet.</param>
public readonly record struct PodDrain(DrainBehavior Behavior, int Order = 0, string? Why = null);
