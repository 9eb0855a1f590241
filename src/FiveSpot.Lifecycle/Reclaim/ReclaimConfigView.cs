// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Lifecycle.Reclaim;

/// <summary>What is known of the ConfigMap of a Node's reclaim agent.</summary>
/// <param name="IsKnown">Whether it is known if there is one.</param>
/// <param name="Config">The ConfigMap; null if there is none.</param>
/// <param name="Trouble">Why it is not known, for a person; null when it is, or may yet be.</param>
public sealed record ReclaimConfigView(bool IsKnown, ReclaimConfig? Config = null, string? Trouble = null);
