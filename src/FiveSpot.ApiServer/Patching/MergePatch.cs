// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Patching;

/// <summary>JSON merge patch (RFC 7386).</summary>
public static class MergePatch
{
    /// <summary>Returns the document with the patch merged in: null removes, objects merge, all else replaces.</summary>
    public static JsonObject Apply(JsonObject document, JsonObject patch)
    {
        var result = new JsonObject();
        foreach (var (name, value) in document)
        {
            if (!patch.TryGetPropertyValue(name, out var change))
            {
                result[name] = value?.DeepClone();
            }
            else if (change is not null)
            {
                result[name] = Merge(value, change);
            }
        }
        foreach (var (name, change) in patch)
        {
            if (change is not null && !document.ContainsKey(name))
            {
                result[name] = Merge(null, change);
            }
        }
        return result;
    }

    private static JsonNode Merge(JsonNode? value, JsonNode change) =>
        change is JsonObject patch ? Apply(value as JsonObject ?? [], patch) : change.DeepClone();
}
