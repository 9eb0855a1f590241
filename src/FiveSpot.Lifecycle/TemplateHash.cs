// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;

namespace FiveSpot.Lifecycle;

/// <summary>
/// Names the contents of a spec's templates, and what goes into the three objects besides. Two specs that mean the same have the same hash, whatever the order of their
/// properties; servers and clients order them as they like.
/// </summary>
internal static class TemplateHash
{
    /// <summary>Sixteen hexadecimal digits for some fields of a spec.</summary>
    public static string Of(JsonElement spec, params ReadOnlySpan<string> fields)
    {
        var canonical = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(canonical))
        {
            json.WriteStartArray();
            foreach (var field in fields)
            {
                if (spec.TryGetProperty(field, out var value))
                {
                    WriteCanonical(json, value);
                }
                else
                {
                    json.WriteNullValue();
                }
            }

            json.WriteEndArray();
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(canonical.WrittenSpan, hash);
        return Convert.ToHexStringLower(hash[..8]);
    }

    private static void WriteCanonical(Utf8JsonWriter json, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                json.WriteStartObject();
                foreach (var property in value.EnumerateObject().OrderBy(property => property.Name, StringComparer.Ordinal))
                {
                    json.WritePropertyName(property.Name);
                    WriteCanonical(json, property.Value);
                }

                json.WriteEndObject();
                break;
            case JsonValueKind.Array:
                json.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                {
                    WriteCanonical(json, item);
                }

                json.WriteEndArray();
                break;
            default:
                value.WriteTo(json);
                break;
        }
    }
}
