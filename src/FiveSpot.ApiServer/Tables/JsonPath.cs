// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Tables;

/// <summary>
/// The part of kubectl's JSONPath that printer columns use: fields, <c>['quoted.fields']</c>, indexes (negative from the end),
/// <c>[*]</c>, <c>..</c>-free, and filters of one comparison such as <c>[?(@.type=="Ready")]</c>.
/// </summary>
internal sealed class JsonPath
{
    private readonly List<Func<JsonNode, IEnumerable<JsonNode?>>> _steps;

    private JsonPath(List<Func<JsonNode, IEnumerable<JsonNode?>>> steps) => _steps = steps;

    /// <summary>Parses a path; what is no path selects nothing.</summary>
    public static JsonPath Parse(string text)
    {
        var steps = new List<Func<JsonNode, IEnumerable<JsonNode?>>>();
        var position = 0;
        while (position < text.Length)
        {
            if (text[position] == '.')
            {
                var end = position + 1;
                while (end < text.Length && text[end] is not ('.' or '['))
                {
                    end += text[end] == '\\' ? 2 : 1;
                }

                AddField(steps, text[(position + 1)..Math.Min(end, text.Length)].Replace("\\", string.Empty, StringComparison.Ordinal));
                position = end;
            }
            else if (text[position] == '[' && EndOfBracket(text, position) is var close and > 0)
            {
                steps.Add(Bracket(text[(position + 1)..close].Trim()));
                position = close + 1;
            }
            else
            {
                return new JsonPath([static _ => []]);
            }
        }

        return new JsonPath(steps);
    }

    /// <summary>The first value that the path selects; null when it selects none.</summary>
    public JsonNode? First(JsonNode from)
    {
        IEnumerable<JsonNode?> found = [from];
        foreach (var step in _steps)
        {
            found = found.OfType<JsonNode>().SelectMany(step);
        }

        return found.FirstOrDefault(value => value is not null);
    }

    private static void AddField(List<Func<JsonNode, IEnumerable<JsonNode?>>> steps, string name)
    {
        if (name == "*")
        {
            steps.Add(All);
        }
        else if (name.Length > 0)
        {
            steps.Add(node => node is JsonObject map && map.TryGetPropertyValue(name, out var value) ? [value] : []);
        }
    }

    private static IEnumerable<JsonNode?> All(JsonNode node) => node switch
    {
        JsonArray list => list,
        JsonObject map => map.Select(pair => pair.Value),
        _ => [],
    };

    private static int EndOfBracket(string text, int open)
    {
        char? quote = null;
        var depth = 0;
        for (var i = open; i < text.Length; i++)
        {
            var letter = text[i];
            if (quote is { } closing)
            {
                quote = letter == closing ? null : quote;
            }
            else if (letter is '"' or '\'')
            {
                quote = letter;
            }
            else if (letter == '[')
            {
                depth++;
            }
            else if (letter == ']' && --depth == 0)
            {
                return i;
            }
        }

        return -1;
    }

    private static Func<JsonNode, IEnumerable<JsonNode?>> Bracket(string inner)
    {
        if (inner == "*")
        {
            return All;
        }

        if (int.TryParse(inner, CultureInfo.InvariantCulture, out var index))
        {
            return node => node is JsonArray list && (index < 0 ? list.Count + index : index) is var at && at >= 0 && at < list.Count ? [list[at]] : [];
        }

        if (inner.StartsWith("?(", StringComparison.Ordinal) && inner.EndsWith(')'))
        {
            return Filter(inner[2..^1].Trim());
        }

        var name = Unquote(inner);
        return node => node is JsonObject map && map.TryGetPropertyValue(name, out var value) ? [value] : [];
    }

    private static Func<JsonNode, IEnumerable<JsonNode?>> Filter(string condition)
    {
        foreach (var comparison in (ReadOnlySpan<string>)["==", "!=", ">=", "<=", ">", "<"])
        {
            var mark = condition.IndexOf(comparison, StringComparison.Ordinal);
            if (mark > 0)
            {
                var left = Parse(condition[..mark].Trim().TrimStart('@'));
                var right = Unquote(condition[(mark + comparison.Length)..].Trim());
                return node => All(node).Where(item => item is not null && left.First(item) is { } value && Compare(value, comparison, right));
            }
        }

        var present = Parse(condition.TrimStart('@'));
        return node => All(node).Where(item => item is not null && present.First(item) is not null);
    }

    private static bool Compare(JsonNode value, string comparison, string right)
    {
        var left = value.Print();
        var order = double.TryParse(left, CultureInfo.InvariantCulture, out var one) && double.TryParse(right, CultureInfo.InvariantCulture, out var other)
            ? one.CompareTo(other)
            : string.CompareOrdinal(left, right);
        return comparison switch
        {
            "==" => order == 0,
            "!=" => order != 0,
            ">=" => order >= 0,
            "<=" => order <= 0,
            ">" => order > 0,
            _ => order < 0,
        };
    }

    private static string Unquote(string text) =>
        text.Length >= 2 && text[0] is '"' or '\'' && text[^1] == text[0] ? text[1..^1] : text;
}
