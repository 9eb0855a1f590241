// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Storage;

/// <summary>
/// One version of an object as it stands in the store. Nobody changes <see cref="Json"/> once it is here; its UTF-8 form is
/// made once for each representation and shared by every reader and watcher.
/// </summary>
internal sealed class StoredObject
{
    private byte[]? _tail;
    private byte[]? _metadataTail;
    private byte[]? _convertedTail;
    private Dictionary<string, string>? _labels;

    public StoredObject(JsonObject json, long resourceVersion)
    {
        Json = json;
        ResourceVersion = resourceVersion;
        var metadata = json.Metadata();
        Namespace = metadata.Text("namespace") ?? string.Empty;
        Name = metadata.Text("name") ?? string.Empty;
        Uid = metadata.Text("uid") ?? string.Empty;
    }

    public JsonObject Json { get; }

    public long ResourceVersion { get; }

    public string Namespace { get; }

    public string Name { get; }

    public string Uid { get; }

    public JsonObject Metadata => Json.Metadata();

    public bool IsTerminating => Metadata.Text("deletionTimestamp") is not null;

    public IReadOnlyDictionary<string, string> Labels => _labels ??= ReadLabels(Json);

    /// <summary>
    /// The encoded object without <c>{"kind":…,"apiVersion":…,</c>: what all versions of a custom resource, lists and
    /// watches have in common.
    /// </summary>
    public ReadOnlyMemory<byte> Tail => _tail ??= Encode(Json);

    /// <summary>As <see cref="Tail"/>, with <c>metadata</c> alone.</summary>
    public ReadOnlyMemory<byte> MetadataTail => _metadataTail ??= EncodeMetadata();

    /// <summary>As <see cref="Tail"/>, for the one other form in which a store may be served.</summary>
    public ReadOnlyMemory<byte> ConvertedTail(Func<JsonObject, JsonObject> convert) => _convertedTail ??= Encode(convert(Json));

    /// <summary>The same object as it is told to a watcher whose selector it left.</summary>
    public StoredObject WithResourceVersion(long resourceVersion)
    {
        var copy = Json.Copy();
        copy.Metadata()["resourceVersion"] = resourceVersion.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return new StoredObject(copy, resourceVersion);
    }

    public static Dictionary<string, string> ReadLabels(JsonObject json)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in json.Map("metadata", "labels") ?? [])
        {
            labels[key] = value.Text() ?? string.Empty;
        }

        return labels;
    }

    private static byte[] Encode(JsonObject json)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, JsonAccess.WriterOptions))
        {
            writer.WriteStartObject();
            foreach (var (name, value) in json)
            {
                if (name is not ("kind" or "apiVersion"))
                {
                    writer.WritePropertyName(name);
                    WriteValue(writer, value);
                }
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenSpan[1..].ToArray();
    }

    private byte[] EncodeMetadata()
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, JsonAccess.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WritePropertyName("metadata");
            Metadata.WriteTo(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan[1..].ToArray();
    }

    private static void WriteValue(Utf8JsonWriter writer, JsonNode? value)
    {
        if (value is null)
        {
            writer.WriteNullValue();
        }
        else
        {
            value.WriteTo(writer);
        }
    }
}
