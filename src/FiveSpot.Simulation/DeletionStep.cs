// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Simulation;

/// <summary>What came of one turn of a deletion.</summary>
/// <param name="WakeAt">When to look again by itself; null for never.</param>
/// <param name="IsSlow">Whether nothing is looked at before that.</param>
/// <param name="IsGone">Whether Cluster API has let go of the Machine.</param>
internal readonly record struct DeletionStep(DateTimeOffset? WakeAt = null, bool IsSlow = false, bool IsGone = false);
