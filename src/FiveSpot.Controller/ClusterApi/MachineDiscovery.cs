// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;

namespace FiveSpot.Controller.ClusterApi;

/// <summary>At which version a management cluster serves the kinds of Cluster API's own group.</summary>
public static class MachineDiscovery
{
    /// <summary>
    /// The Machine at the newest version that the server serves it at and 5-Spot knows. Asked for the kind, not for the
    /// group: a group may serve other kinds at newer versions.
    /// </summary>
    /// <returns>The resource, or null when it is served at no known version.</returns>
    /// <exception cref="ApiException">The API server refused.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer.</exception>
    public static Task<ResourceType?> FindAsync(Discovery discovery, CancellationToken cancellationToken) =>
        FindAsync(discovery, MachineApi.Kind, cancellationToken);

    /// <summary>Any kind of Cluster API's own group, likewise.</summary>
    /// <returns>The resource, or null when it is served at no known version.</returns>
    /// <exception cref="ApiException">The API server refused.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer.</exception>
    public static async Task<ResourceType?> FindAsync(Discovery discovery, string kind, CancellationToken cancellationToken)
    {
        foreach (var version in MachineApi.KnownVersions)
        {
            if (await discovery.FindAsync($"{MachineApi.Group}/{version}", kind, cancellationToken) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>As <see cref="FindAsync(Discovery, string, CancellationToken)"/>, past what is remembered.</summary>
    public static async Task<ResourceType?> FindAnewAsync(Discovery discovery, string kind, CancellationToken cancellationToken)
    {
        await discovery.ForgetAsync(MachineApi.Group, cancellationToken);
        return await FindAsync(discovery, kind, cancellationToken);
    }
}
