// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Resources;

/// <summary>What a CustomResourceDefinition defines.</summary>
internal sealed class CustomResourceStrategy : ResourceStrategy
{
    private readonly bool _hasStatus;
    private readonly Dictionary<string, string> _fields;

    /// <summary>Makes the strategy of one version.</summary>
    /// <remarks><paramref name="fields"/>: Selectable fields by name, with the JSON path of each.</remarks>
    public CustomResourceStrategy(bool hasStatus, Dictionary<string, string> fields)
    {
        _hasStatus = hasStatus;
        _fields = fields;
    }

    public override bool AllowUnconditionalUpdate => false;

    public override IReadOnlyList<string> SelectableFields => [.. _fields.Keys];

    public override bool HasGeneration => true;

    public override bool StatusCarriesMetadata => false;

    public override string FieldValue(JsonObject stored, string field) =>
        _fields.TryGetValue(field, out var path) ? base.FieldValue(stored, path) : string.Empty;

    public override void PrepareForCreate(JsonObject obj)
    {
        if (_hasStatus)
        {
            obj.Remove("status");
        }
    }

    public override bool ChangesGeneration(JsonObject obj, JsonObject old)
    {
        foreach (var name in obj.Select(pair => pair.Key).Union(old.Select(pair => pair.Key), StringComparer.Ordinal))
        {
            if (name is not "metadata" && !(_hasStatus && name == "status") && !JsonNode.DeepEquals(obj[name], old[name]))
            {
                return true;
            }
        }

        return false;
    }
}
