// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;

namespace FiveSpot.Simulation;

/// <summary>Installs the CustomResourceDefinitions that the sandbox needs and that a management cluster lacks.</summary>
public static class DefinitionInstaller
{
    private static readonly ResourceType Definitions =
        new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", Namespaced: false);

    /// <summary>How long to wait, in real time, before a definition is looked at again.</summary>
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    /// <summary>Installs what is missing and waits until all of it is served.</summary>
    /// <param name="api">The management cluster.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The names of the definitions that were installed.</returns>
    /// <exception cref="ApiException">The server refused one.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer.</exception>
    public static async Task<IReadOnlyList<string>> InstallMissingAsync(ApiClient api, CancellationToken cancellationToken)
    {
        List<string> installed = [];
        JsonObject[] wanted = [ScheduledMachineCrd.ToJson(), .. ClusterApiDefinitions.All()];
        foreach (var definition in wanted)
        {
            var name = definition.Text("metadata", "name")!;
            if (await api.TryGetMetadataAsync(Definitions, ObjectKey.ClusterScoped(name), cancellationToken) is null)
            {
                await api.CreateAsync(Definitions, "", definition.ToUtf8(), ClusterWriter.FieldManager, PartialObject.Decode, cancellationToken);
                installed.Add(name);
            }
        }

        foreach (var definition in wanted)
        {
            await AwaitServedAsync(api, ObjectKey.ClusterScoped(definition.Text("metadata", "name")!), cancellationToken);
        }

        return installed;
    }

    private static async Task AwaitServedAsync(ApiClient api, ObjectKey key, CancellationToken cancellationToken)
    {
        while (await api.GetAsync(Definitions, key, ApiObject.Decode, cancellationToken) is var definition
            && !definition.Json.Objects("status", "conditions").Any(condition => condition.Text("type") == "Established" && condition.Text("status") == "True"))
        {
            await Task.Delay(Poll, api.NetworkTime, cancellationToken);
        }
    }
}
