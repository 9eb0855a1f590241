// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace FiveSpot.Sandbox.ApiServer.Http;

/// <summary>Reads what a client sends: JSON, or YAML where Kubernetes takes that.</summary>
internal static class RequestBody
{
    private const int MostBytes = 3 * 1024 * 1024;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 512, AllowDuplicateProperties = false };

    /// <summary>The body as an object; null when there is none.</summary>
    /// <exception cref="StatusException">400, 413 or 415.</exception>
    public static async Task<JsonObject?> ReadObjectAsync(HttpRequest request)
    {
        var type = MediaType(request);
        if (type is not ("" or "application/json" or "application/yaml" or ProtobufText.MediaType or "*/*"))
        {
            throw Refusal.UnsupportedMediaType(type, "application/json, application/yaml, application/vnd.kubernetes.protobuf");
        }

        var bytes = await ReadBytesAsync(request);
        if (bytes.Length == 0)
        {
            return null;
        }

        return type == ProtobufText.MediaType ? ProtobufText.Parse(bytes) : AsObject(type == "application/yaml" ? YamlText.Parse(bytes) : Parse(bytes));
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
            return JsonNode.Parse(bytes, documentOptions: Options);
        }
        catch (JsonException broken)
        {
            throw Refusal.BadRequest($"couldn't get version/kind; json parse error: {broken.Message}");
        }
    }

    public static JsonObject AsObject(JsonNode? node) =>
        node as JsonObject ?? throw Refusal.BadRequest("couldn't get version/kind; json parse error: json: cannot unmarshal value into an object");

    private static StatusException TooLarge() => new(413, "RequestEntityTooLarge", $"Request entity too large: limit is {MostBytes}");
}
