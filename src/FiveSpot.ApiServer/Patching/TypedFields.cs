// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using static FiveSpot.ApiServer.Patching.SchemaView;

namespace FiveSpot.ApiServer.Patching;

/// <summary>The fields that an applied configuration states an opinion on.</summary>
internal static class TypedFields
{
    /// <summary>All leaves, list items and undeclared fields of a value. A declared field with content is not a
    /// member itself: nobody owns <c>.spec</c>.</summary>
    /// <exception cref="FormatException">An item of a list-map or set has no identity.</exception>
    public static FieldSet Of(JsonObject value, SchemaView schema) => Visit(value, schema).Below ?? FieldSet.Empty;

    private static (bool Self, FieldSet? Below) Visit(JsonNode? value, SchemaView schema)
    {
        switch (schema.ShapeOf(value))
        {
            case ValueShape.Map when !schema.Map!.IsAtomic:
                return (false, value is JsonObject map ? OfMap(map, schema.Map) : null);
            case ValueShape.List when !schema.List!.IsAtomic:
                return (false, value is JsonArray list ? OfList(list, schema.List) : null);
            default:
                return (true, null);
        }
    }

    private static FieldSet OfMap(JsonObject map, MapView view)
    {
        var result = new FieldSet();
        foreach (var (name, value) in map)
        {
            var (self, below) = Visit(value, view.TypeOf(name, out var declared));
            self |= !declared || value is null or JsonObject { Count: 0 };
            result.Add(view.ElementOf(name), self, below);
        }
        return result;
    }

    private static FieldSet OfList(JsonArray list, ListView view)
    {
        var result = new FieldSet();
        foreach (var item in list)
        {
            var element = view.ElementOf(item);
            // Of duplicates, only the element itself is owned.
            result.Add(element, true, result.Contains(element) ? null : Visit(item, view.Element).Below);
        }
        return result;
    }
}
