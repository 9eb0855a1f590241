// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;

namespace FiveSpot.Simulation;

/// <summary>Begins and ends to serve a version of a kind that a CustomResourceDefinition describes, as an upgrade of Cluster API does.</summary>
public static class ServedVersions
{
    private static readonly ResourceType Definitions =
        new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", Namespaced: false);

    /// <summary>From now on the version is served, or is not: then the server answers requests for it with 404 and no Status.</summary>
    /// <param name="api">The management cluster.</param>
    /// <param name="definition">The name of the definition, such as <c>machines.cluster.x-k8s.io</c>.</param>
    /// <param name="version">One that the definition has.</param>
    /// <param name="isServed">Whether it is to be served.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="ApiException">The server refused.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer.</exception>
    public static async Task SetAsync(ApiClient api, string definition, string version, bool isServed, CancellationToken cancellationToken)
    {
        var key = ObjectKey.ClusterScoped(definition);
        var found = await api.GetAsync(Definitions, key, ApiObject.Decode, cancellationToken);
        var versions = new JsonArray([.. found.Json.Objects("spec", "versions").Select(one => one.DeepClone())]);
        versions.Single(one => one.Text("name") == version)!["served"] = isServed;
        await api.PatchAsync(
            Definitions,
            key,
            new()
            {
                ["metadata"] = new JsonObject { ["resourceVersion"] = found.ResourceVersion },
                ["spec"] = new JsonObject { ["versions"] = versions },
            },
            PartialObject.Decode,
            cancellationToken);
    }
}
