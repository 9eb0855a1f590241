// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.Docs.Tests.Architecture;

namespace FiveSpot.Docs.Tests.Reference;

/// <summary>The fields of a ScheduledMachine, from the definition that is generated from its types.</summary>
internal static class ApiReference
{
    public static string Render()
    {
        var definition = ScheduledMachineCrd.ToJson()["spec"]!;
        var version = CalmArchitecture.List(definition, "versions").ShouldHaveSingleItem();
        var root = version["schema"]!["openAPIV3Schema"]!.AsObject();
        var document = new Markdown("API", "[the types](../../src/FiveSpot.Api)")
            .Paragraph($"`{WellKnown.Group}/{WellKnown.Version}`, kind `{WellKnown.Kind}`, resource `{WellKnown.Plural}`, for kubectl also `{WellKnown.ShortName}`. Namespaced; `status` is a subresource.")
            .Paragraph("A field that is **required** has no default. A rule that is broken is told in the words that stand here.");
        foreach (var part in (ReadOnlySpan<string>)["spec", "status"])
        {
            Section(document, 2, part, root["properties"]![part]!.AsObject());
        }

        Rules(document.Heading(2, "Rules of the whole object"), "", root);
        return document.Heading(2, "Columns of kubectl get")
            .Table(
                ["column", "field", "what", "shown"],
                CalmArchitecture.List(version, "additionalPrinterColumns").Select(static column => (string[])
                [
                    column.Text("name"), $"`{column.Text("jsonPath")}`", $"{column.Text("description")}.", column["priority"] is null ? "always" : "with `-o wide`",
                ]))
            .ToString();
    }

    private static void Section(Markdown document, int level, string path, JsonObject schema)
    {
        document.Heading(level, path);
        if ((string?)schema["description"] is { } description)
        {
            document.Paragraph(description);
        }

        var required = schema.ContainsKey("required") ? schema.Texts("required") : [];
        var properties = schema["properties"]!.AsObject().Select(static pair => (Name: pair.Key, Schema: pair.Value!.AsObject())).ToList();
        document.Table(["field", "type", "default", "what"], properties.Select(property => (string[])
        [
            $"`{property.Name}`",
            TypeOf(property.Schema),
            required.Contains(property.Name) ? "**required**" : Markdown.Code(property.Schema["default"]?.ToString()),
            (string?)property.Schema["description"] ?? "",
        ]));
        Rules(document, path, schema);
        foreach (var (name, property) in properties)
        {
            var (inner, suffix) = property["items"] is JsonObject items ? (items, "[]") : (property, "");
            if (inner.ContainsKey("properties"))
            {
                Section(document, level + 1, $"{path}.{name}{suffix}", inner);
            }
        }
    }

    // Those of objects with a section of their own stand there.
    private static void Rules(Markdown document, string path, JsonObject schema)
    {
        var sentences = Told(path, schema).ToList();
        if (path.Length > 0)
        {
            sentences.AddRange(schema["properties"]!.AsObject().SelectMany(pair => Below($"{path}.{pair.Key}", pair.Value!.AsObject())));
        }

        if (sentences.Count > 0)
        {
            document.Paragraph(string.Join('\n', sentences.Select(static rule => $"- {(rule.Path.Length > 0 ? $"`{rule.Path}`: " : "")}{rule.Message}")));
        }
    }

    private static IEnumerable<(string Path, string Message)> Below(string path, JsonObject schema)
    {
        if (schema.ContainsKey("properties"))
        {
            return [];
        }

        var inner = schema["items"] is JsonObject items ? Below($"{path}[]", items)
            : schema["additionalProperties"] is JsonObject values ? Below($"{path}{{}}", values)
            : [];
        return Told(path, schema).Concat(inner);
    }

    private static IEnumerable<(string Path, string Message)> Told(string path, JsonObject schema) =>
        CalmArchitecture.List(schema, "x-kubernetes-validations").Select(rule => (path, rule.Text("message")));

    private static string TypeOf(JsonObject schema)
    {
        if (schema["enum"] is JsonArray values)
        {
            return string.Join(" or ", values.Select(static value => $"`{value}`"));
        }

        return ((string)schema["type"]!, (string?)schema["format"]) switch
        {
            ("array", _) => $"list of {TypeOf(schema["items"]!.AsObject())}",
            ("object", _) when schema["additionalProperties"] is JsonObject inner => $"map of {TypeOf(inner)}",
            (_, "date-time") => "time",
            (var type, _) => type,
        };
    }
}
