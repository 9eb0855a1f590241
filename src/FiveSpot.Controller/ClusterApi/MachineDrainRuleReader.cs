// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using System.Text.Json;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;

namespace FiveSpot.Controller.ClusterApi;

/// <summary>Reads a MachineDrainRule. There are few of them, and they hardly change.</summary>
public static class MachineDrainRuleReader
{
    /// <summary>Reads one.</summary>
    /// <exception cref="JsonException">The text is no JSON.</exception>
    public static MachineDrainRule Read(ReadOnlySpan<byte> utf8Json)
    {
        var reader = ObjectJson.Reader(utf8Json);
        using var document = JsonDocument.ParseValue(ref reader);
        var root = document.RootElement;
        var rule = new MachineDrainRule { Metadata = ReadMetadata(Of(root, "metadata"u8)) };
        var spec = Of(root, "spec"u8);
        var drain = Of(spec, "drain"u8);
        return rule with
        {
            Behavior = Of(drain, "behavior"u8) is { ValueKind: JsonValueKind.String } behavior
                ? behavior.GetString() switch
                {
                    "Drain" => DrainBehavior.Drain,
                    "Skip" => DrainBehavior.Skip,
                    "WaitCompleted" => DrainBehavior.WaitCompleted,
                    _ => DrainBehavior.Undecided,
                }
                : DrainBehavior.Undecided,
            Order = Of(drain, "order"u8) is { ValueKind: JsonValueKind.Number } order && order.TryGetInt32(out var number) ? number : 0,
            Machines = ReadSelectors(Of(spec, "machines"u8), "clusterSelector"u8),
            Pods = ReadSelectors(Of(spec, "pods"u8), "namespaceSelector"u8),
        };
    }

    // By its name it is sorted and told of; of nothing else is made use.
    private static ObjectMetadata ReadMetadata(JsonElement json) => new()
    {
        Name = Text(json, "name"u8),
        Namespace = Text(json, "namespace"u8),
        Uid = Text(json, "uid"u8),
        ResourceVersion = Text(json, "resourceVersion"u8),
    };

    private static ImmutableArray<(LabelSelector, LabelSelector)> ReadSelectors(JsonElement json, ReadOnlySpan<byte> second)
    {
        if (json.ValueKind != JsonValueKind.Array)
        {
            return [];
        }

        var selectors = ImmutableArray.CreateBuilder<(LabelSelector, LabelSelector)>(json.GetArrayLength());
        foreach (var item in json.EnumerateArray())
        {
            selectors.Add((LabelSelector.Read(Of(item, "selector"u8)), LabelSelector.Read(Of(item, second))));
        }

        return selectors.ToImmutable();
    }

    private static string Text(JsonElement json, ReadOnlySpan<byte> name) =>
        Of(json, name) is { ValueKind: JsonValueKind.String } text ? text.GetString()! : "";

    private static JsonElement Of(JsonElement json, ReadOnlySpan<byte> name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) ? value : default;
}
