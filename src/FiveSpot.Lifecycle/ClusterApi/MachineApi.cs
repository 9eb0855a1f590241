// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Lifecycle.ClusterApi;

/// <summary>What Cluster API calls its own kinds, and at which versions 5-Spot knows them.</summary>
public static class MachineApi
{
    /// <summary>API group.</summary>
    public const string Group = "cluster.x-k8s.io";

    /// <summary>Kind.</summary>
    public const string Kind = "Machine";

    /// <summary>The kind of what a Machine belongs to.</summary>
    public const string ClusterKind = "Cluster";

    /// <summary>The versions that 5-Spot knows, the newest first.</summary>
    public static IReadOnlyList<string> KnownVersions { get; } = ["v1beta2", "v1beta1"];
}
