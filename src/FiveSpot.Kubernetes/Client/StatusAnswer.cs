// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace FiveSpot.Kubernetes;

/// <summary>Makes an <see cref="ApiException"/> of a Status object, or of whatever came in place of one.</summary>
internal static class StatusAnswer
{
    private const int Excerpt = 200;

    public static ApiException ToException(
        in Operation operation, int code, HttpResponseHeaders headers, string? mediaType, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        var retryAfter = headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date > now ? date - now : TimeSpan.Zero,
            _ => (TimeSpan?)null,
        };
        if (mediaType is "application/json" && TryParse(operation, code, body, retryAfter) is { } status)
        {
            return status;
        }

        var location = headers.Location is { } target ? $", redirecting to {target}" : "";
        // 429 and 5xx are often plain text from the server itself or from something in front of it.
        return new ApiException(
            code,
            mediaType is "text/html" ? ApiException.NotKubernetesReason : "",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{operation}: the server answered {code}{location} with {mediaType ?? "no content type"}: {Words(body)}"))
        { RetryAfter = retryAfter };
    }

    public static ApiException NotJson(in Operation operation, int code, string? mediaType, ReadOnlySpan<byte> body) =>
        new(code, ApiException.NotKubernetesReason, string.Create(
            CultureInfo.InvariantCulture,
            $"{operation}: the answer ({code}) is not from a Kubernetes API but {mediaType ?? "of no content type"}: {Words(body)}"));

    /// <summary>Reads the Status of an ERROR event.</summary>
    public static ApiException FromErrorEvent(in Operation operation, ReadOnlySpan<byte> status) =>
        TryParse(operation, 0, status, null)
        ?? new ApiException(500, "", $"{operation}: the server sent an error event: {Words(status)}");

    private static ApiException? TryParse(
        in Operation operation, int httpCode, ReadOnlySpan<byte> body, TimeSpan? retryAfter)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            using var document = JsonDocument.ParseValue(ref reader);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || Text(root, "kind") != "Status")
            {
                return null;
            }

            var code = httpCode != 0 ? httpCode
                : root.TryGetProperty("code", out var c) && c.TryGetInt32(out var n) ? n : 500;
            var reason = Text(root, "reason");
            var causes = new List<StatusCause>();
            if (root.TryGetProperty("details", out var details) && details.ValueKind == JsonValueKind.Object)
            {
                if (details.TryGetProperty("retryAfterSeconds", out var seconds) && seconds.TryGetInt32(out var s) && s > 0)
                {
                    retryAfter ??= TimeSpan.FromSeconds(s);
                }

                if (details.TryGetProperty("causes", out var list) && list.ValueKind == JsonValueKind.Array)
                {
                    foreach (var cause in list.EnumerateArray())
                    {
                        causes.Add(new StatusCause(Text(cause, "field"), Text(cause, "reason"), Text(cause, "message")));
                    }
                }
            }

            var message = Text(root, "message");
            return new ApiException(code, reason, string.Create(
                CultureInfo.InvariantCulture,
                $"{operation}: {(message.Length > 0 ? message : "the server gave no message")} ({code}{(reason.Length > 0 ? " " : "")}{reason})"))
            { RetryAfter = retryAfter, Causes = causes };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value)
            && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : "";

    // One line that is safe to log, whatever was sent.
    private static string Words(ReadOnlySpan<byte> body)
    {
        var text = Encoding.UTF8.GetString(body[..Math.Min(body.Length, Excerpt * 2)]);
        var line = new StringBuilder();
        foreach (var c in text)
        {
            if (!char.IsControl(c) && !char.IsWhiteSpace(c))
            {
                line.Append(c);
            }
            else if (line.Length > 0 && line[^1] != ' ')
            {
                line.Append(' ');
            }
        }

        return line.Length == 0 ? "an empty body" : line.Length > Excerpt ? $"\"{line.ToString(0, Excerpt)}…\"" : $"\"{line}\"";
    }
}
