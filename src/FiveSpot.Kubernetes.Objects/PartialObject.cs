// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;

namespace FiveSpot.Kubernetes;

/// <summary>An object of any kind of which only the metadata is known.</summary>
/// <param name="Metadata">Its metadata.</param>
public sealed record PartialObject(ObjectMetadata Metadata) : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectKey Key => Metadata.Key;

    /// <inheritdoc/>
    public string Uid => Metadata.Uid;

    /// <inheritdoc/>
    public string ResourceVersion => Metadata.ResourceVersion;

    /// <summary>Reads the metadata of a whole object, or of a <c>PartialObjectMetadata</c>.</summary>
    /// <param name="utf8Json">One JSON object.</param>
    /// <returns>The partial object; its metadata is empty if the JSON has none.</returns>
    /// <exception cref="JsonException">The JSON is broken.</exception>
    public static PartialObject Decode(ReadOnlySpan<byte> utf8Json) => Decode(utf8Json, keepAnnotation: null, keepLabel: null);

    /// <summary>Reads the metadata of a whole object, or of a <c>PartialObjectMetadata</c>.</summary>
    /// <param name="utf8Json">One JSON object.</param>
    /// <param name="keepAnnotation">Says by key which annotations to keep; null keeps all.</param>
    /// <param name="keepLabel">Says by key which labels to keep; null keeps all.</param>
    /// <returns>The partial object; its metadata is empty if the JSON has none.</returns>
    /// <exception cref="JsonException">The JSON is broken.</exception>
    public static PartialObject Decode(ReadOnlySpan<byte> utf8Json, Func<string, bool>? keepAnnotation, Func<string, bool>? keepLabel)
    {
        var reader = ObjectJson.Reader(utf8Json);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException($"an object: found {reader.TokenType}");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isMetadata = reader.ValueTextEquals("metadata"u8);
            reader.Read();
            if (isMetadata)
            {
                return new PartialObject(ObjectMetadata.Read(ref reader, keepAnnotation, keepLabel));
            }

            reader.Skip();
        }

        return new PartialObject(new ObjectMetadata());
    }
}
