// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Lifecycle;

/// <summary>Whose a cordon is: only ours is ever lifted.</summary>
public static class Cordoning
{
    /// <summary>
    /// Whether 5-Spot cordoned the Node, for whichever ScheduledMachine it was the machine of then, and nobody has lifted that
    /// cordon and put one of their own in its place, which our note on the Node would outlive.
    /// </summary>
    public static bool IsOurs(Node node) =>
        node.Metadata.Annotations.ContainsKey(WellKnown.CordonedByAnnotation) && node.CordonManager is null or WellKnown.FieldManager;
}
