// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using FiveSpot.Api;
using FiveSpot.Kubernetes;

namespace FiveSpot.ReclaimAgent.Nodes;

/// <summary>A Node, as far as the agent reads it.</summary>
/// <param name="Metadata">Its metadata; of the annotations only those that the agent writes and asks for.</param>
/// <param name="MachineId">The machine that it says to be; empty if it does not say.</param>
internal sealed record NodeIdentity(ObjectMetadata Metadata, string MachineId)
{
    /// <summary>Whether its reclaim is requested, by whomever.</summary>
    public bool IsReclaimRequested =>
        Metadata.Annotations.TryGetValue(WellKnown.ReclaimRequestedAnnotation, out var value) && value == WellKnown.ReclaimRequestedValue;

    /// <summary>By which configuration an agent says that it watches; null if none does.</summary>
    public string? Watching => Metadata.Annotations.GetValueOrDefault(WellKnown.ReclaimAgentWatchingAnnotation);

    /// <summary>Reads a Node.</summary>
    public static NodeIdentity Decode(ReadOnlySpan<byte> utf8Json)
    {
        var reader = ObjectJson.Reader(utf8Json);
        var metadata = new ObjectMetadata();
        var machineId = "";
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (isMetadata, isStatus) = (reader.ValueTextEquals("metadata"u8), reader.ValueTextEquals("status"u8));
            reader.Read();
            if (isMetadata)
            {
                metadata = ObjectMetadata.Read(ref reader, static key => key is WellKnown.ReclaimRequestedAnnotation or WellKnown.ReclaimAgentWatchingAnnotation);
            }
            else if (isStatus && reader.TokenType == JsonTokenType.StartObject)
            {
                machineId = ReadMachineId(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return new NodeIdentity(metadata, machineId);
    }

    private static string ReadMachineId(ref Utf8JsonReader reader)
    {
        var machineId = "";
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isInfo = reader.ValueTextEquals("nodeInfo"u8);
            reader.Read();
            if (!isInfo || reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isMachineId = reader.ValueTextEquals("machineID"u8);
                reader.Read();
                if (isMachineId && reader.TokenType == JsonTokenType.String)
                {
                    machineId = reader.GetString()!.Trim();
                }
                else
                {
                    reader.Skip();
                }
            }
        }

        return machineId;
    }
}
