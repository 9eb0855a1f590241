// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.Json;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Controller.Workload;

/// <summary>Reads of a Pod what a drain needs, straight from UTF-8.</summary>
public static class PodReader
{
    /// <summary>Reads one Pod.</summary>
    /// <exception cref="JsonException">The text is no JSON.</exception>
    public static Pod Read(ReadOnlySpan<byte> utf8Json)
    {
        var reader = ObjectJson.Reader(utf8Json);
        var metadata = new ObjectMetadata();
        var finished = false;
        if (reader.EnterObject())
        {
            while (reader.NextProperty())
            {
                if (reader.ValueTextEquals("metadata"u8))
                {
                    reader.Read();
                    metadata = ObjectMetadata.Read(ref reader, static annotation => annotation == Pod.MirrorAnnotation);
                }
                else if (reader.ValueTextEquals("status"u8))
                {
                    finished = ReadFinished(ref reader);
                }
                else
                {
                    reader.SkipValue();
                }
            }
        }

        return new Pod { Metadata = metadata, IsFinished = finished, DrainLabel = DrainRules.ReadLabel(metadata.Labels.GetValueOrDefault(DrainRules.Label)) };
    }

    private static bool ReadFinished(ref Utf8JsonReader reader)
    {
        var finished = false;
        if (!reader.EnterObject())
        {
            return finished;
        }

        while (reader.NextProperty())
        {
            if (reader.ValueTextEquals("phase"u8))
            {
                finished = reader.ReadText() is "Succeeded" or "Failed";
            }
            else
            {
                reader.SkipValue();
            }
        }

        return finished;
    }
}
