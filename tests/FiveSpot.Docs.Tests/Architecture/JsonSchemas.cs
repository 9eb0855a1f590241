// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace FiveSpot.Docs.Tests.Architecture;

/// <summary>
/// Judges JSON by schemas that refer to each other. It knows the keywords that CALM's schemas are written in, and refuses a
/// schema with another one, so that no demand is overlooked.
/// </summary>
internal sealed class JsonSchemas
{
    private readonly Dictionary<Uri, JsonNode> _schemas = [];

    /// <summary>Makes a schema known by its address; its <c>$id</c> unless another is given.</summary>
    public void Add(JsonObject schema, Uri? address = null) =>
        _schemas.Add(address ?? new Uri((string)schema["$id"]!), schema);

    /// <summary>Whether there is a schema at that address.</summary>
    public bool Knows(Uri address) => _schemas.ContainsKey(address);

    /// <summary>What is wrong with a value, each with the place where it is; nothing if it is as the schema demands.</summary>
    /// <exception cref="NotSupportedException">A schema has an unknown keyword.</exception>
    /// <exception cref="KeyNotFoundException">A schema refers to one that is not known.</exception>
    public IReadOnlyList<string> Validate(Uri address, JsonNode? value) => [.. Judge(_schemas[address], address, value, "$")];

    private IEnumerable<string> Judge(JsonNode schema, Uri address, JsonNode? value, string at) => schema.GetValueKind() switch
    {
        JsonValueKind.True => [],
        JsonValueKind.False => [$"{at} must not be there"],
        _ => schema.AsObject().SelectMany(keyword => JudgeKeyword(keyword.Key, keyword.Value!, schema.AsObject(), address, value, at)),
    };

    private IEnumerable<string> JudgeKeyword(string keyword, JsonNode demand, JsonObject schema, Uri address, JsonNode? value, string at) => keyword switch
    {
        "$schema" or "$id" or "$vocabulary" or "$dynamicAnchor" or "title" or "description" or "default" or "examples" or "defs" => [],
        "$ref" => Follow((string)demand!, address, value, at),
        "type" => Fails(!IsOfType(value, (string)demand!), $"{at} must be of type {demand}"),
        "enum" => Fails(!demand.AsArray().Any(allowed => JsonNode.DeepEquals(allowed, value)), $"{at} must be one of {demand.ToJsonString()}"),
        "pattern" => Fails(IsOfType(value, "string") && !Regex.IsMatch((string)value!, (string)demand!), $"{at} must match {demand}"),
        "minItems" => Fails(value is JsonArray list && list.Count < (int)demand, $"{at} must have {demand} items or more"),
        "items" => (value as JsonArray ?? []).SelectMany((item, index) => Judge(demand, address, item, $"{at}[{index}]")),
        "required" => demand.AsArray().Where(name => value is JsonObject map && !map.ContainsKey((string)name!)).Select(name => $"{at} must have {name}"),
        "properties" => Properties(value).Where(property => demand.AsObject().ContainsKey(property.Key))
            .SelectMany(property => Judge(demand[property.Key]!, address, property.Value, $"{at}.{property.Key}")),
        "patternProperties" => demand.AsObject().SelectMany(pattern => Properties(value).Where(property => Regex.IsMatch(property.Key, pattern.Key))
            .SelectMany(property => Judge(pattern.Value!, address, property.Value, $"{at}.{property.Key}"))),
        "additionalProperties" => Properties(value).Where(property => !IsNamed(property.Key, schema))
            .SelectMany(property => Judge(demand, address, property.Value, $"{at}.{property.Key}")),
        "allOf" => demand.AsArray().SelectMany(each => Judge(each!, address, value, at)),
        "anyOf" => Fails(Fitting(demand, address, value, at) == 0, $"{at} fits none of {demand.AsArray().Count} schemas"),
        "oneOf" => Fails(Fitting(demand, address, value, at) != 1, $"{at} must fit exactly one of {demand.AsArray().Count} schemas"),
        _ => throw new NotSupportedException($"{address} has the keyword {keyword}, which is not known here."),
    };

    private IEnumerable<string> Follow(string reference, Uri from, JsonNode? value, string at)
    {
        var target = new Uri(from, reference);
        var address = new Uri(target.GetLeftPart(UriPartial.Query));
        var schema = target.Fragment.TrimStart('#').Split('/', StringSplitOptions.RemoveEmptyEntries)
            .Aggregate(_schemas[address], (node, step) => node[step] ?? throw new KeyNotFoundException($"{target} leads nowhere."));
        return Judge(schema, address, value, at);
    }

    private int Fitting(JsonNode schemas, Uri address, JsonNode? value, string at) =>
        schemas.AsArray().Count(schema => !Judge(schema!, address, value, at).Any());

    private static IEnumerable<KeyValuePair<string, JsonNode?>> Properties(JsonNode? value) => value as JsonObject ?? [];

    private static bool IsNamed(string name, JsonObject schema) =>
        schema["properties"]?.AsObject().ContainsKey(name) == true
        || (schema["patternProperties"]?.AsObject() ?? []).Any(pattern => Regex.IsMatch(name, pattern.Key));

    private static bool IsOfType(JsonNode? value, string type) => (type, value?.GetValueKind() ?? JsonValueKind.Null) switch
    {
        ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) or ("string", JsonValueKind.String) => true,
        ("integer", JsonValueKind.Number) => value!.AsValue().TryGetValue<long>(out _),
        ("object" or "array" or "string" or "integer", _) => false,
        _ => throw new NotSupportedException($"The type {type} is not known here."),
    };

    private static IEnumerable<string> Fails(bool isWrong, string sentence) => isWrong ? [sentence] : [];
}
