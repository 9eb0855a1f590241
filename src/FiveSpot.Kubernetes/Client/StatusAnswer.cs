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
    private const int TitleExcerpt = 60;
    private const int MessageExcerpt = 1000;

    public static ApiException ToException(
        in Operation operation, ClusterConnection connection, int code, HttpResponseHeaders headers, string? mediaType, ReadOnlySpan<byte> body, DateTimeOffset now)
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

        var location = headers.Location is { } target ? $", redirecting to {Place(target, connection)}," : "";
        // 429 and 5xx are often plain text from the server itself or from something in front of it.
        return mediaType is "text/html"
            ? NotKubernetes(operation, connection, code, location, mediaType, body, retryAfter)
            : new ApiException(code, "", string.Create(
                CultureInfo.InvariantCulture,
                $"{operation}: {Authority(connection)} answered {code}{location} with {Kind(mediaType)}{Quote(connection, mediaType, body)}"))
            { RetryAfter = retryAfter };
    }

    public static ApiException NotJson(
        in Operation operation, ClusterConnection connection, int code, string? mediaType, ReadOnlySpan<byte> body) =>
        NotKubernetes(operation, connection, code, "", mediaType, body, retryAfter: null);

    /// <summary>Reads the Status of an ERROR event.</summary>
    public static ApiException FromErrorEvent(in Operation operation, ClusterConnection connection, ReadOnlySpan<byte> status) =>
        TryParse(operation, 0, status, null)
        ?? new ApiException(500, "", $"{operation}: {Authority(connection)} sent an error event{Quote(connection, mediaType: null, status)}");

    private static ApiException NotKubernetes(
        in Operation operation, ClusterConnection connection, int code, string location, string? mediaType, ReadOnlySpan<byte> body, TimeSpan? retryAfter) =>
        new(code, ApiException.NotKubernetesReason, string.Create(
            CultureInfo.InvariantCulture,
            $"{operation}: {Authority(connection)} does not answer as a Kubernetes API server, but {code}{location} with {Kind(mediaType)}{Quote(connection, mediaType, body)}"))
        { RetryAfter = retryAfter };

    private static string Authority(ClusterConnection connection) => connection.ServerName;

    private static string Kind(string? mediaType) => mediaType is null ? "no content type" : ForeignText.Line(mediaType, TitleExcerpt);

    // Where somebody is sent may carry a secret behind the '?'.
    private static string Place(Uri target, ClusterConnection connection) => ForeignText.Line(
        !connection.IsUntrusted ? target.OriginalString
        : target.IsAbsoluteUri ? target.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped)
        : target.OriginalString.Split('?', '#')[0],
        Excerpt);

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
                : Number(root, "code") ?? 500;
            var reason = Text(root, "reason");
            var shownReason = ForeignText.Line(reason, TitleExcerpt);
            var causes = new List<StatusCause>();
            if (root.TryGetProperty("details", out var details) && details.ValueKind == JsonValueKind.Object)
            {
                if (Number(details, "retryAfterSeconds") is > 0 and var seconds)
                {
                    retryAfter ??= TimeSpan.FromSeconds(seconds);
                }

                if (details.TryGetProperty("causes", out var list) && list.ValueKind == JsonValueKind.Array)
                {
                    foreach (var cause in list.EnumerateArray())
                    {
                        causes.Add(new StatusCause(Text(cause, "field"), Text(cause, "reason"), ForeignText.Line(Text(cause, "message"), MessageExcerpt)));
                    }
                }
            }

            var message = ForeignText.Line(Text(root, "message"), MessageExcerpt);
            return new ApiException(code, reason, string.Create(
                CultureInfo.InvariantCulture,
                $"{operation}: {(message.Length > 0 ? message : "the server gave no message")} ({code}{(shownReason.Length > 0 ? " " : "")}{shownReason})"))
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

    // What is no such number is none, and spoils nothing else that is said.
    private static int? Number(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : null;

    // Who may choose any address in reach of this process, and reads the messages, must not read by them what is there:
    // the first line of a secret is a secret. The title of a page is made to be seen, and tells a sign-in from an outage.
    private static string Quote(ClusterConnection connection, string? mediaType, ReadOnlySpan<byte> body)
    {
        if (!connection.IsUntrusted)
        {
            var line = ForeignText.Line(Encoding.UTF8.GetString(body[..Math.Min(body.Length, Excerpt * 4)]), Excerpt);
            return line.Length == 0 ? ": an empty body" : $": \"{line}\"";
        }

        return mediaType is "text/html" && Title(body) is { Length: > 0 } title ? $", titled \"{title}\"" : "";
    }

    private static string Title(ReadOnlySpan<byte> html)
    {
        var text = Encoding.UTF8.GetString(html).AsSpan();
        var start = text.IndexOf("<title>", StringComparison.OrdinalIgnoreCase);
        if (start < 0)
        {
            return "";
        }

        text = text[(start + "<title>".Length)..];
        return text.IndexOf('<') is >= 0 and var end ? ForeignText.Line(text[..end], TitleExcerpt) : "";
    }
}
