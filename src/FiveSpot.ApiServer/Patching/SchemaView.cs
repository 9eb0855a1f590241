// SPDX-License-Identifier: Apache-2.0

using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Patching;

/// <summary>A schema, reduced to what merging needs: which kinds of value a field takes, and how lists and maps merge.
/// The rules are those by which kube-apiserver turns OpenAPI into the types of structured-merge-diff.</summary>
internal sealed class SchemaView
{
    private const string PreserveUnknownFields = "x-kubernetes-preserve-unknown-fields";

    private static readonly ConditionalWeakTable<JsonObject, SchemaView> Views = [];
    private static readonly Lock Gate = new();

    static SchemaView()
    {
        Opaque = new SchemaView { Scalar = ScalarType.Any };
        Opaque.List = new ListView { Element = Opaque };
        Opaque.Map = new MapView { Element = Opaque, IsAtomic = true };
        Deduced = new SchemaView { Scalar = ScalarType.Any, List = new ListView { Element = Opaque } };
        Deduced.Map = new MapView { Element = Deduced };
        ObjectMeta = CreateObjectMeta();
    }

    /// <summary>What is not described: objects granular, lists atomic.</summary>
    public static SchemaView Deduced { get; }

    /// <summary>What lies inside of an atomic list.</summary>
    public static SchemaView Opaque { get; }

    private static SchemaView ObjectMeta { get; }

    /// <summary>The scalars that are taken; null if none is.</summary>
    public ScalarType? Scalar { get; private init; }

    /// <summary>How a list merges; null if none is taken.</summary>
    public ListView? List { get; private set; }

    /// <summary>How a map merges; null if none is taken.</summary>
    public MapView? Map { get; private set; }

    /// <summary>The view of an object's schema, made once a schema; the schema must not change afterwards.</summary>
    public static SchemaView Of(JsonObject schema)
    {
        if (Views.TryGetValue(schema, out var view))
        {
            return view;
        }
        lock (Gate)
        {
            return Views.GetValue(schema, static s => Read(s, preserve: false, isResource: true));
        }
    }

    /// <summary>As what a value is treated: by its own kind if that is taken, else by the first kind that is.</summary>
    public ValueShape ShapeOf(JsonNode? value)
    {
        switch (value)
        {
            case JsonObject when Map is not null:
                return ValueShape.Map;
            case JsonArray when List is not null:
                return ValueShape.List;
            case JsonValue when Scalar is not null:
                return ValueShape.Scalar;
            default:
                return Map is not null ? ValueShape.Map : Scalar is not null ? ValueShape.Scalar : ValueShape.List;
        }
    }

    private static SchemaView Read(JsonObject? schema, bool preserve, bool isResource)
    {
        if (schema is null)
        {
            return Deduced;
        }
        preserve |= IsTrue(schema[PreserveUnknownFields]);
        isResource |= IsTrue(schema["x-kubernetes-embedded-resource"]);
        return Text(schema["type"]) switch
        {
            "object" => new SchemaView { Map = ReadMap(schema, preserve, isResource) },
            "array" => new SchemaView { List = ReadList(schema, preserve) },
            "integer" or "number" => new SchemaView { Scalar = ScalarType.Number },
            "boolean" => new SchemaView { Scalar = ScalarType.Boolean },
            "string" when Text(schema["format"]) is null or "" or "byte" => new SchemaView { Scalar = ScalarType.String },
            "string" => new SchemaView { Scalar = ScalarType.Any },
            _ => new SchemaView
            {
                Scalar = ScalarType.Any,
                List = ReadList(schema, preserve),
                Map = ReadMap(schema, preserve, isResource),
            },
        };
    }

    private static MapView ReadMap(JsonObject schema, bool preserve, bool isResource)
    {
        var properties = schema["properties"] as JsonObject;
        var fields = new Dictionary<string, FieldView>(StringComparer.Ordinal);
        foreach (var (name, value) in properties ?? [])
        {
            var property = value as JsonObject;
            fields[name] = new FieldView(PathElement.Field(name), Read(property, preserve, isResource: false), property?["default"]);
        }
        var element = schema["additionalProperties"] switch
        {
            JsonObject values => Read(values, preserve, isResource: false),
            JsonValue allowed => IsTrue(allowed) ? Deduced : null,
            _ => preserve || fields.Count == 0 ? Deduced : null,
        };
        if (isResource)
        {
            fields["apiVersion"] = new FieldView(PathElement.Field("apiVersion"), OfString, null);
            fields["kind"] = new FieldView(PathElement.Field("kind"), OfString, null);
            fields["metadata"] = new FieldView(PathElement.Field("metadata"), ObjectMeta, null);
        }
        return new MapView
        {
            Fields = fields,
            Element = element,
            IsAtomic = Text(schema["x-kubernetes-map-type"]) == "atomic",
            PatchReplaces = Text(schema["x-kubernetes-patch-strategy"]) == "replace",
        };
    }

    private static ListView ReadList(JsonObject schema, bool preserve)
    {
        var element = schema["items"] is JsonObject items ? Read(items, preserve, isResource: false) : Opaque;
        string[] listKeys = [.. (schema["x-kubernetes-list-map-keys"] as JsonArray ?? []).Select(Text).OfType<string>()];
        var listType = Text(schema["x-kubernetes-list-type"]);
        var strategy = Text(schema["x-kubernetes-patch-strategy"]);
        var patchMergeKey = Text(schema["x-kubernetes-patch-merge-key"]);
        var patchMerges = strategy is "merge" or "merge,retainKeys";

        // The list type decides on apply, the patch strategy on strategic merge; each stands in for the other where
        // that is missing, as far as it can.
        string[] keys = (listType, patchMerges, patchMergeKey) switch
        {
            ("map", _, _) => listKeys,
            (null, true, not null) => [patchMergeKey],
            _ => [],
        };
        return new ListView
        {
            Element = element,
            IsAtomic = listType switch
            {
                "map" or "set" => false,
                null => !patchMerges,
                _ => true,
            },
            Keys = keys,
            PatchMerges = patchMerges || (strategy is null && (listType == "set" || (listType == "map" && keys.Length == 1))),
            PatchMergeKey = patchMerges ? patchMergeKey : keys.FirstOrDefault(),
        };
    }

