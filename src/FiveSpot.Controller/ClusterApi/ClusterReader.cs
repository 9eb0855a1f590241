// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Json;

namespace FiveSpot.Controller.ClusterApi;

/// <summary>Reads a Cluster straight from UTF-8; both versions have their fields at the same places.</summary>
public static class ClusterReader
{
    /// <summary>Reads one Cluster.</summary>
    /// <param name="utf8Json">The object, or the item of a list.</param>
    /// <param name="apiVersion">The version that it was asked for at; items of a list don't say.</param>
    /// <exception cref="JsonException">The text is no JSON.</exception>
    public static CapiCluster Read(ReadOnlySpan<byte> utf8Json, string apiVersion)
    {
        var reader = ObjectJson.Reader(utf8Json);
        var metadata = new ObjectMetadata();
        var (isPaused, hasControlPlane) = (false, false);
        ProviderReference? infrastructure = null;
        if (reader.EnterObject())
        {
            while (reader.NextProperty())
            {
                if (reader.ValueTextEquals("metadata"u8))
                {
                    reader.Read();
                    metadata = ObjectMetadata.Read(ref reader, static annotation => annotation == WellKnown.PausedAnnotation);
                }
                else if (reader.ValueTextEquals("spec"u8))
                {
                    (isPaused, hasControlPlane, infrastructure) = ReadSpec(ref reader);
                }
                else
                {
                    reader.SkipValue();
                }
            }
        }

        return new CapiCluster
        {
            Key = metadata.Key,
            Uid = metadata.Uid,
            ResourceVersion = metadata.ResourceVersion,
            ApiVersion = apiVersion,
            Labels = metadata.Labels,
            DeletionTimestamp = metadata.DeletionTimestamp,

            // Cluster API asks whether the annotation is there, not what its value is.
            IsPaused = isPaused || metadata.Annotations.ContainsKey(WellKnown.PausedAnnotation),
            HasControlPlane = hasControlPlane,
            Infrastructure = infrastructure,
        };
    }

    private static (bool IsPaused, bool HasControlPlane, ProviderReference? Infrastructure) ReadSpec(ref Utf8JsonReader reader)
    {
        var (isPaused, hasControlPlane) = (false, false);
        ProviderReference? infrastructure = null;
        if (reader.EnterObject())
        {
            while (reader.NextProperty())
            {
                if (reader.ValueTextEquals("paused"u8))
                {
                    isPaused = reader.ReadTrue();
                }
                else if (reader.ValueTextEquals("controlPlaneRef"u8))
                {
                    hasControlPlane = MachineReader.ReadReference(ref reader) is not null;
                }
                else if (reader.ValueTextEquals("infrastructureRef"u8))
                {
                    infrastructure = MachineReader.ReadReference(ref reader);
                }
                else
                {
                    reader.SkipValue();
                }
            }
        }

        return (isPaused, hasControlPlane, infrastructure);
    }
}
