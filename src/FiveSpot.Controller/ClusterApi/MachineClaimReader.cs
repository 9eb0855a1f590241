// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.Json;

namespace FiveSpot.Controller.ClusterApi;

/// <summary>Reads of a Machine of either version what it says of its Node, straight from UTF-8.</summary>
public static class MachineClaimReader
{
    /// <summary>Reads one Machine.</summary>
    /// <exception cref="JsonException">The text is no JSON.</exception>
    public static MachineClaim Read(ReadOnlySpan<byte> utf8Json)
    {
        var reader = ObjectJson.Reader(utf8Json);
        var fields = default(Fields);
        if (reader.EnterObject())
        {
            while (reader.NextProperty())
            {
                if (reader.ValueTextEquals("metadata"u8))
                {
                    ReadMetadata(ref reader, ref fields);
                }
                else if (reader.ValueTextEquals("spec"u8))
                {
                    ReadSpec(ref reader, ref fields);
                }
                else if (reader.ValueTextEquals("status"u8))
                {
                    ReadStatus(ref reader, ref fields);
                }
                else
                {
                    reader.SkipValue();
                }
            }
        }

        return new MachineClaim
        {
            Key = new ObjectKey(fields.Namespace ?? "", fields.Name ?? ""),
            ResourceVersion = fields.ResourceVersion ?? "",
            CreatedAt = fields.CreatedAt,
            ClusterName = Bounded(fields.ClusterName),
            ProviderId = Bounded(fields.ProviderId, MachineClaim.LongestProviderId),
            NodeName = Bounded(fields.NodeName),
            NodeUid = fields.ProviderId is null or { Length: > MachineClaim.LongestProviderId } ? Bounded(fields.NodeUid) : null,
        };
    }

    // Longer than it may be, it is nobody's: a claim of nothing, which is not kept.
    private static string? Bounded(string? text, int longest = MachineClaim.LongestName) => text is { Length: var length } && length > longest ? null : text;

    private static void ReadMetadata(ref Utf8JsonReader reader, ref Fields fields)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty())
        {
            if (reader.ValueTextEquals("name"u8))
            {
                fields.Name = reader.ReadText();
            }
            else if (reader.ValueTextEquals("namespace"u8))
            {
                fields.Namespace = reader.ReadPooledText();
            }
            else if (reader.ValueTextEquals("resourceVersion"u8))
            {
                fields.ResourceVersion = reader.ReadText();
            }
            else if (reader.ValueTextEquals("creationTimestamp"u8))
            {
                reader.Read();
                fields.CreatedAt = reader.TokenType == JsonTokenType.String && reader.TryGetDateTimeOffset(out var at) ? at : null;
                reader.Skip();
            }
            else
            {
                reader.SkipValue();
            }
        }
    }

    private static void ReadSpec(ref Utf8JsonReader reader, ref Fields fields)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty())
        {
            if (reader.ValueTextEquals("clusterName"u8))
            {
                fields.ClusterName = reader.ReadPooledText();
            }
            else if (reader.ValueTextEquals("providerID"u8))
            {
                fields.ProviderId = reader.ReadText();
            }
            else
            {
                reader.SkipValue();
            }
        }
    }

    private static void ReadStatus(ref Utf8JsonReader reader, ref Fields fields)
    {
        if (!reader.EnterObject() || !reader.FindProperty("nodeRef"u8))
        {
            return;
        }

        (fields.NodeName, fields.NodeUid) = MachineReader.ReadNodeRef(ref reader);
        while (reader.NextProperty())
        {
            reader.SkipValue();
        }
    }

    private struct Fields
    {
        public string? Name;
        public string? Namespace;
        public string? ResourceVersion;
        public DateTimeOffset? CreatedAt;
        public string? ClusterName;
        public string? ProviderId;
        public string? NodeName;
        public string? NodeUid;
    }
}
