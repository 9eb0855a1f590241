// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using FiveSpot.Api;
using FiveSpot.Kubernetes;

namespace FiveSpot.ReclaimAgent.Configuration;

/// <summary>The ConfigMap of a Node, as far as the agent reads it.</summary>
/// <param name="Metadata">Its metadata.</param>
/// <param name="Toml">Its <c>reclaim.toml</c>; null if it has none.</param>
internal sealed record ReclaimConfigMap(ObjectMetadata Metadata, string? Toml) : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectKey Key => Metadata.Key;

    /// <inheritdoc/>
    public string Uid => Metadata.Uid;

    /// <inheritdoc/>
    public string ResourceVersion => Metadata.ResourceVersion;

    /// <summary>Reads it; never refuses one for its content.</summary>
    public static ReclaimConfigMap Decode(ReadOnlySpan<byte> utf8Json)
    {
        var reader = ObjectJson.Reader(utf8Json);
        var metadata = new ObjectMetadata();
        string? toml = null;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (isMetadata, isData) = (reader.ValueTextEquals("metadata"u8), reader.ValueTextEquals("data"u8));
            reader.Read();
            if (isMetadata)
            {
                metadata = ObjectMetadata.Read(ref reader, static _ => false);
            }
            else if (isData && reader.TokenType == JsonTokenType.StartObject)
            {
                toml = ReadToml(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return new ReclaimConfigMap(metadata, toml);
    }

    private static string? ReadToml(ref Utf8JsonReader reader)
    {
        string? toml = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isToml = reader.ValueTextEquals(WellKnown.ReclaimConfigMapKey);
            reader.Read();
            if (isToml && reader.TokenType == JsonTokenType.String)
            {
                toml = reader.GetString();
            }
            else
            {
                reader.Skip();
            }
        }

        return toml;
    }
}
