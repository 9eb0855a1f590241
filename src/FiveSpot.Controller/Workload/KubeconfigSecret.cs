// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FiveSpot.Kubernetes;

namespace FiveSpot.Controller.Workload;

/// <summary>A Secret that is to hold a kubeconfig: its version, and what it has at the key, as it stands there. Of its other keys
/// nothing is kept: a megabyte of them would be in memory once for each kubeconfig in it.</summary>
internal sealed record KubeconfigSecret(string ResourceVersion, string? Encoded, string Digest)
{
    public static KubeconfigSecret Read(ReadOnlySpan<byte> utf8Json, string key)
    {
        var reader = ObjectJson.Reader(utf8Json);
        using var secret = JsonDocument.ParseValue(ref reader);
        var encoded = secret.RootElement.TryGetProperty("data", out var entries) && entries.ValueKind is JsonValueKind.Object && entries.TryGetProperty(key, out var entry)
            ? entry.GetString() ?? ""
            : null;
        return new KubeconfigSecret(
            secret.RootElement.GetProperty("metadata").GetProperty("resourceVersion").GetString() ?? "",
            encoded,
            encoded is null ? "" : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(encoded))));
    }

    /// <summary>Whether it has the kubeconfig of another Secret, or of another version of it; whatever else has changed is nobody's
    /// business.</summary>
    public bool IsSame(KubeconfigSecret? other) => other is not null && (other.ResourceVersion == ResourceVersion || other.Digest == Digest);

    /// <summary>What is needed to tell it from another, and no credentials.</summary>
    public KubeconfigSecret ToCompare() => this with { Encoded = null };

    /// <summary>What is at the key of a place.</summary>
    /// <exception cref="ClusterConnectionException">Nothing that can be read is; the message says what is there instead.</exception>
    public byte[] Kubeconfig(ClusterPlace place)
    {
        // What other keys it has is for those to know who may read it.
        if (Encoded is null)
        {
            throw new ClusterConnectionException($"Secret {place.Secret} has no key {place.Key}.");
        }

        try
        {
            return Convert.FromBase64String(Encoded);
        }
        catch (FormatException exception)
        {
            throw new ClusterConnectionException(
                $"Key {place.Key} of Secret {place.Secret} came without being base64, as no API server gives it: something between it and 5-Spot changes what it says.", exception);
        }
    }
}
