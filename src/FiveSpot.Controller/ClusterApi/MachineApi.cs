// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;

namespace FiveSpot.Controller.ClusterApi;

/// <summary>The Cluster API Machine, at the version that is in use on a management cluster.</summary>
public static class MachineApi
{
    /// <summary>API group.</summary>
    public const string Group = "cluster.x-k8s.io";

    /// <summary>Kind.</summary>
    public const string Kind = "Machine";

    /// <summary>The versions that 5-Spot knows, the newest first.</summary>
    public static IReadOnlyList<string> KnownVersions { get; } = ["v1beta2", "v1beta1"];

    /// <summary>The Machine at the newest version that the server serves and 5-Spot knows.</summary>
    /// <param name="served">The versions of the group that the server serves.</param>
    /// <returns>The resource, or null when no known version is served.</returns>
    public static ResourceType? NewestOf(IReadOnlyCollection<string> served) =>
        KnownVersions.FirstOrDefault(served.Contains) is { } version
            ? new ResourceType(Group, version, "machines", Kind, Namespaced: true)
            : null;
}
