// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Text;

namespace FiveSpot.ApiServer.Http;

/// <summary>Reads JSON as a Go server does: the last of two equal keys counts, and errors are in Go's words.</summary>
internal static class JsonText
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 512 };

    /// <summary>Reads a document; adds to <paramref name="duplicates"/> the paths of keys that come twice.</summary>
    /// <exception cref="FormatException">It is no JSON; the message says so as Go would.</exception>
    public static JsonNode? Parse(ReadOnlySpan<byte> utf8, ICollection<string>? duplicates = null)
    {
        var reader = new Utf8JsonReader(utf8, Options);
        try
        {
            reader.Read();
            var node = Read(ref reader, string.Empty, duplicates ?? []);
            reader.Read();
            return node;
        }
        catch (JsonException broken)
        {
            throw new FormatException(Explain(utf8), broken);
        }
    }

    private static JsonNode? Read(ref Utf8JsonReader reader, string path, ICollection<string> duplicates)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var map = new JsonObject();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var name = reader.GetString()!;
                    var inner = path.Length == 0 ? name : $"{path}.{name}";
                    if (map.ContainsKey(name))
                    {
                        duplicates.Add(inner);
                    }

                    reader.Read();
                    map[name] = Read(ref reader, inner, duplicates);
                }

                return map;
            case JsonTokenType.StartArray:
                var list = new JsonArray();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    list.Add(Read(ref reader, $"{path}[{list.Count}]", duplicates));
                }

                return list;
            case JsonTokenType.Null:
                return null;
            default:
                return JsonNode.Parse(ref reader);
        }
    }

    private static string Explain(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, isFinalBlock: false, new JsonReaderState(Options));
        var containers = new Stack<JsonTokenType>();
        var (last, end) = (JsonTokenType.None, 0L);
        try
        {
            while (reader.Read())
            {
                (last, end) = (reader.TokenType, reader.BytesConsumed);
                if (last is JsonTokenType.StartObject or JsonTokenType.StartArray)
                {
                    containers.Push(last);
                }
                else if (last is JsonTokenType.EndObject or JsonTokenType.EndArray)
                {
                    containers.Pop();
                }
            }

            return "unexpected end of JSON input";
        }
        catch (JsonException)
        {
            return Explain(utf8[(int)end..], last, containers.Count == 0 ? JsonTokenType.None : containers.Peek());
        }
    }

    private static string Explain(ReadOnlySpan<byte> rest, JsonTokenType last, JsonTokenType container)
    {
        rest = rest.TrimStart(" \t\r\n"u8);
        var separated = rest is [(byte)',' or (byte)':', ..];
        if (separated)
        {
            rest = rest[1..].TrimStart(" \t\r\n"u8);
        }

        var inObject = container == JsonTokenType.StartObject;
        if (inObject && last != JsonTokenType.PropertyName && (separated || last == JsonTokenType.StartObject) && rest is [(byte)'"', ..])
        {
            // The reader takes a key together with its colon, so it is a colon that is missing.
            var end = 1;
            while (end < rest.Length && rest[end] != (byte)'"')
            {
                end += rest[end] == (byte)'\\' ? 2 : 1;
            }

            rest = rest[Math.Min(end + 1, rest.Length)..].TrimStart(" \t\r\n"u8);
            (last, separated) = (JsonTokenType.PropertyName, false);
        }
        else if (last == JsonTokenType.PropertyName)
        {
            separated = true;
        }

        var place = last switch
        {
            JsonTokenType.None => "looking for beginning of value",
            JsonTokenType.PropertyName => separated ? "looking for beginning of value" : "after object key",
            JsonTokenType.StartArray => "looking for beginning of value",
            JsonTokenType.StartObject => "looking for beginning of object key string",
            _ when container == JsonTokenType.None => "after top-level value",
            _ when separated => inObject ? "looking for beginning of object key string" : "looking for beginning of value",
            _ => inObject ? "after object key:value pair" : "after array element",
        };
        // Go shows the byte, not the character that it begins.
        return rest.IsEmpty ? "unexpected end of JSON input" : $"invalid character '{GoText.Quote(((char)rest[0]).ToString())[1..^1]}' {place}";
    }
}
