// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FiveSpot.ApiServer.Cel;

namespace FiveSpot.ApiServer.Schemas;

/// <summary>Reads OpenAPI v3 JSON into nodes, and collects what is refused on the way.</summary>
internal sealed class SchemaReader(List<FieldError> errors, bool trusted)
{
    private static readonly string[] Types = ["array", "boolean", "integer", "number", "object", "string"];

    private enum Level
    {
        Root,
        Item,
        Field,
        Nested,
    }

    public SchemaNode ReadRoot(JsonObject schema, string path)
    {
        var root = Read(schema, path, Level.Root);
        if (!trusted)
        {
            CheckCompleteness(root, root, path);
        }

        return root;
    }

    private void Refuse(FieldError error)
    {
        if (!trusted)
        {
            errors.Add(error);
        }
    }

    private SchemaNode Read(JsonObject json, string path, Level level, bool junctorOfIntOrString = false)
    {
        var type = Text(json, "type");
        var pattern = Text(json, "pattern");
        var node = new SchemaNode
        {
            Path = path,
            Type = type,
            Format = Text(json, "format"),
            Nullable = Flag(json, "nullable"),
            IntOrString = Flag(json, "x-kubernetes-int-or-string"),
            PreserveUnknown = Flag(json, "x-kubernetes-preserve-unknown-fields"),
            Embedded = Flag(json, "x-kubernetes-embedded-resource"),
            HasDefault = json["default"] is not null,
            Default = json["default"]?.DeepClone(),
            Properties = Children(json, "properties").ToDictionary(p => p.Key,
                p => Read(p.Value, $"{path}.properties[{p.Key}]", level == Level.Nested ? Level.Nested : Level.Field)),
            Items = json["items"] is JsonObject items
                ? Read(items, $"{path}.items", level == Level.Nested ? Level.Nested : Level.Item)
                : null,
            AdditionalProperties = json["additionalProperties"] is JsonObject additional
                ? Read(additional, $"{path}.additionalProperties", level == Level.Nested ? Level.Nested : Level.Field)
                : null,
            AllowsAny = json["additionalProperties"] is JsonValue any && any.GetValueKind() == JsonValueKind.True,
            Required = Texts(json, "required"),
            Enum = json["enum"] is JsonArray values ? [.. values.Select(v => v?.DeepClone())] : null,
            Pattern = pattern.Length > 0 ? pattern : null,
            CompiledPattern = CompilePattern(pattern, path),
            Minimum = Number(json, "minimum", path),
            Maximum = Number(json, "maximum", path),
            ExclusiveMinimum = Flag(json, "exclusiveMinimum"),
            ExclusiveMaximum = Flag(json, "exclusiveMaximum"),
            MultipleOf = Number(json, "multipleOf", path),
            MinLength = (long?)Number(json, "minLength", path),
            MaxLength = (long?)Number(json, "maxLength", path),
            MinItems = (long?)Number(json, "minItems", path),
            MaxItems = (long?)Number(json, "maxItems", path),
            UniqueItems = Flag(json, "uniqueItems"),
            MinProperties = (long?)Number(json, "minProperties", path),
            MaxProperties = (long?)Number(json, "maxProperties", path),
            AllOf = Nested(json, "allOf", path),
            AnyOf = Nested(json, "anyOf", path, junctorOfIntOrString || IsIntOrStringPair(json)),
            OneOf = Nested(json, "oneOf", path),
            Not = json["not"] is JsonObject not ? Read(not, $"{path}.not", Level.Nested) : null,
            ListType = json["x-kubernetes-list-type"] is null ? null : Text(json, "x-kubernetes-list-type"),
            MapType = json["x-kubernetes-map-type"] is null ? null : Text(json, "x-kubernetes-map-type"),
            ListMapKeys = Texts(json, "x-kubernetes-list-map-keys"),
            Rules = ReadRules(json, path),
        };

        CheckKeywords(json, node);
        if (level == Level.Nested)
        {
            CheckNested(json, node, junctorOfIntOrString);
        }
        else
        {
            CheckStructure(node, level);
            CheckLists(node);
        }

        return node;
    }

