// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FiveSpot.ApiServer.Cel;

namespace FiveSpot.ApiServer.Schemas;

/// <summary>A schema, read: one node of the tree. Nodes under <c>allOf</c> and its like are of the same type.</summary>
internal sealed class SchemaNode
{
    /// <summary>Where the node stands in the CustomResourceDefinition.</summary>
    public required string Path { get; init; }

    public string Type { get; init; } = "";

    public string Format { get; init; } = "";

    public bool Nullable { get; init; }

    public bool IntOrString { get; init; }

    public bool PreserveUnknown { get; init; }

    public bool Embedded { get; init; }

    public bool HasDefault { get; init; }

    public JsonNode? Default { get; init; }

    public IReadOnlyDictionary<string, SchemaNode> Properties { get; init; } = new Dictionary<string, SchemaNode>();

    public SchemaNode? Items { get; init; }

    public SchemaNode? AdditionalProperties { get; init; }

    /// <summary>Whether <c>additionalProperties</c> is <c>true</c>.</summary>
    public bool AllowsAny { get; init; }

    public IReadOnlyList<string> Required { get; init; } = [];

    public IReadOnlyList<JsonNode?>? Enum { get; init; }

    public string? Pattern { get; init; }

    public Regex? CompiledPattern { get; init; }

    public double? Minimum { get; init; }

    public double? Maximum { get; init; }

    public bool ExclusiveMinimum { get; init; }

    public bool ExclusiveMaximum { get; init; }

    public double? MultipleOf { get; init; }

    public long? MinLength { get; init; }

    public long? MaxLength { get; init; }

    public long? MinItems { get; init; }

    public long? MaxItems { get; init; }

    public bool UniqueItems { get; init; }

    public long? MinProperties { get; init; }

    public long? MaxProperties { get; init; }

    public IReadOnlyList<SchemaNode> AllOf { get; init; } = [];

    public IReadOnlyList<SchemaNode> AnyOf { get; init; } = [];

    public IReadOnlyList<SchemaNode> OneOf { get; init; } = [];

    public SchemaNode? Not { get; init; }

    public string? ListType { get; init; }

    public string? MapType { get; init; }

    public IReadOnlyList<string> ListMapKeys { get; init; } = [];

    public IReadOnlyList<ValidationRule> Rules { get; init; } = [];

    /// <summary>The CEL type of a value; null when CEL does not see it. Filled in once the tree is read.</summary>
    public CelType? CelType { get; set; }

    /// <summary>Whether a rule stands here or below.</summary>
    public bool HasRules { get; set; }
}
