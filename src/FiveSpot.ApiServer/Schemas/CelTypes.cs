// SPDX-License-Identifier: Apache-2.0

using System.Text;
using FiveSpot.ApiServer.Cel;

namespace FiveSpot.ApiServer.Schemas;

/// <summary>Derives the CEL types of a schema's values, with the bounds on their sizes that Kubernetes assumes: what is
/// not limited can fill a request of 3 MiB.</summary>
internal static class CelTypes
{
    /// <summary>The largest request that kube-apiserver takes, in bytes.</summary>
    public const long MaxRequestBytes = 3 * 1024 * 1024;

    public static void Assign(SchemaNode root, bool isResourceRoot)
    {
        Build(root, isResourceRoot);
    }

    /// <summary>The smallest JSON form of a value, in bytes.</summary>
    public static long MinBytes(SchemaNode node) => node switch
    {
        { IntOrString: true } => 1,
        { Type: "boolean" } => 4,
        { Type: "integer" or "number" } => 1,
        { Type: "string", Format: "date-time" } => 21,
        { Type: "string", Format: "date" } => 12,
        { Type: "string" } => 2,
        { Type: "object" } => 2 + node.Required
            .Where(name => node.Properties.TryGetValue(name, out var p) && !p.HasDefault)
            .Sum(name => Encoding.UTF8.GetByteCount(name) + 4 + MinBytes(node.Properties[name])),
        _ => 2,
    };

    private static CelType? Build(SchemaNode node, bool isResource)
    {
        // Children first, also those that CEL does not see from here: a rule of theirs has a self of its own.
        foreach (var property in node.Properties.Values)
        {
            Build(property, property.Embedded);
        }

        if (node.Items is { } items)
        {
            Build(items, items.Embedded);
        }

        if (node.AdditionalProperties is { } additional)
        {
            Build(additional, additional.Embedded);
        }

        node.HasRules = node.Rules.Count > 0 || node.Properties.Values.Any(p => p.HasRules) ||
            node.Items is { HasRules: true } || node.AdditionalProperties is { HasRules: true };
        return node.CelType = Declare(node, isResource);
    }

    private static CelType? Declare(SchemaNode node, bool isResource)
    {
        if (node.IntOrString)
        {
            return CelType.Sized(CelType.Dyn, MaxRequestBytes - 2);
        }

        switch (node.Type)
        {
            case "array" when node.Items is { CelType: { } element }:
                return CelType.ListOf(element, node.MaxItems ?? (MaxRequestBytes - 2) / (MinBytes(node.Items) + 1),
                    node.ListType, node.ListMapKeys);
            case "object" when node.AdditionalProperties is { } additional:
                return additional.CelType is { } value
                    // Kubernetes reckons the keys of a map as empty strings: they carry no bound of their own.
                    ? CelType.MapOf(CelType.Sized(CelType.String, 0), value,
                        node.MaxProperties ?? (MaxRequestBytes - 2) / (MinBytes(additional) + 6))
                    : null;
            case "object":
                return CelType.ObjectOf(node.Path.Length == 0 ? "object" : node.Path, Fields(node, isResource || node.Embedded));
            case "boolean":
                return CelType.Bool;
            case "integer":
                return CelType.Int;
            case "number":
                return CelType.Double;
            case "string":
                return OfString(node);
            default:
                return null;
        }
    }

    private static CelType OfString(SchemaNode node) => node.Format switch
    {
        "byte" => CelType.Sized(CelType.Bytes, node.MaxLength ?? MaxRequestBytes - 2),
        "duration" => CelType.Duration,
        "date" or "date-time" => CelType.Timestamp,
        _ when node.Enum is { Count: > 0 } values => CelType.Sized(CelType.String,
            values.Max(v => v is null ? 0 : (long)Encoding.UTF8.GetByteCount(v.ToString()))),
        _ => CelType.Sized(CelType.String, node.MaxLength * 4 ?? FormatBytes(node.Format) ?? MaxRequestBytes - 2),
    };

    private static long? FormatBytes(string format) => format switch
    {
        "uuid" or "uuid3" or "uuid4" or "uuid5" => 36,
        "ipv4" => 15,
        "ipv6" => 45,
        "mac" => 17,
        _ => null,
    };

    private static Dictionary<string, CelField> Fields(SchemaNode node, bool isResource)
    {
        var fields = new Dictionary<string, CelField>();
        foreach (var (name, property) in node.Properties)
        {
            if (property.CelType is { } type && CelNames.Escape(name) is { } escaped)
            {
                fields[escaped] = new CelField(name, type);
            }
        }

        if (isResource)
        {
            var text = CelType.Sized(CelType.String, MaxRequestBytes - 2);
            fields["apiVersion"] = new CelField("apiVersion", text);
            fields["kind"] = new CelField("kind", text);
            var names = node.Properties.GetValueOrDefault("metadata")?.Properties;
            fields["metadata"] = new CelField("metadata", CelType.ObjectOf("metadata", new Dictionary<string, CelField>
            {
                ["name"] = new("name", names?.GetValueOrDefault("name")?.CelType ?? text),
                ["generateName"] = new("generateName", names?.GetValueOrDefault("generateName")?.CelType ?? text),
            }));
        }

        return fields;
    }
}
