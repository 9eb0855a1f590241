// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Resources;

namespace FiveSpot.ApiServer;

/// <summary>The namespaces that every cluster has.</summary>
internal static class SystemNamespaces
{
    public static readonly string[] Names = ["default", "kube-system", "kube-public", "kube-node-lease"];

    public static async Task CreateAsync(ResourceCatalog catalog, ObjectWriter writer)
    {
        foreach (var name in Names)
        {
            await writer.CreateAsync(
                catalog.Namespaces,
                string.Empty,
                new JsonObject { ["kind"] = "Namespace", ["apiVersion"] = "v1", ["metadata"] = new JsonObject { ["name"] = name } },
                WriteOptions.ByServer with { FieldManager = "kube-apiserver" });
        }
    }
}