    private static string Text(JsonObject json, string key) =>
        json[key] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : "";

    private static bool Flag(JsonObject json, string key) =>
        json[key] is JsonValue value && value.GetValueKind() == JsonValueKind.True;

    private static List<string> Texts(JsonObject json, string key) => json[key] is JsonArray array
        ? [.. array.OfType<JsonValue>().Where(v => v.GetValueKind() == JsonValueKind.String).Select(v => v.GetValue<string>())]
        : [];

    private double? Number(JsonObject json, string key, string path)
    {
        if (json[key] is not { } value)
        {
            return null;
        }

        if (value.GetValueKind() == JsonValueKind.Number)
        {
            return double.Parse(value.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture);
        }

        Refuse(FieldError.Invalid($"{path}.{key}", value.DeepClone(), "must be a number"));
        return null;
    }

    private static IEnumerable<(string Key, JsonObject Value)> Children(JsonObject json, string key)
    {
        if (json[key] is not JsonObject map)
        {
            yield break;
        }

        foreach (var (name, value) in map)
        {
            yield return (name, value as JsonObject ?? []);
        }
    }

    private Regex? CompilePattern(string pattern, string path)
    {
        if (pattern.Length == 0)
        {
            return null;
        }

        try
        {
            return CelRegex.Compile(pattern);
        }
        catch (ArgumentException e)
        {
            Refuse(FieldError.Invalid($"{path}.pattern", JsonValue.Create(pattern),
                $"must be a valid regular expression, but isn't: {e.Message}"));
            return null;
        }
    }

    private List<SchemaNode> Nested(JsonObject json, string key, string path, bool intOrString = false)
    {
        var isFirstAllOf = key == "allOf" && Flag(json, "x-kubernetes-int-or-string");
        var result = new List<SchemaNode>();
        if (json[key] is JsonArray array)
        {
            for (var i = 0; i < array.Count; i++)
            {
                var schema = array[i] as JsonObject ?? [];
                result.Add(Read(schema, $"{path}.{key}[{i}]", Level.Nested,
                    intOrString || (isFirstAllOf && i == 0 && IsPair(schema["anyOf"]))));
            }
        }

        return result;
    }

    private static bool IsIntOrStringPair(JsonObject json) =>
        Flag(json, "x-kubernetes-int-or-string") && IsPair(json["anyOf"]);

    private static bool IsPair(JsonNode? anyOf) =>
        anyOf is JsonArray { Count: 2 } pair &&
        pair[0] is JsonObject { Count: 1 } first && Text(first, "type") == "integer" &&
        pair[1] is JsonObject { Count: 1 } second && Text(second, "type") == "string";

