// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FiveSpot.Api.Schema;

/// <summary>
/// Writes JSON as YAML in block style. Strings that could be read as anything else are in double quotes, with JSON's
/// escapes, which are YAML's too.
/// </summary>
internal static class YamlText
{
    private static readonly JsonSerializerOptions Quoted = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // What YAML 1.1 takes for a boolean or null.
    private static readonly HashSet<string> Words =
        new(StringComparer.OrdinalIgnoreCase) { "y", "n", "yes", "no", "on", "off", "true", "false", "null" };

    /// <summary>The document, ending with a line break.</summary>
    public static string Of(JsonObject document)
    {
        var text = new StringBuilder();
        Write(text, document, 0, "");
        return text.ToString();
    }

    // `lead` is what the first line starts with: the indentation, or the dash of a list's item.
    private static void Write(StringBuilder text, JsonNode? node, int depth, string lead)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } fields:
                foreach (var (name, value) in fields)
                {
                    text.Append(lead).Append(Scalar(name)).Append(':');
                    lead = new string(' ', depth * 2);
                    WriteValue(text, value, depth);
                }

                break;
            case JsonArray { Count: > 0 } items:
                foreach (var item in items)
                {
                    Write(text, item, depth + 1, lead + "- ");
                    lead = new string(' ', depth * 2);
                }

                break;
            default:
                text.Append(lead).Append(Inline(node)).Append('\n');
                break;
        }
    }

    private static void WriteValue(StringBuilder text, JsonNode? value, int depth)
    {
        if (value is JsonObject { Count: > 0 } or JsonArray { Count: > 0 })
        {
            text.Append('\n');
            Write(text, value, depth + 1, new string(' ', (depth + 1) * 2));
        }
        else
        {
            text.Append(' ').Append(Inline(value)).Append('\n');
        }
    }

    private static string Inline(JsonNode? node) =>
        node?.GetValueKind() == JsonValueKind.String ? Scalar(node.GetValue<string>()) : node?.ToJsonString() ?? "null";

    private static string Scalar(string value)
    {
        var plain = value.Length > 0
            && char.IsAsciiLetter(value[0])
            && value[^1] != ' '
            && value.All(static c => char.IsAsciiLetterOrDigit(c) || c is ' ' or '.' or ',' or '-' or '/' or '_')
            && !Words.Contains(value);
        return plain ? value : JsonValue.Create(value).ToJsonString(Quoted);
    }
}
