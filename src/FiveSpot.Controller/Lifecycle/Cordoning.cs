// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Controller.Workload;

namespace FiveSpot.Controller.Lifecycle;

/// <summary>Whose a cordon is: only ours is ever lifted.</summary>
public static class Cordoning
{
    /// <summary>
    /// Whether this ScheduledMachine cordoned the Node, and nobody has lifted that cordon and put one of their own in its
    /// place, which our note on the Node would outlive.
    /// </summary>
    public static bool IsOurs(Node node, ScheduledMachine machine) =>
        node.Metadata.Annotations.TryGetValue(WellKnown.CordonedByAnnotation, out var uid) && uid == machine.Uid
        && node.CordonManager is null or WellKnown.FieldManager;
}
