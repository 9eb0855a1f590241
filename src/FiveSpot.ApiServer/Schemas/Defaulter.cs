// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Schemas;

/// <summary>Fills in defaults.</summary>
internal static class Defaulter
{
    public static void ApplyTo(JsonNode? value, SchemaNode node, bool keepNulls)
    {
        switch (value)
        {
            case JsonObject map:
                OnObject(map, node, keepNulls);
                break;
            case JsonArray list when node.Items is { } items:
                for (var i = 0; i < list.Count; i++)
                {
                    if (list[i] is null && !items.Nullable && items.HasDefault)
                    {
                        list[i] = items.Default!.DeepClone();
                    }

                    if (list[i] is JsonObject or JsonArray)
                    {
                        ApplyTo(list[i], items, keepNulls);
                    }
                }

                break;
        }
    }

    private static void OnObject(JsonObject map, SchemaNode node, bool keepNulls)
    {
        foreach (var (name, property) in node.Properties)
        {
            var present = map.TryGetPropertyValue(name, out var value);
            if (value is null && property.HasDefault && (!present || !property.Nullable))
            {
                map[name] = property.Default!.DeepClone();
            }
            else if (present && value is null && !property.Nullable && !keepNulls)
            {
                map.Remove(name);
                continue;
            }

            if (map[name] is JsonObject or JsonArray)
            {
                ApplyTo(map[name], property, keepNulls);
            }
        }

        if (node.AdditionalProperties is not { } additional)
        {
            return;
        }

        foreach (var name in map.Select(p => p.Key).Where(name => !node.Properties.ContainsKey(name)).ToList())
        {
            if (map[name] is null && !additional.Nullable)
            {
                if (additional.HasDefault)
                {
                    map[name] = additional.Default!.DeepClone();
                }
                else if (!keepNulls)
                {
                    map.Remove(name);
                    continue;
                }
            }

            ApplyTo(map[name], additional, keepNulls);
        }
    }
}
