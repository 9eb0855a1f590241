// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.Json;

namespace FiveSpot.Lifecycle.Reclaim;

/// <summary>The ConfigMap that tells a Node's reclaim agent what to look for.</summary>
public sealed record ReclaimConfig : IKubernetesObject
{
    /// <summary>The resource.</summary>
    public static readonly ResourceType ConfigMaps = new("", "v1", "configmaps", "ConfigMap", Namespaced: true);

    /// <summary>Name, uid and the like.</summary>
    public required ObjectMetadata Metadata { get; init; }

    /// <summary>The text of its one key; null without it.</summary>
    public string? Toml
    {
        get;
        init
        {
            field = value;
            Hash = value is null ? null : ReclaimConfigHash.Of(value);
        }
    }

    /// <summary>Stands for that text: what its agent says on the Node once it watches by it.</summary>
    public string? Hash { get; private init; }

    /// <inheritdoc/>
    public ObjectKey Key => Metadata.Key;

    /// <inheritdoc/>
    public string Uid => Metadata.Uid;

    /// <inheritdoc/>
    public string ResourceVersion => Metadata.ResourceVersion;

    /// <inheritdoc/>
    public long ApproximateBytes => 320 + Metadata.ApproximateBytes + ObjectMetadata.SizeOf(Toml);

    /// <summary>Where the ConfigMap of a Node is.</summary>
    public static ObjectKey KeyOf(string node) => new(WellKnown.SystemNamespace, $"{WellKnown.ReclaimConfigMapPrefix}{node}");

    /// <summary>Reads one.</summary>
    /// <exception cref="JsonException">The text is no JSON.</exception>
    public static ReclaimConfig Read(ReadOnlySpan<byte> utf8Json)
    {
        var reader = ObjectJson.Reader(utf8Json);
        var metadata = new ObjectMetadata();
        string? toml = null;
        if (reader.EnterObject())
        {
            while (reader.NextProperty())
            {
                if (reader.ValueTextEquals("metadata"u8))
                {
                    reader.Read();
                    metadata = ObjectMetadata.Read(ref reader, static _ => false);
                }
                else if (reader.ValueTextEquals("data"u8))
                {
                    toml = ReadToml(ref reader);
                }
                else
                {
                    reader.SkipValue();
                }
            }
        }

        return new ReclaimConfig { Metadata = metadata, Toml = toml };
    }

    private static string? ReadToml(ref Utf8JsonReader reader)
    {
        string? toml = null;
        if (reader.EnterObject())
        {
            while (reader.NextProperty())
            {
                if (reader.ValueTextEquals(WellKnown.ReclaimConfigMapKey))
                {
                    toml = reader.ReadLongText();
                }
                else
                {
                    reader.SkipValue();
                }
            }
        }

        return toml;
    }
}
