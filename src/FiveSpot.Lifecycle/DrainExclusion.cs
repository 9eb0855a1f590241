// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Lifecycle.ClusterApi;

namespace FiveSpot.Lifecycle;

/// <summary>The annotations by which Cluster API deletes a Machine without draining it, and what we note beside them.</summary>
public static class DrainExclusion
{
    private static readonly string[] OurAnnotations =
    [
        WellKnown.ExcludeNodeDrainingAnnotation,
        WellKnown.ExcludeWaitForNodeVolumeDetachAnnotation,
        WellKnown.DrainResultAnnotation,
    ];

    /// <summary>Whether Cluster API is told all that is meant, by whomever.</summary>
    /// <param name="machine">The Machine.</param>
    /// <param name="andVolumes">Whether it is not to wait for volumes either.</param>
    public static bool IsComplete(CapiMachine machine, bool andVolumes) =>
        machine.Metadata.Annotations.ContainsKey(WellKnown.ExcludeNodeDrainingAnnotation)
        && (!andVolumes || machine.Metadata.Annotations.ContainsKey(WellKnown.ExcludeWaitForNodeVolumeDetachAnnotation));

    /// <summary>Whether something of it is ours: Cluster API looks at the key alone, the value says who.</summary>
    public static bool IsOurs(CapiMachine machine) => OurAnnotations.Any(key => IsOurs(machine, key));

    /// <summary>The annotations to write.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> Put(bool andVolumes, DrainResult? result)
    {
        yield return new(WellKnown.ExcludeNodeDrainingAnnotation, WellKnown.FieldManager);
        if (andVolumes)
        {
            yield return new(WellKnown.ExcludeWaitForNodeVolumeDetachAnnotation, WellKnown.FieldManager);
        }

        if (result is not null)
        {
            yield return new(WellKnown.DrainResultAnnotation, result.ToString());
        }
    }

    /// <summary>The annotations to take away: ours, and nobody else's.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> Take(CapiMachine machine) =>
        OurAnnotations.Where(key => IsOurs(machine, key)).Select(key => new KeyValuePair<string, string?>(key, null));

    private static bool IsOurs(CapiMachine machine, string key) =>
        machine.Metadata.Annotations.TryGetValue(key, out var value)
        && (value == WellKnown.FieldManager || key == WellKnown.DrainResultAnnotation);
}
