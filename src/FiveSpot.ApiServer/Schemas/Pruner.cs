// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Schemas;

/// <summary>Removes unknown fields.</summary>
internal static class Pruner
{
    private static readonly HashSet<string> MetadataFields =
    [
        "name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "generation", "creationTimestamp",
        "deletionTimestamp", "deletionGracePeriodSeconds", "labels", "annotations", "ownerReferences", "finalizers",
        "managedFields",
    ];

    private static readonly HashSet<string> OwnerReferenceFields =
        ["apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"];

    private static readonly HashSet<string> ManagedFieldsFields =
        ["manager", "operation", "apiVersion", "time", "fieldsType", "fieldsV1", "subresource"];

    public static List<string> Prune(JsonObject obj, SchemaNode root, bool isResourceRoot)
    {
        var removed = new List<string>();
        PruneObject(obj, root, isResourceRoot || root.Embedded, "", removed);
        return removed;
    }

    public static List<string> PruneValue(JsonNode? value, SchemaNode node)
    {
        var removed = new List<string>();
        Visit(value, node, "", removed);
        return removed;
    }

    private static void Visit(JsonNode? value, SchemaNode node, string path, List<string> removed)
    {
        switch (value)
        {
            case JsonObject map:
                PruneObject(map, node, node.Embedded, path, removed);
                break;
            case JsonArray list when node.Items is { } items:
                for (var i = 0; i < list.Count; i++)
                {
                    if (list[i] is JsonObject or JsonArray)
                    {
                        Visit(list[i], items, $"{path}[{i}]", removed);
                    }
                }

                break;
            case JsonArray list when !node.PreserveUnknown:
                // An array where none is declared: pruned to its scalars, and refused by type afterwards.
                for (var i = 0; i < list.Count; i++)
                {
                    if (list[i] is JsonObject inner)
                    {
                        Clear(inner, $"{path}[{i}]", removed);
                    }
                }

                break;
        }
    }

    private static void Clear(JsonObject map, string path, List<string> removed)
    {
        removed.AddRange(map.Select(p => Join(path, p.Key)));
        map.Clear();
    }

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static void PruneObject(JsonObject map, SchemaNode node, bool isResource, string path, List<string> removed)
    {
        List<string>? unknown = null;
        foreach (var (name, value) in map)
        {
            if (isResource && name is "apiVersion" or "kind" or "metadata")
            {
                if (name == "metadata" && value is JsonObject metadata)
                {
                    PruneMetadata(metadata, Join(path, "metadata"), removed);
                }
            }
            else if (node.Properties.TryGetValue(name, out var property))
            {
                if (value is JsonObject or JsonArray)
                {
                    Visit(value, property, Join(path, name), removed);
                }
            }
            else if (node.AdditionalProperties is { } additional)
            {
                if (value is JsonObject or JsonArray)
                {
                    Visit(value, additional, Join(path, name), removed);
                }
            }
            else if (!node.AllowsAny && !node.PreserveUnknown)
            {
                (unknown ??= []).Add(name);
            }
        }

        foreach (var name in unknown ?? [])
        {
            map.Remove(name);
            removed.Add(Join(path, name));
        }
    }

    private static void PruneMetadata(JsonObject metadata, string path, List<string> removed)
    {
        Keep(metadata, MetadataFields, path, removed);
        foreach (var (name, known) in new[] { ("ownerReferences", OwnerReferenceFields), ("managedFields", ManagedFieldsFields) })
        {
            if (metadata[name] is JsonArray list)
            {
                for (var i = 0; i < list.Count; i++)
                {
                    if (list[i] is JsonObject entry)
                    {
                        Keep(entry, known, $"{path}.{name}[{i}]", removed);
                    }
                }
            }
        }
    }

    private static void Keep(JsonObject map, HashSet<string> known, string path, List<string> removed)
    {
        foreach (var name in map.Select(p => p.Key).Where(name => !known.Contains(name)).ToList())
        {
            map.Remove(name);
            removed.Add($"{path}.{name}");
        }
    }
}
