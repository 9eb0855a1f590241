// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Nodes;
using static FiveSpot.ApiServer.Patching.SchemaView;

namespace FiveSpot.ApiServer.Patching;

/// <summary>Whether an applied configuration has the shape that its schema says: nothing undeclared, no wrong types, no
/// duplicates. The words are those of structured-merge-diff, since they reach the user.</summary>
internal static class TypedValidation
{
    /// <summary>What is wrong, a line each; null if nothing is.</summary>
    public static string? Check(JsonObject applied, SchemaView schema)
    {
        var errors = new List<string>();
        Visit(applied, schema, "", errors);
        return errors.Count switch
        {
            0 => null,
            1 => errors[0],
            _ => string.Join('\n', errors.Select(static error => "  " + error).Prepend("errors:")),
        };
    }

    private static void Visit(JsonNode? value, SchemaView schema, string path, List<string> errors)
    {
        if (value is null)
        {
            return;
        }
        switch (schema.ShapeOf(value))
        {
            case ValueShape.Map when value is JsonObject map:
                VisitMap(map, schema.Map!, path, errors);
                break;
            case ValueShape.List when value is JsonArray list:
                VisitList(list, schema.List!, path, errors);
                break;
            case ValueShape.Map:
                Report(path, $"expected map, got &{{{Plain(value)}}}", errors);
                break;
            case ValueShape.List:
                Report(path, $"expected list, got &{{{Plain(value)}}}", errors);
                break;
            default:
                VisitScalar(value, schema.Scalar!.Value, path, errors);
                break;
        }
    }

    private static void VisitMap(JsonObject map, MapView view, string path, List<string> errors)
    {
        foreach (var (name, value) in map)
        {
            var type = view.TypeOf(name, out var declared);
            if (!declared && view.Element is null)
            {
                Report($"{path}.{name}", "field not declared in schema", errors);
                return;
            }
            Visit(value, type, $"{path}.{name}", errors);
        }
    }

    private static void VisitList(JsonArray list, ListView view, string path, List<string> errors)
    {
        var seen = new HashSet<PathElement>();
        for (var i = 0; i < list.Count; i++)
        {
            var at = $"[{i}]";
            if (!view.IsAtomic)
            {
                PathElement element;
                try
                {
                    element = view.ElementOf(list[i]);
                }
                catch (FormatException e)
                {
                    Report(path, $"element {i}: {e.Message}", errors);
                    return;
                }
                at = element.ToString();
                if (!seen.Add(element))
                {
                    Report(path, $"duplicate entries for key {at}", errors);
                }
            }
            Visit(list[i], view.Element, path + at, errors);
        }
    }

    private static void VisitScalar(JsonNode value, ScalarType type, string path, List<string> errors)
    {
        var kind = value.GetValueKind();
        switch (type)
        {
            case ScalarType.Number when kind != JsonValueKind.Number:
                Report(path, $"expected numeric (int or float), got {TypeName(value)}", errors);
                break;
            case ScalarType.String when kind != JsonValueKind.String:
                Report(path, $"expected string, got &value.valueUnstructured{{Value:{Plain(value)}}}", errors);
                break;
            case ScalarType.Boolean when kind is not (JsonValueKind.True or JsonValueKind.False):
                Report(path, $"expected boolean, got &{{{Plain(value)}}}", errors);
                break;
        }
    }

    private static void Report(string path, string message, List<string> errors) =>
        errors.Add(path.Length > 0 ? $"{path}: {message}" : message);

    private static string Plain(JsonNode value) =>
        value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString();

    // The Go type that the value has over there.
    private static string TypeName(JsonNode value) => value.GetValueKind() switch
    {
        JsonValueKind.String => "string",
        JsonValueKind.Object => "map[string]interface {}",
        JsonValueKind.Array => "[]interface {}",
        _ => "bool",
    };
}
