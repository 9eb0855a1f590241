// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Resources;
using FiveSpot.ApiServer.Storage;

namespace FiveSpot.ApiServer.Tables;

/// <summary>Objects as a <c>meta.k8s.io/v1</c> Table, which is what kubectl shows.</summary>
internal static class TablePrinter
{
    /// <summary>Prints objects, a row each.</summary>
    /// <remarks>
    /// <paramref name="include"/>: What each row carries of its object: <c>Metadata</c>, <c>Object</c> or <c>None</c>.
    /// <paramref name="withColumns"/>: False in a watch after its first event.
    /// </remarks>
    public static JsonObject Table(
        Resource resource, IReadOnlyList<StoredObject> objects, DateTimeOffset now, string include, string? resourceVersion, bool withColumns = true)
    {
        var rows = new JsonArray();
        foreach (var stored in objects)
        {
            var row = new JsonObject
            {
                ["cells"] = new JsonArray([.. resource.Columns.Select(column => column.Cell(stored.Json, now))]),
            };
            row["object"] = include switch { "None" => null, "Object" => resource.FromStorage(stored.Json), _ => Metadata(stored) };

            rows.Add(row);
        }

        var metadata = new JsonObject();
        if (resourceVersion is not null)
        {
            metadata["resourceVersion"] = resourceVersion;
        }

        return new JsonObject
        {
            ["kind"] = "Table",
            ["apiVersion"] = "meta.k8s.io/v1",
            ["metadata"] = metadata,
            ["columnDefinitions"] = withColumns ? Columns(resource) : null,
            ["rows"] = rows,
        };
    }

    private static JsonObject Metadata(StoredObject stored) => new()
    {
        ["kind"] = "PartialObjectMetadata",
        ["apiVersion"] = "meta.k8s.io/v1",
        ["metadata"] = stored.Metadata.DeepClone(),
    };

    private static JsonArray Columns(Resource resource) => new([.. resource.Columns.Select(column => (JsonNode)new JsonObject
    {
        ["name"] = column.Name,
        ["type"] = column.Type,
        ["format"] = column.Format,
        ["description"] = column.Description,
        ["priority"] = column.Priority,
    })]);
}
