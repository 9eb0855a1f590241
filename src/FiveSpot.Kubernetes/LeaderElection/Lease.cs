// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;

namespace FiveSpot.Kubernetes;

/// <summary>A <c>coordination.k8s.io/v1</c> Lease: who does what only one may do at a time, and since when.</summary>
public sealed record Lease : IKubernetesObject
{
    /// <summary>The resource.</summary>
    public static readonly ResourceType Resource = new("coordination.k8s.io", "v1", "leases", "Lease", Namespaced: true);

    /// <summary>Name, version, annotations and the like.</summary>
    public required ObjectMetadata Metadata { get; init; }

    /// <summary>Who has it; empty if nobody does.</summary>
    public string Holder { get; init; } = "";

    /// <summary>For how long after its last renewal nobody else may take it; null if that is not said.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>When it was acquired, by the holder's clock, as it stands there; empty if never.</summary>
    public string AcquireTime { get; init; } = "";

    /// <summary>When it was renewed last, by the holder's clock, as it stands there; empty if never. Nobody else can say how
    /// long ago that is: two clocks may differ.</summary>
    public string RenewTime { get; init; } = "";

    /// <summary>How often it went from one to another.</summary>
    public int Transitions { get; init; }

    /// <inheritdoc/>
    public ObjectKey Key => Metadata.Key;

    /// <inheritdoc/>
    public string Uid => Metadata.Uid;

    /// <inheritdoc/>
    public string ResourceVersion => Metadata.ResourceVersion;

    /// <summary>Whether somebody has renewed it, taken it or given it up between two looks.</summary>
    internal bool IsAsBefore(Lease before) =>
        Holder == before.Holder && RenewTime == before.RenewTime && AcquireTime == before.AcquireTime
        && Transitions == before.Transitions && Uid == before.Uid;

    /// <summary>Reads one.</summary>
    /// <exception cref="JsonException">The JSON is broken.</exception>
    /// <exception cref="InvalidOperationException">A field has a type that it can't have.</exception>
    /// <exception cref="FormatException">A number is none.</exception>
    public static Lease Read(ReadOnlySpan<byte> utf8Json)
    {
        var reader = ObjectJson.Reader(utf8Json);
        var lease = new Lease { Metadata = new ObjectMetadata() };
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("metadata"u8))
            {
                reader.Read();
                lease = lease with { Metadata = ObjectMetadata.Read(ref reader) };
            }
            else if (reader.ValueTextEquals("spec"u8))
            {
                reader.Read();
                lease = ReadSpec(ref reader, lease);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return lease;
    }

    private static Lease ReadSpec(ref Utf8JsonReader reader, Lease lease)
    {
        while (reader.TokenType != JsonTokenType.Null && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("holderIdentity"u8))
            {
                lease = lease with { Holder = Text(ref reader) };
            }
            else if (reader.ValueTextEquals("acquireTime"u8))
            {
                lease = lease with { AcquireTime = Text(ref reader) };
            }
            else if (reader.ValueTextEquals("renewTime"u8))
            {
                lease = lease with { RenewTime = Text(ref reader) };
            }
            else if (reader.ValueTextEquals("leaseDurationSeconds"u8))
            {
                lease = lease with { Duration = Number(ref reader) is { } seconds ? TimeSpan.FromSeconds(seconds) : null };
            }
            else if (reader.ValueTextEquals("leaseTransitions"u8))
            {
                lease = lease with { Transitions = Number(ref reader) ?? 0 };
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return lease;
    }

    private static string Text(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.GetString() ?? "";
    }

    private static int? Number(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.Null ? null : reader.GetInt32();
    }
}
