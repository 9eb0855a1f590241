// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using System.Text.Json;

namespace FiveSpot.Kubernetes;

/// <summary>A label selector as objects carry it: <c>matchLabels</c> and <c>matchExpressions</c>.</summary>
/// <param name="Requirements">All of them have to hold; none selects everything.</param>
public sealed record LabelSelector(ImmutableArray<LabelRequirement> Requirements)
{
    /// <summary>Selects everything.</summary>
    public static LabelSelector Everything { get; } = new([]);

    /// <summary>Reads one. What is of another type than it should be makes a requirement of which nobody can tell whether it
    /// holds.</summary>
    /// <param name="json">The selector; <see cref="JsonValueKind.Null"/> or undefined for none, which selects everything.</param>
    public static LabelSelector Read(JsonElement json)
    {
        if (json.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined)
        {
            return Everything;
        }

        if (json.ValueKind != JsonValueKind.Object)
        {
            return new LabelSelector([Unreadable]);
        }

        var requirements = ImmutableArray.CreateBuilder<LabelRequirement>();
        if (json.TryGetProperty("matchLabels"u8, out var labels))
        {
            requirements.AddRange(labels.ValueKind == JsonValueKind.Object
                ? labels.EnumerateObject().Select(label => Text(label.Value) is { } value ? new LabelRequirement(label.Name, LabelOperator.In, [value]) : Unreadable)
                : labels.ValueKind == JsonValueKind.Null ? [] : [Unreadable]);
        }

        if (json.TryGetProperty("matchExpressions"u8, out var expressions))
        {
            requirements.AddRange(expressions.ValueKind == JsonValueKind.Array
                ? expressions.EnumerateArray().Select(ReadExpression)
                : expressions.ValueKind == JsonValueKind.Null ? [] : [Unreadable]);
        }

        return requirements.Count == 0 ? Everything : new LabelSelector(requirements.ToImmutable());
    }

    /// <summary>Whether it selects an object of these labels.</summary>
    /// <returns>Null when that can't be told, because of a requirement that no API server would take for one.</returns>
    public bool? Matches(IReadOnlyDictionary<string, string> labels)
    {
        bool? matches = true;
        foreach (var requirement in Requirements)
        {
            matches &= requirement.Holds(labels.GetValueOrDefault(requirement.Key));
        }

        return matches;
    }

    private static LabelRequirement Unreadable { get; } = new("", LabelOperator.Unknown, []);

    private static LabelRequirement ReadExpression(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("key"u8, out var key) || Text(key) is not { } label)
        {
            return Unreadable;
        }

        var comparison = json.TryGetProperty("operator"u8, out var name) ? Text(name) : null;
        return new LabelRequirement(
            label,
            comparison switch
            {
                "In" => LabelOperator.In,
                "NotIn" => LabelOperator.NotIn,
                "Exists" => LabelOperator.Exists,
                "DoesNotExist" => LabelOperator.DoesNotExist,
                _ => LabelOperator.Unknown,
            },
            json.TryGetProperty("values"u8, out var values) && values.ValueKind == JsonValueKind.Array
                ? [.. values.EnumerateArray().Select(Text).OfType<string>()]
                : []);
    }

    private static string? Text(JsonElement json) => json.ValueKind == JsonValueKind.String ? json.GetString() : null;
}