    private static SchemaView OfString { get; } = new() { Scalar = ScalarType.String };

    // apimachinery's ObjectMeta, which a CRD never spells out.
    private static SchemaView CreateObjectMeta()
    {
        const string Schema = """
            {"type":"object","properties":{
              "name":{"type":"string"},"generateName":{"type":"string"},"namespace":{"type":"string"},
              "selfLink":{"type":"string"},"uid":{"type":"string"},"resourceVersion":{"type":"string"},
              "generation":{"type":"integer"},"creationTimestamp":{"type":"string","format":"date-time"},
              "deletionTimestamp":{"type":"string","format":"date-time"},"deletionGracePeriodSeconds":{"type":"integer"},
              "labels":{"type":"object","additionalProperties":{"type":"string"}},
              "annotations":{"type":"object","additionalProperties":{"type":"string"}},
              "ownerReferences":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["uid"],
                "x-kubernetes-patch-strategy":"merge","x-kubernetes-patch-merge-key":"uid",
                "items":{"type":"object","x-kubernetes-map-type":"atomic","properties":{
                  "apiVersion":{"type":"string"},"kind":{"type":"string"},"name":{"type":"string"},"uid":{"type":"string"},
                  "controller":{"type":"boolean"},"blockOwnerDeletion":{"type":"boolean"}}}},
              "finalizers":{"type":"array","x-kubernetes-list-type":"set","x-kubernetes-patch-strategy":"merge",
                "items":{"type":"string"}},
              "managedFields":{"type":"array","x-kubernetes-list-type":"atomic"}}}
            """;
        return Read((JsonObject)JsonNode.Parse(Schema)!, preserve: false, isResource: false);
    }

    private static bool IsTrue(JsonNode? node) => node?.GetValueKind() == JsonValueKind.True;

    private static string? Text(JsonNode? node) =>
        node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : null;

    /// <summary>Kinds of scalar.</summary>
    internal enum ScalarType
    {
        Any,
        Number,
        String,
        Boolean,
    }

    /// <summary>The three ways to treat a value.</summary>
    internal enum ValueShape
    {
        Map,
        Scalar,
        List,
    }

    /// <summary>A declared field.</summary>
    internal sealed record FieldView(PathElement Element, SchemaView Type, JsonNode? Default);

    /// <summary>How a map merges.</summary>
    internal sealed class MapView
    {
        public Dictionary<string, FieldView> Fields { get; init; } = [];

        /// <summary>The type of fields that are not declared; null if there must not be any.</summary>
        public required SchemaView? Element { get; init; }

        public bool IsAtomic { get; init; }

        /// <summary>Strategic merge replaces it as a whole.</summary>
        public bool PatchReplaces { get; init; }

        /// <summary>The type of a field; what should not be there is deduced.</summary>
        public SchemaView TypeOf(string name, out bool declared)
        {
            declared = Fields.TryGetValue(name, out var field);
            return declared ? field!.Type : Element ?? Deduced;
        }

        public PathElement ElementOf(string name) =>
            Fields.TryGetValue(name, out var field) ? field.Element : PathElement.Field(name);
    }

    /// <summary>How a list merges.</summary>
    internal sealed class ListView
    {
        public required SchemaView Element { get; init; }

        public bool IsAtomic { get; init; } = true;

        /// <summary>The keys of a list-map; none for a set.</summary>
        public string[] Keys { get; init; } = [];

        /// <summary>Strategic merge merges it, by <see cref="PatchMergeKey"/> or as a set.</summary>
        public bool PatchMerges { get; init; }

        public string? PatchMergeKey { get; init; }

        /// <summary>The path element of an item of a list that is not atomic.</summary>
        /// <exception cref="FormatException">It can't be told from others; the message is kube-apiserver's.</exception>
        public PathElement ElementOf(JsonNode? item)
        {
            if (Keys.Length == 0)
            {
                return item switch
                {
                    JsonObject => throw new FormatException("associative list without keys has an element that's a map type"),
                    JsonArray => throw new FormatException("not supported: associative list with lists as elements"),
                    null => throw new FormatException("associative list without keys has an element that's an explicit null"),
                    _ => PathElement.Item(item),
                };
            }
            var map = item as JsonObject ?? throw new FormatException(item is null
                ? "associative list with keys may not have a null element"
                : "associative list with keys may not have non-map elements");
            var fields = new List<(string, JsonNode?)>(Keys.Length);
            foreach (var key in Keys)
            {
                if (map.TryGetPropertyValue(key, out var value))
                {
                    fields.Add((key, value));
                }
                else if (Element.Map?.Fields.GetValueOrDefault(key)?.Default is { } fallback)
                {
                    fields.Add((key, fallback));
                }
            }
            return fields.Count > 0
                ? PathElement.Key([.. fields])
                : throw new FormatException("associative list with keys has an element that omits all key fields "
                    + $"[{string.Join(' ', Keys.Select(static key => $"\"{key}\""))}] (and doesn't have default values for any key fields)");
        }
    }
}
