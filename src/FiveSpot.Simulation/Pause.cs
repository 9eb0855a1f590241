// SPDX-License-Identifier: Apache-2.0

using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;

namespace FiveSpot.Simulation;

/// <summary>Whether Cluster API leaves an object alone because somebody told it to.</summary>
internal static class Pause
{
    /// <summary>On an object that is to be left alone, with any value.</summary>
    public const string Annotation = "cluster.x-k8s.io/paused";

    /// <summary>Whether a Cluster has Cluster API pause.</summary>
    public static bool IsOf(ApiObject? cluster) => cluster?.Json.Flag("spec", "paused") == true;

    /// <summary>Why an object of this kind is left alone; null where it is not.</summary>
    public static string? Reason(ApiObject? cluster, ObjectMetadata obj, string kind)
    {
        List<string> reasons = [];
        if (IsOf(cluster))
        {
            reasons.Add("Cluster spec.paused is set to true");
        }

        if (obj.Annotations.ContainsKey(Annotation))
        {
            reasons.Add($"{kind} has the {Annotation} annotation");
        }

        return reasons.Count == 0 ? null : string.Join(", ", reasons);
    }
}
