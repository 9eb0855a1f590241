// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Controller.ClusterApi;

namespace FiveSpot.Controller.Lifecycle;

/// <summary>The annotations by which Cluster API deletes a Machine without draining it.</summary>
public static class DrainExclusion
{
    /// <summary>Both annotations.</summary>
    public static IReadOnlyList<string> Annotations { get; } =
        [WellKnown.ExcludeNodeDrainingAnnotation, WellKnown.ExcludeWaitForNodeVolumeDetachAnnotation];

    /// <summary>Whether both are there, whoever put them.</summary>
    public static bool IsComplete(CapiMachine machine) => Annotations.All(machine.Metadata.Annotations.ContainsKey);

    /// <summary>Whether one is there that we put: Cluster API looks at the key alone, the value says who.</summary>
    public static bool IsOurs(CapiMachine machine) =>
        Annotations.Any(key => machine.Metadata.Annotations.TryGetValue(key, out var value) && value == WellKnown.FieldManager);
}
