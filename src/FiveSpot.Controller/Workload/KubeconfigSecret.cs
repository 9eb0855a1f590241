// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using FiveSpot.Kubernetes;

namespace FiveSpot.Controller.Workload;

/// <summary>A Secret that is to hold a kubeconfig: its version, and its data as it stands there.</summary>
internal sealed record KubeconfigSecret(string ResourceVersion, IReadOnlyDictionary<string, string> Data)
{
    public static KubeconfigSecret Read(ReadOnlySpan<byte> utf8Json)
    {
        var reader = new Utf8JsonReader(utf8Json);
        using var secret = JsonDocument.ParseValue(ref reader);
        var data = new Dictionary<string, string>(StringComparer.Ordinal);
        if (secret.RootElement.TryGetProperty("data", out var entries) && entries.ValueKind is JsonValueKind.Object)
        {
            foreach (var entry in entries.EnumerateObject())
            {
                data[entry.Name] = entry.Value.GetString() ?? "";
            }
        }

        return new KubeconfigSecret(
            secret.RootElement.GetProperty("metadata").GetProperty("resourceVersion").GetString() ?? "", data);
    }

    /// <summary>Whether it has the kubeconfig of another Secret, or of another version of it; whatever else has changed is nobody's
    /// business.</summary>
    public bool IsSame(KubeconfigSecret? other, ClusterPlace place) =>
        other is not null
        && (other.ResourceVersion == ResourceVersion || other.Data.GetValueOrDefault(place.Key) == Data.GetValueOrDefault(place.Key));

    /// <summary>What is at the key of a place.</summary>
    /// <exception cref="ClusterConnectionException">Nothing that can be read is; the message says what is there instead.</exception>
    public byte[] Kubeconfig(ClusterPlace place)
    {
        // What other keys it has is for those to know who may read it.
        if (!Data.TryGetValue(place.Key, out var encoded))
        {
            throw new ClusterConnectionException($"Secret {place.Secret} has no key {place.Key}.");
        }

        try
        {
            return Convert.FromBase64String(encoded);
        }
        catch (FormatException exception)
        {
            throw new ClusterConnectionException(
                $"Key {place.Key} of Secret {place.Secret} came without being base64, as no API server gives it: something between it and 5-Spot changes what it says.", exception);
        }
    }
}
