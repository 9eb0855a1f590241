// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace FiveSpot.ApiServer.Http;

/// <summary>An answer, complete before its first byte leaves; a watch is the one that goes on.</summary>
internal sealed class ApiResponse
{
    public const string JsonType = "application/json";

    public int Status { get; init; } = 200;

    public string ContentType { get; init; } = JsonType;

    public List<ReadOnlyMemory<byte>> Body { get; init; } = [];

    public List<KeyValuePair<string, string>> Headers { get; } = [];

    /// <summary>Writes what follows the body, for as long as it takes.</summary>
    public Func<PipeWriter, CancellationToken, Task>? Stream { get; init; }

    public static ApiResponse Json(JsonNode body, int status = 200, string contentType = JsonType) =>
        new() { Status = status, ContentType = contentType, Body = [body.ToUtf8(), Representation.EndOfValue] };

    public static ApiResponse Text(string body, int status = 200) =>
        new() { Status = status, ContentType = "text/plain; charset=utf-8", Body = [Encoding.UTF8.GetBytes(body)] };

    /// <summary>What a path is told that nobody feels responsible for.</summary>
    public static ApiResponse PageNotFound() => Text("404 page not found\n", 404);

    public static ApiResponse From(StatusException refused)
    {
        var response = Json(refused.ToStatus(), refused.Code);
        if (refused.RetryAfter is { } seconds)
        {
            response.Headers.Add(new("Retry-After", seconds));
        }

        return response;
    }

    public ApiResponse Warn(IEnumerable<string> warnings)
    {
        foreach (var warning in warnings.Distinct(StringComparer.Ordinal))
        {
            var quoted = warning.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
            Headers.Add(new("Warning", $"299 - \"{quoted}\""));
        }

        return this;
    }

    public async Task WriteAsync(HttpContext http, CancellationToken cancellation)
    {
        var response = http.Response;
        response.StatusCode = Status;
        response.ContentType = ContentType;
        foreach (var (name, value) in Headers)
        {
            response.Headers.Append(name, value);
        }

        if (Stream is null)
        {
            response.ContentLength = Body.Sum(static segment => (long)segment.Length);
        }

        if (HttpMethods.IsHead(http.Request.Method))
        {
            return;
        }

        foreach (var segment in Body)
        {
            // Written, not flushed, one by one: a long list goes out in large frames.
            response.BodyWriter.Write(segment.Span);
            if (response.BodyWriter.UnflushedBytes > 64 * 1024)
            {
                await response.BodyWriter.FlushAsync(cancellation);
            }
        }

        await response.BodyWriter.FlushAsync(cancellation);
        if (Stream is { } stream)
        {
            await stream(response.BodyWriter, cancellation);
        }
    }
}
