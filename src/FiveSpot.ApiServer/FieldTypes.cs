// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Resources;

namespace FiveSpot.ApiServer;

/// <summary>Built-in kinds are decoded before they are validated: a value of the wrong type is a bad request.</summary>
internal static class FieldTypes
{
    /// <summary>Refuses an object with a value of the wrong type.</summary>
    /// <exception cref="StatusException">400.</exception>
    public static void Require(Resource resource, JsonObject obj) => Check(resource, obj, resource.OpenApi, string.Empty);

    private static void Check(Resource resource, JsonNode? value, JsonObject schema, string path)
    {
        if (value is null)
        {
            return;
        }

        var kind = value.GetValueKind();
        if (schema.Flag("x-kubernetes-int-or-string") != true && schema.Text("type") is { } type && !Fits(kind, type, value))
        {
            var given = kind switch
            {
                JsonValueKind.True or JsonValueKind.False => "bool",
                _ => kind.ToString().ToLowerInvariant(),
            };
            throw Refusal.BadRequest($"{resource.Kind} in version \"{resource.Version}\" cannot be handled as a {resource.Kind}: json: cannot unmarshal {given} into Go struct field {resource.Kind}{path} of type {type}");
        }

        switch (value)
        {
            case JsonObject map:
                CheckMap(resource, map, schema, path);
                break;
            case JsonArray list when schema.Map("items") is { } items:
                foreach (var item in list)
                {
                    Check(resource, item, items, path);
                }

                break;
            default:
                break;
        }
    }

    private static void CheckMap(Resource resource, JsonObject map, JsonObject schema, string path)
    {
        var properties = schema.Map("properties");
        var additional = schema.Map("additionalProperties");
        foreach (var (name, value) in map)
        {
            if (properties.Map(name) is { } property)
            {
                Check(resource, value, property, $"{path}.{name}");
            }
            else if (additional is not null)
            {
                Check(resource, value, additional, path);
            }
        }
    }

    private static bool Fits(JsonValueKind kind, string type, JsonNode value) => type switch
    {
        "string" => kind == JsonValueKind.String,
        "integer" => kind == JsonValueKind.Number && value.Number() is not null,
        "number" => kind == JsonValueKind.Number,
        "boolean" => kind is JsonValueKind.True or JsonValueKind.False,
        "array" => kind == JsonValueKind.Array,
        _ => kind == JsonValueKind.Object,
    };
}
