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

    /// <summary>The kind of what a Machine belongs to.</summary>
    public const string ClusterKind = "Cluster";

    /// <summary>The versions that 5-Spot knows, the newest first.</summary>
    public static IReadOnlyList<string> KnownVersions { get; } = ["v1beta2", "v1beta1"];

    /// <summary>
    /// The Machine at the newest version that the server serves it at and 5-Spot knows. Asked for the kind, not for the
    /// group: a group may serve other kinds at newer versions.
    /// </summary>
    /// <returns>The resource, or null when it is served at no known version.</returns>
    /// <exception cref="ApiException">The API server refused.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer.</exception>
    public static Task<ResourceType?> FindAsync(Discovery discovery, CancellationToken cancellationToken) =>
        FindAsync(discovery, Kind, cancellationToken);

    /// <summary>Any kind of Cluster API's own group, likewise.</summary>
    /// <returns>The resource, or null when it is served at no known version.</returns>
    /// <exception cref="ApiException">The API server refused.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer.</exception>
    public static async Task<ResourceType?> FindAsync(Discovery discovery, string kind, CancellationToken cancellationToken)
    {
        foreach (var version in KnownVersions)
        {
            if (await discovery.FindAsync($"{Group}/{version}", kind, cancellationToken) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>As <see cref="FindAsync(Discovery, string, CancellationToken)"/>, past what is remembered.</summary>
    public static async Task<ResourceType?> FindAnewAsync(Discovery discovery, string kind, CancellationToken cancellationToken)
    {
        await discovery.ForgetAsync(Group, cancellationToken);
        return await FindAsync(discovery, kind, cancellationToken);
    }
}
