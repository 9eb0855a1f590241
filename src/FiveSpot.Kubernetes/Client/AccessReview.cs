// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;

namespace FiveSpot.Kubernetes;

/// <summary>Asks the API server what the caller itself may do (<c>SelfSubjectAccessReview</c>).</summary>
public static class AccessReview
{
    private static readonly ResourceType Reviews =
        new("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", Namespaced: false);

    /// <summary>Whether the caller may do something with every object of a resource.</summary>
    /// <param name="api">Asks as itself.</param>
    /// <param name="verb">The verb of RBAC: <c>create</c>, <c>patch</c>, <c>delete</c> and so on.</param>
    /// <param name="resource">The resource; its version does not matter.</param>
    /// <param name="ns">In which namespace; null or empty for all of them.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ApiException">The server does not answer such questions to this caller.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer.</exception>
    public static Task<bool> IsAllowedAsync(
        ApiClient api, string verb, ResourceType resource, string? ns, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(api);
        ArgumentNullException.ThrowIfNull(resource);
        var body = new MemoryStream(256);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("apiVersion", Reviews.ApiVersion);
            json.WriteString("kind", Reviews.Kind);
            json.WriteStartObject("spec");
            json.WriteStartObject("resourceAttributes");
            json.WriteString("verb", verb);
            json.WriteString("group", resource.Group);
            json.WriteString("resource", resource.Plural);
            if (!string.IsNullOrEmpty(ns))
            {
                json.WriteString("namespace", ns);
            }

            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return api.CreateAsync(Reviews, "", body.ToArray(), fieldManager: "", ReadAllowed, cancellationToken);
    }

    private static bool ReadAllowed(ReadOnlySpan<byte> answer)
    {
        var reader = new Utf8JsonReader(answer);
        using var review = JsonDocument.ParseValue(ref reader);
        return review.RootElement.TryGetProperty("status", out var status)
            && status.TryGetProperty("allowed", out var allowed)
            && allowed.ValueKind is JsonValueKind.True;
    }
}
