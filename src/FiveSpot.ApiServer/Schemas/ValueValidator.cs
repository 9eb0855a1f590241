// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Cel;
using FiveSpot.ApiServer.Text;

namespace FiveSpot.ApiServer.Schemas;

/// <summary>Checks values against the OpenAPI part of a schema, in the words of kube-openapi.</summary>
internal static class ValueValidator
{
    /// <summary>More errors than this help nobody, and must not cost memory.</summary>
    private const int MostErrors = 1000;

    public static void Validate(JsonObject obj, SchemaNode root, List<FieldError> errors) => ValidateAt(obj, root, "", errors);

    public static void ValidateAt(JsonNode? value, SchemaNode node, string path, List<FieldError> errors)
    {
        if (errors.Count >= MostErrors)
        {
            return;
        }

        if (value is null)
        {
            if (!node.Nullable && TypesOf(node) is { Length: > 0 } wanted)
            {
                errors.Add(WrongType(path, wanted, "null"));
            }

            CheckEnum(null, node, path, errors);
            return;
        }

        var (kind, format) = KindOf(value);
        CheckType(kind, format, node, path, errors);
        CheckJunctors(value, node, path, errors);
        switch (kind)
        {
            case "string":
                CheckString(value.GetValue<string>(), node, path, errors);
                break;
            case "integer" or "number":
                CheckNumber(value, node, path, errors);
                break;
            case "array":
                CheckArray((JsonArray)value, node, path, errors);
                break;
        }

        CheckEnum(value, node, path, errors);
        if (value is JsonObject map)
        {
            CheckObject(map, node, path, errors);
        }
    }

    // kube-openapi leaves the blank even where there is no name before it.
    private static string InBody(string path) => $"{path} in body";

    private static string At(string path) => path.Length == 0 ? FieldError.NoField : path;

    private static string TypesOf(SchemaNode node) => node.IntOrString ? "integer,string" : node.Type;

    private static FieldError WrongType(string path, string wanted, string actual) => FieldError.TypeInvalid(
        At(path), JsonValue.Create(actual), $"{InBody(path)} must be of type {wanted}: {GoText.Quote(actual)}");

    private static (string Kind, string Format) KindOf(JsonNode value) => value switch
    {
        JsonObject => ("object", ""),
        JsonArray => ("array", ""),
        _ => value.GetValueKind() switch
        {
            JsonValueKind.String => ("string", ""),
            JsonValueKind.True or JsonValueKind.False => ("boolean", ""),
            _ => long.TryParse(value.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
                ? ("integer", "int64")
                : ("number", "float64"),
        },
    };

    private static void CheckType(string kind, string format, SchemaNode node, string path, List<FieldError> errors)
    {
        // In a branch of anyOf of an int-or-string the type is a value validation like any other.
        var types = TypesOf(node);
        if (types.Length == 0)
        {
            return;
        }

        var fits = types.Split(',').Contains(kind) || (kind == "integer" && types == "number");
        if (fits)
        {
            return;
        }

        if (kind is not ("string" or "array") && node.Format.Length > 0)
        {
            errors.Add(FieldError.TypeInvalid(At(path), JsonValue.Create(format),
                $"{InBody(path)} must be of type {node.Format}: {GoText.Quote(format)}"));
            return;
        }

        errors.Add(WrongType(path, types, kind));
    }

    private static void CheckJunctors(JsonNode value, SchemaNode node, string path, List<FieldError> errors)
    {
        List<FieldError> Try(SchemaNode branch)
        {
            var found = new List<FieldError>();
            ValidateAt(value, branch, path, found);
            return found;
        }

        void Fail(string detail) => errors.Add(FieldError.Invalid(FieldError.NoField, JsonValue.Create(""), $"{GoText.Quote(path)} {detail}"));

        if (node.AnyOf.Count > 0)
        {
            var tries = node.AnyOf.Select(Try).ToList();
            if (tries.TrueForAll(t => t.Count > 0))
            {
                Fail("must validate at least one schema (anyOf)");
                errors.AddRange(tries.MinBy(t => t.Count)!);
            }
        }

        if (node.OneOf.Count > 0)
        {
            var tries = node.OneOf.Select(Try).ToList();
            var valid = tries.Count(t => t.Count == 0);
            if (valid != 1)
            {
                Fail("must validate one and only one schema (oneOf). " +
                    (valid == 0 ? "Found none valid" : $"Found {valid} valid alternatives"));
                if (valid == 0)
                {
                    errors.AddRange(tries.MinBy(t => t.Count)!);
                }
            }
        }

        if (node.AllOf.Count > 0)
        {
            var tries = node.AllOf.Select(Try).ToList();
            var valid = tries.Count(t => t.Count == 0);
            errors.AddRange(tries.SelectMany(t => t));
            if (valid != tries.Count)
            {
                Fail($"must validate all the schemas (allOf){(valid == 0 ? ". None validated" : "")}");
            }
        }

        if (node.Not is { } not && Try(not).Count == 0)
        {
            Fail("must not validate the schema (not)");
        }
    }

    private static void CheckString(string text, SchemaNode node, string path, List<FieldError> errors)
    {
        if (node.MaxLength is not null || node.MinLength is not null)
        {
            var length = (long)text.EnumerateRunes().Count();
            if (length > node.MaxLength)
            {
                errors.Add(FieldError.TooLong(At(path), node.MaxLength.Value));
                return;
            }

            if (length < node.MinLength)
            {
                errors.Add(FieldError.Invalid(At(path), JsonValue.Create(text), $"{InBody(path)} should be at least {node.MinLength} chars long"));
                return;
            }
        }

        if (node.CompiledPattern is { } pattern && !pattern.IsMatch(text))
        {
            errors.Add(FieldError.Invalid(At(path), JsonValue.Create(text), $"{InBody(path)} should match '{node.Pattern}'"));
        }
        else if (!StringFormats.Holds(node.Format, text))
        {
            errors.Add(FieldError.TypeInvalid(At(path), JsonValue.Create(text),
                $"{InBody(path)} must be of type {node.Format}: {GoText.Quote(text)}"));
        }
    }

    private static void CheckNumber(JsonNode value, SchemaNode node, string path, List<FieldError> errors)
    {
        var number = double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture);
        void Invalid(string detail) => errors.Add(FieldError.Invalid(At(path), value.DeepClone(), $"{InBody(path)} should be {detail}"));

        CheckRange(value, number, node, path, errors);
        if (node.MultipleOf is > 0 and var factor && Math.IEEERemainder(number, factor) != 0)
        {
            Invalid($"a multiple of {GoText.Float(factor, 21)}");
        }

        if (node.Maximum is { } most && (node.ExclusiveMaximum ? number >= most : number > most))
        {
            Invalid($"less than {(node.ExclusiveMaximum ? "" : "or equal to ")}{GoText.Float(most, 21)}");
        }

        if (node.Minimum is { } least && (node.ExclusiveMinimum ? number <= least : number < least))
        {
            Invalid($"greater than {(node.ExclusiveMinimum ? "" : "or equal to ")}{GoText.Float(least, 21)}");
        }
    }

