// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using static FiveSpot.ApiServer.Patching.SchemaView;

namespace FiveSpot.ApiServer.Patching;

/// <summary>Merges an applied configuration into an object, and takes fields out of one.</summary>
internal static class TypedMerge
{
    /// <summary>The object with all that the configuration says; nothing is removed.</summary>
    /// <exception cref="FormatException">An item of a list-map or set has no identity.</exception>
    public static JsonObject Merge(JsonObject live, JsonObject applied, SchemaView schema) =>
        MergeValues(live, applied, schema) as JsonObject ?? [];

    /// <summary>The object without the given list items and fields. What is empty after that, and not among them, stays.</summary>
    /// <exception cref="FormatException">An item of a list-map or set has no identity.</exception>
    public static JsonObject Without(JsonObject value, FieldSet fields, SchemaView schema) =>
        Remove(value, fields, schema) as JsonObject ?? [];

    private static JsonNode? MergeValues(JsonNode? live, JsonNode? applied, SchemaView schema)
    {
        var shape = schema.ShapeOf(applied);
        if (shape == schema.ShapeOf(live))
        {
            switch (shape)
            {
                case ValueShape.Map when !schema.Map!.IsAtomic && live is JsonObject { Count: > 0 } map:
                    return MergeMaps(map, applied as JsonObject, schema.Map);
                case ValueShape.List when !schema.List!.IsAtomic && live is JsonArray { Count: > 0 } list:
                    return MergeLists(list, applied as JsonArray, schema.List);
            }
        }
        return applied?.DeepClone();
    }

    private static JsonObject MergeMaps(JsonObject live, JsonObject? applied, MapView view)
    {
        var result = new JsonObject();
        foreach (var (name, value) in live)
        {
            result[name] = applied is not null && applied.TryGetPropertyValue(name, out var change)
                ? MergeValues(value, change, view.TypeOf(name, out _))
                : value?.DeepClone();
        }
        foreach (var (name, value) in applied ?? [])
        {
            if (!live.ContainsKey(name))
            {
                result[name] = value?.DeepClone();
            }
        }
        return result;
    }

    // Items that both lists have come in the applied order. An item of the live list alone keeps its place relative to the
    // shared items that do not have to move for that. A new item comes before the shared item that follows it in the
    // applied list, or last.
    private static JsonArray MergeLists(JsonArray live, JsonArray? applied, ListView view)
    {
        var liveItems = new Dictionary<PathElement, JsonNode?>(live.Count);
        var liveElements = new PathElement[live.Count];
        for (var i = 0; i < live.Count; i++)
        {
            liveElements[i] = view.ElementOf(live[i]);
            // Of live duplicates none is the one to merge with.
            liveItems[liveElements[i]] = liveItems.ContainsKey(liveElements[i]) ? null : live[i];
        }
        var pending = new Queue<(PathElement Element, JsonNode? Item)>();
        var appliedElements = new HashSet<PathElement>();
        foreach (var item in applied ?? [])
        {
            var element = view.ElementOf(item);
            appliedElements.Add(element);
            pending.Enqueue((element, item));
        }
        var shared = new Queue<PathElement>(pending.Select(static entry => entry.Element).Where(liveItems.ContainsKey));

        var result = new JsonArray();
        for (var i = 0; i < live.Count; i++)
        {
            if (!appliedElements.Contains(liveElements[i]))
            {
                result.Add(live[i]?.DeepClone());
            }
            else if (shared.TryPeek(out var next) && next.Equals(liveElements[i]))
            {
                shared.Dequeue();
                PathElement taken;
                do
                {
                    taken = TakeApplied();
                }
                while (!taken.Equals(next));
            }
        }
        while (pending.Count > 0)
        {
            TakeApplied();
        }
        return result;

        PathElement TakeApplied()
        {
            var (element, item) = pending.Dequeue();
            result.Add(liveItems.TryGetValue(element, out var old) ? MergeValues(old, item, view.Element) : item?.DeepClone());
            return element;
        }
    }

    private static JsonNode? Remove(JsonNode? value, FieldSet? fields, SchemaView schema)
    {
        if (fields is not { IsEmpty: false })
        {
            return value?.DeepClone();
        }
        switch (schema.ShapeOf(value))
        {
            case ValueShape.Map when !schema.Map!.IsAtomic && value is JsonObject { Count: > 0 } map:
                var rest = new JsonObject();
                foreach (var (name, child) in map)
                {
                    var element = schema.Map.ElementOf(name);
                    if (!fields.Contains(element))
                    {
                        rest[name] = Remove(child, fields.Below(element), schema.Map.TypeOf(name, out _));
                    }
                }
                return rest;
            case ValueShape.List when !schema.List!.IsAtomic && value is JsonArray { Count: > 0 } list:
                var items = new JsonArray();
                foreach (var item in list)
                {
                    var element = schema.List.ElementOf(item);
                    if (!fields.Contains(element))
                    {
                        items.Add(Remove(item, fields.Below(element), schema.List.Element));
                    }
                }
                return items;
            default:
                return value?.DeepClone();
        }
    }
}
