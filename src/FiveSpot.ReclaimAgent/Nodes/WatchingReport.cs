// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Text.Json;
using FiveSpot.Api;

namespace FiveSpot.ReclaimAgent.Nodes;

/// <summary>The annotation by which an agent says that it watches, and by which configuration.</summary>
internal static class WatchingReport
{
    /// <summary>A merge patch that says it, or takes it back.</summary>
    /// <param name="node">The Node as it was read.</param>
    /// <param name="hash">Stands for the configuration; null for none.</param>
    /// <returns>The patch; null if the Node says so already.</returns>
    public static byte[]? PatchFor(NodeIdentity node, string? hash)
    {
        if (node.Watching == hash)
        {
            return null;
        }

        var buffer = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteStartObject("metadata"u8);
        json.WriteString("uid"u8, node.Metadata.Uid);
        if (hash is null)
        {
            // What has been said since is another agent's.
            json.WriteString("resourceVersion"u8, node.Metadata.ResourceVersion);
        }

        json.WriteStartObject("annotations"u8);
        json.WriteString(WellKnown.ReclaimAgentWatchingAnnotation, hash);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