    private static void CheckRange(JsonNode value, double number, SchemaNode node, string path, List<FieldError> errors)
    {
        var fits = (node.Type, node.Format) switch
        {
            ("integer", "int32") => KindOf(value).Kind == "integer" && number is >= int.MinValue and <= int.MaxValue,
            ("integer", _) => KindOf(value).Kind == "integer",
            ("number", "float") => Math.Abs(number) <= float.MaxValue,
            _ => true,
        };
        if (!fits)
        {
            errors.Add(FieldError.Invalid(FieldError.NoField, JsonValue.Create(""),
                $"Checked value must be of type {node.Type} {(node.Format.Length == 0 ? "(default format)" : $"with format {node.Format}")} in {path}"));
        }
    }

    private static void CheckArray(JsonArray list, SchemaNode node, string path, List<FieldError> errors)
    {
        if (list.Count > node.MaxItems)
        {
            errors.Add(FieldError.TooMany(At(path), list.Count, node.MaxItems.Value));
            return;
        }

        if (node.Items is { } items)
        {
            for (var i = 0; i < list.Count; i++)
            {
                ValidateAt(list[i], items, $"{path}[{i}]", errors);
            }
        }

        if (list.Count < node.MinItems)
        {
            errors.Add(FieldError.Invalid(At(path), JsonValue.Create(list.Count), $"{InBody(path)} should have at least {node.MinItems} items"));
        }

        if (node.UniqueItems && list.Select(item => CelValue.FromJson(item)).ToHashSet(CelValue.Equality).Count < list.Count)
        {
            errors.Add(FieldError.Invalid(At(path), JsonValue.Create(""), $"{InBody(path)} shouldn't contain duplicates"));
        }
    }

    private static void CheckEnum(JsonNode? value, SchemaNode node, string path, List<FieldError> errors)
    {
        if (node.Enum is { } allowed && !allowed.Any(a => JsonNode.DeepEquals(a, value)))
        {
            errors.Add(FieldError.NotSupported(At(path), value?.DeepClone(), allowed.Select(a =>
                a is JsonValue text && text.GetValueKind() == JsonValueKind.String ? text.GetValue<string>() : a?.ToJsonString() ?? "null")));
        }
    }

    private static void CheckObject(JsonObject map, SchemaNode node, string path, List<FieldError> errors)
    {
        if (map.Count < node.MinProperties)
        {
            errors.Add(FieldError.Invalid(At(path), JsonValue.Create(map.Count), $"{InBody(path)} should have at least {node.MinProperties} properties"));
            return;
        }

        if (map.Count > node.MaxProperties)
        {
            errors.Add(FieldError.TooMany(At(path), map.Count, node.MaxProperties.Value));
            return;
        }

        foreach (var (name, value) in map)
        {
            var schema = node.Properties.GetValueOrDefault(name) ?? node.AdditionalProperties;
            if (schema is not null)
            {
                ValidateAt(value, schema, Child(path, name), errors);
            }
        }

        foreach (var name in node.Required)
        {
            if (!map.ContainsKey(name))
            {
                errors.Add(FieldError.Required(Child(path, name)));
            }
        }
    }

    private static string Child(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}