    private List<ValidationRule> ReadRules(JsonObject json, string path)
    {
        var result = new List<ValidationRule>();
        if (json["x-kubernetes-validations"] is not JsonArray rules)
        {
            return result;
        }

        for (var i = 0; i < rules.Count; i++)
        {
            var rule = rules[i] as JsonObject ?? [];
            var place = $"{path}.x-kubernetes-validations[{i}]";
            var read = new ValidationRule
            {
                Rule = Text(rule, "rule"),
                Message = Text(rule, "message"),
                MessageExpression = Text(rule, "messageExpression"),
                Reason = rule["reason"] is null ? null : Text(rule, "reason"),
                FieldPath = Text(rule, "fieldPath"),
                OptionalOldSelf = Flag(rule, "optionalOldSelf"),
            };
            result.Add(read);
            if (read.Rule.Trim().Length == 0)
            {
                Refuse(FieldError.Required($"{place}.rule", "rule is not specified"));
            }

            if (rule["message"] is not null && read.Message.Trim().Length == 0)
            {
                Refuse(FieldError.Invalid($"{place}.message", JsonValue.Create(read.Message), "message must be non-empty if specified"));
            }
            else if (read.Message.Length > 2048)
            {
                Refuse(FieldError.Invalid($"{place}.message", JsonValue.Create(read.Message[..10] + "..."), "message must have a maximum length of 2048 characters"));
            }
            else if (read.Message.Contains('\n', StringComparison.Ordinal))
            {
                Refuse(FieldError.Invalid($"{place}.message", JsonValue.Create(read.Message), "message must not contain line breaks"));
            }

            if (read.Message.Length == 0 && read.Rule.Trim().Contains('\n', StringComparison.Ordinal))
            {
                Refuse(FieldError.Required($"{place}.message", "message must be specified if rule contains line breaks"));
            }

            if (read.Reason is { } reason &&
                reason is not ("FieldValueRequired" or "FieldValueForbidden" or "FieldValueInvalid" or "FieldValueDuplicate"))
            {
                Refuse(FieldError.NotSupported($"{place}.reason", JsonValue.Create(reason),
                    ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"]));
            }
        }

        return result;
    }

    private void CheckKeywords(JsonObject json, SchemaNode node)
    {
        foreach (var (keyword, problem) in new[]
                 {
                     ("$ref", "$ref is not supported"), ("definitions", "definitions is not supported"),
                     ("dependencies", "dependencies is not supported"), ("id", "id is not supported"),
                     ("patternProperties", "patternProperties is not supported"),
                     ("additionalItems", "additionalItems is not supported"),
                 })
        {
            if (json[keyword] is not null)
            {
                Refuse(FieldError.Forbidden($"{node.Path}.{keyword}", problem));
            }
        }

        if (node.UniqueItems)
        {
            Refuse(FieldError.Forbidden($"{node.Path}.uniqueItems",
                "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"));
        }

        if (json["additionalProperties"] is JsonValue value && value.GetValueKind() == JsonValueKind.False)
        {
            Refuse(FieldError.Forbidden($"{node.Path}.additionalProperties", "additionalProperties cannot be set to false"));
        }

        if (node.Properties.Count > 0 && (node.AdditionalProperties is not null || node.AllowsAny))
        {
            Refuse(FieldError.Forbidden($"{node.Path}.additionalProperties", "additionalProperties and properties are mutual exclusive"));
        }

        if (node.Type.Length > 0 && !Types.Contains(node.Type))
        {
            Refuse(FieldError.NotSupported($"{node.Path}.type", JsonValue.Create(node.Type), Types));
        }

        if (json["items"] is JsonArray)
        {
            Refuse(FieldError.Forbidden($"{node.Path}.items", "items must be a schema object and not an array"));
        }
    }

    private void CheckNested(JsonObject json, SchemaNode node, bool typeAllowed)
    {
        void Forbid(bool present, string key, string detail)
        {
            if (present)
            {
                Refuse(FieldError.Forbidden($"{node.Path}.{key}", detail));
            }
        }

        Forbid(node.Type.Length > 0 && !typeAllowed, "type", "must be empty to be structural");
        Forbid(json["additionalProperties"] is not null, "additionalProperties", "must be undefined to be structural");
        Forbid(node.HasDefault, "default", "must be undefined to be structural");
        Forbid(Text(json, "title").Length > 0, "title", "must be empty to be structural");
        Forbid(Text(json, "description").Length > 0, "description", "must be empty to be structural");
        Forbid(node.Nullable, "nullable", "must be false to be structural");
        Forbid(node.PreserveUnknown, "x-kubernetes-preserve-unknown-fields", "must be false to be structural");
        Forbid(node.Embedded, "x-kubernetes-embedded-resource", "must be false to be structural");
        Forbid(node.IntOrString, "x-kubernetes-int-or-string", "must be false to be structural");
        Forbid(node.ListMapKeys.Count > 0, "x-kubernetes-list-map-keys", "must be empty to be structural");
        Forbid(node.ListType is not null, "x-kubernetes-list-type", "must be undefined to be structural");
        Forbid(node.MapType is not null, "x-kubernetes-map-type", "must be undefined to be structural");
        Forbid(node.Rules.Count > 0, "x-kubernetes-validations", "must be empty to be structural");
        Forbid(node.Properties.ContainsKey("metadata"), "properties[metadata]", "must not be specified in a nested context");
    }

    private void CheckStructure(SchemaNode node, Level level)
    {
        var path = node.Path;
        if (node.Type == "array" && node.Items is null)
        {
            Refuse(FieldError.Required($"{path}.items", "must be specified"));
        }

        if (level == Level.Root && (node.AdditionalProperties is not null || node.AllowsAny))
        {
            Refuse(FieldError.Forbidden($"{path}.additionalProperties", "must not be used at the root"));
        }

        if (node.IntOrString && node.PreserveUnknown)
        {
            Refuse(FieldError.Invalid($"{path}.x-kubernetes-preserve-unknown-fields", JsonValue.Create(true),
                "must be false if x-kubernetes-int-or-string is true"));
        }

        if (node.IntOrString && node.Embedded)
        {
            Refuse(FieldError.Invalid($"{path}.x-kubernetes-embedded-resource", JsonValue.Create(true),
                "must be false if x-kubernetes-int-or-string is true"));
        }

        if (node.IntOrString && node.Type.Length > 0)
        {
            Refuse(FieldError.Invalid($"{path}.type", JsonValue.Create(node.Type), "must be empty if x-kubernetes-int-or-string is true"));
        }

        if (node.Embedded && node.Type != "object")
        {
            Refuse(node.Type.Length == 0
                ? FieldError.Required($"{path}.type", "must be object if x-kubernetes-embedded-resource is true")
                : FieldError.Invalid($"{path}.type", JsonValue.Create(node.Type), "must be object if x-kubernetes-embedded-resource is true"));
        }
        else if (node.Type.Length == 0 && !node.IntOrString && !node.PreserveUnknown)
        {
            Refuse(FieldError.Required($"{path}.type", level switch
            {
                Level.Root => "must not be empty at the root",
                Level.Item => "must not be empty for specified array items",
                _ => "must not be empty for specified object fields",
            }));
        }

        if (node.Embedded && (node.AdditionalProperties is not null || node.AllowsAny))
        {
            Refuse(FieldError.Forbidden($"{path}.additionalProperties", "must not be used if x-kubernetes-embedded-resource is set"));
        }

        if (node.Embedded && !node.PreserveUnknown && node.Properties.Count == 0)
        {
            Refuse(FieldError.Required($"{path}.properties",
                "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"));
        }

        if (level == Level.Root && node.Type.Length > 0 && node.Type != "object")
        {
            Refuse(FieldError.Invalid($"{path}.type", JsonValue.Create(node.Type), "must be object at the root"));
        }

        if (level == Level.Root || node.Embedded)
        {
            CheckTypeMeta(node, level);
        }
    }

    private void CheckTypeMeta(SchemaNode node, Level level)
    {
        foreach (var name in new[] { "apiVersion", "kind" })
        {
            if (node.Properties.TryGetValue(name, out var field) && field.Type != "string")
            {
                Refuse(FieldError.Invalid($"{field.Path}.type", JsonValue.Create(field.Type), "must be string"));
            }
        }

        if (!node.Properties.TryGetValue("metadata", out var metadata))
        {
            return;
        }

        if (metadata.Type != "object")
        {
            Refuse(FieldError.Invalid($"{metadata.Path}.type", JsonValue.Create(metadata.Type), "must be object"));
        }

        if (level == Level.Root && (metadata.Properties.Keys.Any(k => k is not ("name" or "generateName")) ||
            metadata.Required.Count > 0 || metadata.AdditionalProperties is not null || metadata.PreserveUnknown))
        {
            Refuse(FieldError.Forbidden(metadata.Path,
                "must not specify anything other than name and generateName, but metadata is implicitly specified"));
        }
    }

    private void CheckLists(SchemaNode node)
    {
        if (node.ListType is { } listType)
        {
            if (listType is not ("atomic" or "set" or "map"))
            {
                Refuse(FieldError.NotSupported($"{node.Path}.x-kubernetes-list-type", JsonValue.Create(listType), ["atomic", "map", "set"]));
            }

            if (node.Type != "array")
            {
                Refuse(node.Type.Length == 0
                    ? FieldError.Required($"{node.Path}.type", "must be array if x-kubernetes-list-type is specified")
                    : FieldError.Invalid($"{node.Path}.type", JsonValue.Create(node.Type), "must be array if x-kubernetes-list-type is specified"));
            }
        }

        if (node.MapType is { } mapType && mapType is not ("atomic" or "granular"))
        {
            Refuse(FieldError.NotSupported($"{node.Path}.x-kubernetes-map-type", JsonValue.Create(mapType), ["atomic", "granular"]));
        }

        if (node.ListMapKeys.Count > 0 && node.ListType != "map")
        {
            Refuse(FieldError.Required($"{node.Path}.x-kubernetes-list-type",
                "must be map if x-kubernetes-list-map-keys is non-empty"));
        }

        if (node.ListType == "map")
        {
            CheckMapKeys(node);
        }
    }

    private void CheckMapKeys(SchemaNode node)
    {
        if (node.ListMapKeys.Count == 0)
        {
            Refuse(FieldError.Required($"{node.Path}.x-kubernetes-list-map-keys", "must not be empty if x-kubernetes-list-type is map"));
        }

        if (node.Items is not { } items)
        {
            return;
        }

        if (items.Type != "object")
        {
            Refuse(FieldError.Invalid($"{items.Path}.type", JsonValue.Create(items.Type),
                "must be object if parent array's x-kubernetes-list-type is map"));
        }

        for (var i = 0; i < node.ListMapKeys.Count; i++)
        {
            var key = node.ListMapKeys[i];
            var place = $"{node.Path}.x-kubernetes-list-map-keys[{i}]";
            if (!items.Properties.TryGetValue(key, out var property))
            {
                Refuse(FieldError.Invalid(place, JsonValue.Create(key), "entries must all be names of item properties"));
            }
            else if (property.Type is "array" or "object")
            {
                Refuse(FieldError.Invalid(place, JsonValue.Create(key), "entries must all be names of item properties that are scalars"));
            }
            else if (!property.HasDefault && !items.Required.Contains(key))
            {
                Refuse(FieldError.Required($"{property.Path}.default",
                    "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"));
            }
        }
    }

    /// <summary>What a nested schema speaks of must also be declared outside of it.</summary>
    private void CheckCompleteness(SchemaNode node, SchemaNode declared, string path)
    {
        foreach (var nested in node.AllOf.Concat(node.AnyOf).Concat(node.OneOf).Concat(node.Not is { } not ? [not] : []))
        {
            Compare(nested, declared, path);
        }

        foreach (var child in node.Properties.Values)
        {
            CheckCompleteness(child, child, child.Path);
        }

        foreach (var child in new[] { node.Items, node.AdditionalProperties })
        {
            if (child is not null)
            {
                CheckCompleteness(child, child, child.Path);
            }
        }
    }

    private void Compare(SchemaNode nested, SchemaNode declared, string path)
    {
        if (nested.Items is { } items)
        {
            if (declared.Items is { } outer)
            {
                Compare(items, outer, outer.Path);
            }
            else if (!declared.PreserveUnknown)
            {
                Refuse(FieldError.Required($"{path}.items", $"because it is defined in {nested.Path}.items"));
            }
        }

        foreach (var (name, property) in nested.Properties)
        {
            if (declared.Properties.TryGetValue(name, out var outer))
            {
                Compare(property, outer, outer.Path);
            }
            else
            {
                Refuse(FieldError.Required($"{path}.properties[{name}]", $"because it is defined in {nested.Path}.properties[{name}]"));
            }
        }

        foreach (var inner in nested.AllOf.Concat(nested.AnyOf).Concat(nested.OneOf).Concat(nested.Not is { } not ? [not] : []))
        {
            Compare(inner, declared, path);
        }
    }
}
