// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace FiveSpot.Api.Schema;

/// <summary>
/// Times as Kubernetes writes them: RFC 3339 in UTC, to the second, such as <c>2026-01-05T09:00:00Z</c>. What is
/// smaller than a second is cut off. Any offset and fraction is read.
/// </summary>
internal sealed class TimestampConverter : JsonConverter<DateTimeOffset>
{
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    /// <inheritdoc/>
    public override DateTimeOffset Read(
        ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset().ToUniversalTime();

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        Span<byte> text = stackalloc byte[Format.Length];
        value.ToUniversalTime().TryFormat(text, out var written, Format, CultureInfo.InvariantCulture);
        writer.WriteStringValue(text[..written]);
    }
}
