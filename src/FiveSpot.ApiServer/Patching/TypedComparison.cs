// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using static FiveSpot.ApiServer.Patching.SchemaView;

namespace FiveSpot.ApiServer.Patching;

/// <summary>What differs between two versions of an object, as field sets.</summary>
internal sealed class TypedComparison
{
    private TypedComparison()
    {
    }

    /// <summary>Fields that only the new version has, containers among them.</summary>
    public FieldSet Added { get; } = new();

    /// <summary>Leaves that both have, with different values.</summary>
    public FieldSet Modified { get; } = new();

    /// <summary>Fields that only the old version has, containers among them.</summary>
    public FieldSet Removed { get; } = new();

    public bool IsSame => Added.IsEmpty && Modified.IsEmpty && Removed.IsEmpty;

    /// <summary>Compares an old and a new version.</summary>
    /// <exception cref="FormatException">An item of a list-map or set has no identity.</exception>
    public static TypedComparison Of(JsonObject before, JsonObject after, SchemaView schema)
    {
        var result = new TypedComparison();
        result.Compare(before, after, schema);
        return result;
    }

    // Fills this comparison with what differs below the two values; true if they differ as leaves.
    private bool Compare(JsonNode? before, JsonNode? after, SchemaView schema)
    {
        if (ReferenceEquals(before, after))
        {
            return false;
        }
        var (old, @new) = (schema.ShapeOf(before), schema.ShapeOf(after));
        var modified = CompareAs(old, before, after, schema);
        if (@new != old)
        {
            modified |= CompareAs(@new, before, after, schema);
        }
        return modified;
    }

    private bool CompareAs(ValueShape shape, JsonNode? before, JsonNode? after, SchemaView schema)
    {
        switch (shape)
        {
            case ValueShape.Map when !schema.Map!.IsAtomic:
                var (oldMap, newMap) = (before as JsonObject, after as JsonObject);
                if (oldMap is not { Count: > 0 } && newMap is not { Count: > 0 })
                {
                    break;
                }
                CompareMaps(oldMap ?? [], newMap ?? [], schema.Map);
                return false;
            case ValueShape.List when !schema.List!.IsAtomic:
                var (oldList, newList) = (before as JsonArray, after as JsonArray);
                if (oldList is not { Count: > 0 } && newList is not { Count: > 0 })
                {
                    break;
                }
                CompareLists(oldList ?? [], newList ?? [], schema.List);
                return false;
        }
        return !JsonNode.DeepEquals(before, after);
    }

    private void CompareMaps(JsonObject before, JsonObject after, MapView view)
    {
        foreach (var (name, old) in before)
        {
            var type = view.TypeOf(name, out _);
            if (after.TryGetPropertyValue(name, out var value))
            {
                CompareChildren(view.ElementOf(name), old, value, type);
            }
            else
            {
                Removed.Add(view.ElementOf(name), true, AllBelow(old, type));
            }
        }
        foreach (var (name, value) in after)
        {
            if (!before.ContainsKey(name))
            {
                Added.Add(view.ElementOf(name), true, AllBelow(value, view.TypeOf(name, out _)));
            }
        }
    }

    private void CompareLists(JsonArray before, JsonArray after, ListView view)
    {
        var newItems = Group(after, view);
        foreach (var (element, old) in Group(before, view))
        {
            var items = newItems.GetValueOrDefault(element) ?? [];
            newItems.Remove(element);
            switch (old.Count, items.Count)
            {
                case (1, 1):
                    CompareChildren(element, old[0], items[0], view.Element);
                    break;
                case (1, _):
                    Removed.Add(element, items.Count == 0, AllBelow(old[0], view.Element));
                    Added.Add(element, items.Count > 0, null);
                    break;
                case (_, <= 1):
                    Removed.Add(element, true, null);
                    Added.Add(element, items.Count == 1, items.Count == 1 ? AllBelow(items[0], view.Element) : null);
                    break;
                default:
                    // Duplicates are compared as one atomic value.
                    var same = old.Count == items.Count && old.Zip(items).All(static pair => JsonNode.DeepEquals(pair.First, pair.Second));
                    Modified.Add(element, !same, null);
                    break;
            }
        }
        foreach (var (element, items) in newItems)
        {
            Added.Add(element, true, items.Count == 1 ? AllBelow(items[0], view.Element) : null);
        }
    }

    private void CompareChildren(PathElement element, JsonNode? before, JsonNode? after, SchemaView type)
    {
        var inner = new TypedComparison();
        var modified = inner.Compare(before, after, type);
        Added.Add(element, false, inner.Added);
        Modified.Add(element, modified, inner.Modified);
        Removed.Add(element, false, inner.Removed);
    }

    private static Dictionary<PathElement, List<JsonNode?>> Group(JsonArray list, ListView view)
    {
        var result = new Dictionary<PathElement, List<JsonNode?>>(list.Count);
        foreach (var item in list)
        {
            var element = view.ElementOf(item);
            if (!result.TryGetValue(element, out var items))
            {
                result.Add(element, items = []);
            }
            items.Add(item);
        }
        return result;
    }

    // Every path below a value that is there on one side only.
    private static FieldSet? AllBelow(JsonNode? value, SchemaView schema)
    {
        switch (schema.ShapeOf(value))
        {
            case ValueShape.Map when !schema.Map!.IsAtomic && value is JsonObject map:
                var fields = new FieldSet();
                foreach (var (name, child) in map)
                {
                    fields.Add(schema.Map.ElementOf(name), true, AllBelow(child, schema.Map.TypeOf(name, out _)));
                }
                return fields;
            case ValueShape.List when !schema.List!.IsAtomic && value is JsonArray list:
                var items = new FieldSet();
                foreach (var (element, same) in Group(list, schema.List))
                {
                    items.Add(element, true, same.Count == 1 ? AllBelow(same[0], schema.List.Element) : null);
                }
                return items;
            default:
                return null;
        }
    }
}
