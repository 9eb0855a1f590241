// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Cel;
using FiveSpot.ApiServer.Text;

namespace FiveSpot.ApiServer.Schemas;

/// <summary>Finds items that stand twice in a list of type <c>set</c> or <c>map</c>.</summary>
internal static class AssociativeLists
{
    public static void Validate(JsonNode? value, SchemaNode node, string path, List<FieldError> errors)
    {
        switch (value)
        {
            case JsonObject map:
                foreach (var (name, child) in map)
                {
                    if (child is JsonObject or JsonArray)
                    {
                        if (node.Properties.TryGetValue(name, out var property))
                        {
                            Validate(child, property, path.Length == 0 ? name : $"{path}.{name}", errors);
                        }
                        else if (node.AdditionalProperties is { } additional)
                        {
                            Validate(child, additional, $"{path}[{name}]", errors);
                        }
                    }
                }

                break;
            case JsonArray list when !(list.Count > node.MaxItems):
                CheckDuplicates(list, node, path, errors);
                for (var i = 0; node.Items is { } items && i < list.Count; i++)
                {
                    if (list[i] is JsonObject or JsonArray)
                    {
                        Validate(list[i], items, $"{path}[{i}]", errors);
                    }
                }

                break;
        }
    }

    private static void CheckDuplicates(JsonArray list, SchemaNode node, string path, List<FieldError> errors)
    {
        if (node.ListType is not ("set" or "map"))
        {
            return;
        }

        var seen = new HashSet<CelValue>(CelValue.Equality);
        var reported = new HashSet<CelValue>(CelValue.Equality);
        for (var i = 0; i < list.Count; i++)
        {
            var shown = list[i]?.DeepClone();
            if (node.ListType == "map")
            {
                if (list[i] is not JsonObject item)
                {
                    if (shown is not null)
                    {
                        errors.Add(FieldError.Invalid($"{path}[{i}]", shown, "must be an object for an array of list-type map"));
                    }

                    continue;
                }

                var keys = node.ListMapKeys.Where(item.ContainsKey);
                shown = new JsonObject(keys.Select(key => KeyValuePair.Create(key, item[key]?.DeepClone())));
            }

            // Keys as one string: a map's hash would be the same for all of them.
            var identity = shown is JsonObject or JsonArray
                ? CelValue.Of(GoText.Json(shown))
                : CelValue.FromJson(shown);
            if (!seen.Add(identity) && reported.Add(identity))
            {
                errors.Add(FieldError.Duplicate($"{path}[{i}]", shown));
            }
        }
    }
}
