// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Globalization;
using System.Text.Json;
using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.ReclaimAgent.Detection;

namespace FiveSpot.ReclaimAgent.Nodes;

/// <summary>The three annotations.</summary>
internal static class ReclaimRequest
{
    private const int LongestPattern = 256;

    /// <summary>What is written into the reason.</summary>
    public static string ReasonOf(ProcessMatch match) => $"process-match: {ForeignText.Line(match.Pattern.Text, LongestPattern)}";

    /// <summary>A merge patch that sets them on this Node, at this version of it, and on no other.</summary>
    public static byte[] PatchFor(NodeIdentity node, ProcessMatch match)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteStartObject("metadata"u8);
        json.WriteString("uid"u8, node.Metadata.Uid);
        json.WriteString("resourceVersion"u8, node.Metadata.ResourceVersion);
        json.WriteStartObject("annotations"u8);
        json.WriteString(WellKnown.ReclaimRequestedAnnotation, WellKnown.ReclaimRequestedValue);
        json.WriteString(WellKnown.ReclaimReasonAnnotation, ReasonOf(match));
        json.WriteString(
            WellKnown.ReclaimRequestedAtAnnotation, match.Noticed.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
