// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer;

namespace FiveSpot.Simulation;

/// <summary>The parts that structural schemas are made of. Each call makes a node of its own.</summary>
internal static class DefinitionSchema
{
    public static JsonObject Text() => new() { ["type"] = "string" };

    public static JsonObject Text(int longest) => new() { ["type"] = "string", ["minLength"] = 1, ["maxLength"] = longest };

    public static JsonObject OneOf(params string[] values) => new() { ["type"] = "string", ["enum"] = values.ToJsonArray() };

    public static JsonObject Flag() => new() { ["type"] = "boolean" };

    public static JsonObject Integer() => new() { ["type"] = "integer", ["format"] = "int64" };

    public static JsonObject Count() => new() { ["type"] = "integer", ["format"] = "int32", ["minimum"] = 0 };

    public static JsonObject Time() => new() { ["type"] = "string", ["format"] = "date-time" };

    /// <summary>An object of which everything is kept.</summary>
    public static JsonObject Anything() => new() { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true };

    public static JsonObject TextMap() => new() { ["type"] = "object", ["additionalProperties"] = Text() };

    public static JsonObject List(JsonObject items) => new() { ["type"] = "array", ["items"] = items };

    public static JsonObject List(JsonObject items, params string[] keys)
    {
        var list = List(items);
        list["x-kubernetes-list-type"] = "map";
        list["x-kubernetes-list-map-keys"] = keys.ToJsonArray();
        return list;
    }

    public static JsonObject Object(params (string Name, JsonObject Schema)[] fields) => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject(fields.Select(field => new KeyValuePair<string, JsonNode?>(field.Name, field.Schema))),
    };

    public static JsonObject Requiring(this JsonObject schema, params string[] fields)
    {
        schema["required"] = fields.ToJsonArray();
        return schema;
    }

    public static JsonObject Defaulting(this JsonObject schema, JsonNode value)
    {
        schema["default"] = value;
        return schema;
    }

    /// <summary><c>metav1.Condition</c>, by type.</summary>
    public static JsonObject Conditions() => List(
        Object(
            ("type", Text(316)),
            ("status", OneOf("True", "False", "Unknown")),
            ("reason", Text(1024)),
            ("message", Text()),
            ("lastTransitionTime", Time()),
            ("observedGeneration", Integer())).Requiring("type", "status", "reason", "message", "lastTransitionTime"),
        "type");

    /// <summary>The conditions that Cluster API had before those of Kubernetes.</summary>
    public static JsonObject OldConditions() => List(
        Object(
            ("type", Text(256)),
            ("status", Text()),
            ("reason", Text(256)),
            ("message", Text()),
            ("severity", Text()),
            ("lastTransitionTime", Time())).Requiring("type", "status", "lastTransitionTime"));

    public static JsonObject LabelSelector() => Object(
        ("matchLabels", TextMap()),
        ("matchExpressions", List(Object(("key", Text()), ("operator", Text()), ("values", List(Text()))).Requiring("key", "operator"))));

    public static JsonObject Addresses() => List(Object(
        ("type", OneOf("Hostname", "ExternalIP", "InternalIP", "ExternalDNS", "InternalDNS")), ("address", Text(256))).Requiring("type", "address"));
}
