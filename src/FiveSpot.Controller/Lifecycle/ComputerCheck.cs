// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Controller.ClusterApi;
using FiveSpot.Kubernetes;

namespace FiveSpot.Controller.Lifecycle;

/// <summary>
/// Asks the API server, past every cache, what there is of the others of a computer. A machine asks once its own bootstrap config
/// is there: of two that take their places at once at least one sees the other, whatever their caches know, and in however many
/// processes they are worked on.
/// </summary>
internal static class ComputerCheck
{
    /// <summary>What there is of them.</summary>
    /// <exception cref="ApiException">The API server refused.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer.</exception>
    public static async Task<ComputerView> AskAsync(
        ApiClient api, ComputerView view, string computer, ResourceType machines, DecodeObject<CapiMachine> readMachine, CancellationToken cancellationToken) =>
        view with { Others = [.. await Task.WhenAll(view.Others.Select(other => AskAsync(api, other, computer, machines, readMachine, cancellationToken)))] };

    private static async Task<ComputerUser> AskAsync(
        ApiClient api, ComputerUser user, string computer, ResourceType machines, DecodeObject<CapiMachine> readMachine, CancellationToken cancellationToken)
    {
        var machine = api.TryGetAsync(machines, user.Key, readMachine, cancellationToken);
        var bootstrap = GetAsync(user.BootstrapResource);
        var others = await Task.WhenAll(user.OtherResources.Select(resource => GetAsync(resource)));
        return user with
        {
            HasMachine = await machine is not null,
            CapiMachine = await machine is { } found && ComputerUser.IsFor(found.Metadata, computer, user.Machine) ? found : null,
            Bootstrap = await bootstrap,
            Others = [.. others.OfType<PartialObject>()],
        };

        async Task<PartialObject?> GetAsync(ResourceType? resource) =>
            resource is not null && await api.TryGetMetadataAsync(resource, user.Key, cancellationToken) is { } found
                && ComputerUser.IsFor(found.Metadata, computer, user.Machine)
                ? found
                : null;
    }
}
