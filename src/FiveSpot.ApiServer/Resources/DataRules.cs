// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FiveSpot.ApiServer.Schemas;

namespace FiveSpot.ApiServer.Resources;

/// <summary>What ConfigMaps and Secrets have in common.</summary>
internal static partial class DataRules
{
    public static void CheckKeys(JsonObject obj, string field, List<FieldError> errors)
    {
        foreach (var (key, _) in obj.Map(field) ?? [])
        {
            if (key.Length > 253 || key is "." or ".." || !KeyPattern().IsMatch(key))
            {
                errors.Add(new FieldError("Invalid value", $"{field}[{key}]", "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')", JsonValue.Create(key)));
            }
        }
    }

    public static void CheckUnchanged(JsonObject obj, JsonObject old, List<FieldError> errors, params ReadOnlySpan<string> fields)
    {
        if (obj.Flag("immutable") != true)
        {
            errors.Add(new FieldError("Forbidden", "immutable", "field is immutable when `immutable` is set", null));
        }

        foreach (var field in fields)
        {
            if (!JsonNode.DeepEquals(obj[field], old[field]))
            {
                errors.Add(new FieldError("Forbidden", field, "field is immutable when `immutable` is set", null));
            }
        }
    }

    [GeneratedRegex(@"\A[-._a-zA-Z0-9]+\z")]
    private static partial Regex KeyPattern();
}
