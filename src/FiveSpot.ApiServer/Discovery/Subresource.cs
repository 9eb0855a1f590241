// SPDX-License-Identifier: Apache-2.0

using FiveSpot.ApiServer.Resources;

namespace FiveSpot.ApiServer.Discovery;

/// <summary>A part of a resource that discovery lists.</summary>
internal sealed record Subresource(string Name, string Group, string Version, string Kind, IReadOnlyList<string> Verbs)
{
    private static readonly string[] ReadWrite = ["get", "patch", "update"];

    public static IEnumerable<Subresource> Of(Resource resource, ResourceCatalog catalog)
    {
        if (resource == catalog.Pods)
        {
            yield return new("binding", string.Empty, "v1", "Binding", ["create"]);
            yield return new("eviction", "policy", "v1", "Eviction", ["create"]);
        }

        if (resource == catalog.Namespaces)
        {
            yield return new("finalize", string.Empty, "v1", "Namespace", ["update"]);
        }

        if (resource.Scale is not null)
        {
            yield return new("scale", "autoscaling", "v1", "Scale", ReadWrite);
        }

        if (resource.HasStatus)
        {
            yield return new("status", resource.Group, resource.Version, resource.Kind, ReadWrite);
        }
    }
}
