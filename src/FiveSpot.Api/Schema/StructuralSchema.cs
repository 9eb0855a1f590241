// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace FiveSpot.Api.Schema;

/// <summary>
/// Makes the structural schema of a resource type from its JSON contract and the attributes of its properties, so that
/// types, defaults and schema cannot drift apart. Uses what the source generator made: safe in native AOT.
/// </summary>
internal static class StructuralSchema
{
    /// <summary>The schema of what a user writes: with defaults and rules.</summary>
    public static JsonObject OfSpec(JsonTypeInfo type) => OfObject(type, isSpec: true);

    /// <summary>
    /// The schema of what the controller reports: without defaults, which would be reports that nobody made, and
    /// without rules, which could keep the controller from reporting.
    /// </summary>
    public static JsonObject OfStatus(JsonTypeInfo type) => OfObject(type, isSpec: false);

    private static JsonObject OfObject(JsonTypeInfo type, bool isSpec)
    {
        var required = new JsonArray();
        var properties = new JsonObject();
        var defaults = isSpec ? JsonSerializer.Deserialize(Least(type), type) : null;
        foreach (var property in type.Properties.Where(static property => property.Get is not null))
        {
            var schema = OfProperty(property, type.Options, isSpec);
            if (property.IsRequired)
            {
                required.Add((JsonNode)property.Name);
            }
            else if (defaults is not null && DefaultOf(property.Get!(defaults)) is { } value)
            {
                schema["default"] = value;
            }

            properties[property.Name] = schema;
        }

        var result = new JsonObject { ["type"] = "object" };
        if (required.Count > 0)
        {
            result["required"] = required;
        }

        result["properties"] = properties;
        return result;
    }

    private static JsonObject OfProperty(JsonPropertyInfo property, JsonSerializerOptions options, bool isSpec)
    {
        var about = Attributes<SchemaAttribute>(property).Single();
        var schema = new JsonObject { ["description"] = about.Description };
        foreach (var (name, value) in OfValue(options.GetTypeInfo(property.PropertyType), about, isSpec).ToArray())
        {
            schema[name] = value?.DeepClone();
        }

        if (about.IsAtomic)
        {
            schema["x-kubernetes-map-type"] = "atomic";
        }

        foreach (var rule in isSpec ? Attributes<CelRuleAttribute>(property) : [])
        {
            var target = rule.On switch
            {
                null => schema,
                CelRuleAttribute.Each => (schema["items"] ?? schema["additionalProperties"])!.AsObject(),
                var field => schema["properties"]![field]!.AsObject(),
            };
            if (target["x-kubernetes-validations"] is not JsonArray rules)
            {
                target["x-kubernetes-validations"] = rules = [];
            }

            rules.Add((JsonNode)new JsonObject { ["rule"] = rule.Expression, ["message"] = rule.Message });
        }

        return schema;
    }

    private static JsonObject OfValue(JsonTypeInfo type, SchemaAttribute about, bool isSpec)
    {
        switch (type.Kind)
        {
            case JsonTypeInfoKind.Object:
                return OfObject(type, isSpec);
            case JsonTypeInfoKind.Enumerable:
                var list = new JsonObject { ["type"] = "array" };
                Bound(list, "maxItems", about.MaxItems);
                list["items"] = OfElement(type, about, isSpec);
                list["x-kubernetes-list-type"] = about.ListMapKey is null ? "atomic" : "map";
                if (about.ListMapKey is { } key)
                {
                    list["x-kubernetes-list-map-keys"] = new JsonArray((JsonNode)key);
                }

                return list;
            case JsonTypeInfoKind.Dictionary:
                var map = new JsonObject { ["type"] = "object" };
                Bound(map, "maxProperties", about.MaxItems);
                map["additionalProperties"] = OfElement(type, about, isSpec);
                return map;
            default:
                return OfScalar(Nullable.GetUnderlyingType(type.Type) ?? type.Type, about);
        }
    }

    private static JsonObject OfElement(JsonTypeInfo collection, SchemaAttribute about, bool isSpec)
    {
        var element = OfValue(collection.Options.GetTypeInfo(collection.ElementType!), NoBounds, isSpec);
        Bound(element, "minLength", about.ItemMinLength);
        Bound(element, "maxLength", about.ItemMaxLength);
        return element;
    }

    private static JsonObject OfScalar(Type type, SchemaAttribute about)
    {
        if (type == typeof(JsonElement))
        {
            return new() { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true };
        }

        var schema = type switch
        {
            _ when type == typeof(string) => new JsonObject { ["type"] = "string" },
            _ when type == typeof(bool) => new JsonObject { ["type"] = "boolean" },
            _ when type == typeof(int) => new JsonObject { ["type"] = "integer", ["format"] = "int32" },
            _ when type == typeof(long) => new JsonObject { ["type"] = "integer", ["format"] = "int64" },
            _ when type == typeof(DateTimeOffset) => new JsonObject { ["type"] = "string", ["format"] = "date-time" },
            _ => throw new NotSupportedException($"No schema is known for {type}."),
        };
        Bound(schema, "minimum", about.Minimum);
        Bound(schema, "maximum", about.Maximum);
        Bound(schema, "minLength", about.MinLength);
        Bound(schema, "maxLength", about.MaxLength);
        if (about.Pattern is not null)
        {
            schema["pattern"] = about.Pattern;
        }

        if (about.Enum is not null)
        {
            schema["enum"] = new JsonArray([.. about.Enum.Select(static value => (JsonNode)value)]);
        }

        return schema;
    }

    private static SchemaAttribute NoBounds { get; } = new("");

    private static void Bound(JsonObject schema, string name, int value)
    {
        if (value != SchemaAttribute.Unset)
        {
            schema[name] = value;
        }
    }

    private static JsonValue? DefaultOf(object? value) => value switch
    {
        string text => JsonValue.Create(text),
        bool flag => JsonValue.Create(flag),
        int number => JsonValue.Create(number),
        _ => null,
    };

    // The least JSON that decodes: what the type then holds besides are its defaults.
    private static JsonNode Least(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object)
        {
            return type.Type == typeof(string) ? "" : new JsonObject();
        }

        var least = new JsonObject();
        foreach (var property in type.Properties.Where(static property => property.IsRequired))
        {
            least[property.Name] = Least(type.Options.GetTypeInfo(property.PropertyType));
        }

        return least;
    }

    private static IEnumerable<T> Attributes<T>(JsonPropertyInfo property)
        where T : Attribute =>
        property.AttributeProvider!.GetCustomAttributes(typeof(T), inherit: false).Cast<T>();
}
