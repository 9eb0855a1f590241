// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.Integration.Tests.Conformance;

/// <summary>Where two answers differ.</summary>
internal static class Comparison
{
    private const string Absent = "(absent)";

    public static IReadOnlyList<Difference> Compare(JsonNode? embedded, JsonNode? real)
    {
        var found = new List<Difference>();
        Compare(embedded, real, string.Empty, found);
        return found;
    }

    private static void Compare(JsonNode? embedded, JsonNode? real, string path, List<Difference> found)
    {
        switch (embedded, real)
        {
            case (JsonObject one, JsonObject other):
                foreach (var name in one.Select(pair => pair.Key).Union(other.Select(pair => pair.Key), StringComparer.Ordinal).Order(StringComparer.Ordinal))
                {
                    var inner = path.Length == 0 ? name : $"{path}.{name}";
                    if (!one.ContainsKey(name) || !other.ContainsKey(name))
                    {
                        found.Add(new Difference(inner, Text(one, name), Text(other, name)));
                    }
                    else
                    {
                        Compare(one[name], other[name], inner, found);
                    }
                }

                break;
            case (JsonArray one, JsonArray other):
                for (var i = 0; i < Math.Max(one.Count, other.Count); i++)
                {
                    if (i >= one.Count || i >= other.Count)
                    {
                        found.Add(new Difference($"{path}[{i}]", i < one.Count ? Text(one[i]) : Absent, i < other.Count ? Text(other[i]) : Absent));
                    }
                    else
                    {
                        Compare(one[i], other[i], $"{path}[{i}]", found);
                    }
                }

                break;
            default:
                if (!JsonNode.DeepEquals(embedded, real))
                {
                    found.Add(new Difference(path, Text(embedded), Text(real)));
                }

                break;
        }
    }

    private static string Text(JsonObject map, string name) => map.TryGetPropertyValue(name, out var value) ? Text(value) : Absent;

    private static string Text(JsonNode? value) => value?.ToJsonString(Plain) ?? "null";

    private static readonly System.Text.Json.JsonSerializerOptions Plain = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    internal sealed record Difference(string Path, string Embedded, string Real)
    {
        public override string ToString() => $"    {Path}\n      embedded: {Embedded}\n      real:     {Real}";
    }
}
