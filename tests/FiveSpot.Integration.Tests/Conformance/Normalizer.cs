// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace FiveSpot.Integration.Tests.Conformance;

/// <summary>
/// Takes out of one server's answers what no two servers have alike, and nothing else. Uids and resource versions become
/// numbers in the order in which they are first seen in the conversation: what is equal or different stays so.
/// </summary>
internal sealed partial class Normalizer
{
    private static readonly TimeSpan Recent = TimeSpan.FromHours(1);

    private static readonly string[] Times =
        ["creationTimestamp", "deletionTimestamp", "lastTransitionTime", "time"];

    private readonly Dictionary<string, int> _uids = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _versions = new(StringComparer.Ordinal);

    public JsonNode? Normalize(JsonNode? body) => Visit(body?.DeepClone(), string.Empty);

    private JsonNode? Visit(JsonNode? node, string name)
    {
        switch (node)
        {
            case JsonObject map:
                // In the order of names, which is the same for both servers.
                // The status of a definition is written behind the client's back, in one step or in several.
                var isDefinition = (string?)(map["name"] as JsonValue) is { } named && named.Count(letter => letter == '.') > 1 && map["namespace"] is null;
                foreach (var field in map.Select(pair => pair.Key).Order(StringComparer.Ordinal).ToList())
                {
                    if (UidPattern().IsMatch(field))
                    {
                        // Managed fields name list items by what tells them apart.
                        var value = map[field];
                        map.Remove(field);
                        map[Text(field)] = Replaced(value, field);
                        continue;
                    }

                    map[field] = field == "name" && map["generateName"] is JsonValue prefix
                        ? Generated((string)prefix!, (string?)map[field])
                        : field == "resourceVersion" && (!map.ContainsKey("uid") || isDefinition)
                            ? ListVersion((string?)map[field])
                            : Replaced(map[field], field);
                }

                return map;
            case JsonArray list:
                for (var i = 0; i < list.Count; i++)
                {
                    list[i] = Replaced(list[i], name);
                }

                return list;
            default:
                return node;
        }
    }

    private JsonNode? Replaced(JsonNode? value, string name)
    {
        if (value is JsonValue leaf && leaf.TryGetValue<string>(out var text))
        {
            return name switch
            {
                "resourceVersion" => NumberPattern().IsMatch(text) ? $"<version {Ordinal(_versions, text)}>" : text,
                "continue" when text.Length > 0 => "<continue>",
                "serverAddress" => AddressPattern().Replace(text, "<address>"),
                _ when Times.Contains(name, StringComparer.Ordinal) => Time(text),
                // Ages in the cells of tables.
                "cells" => AgePattern().IsMatch(text) ? "<age>" : Time(text),
                _ => Text(text),
            };
        }

        var visited = Visit(value, name);
        return ReferenceEquals(visited, value) ? value?.DeepClone() : visited;
    }

    private static string? Generated(string prefix, string? name) =>
        name is not null && name.StartsWith(prefix, StringComparison.Ordinal) && SuffixPattern().IsMatch(name.AsSpan(prefix.Length)) ? $"{prefix}<random>" : name;

    private static string? ListVersion(string? text) => text is not null && NumberPattern().IsMatch(text) ? "<version>" : text;

    private static string Time(string text) =>
        DateTimeOffset.TryParseExact(text, "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
        && (time - TimeProvider.System.GetUtcNow()).Duration() < Recent
            ? "<time>"
            : text;

    private string Text(string text) => VersionInTextPattern().Replace(
        UidPattern().Replace(text, match => $"<uid {Ordinal(_uids, match.Value)}>"),
        match => $"{match.Groups["before"].Value}<version>");

    private static int Ordinal(Dictionary<string, int> seen, string value) =>
        seen.TryGetValue(value, out var ordinal) ? ordinal : seen[value] = seen.Count + 1;

    [GeneratedRegex(@"\A[1-9][0-9]*\z")]
    private static partial Regex NumberPattern();

    [GeneratedRegex(@"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex UidPattern();

    [GeneratedRegex(@"\A[bcdfghjklmnpqrstvwxz2456789]{5}\z")]
    private static partial Regex SuffixPattern();

    [GeneratedRegex(@"\A127\.0\.0\.1:[0-9]+\z")]
    private static partial Regex AddressPattern();

    [GeneratedRegex(@"\A[0-9]{1,3}s\z|\A<invalid>\z")]
    private static partial Regex AgePattern();

    [GeneratedRegex(@"(?<before>ResourceVersion in record \(|Too large resource version: |current: )[0-9]+|(?<before>too old resource version: )[0-9]+ \([0-9]+\)", RegexOptions.ExplicitCapture)]
    private static partial Regex VersionInTextPattern();
}
