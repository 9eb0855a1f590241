// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace FiveSpot.ApiServer.Http;

/// <summary>Reads what a client sends: JSON, or YAML where Kubernetes takes that.</summary>
internal static class RequestBody
{
    private const int MostBytes = 3 * 1024 * 1024;

    /// <summary>
    /// The body as an object of a kind; null when there is none. Adds to <paramref name="duplicates"/> the paths of keys that
    /// come twice.
    /// </summary>
    /// <exception cref="StatusException">400, 413 or 415.</exception>
    public static async Task<JsonObject?> ReadObjectAsync(HttpRequest request, string kind, ICollection<string> duplicates)
    {
        var type = MediaType(request);
        if (type is not ("" or "application/json" or "application/yaml" or ProtobufText.MediaType or "*/*"))
        {
            throw Refusal.UnsupportedMediaType("application/json, application/yaml, application/vnd.kubernetes.protobuf");
        }

        var bytes = await ReadBytesAsync(request);
        if (bytes.Length == 0)
        {
            return null;
        }

        if (type == ProtobufText.MediaType)
        {
            return ProtobufText.Parse(bytes);
        }

        var read = type == "application/yaml" ? YamlText.Parse(bytes) : Parse(bytes, kind, duplicates);
        return read as JsonObject ?? throw Refusal.Unrecognized(kind, bytes, $"json: cannot unmarshal {TypeName(read)} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}");
    }

    public static string MediaType(HttpRequest request) => (request.ContentType ?? string.Empty).Split(';')[0].Trim();

    public static async Task<byte[]> ReadBytesAsync(HttpRequest request)
    {
        if (request.ContentLength > MostBytes)
        {
            throw TooLarge();
        }

        var reader = request.BodyReader;
        while (true)
        {
            var result = await reader.ReadAsync(request.HttpContext.RequestAborted);
            if (result.Buffer.Length > MostBytes)
            {
                throw TooLarge();
            }

            if (result.IsCompleted)
            {
                var bytes = result.Buffer.ToArray();
                reader.AdvanceTo(result.Buffer.End);
                return bytes;
            }

            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    public static JsonNode? Parse(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return JsonText.Parse(bytes);
        }
        catch (FormatException broken)
        {
            throw Refusal.BadRequest($"couldn't get version/kind; json parse error: {broken.Message}");
        }
    }

    public static JsonObject AsObject(JsonNode? node) =>
        node as JsonObject ?? throw Refusal.BadRequest("couldn't get version/kind; json parse error: json: cannot unmarshal value into an object");

    private static JsonNode? Parse(ReadOnlySpan<byte> bytes, string kind, ICollection<string> duplicates)
    {
        try
        {
            return JsonText.Parse(bytes, duplicates);
        }
        catch (FormatException broken)
        {
            throw Refusal.Unrecognized(kind, bytes, broken.Message);
        }
    }

    /// <summary>What Go calls a JSON value of this kind.</summary>
    public static string TypeName(JsonNode? value) => value?.GetValueKind() switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => "number",
        _ => "bool",
    };

    private static StatusException TooLarge() => new(413, "RequestEntityTooLarge", $"Request entity too large: limit is {MostBytes}");
}
