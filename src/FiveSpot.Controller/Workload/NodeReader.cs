// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using System.Text.Json;
using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.Json;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Controller.Workload;

/// <summary>Reads of a Node what 5-Spot needs, straight from UTF-8.</summary>
public static class NodeReader
{
    // Some hundred times as many as anybody has.
    private const int MostTaints = 1000;

    /// <summary>Reads one Node.</summary>
    /// <exception cref="JsonException">The text is no JSON.</exception>
    public static Node Read(ReadOnlySpan<byte> utf8Json)
    {
        var reader = ObjectJson.Reader(utf8Json);
        var metadata = new ObjectMetadata();
        string? providerId = null;
        bool unschedulable = false, ready = false, unknown = false;
        ImmutableArray<Taint> taints = [];
        if (reader.EnterObject())
        {
            while (reader.NextProperty())
            {
                if (reader.ValueTextEquals("metadata"u8))
                {
                    reader.Read();
                    metadata = ObjectMetadata.Read(ref reader, IsOurs, IsRead);
                }
                else if (reader.ValueTextEquals("spec"u8))
                {
                    ReadSpec(ref reader, ref providerId, ref unschedulable, ref taints);
                }
                else if (reader.ValueTextEquals("status"u8))
                {
                    ReadStatus(ref reader, ref ready, ref unknown);
                }
                else
                {
                    reader.SkipValue();
                }
            }
        }

        return new Node
        {
            Metadata = metadata,
            ProviderId = providerId,
            Unschedulable = unschedulable,
            CordonManager = unschedulable && metadata.Annotations.ContainsKey(WellKnown.CordonedByAnnotation) ? ReadCordonManager(utf8Json) : null,
            Taints = taints,
            Ready = ready,
            IsUnreachable = unknown || (!ready && taints.Any(static taint => taint.Key == Taint.Unreachable)),
        };
    }

    private static bool IsRead(string label) => IsOurs(label) || label.StartsWith("node-role.kubernetes.io/", StringComparison.Ordinal);

    private static bool IsOurs(string annotation) => annotation.StartsWith("5spot.finos.org/", StringComparison.Ordinal);

    // Of the many managed fields one matters, and only on a Node that we cordoned: read a second time, then.
    private static string? ReadCordonManager(ReadOnlySpan<byte> utf8Json)
    {
        var reader = ObjectJson.Reader(utf8Json);
        if (!reader.EnterObject() || !reader.FindProperty("metadata"u8) || !reader.EnterObject()
            || !reader.FindProperty("managedFields"u8) || !reader.EnterArray())
        {
            return null;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            string? manager = null;
            var owns = false;
            while (reader.NextProperty())
            {
                if (reader.ValueTextEquals("manager"u8))
                {
                    manager = reader.ReadText();
                }
                else if (reader.ValueTextEquals("fieldsV1"u8))
                {
                    owns = ReadOwnsCordon(ref reader);
                }
                else
                {
                    reader.SkipValue();
                }
            }

            if (owns)
            {
                return manager;
            }
        }

        return null;
    }

    private static bool ReadOwnsCordon(ref Utf8JsonReader reader)
    {
        var owns = false;
        if (!reader.EnterObject())
        {
            return owns;
        }

        while (reader.NextProperty())
        {
            if (!reader.ValueTextEquals("f:spec"u8))
            {
                reader.SkipValue();
                continue;
            }

            if (!reader.EnterObject())
            {
                continue;
            }

            while (reader.NextProperty())
            {
                owns |= reader.ValueTextEquals("f:unschedulable"u8);
                reader.SkipValue();
            }
        }

        return owns;
    }

    private static void ReadSpec(ref Utf8JsonReader reader, ref string? providerId, ref bool unschedulable, ref ImmutableArray<Taint> taints)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty())
        {
            if (reader.ValueTextEquals("providerID"u8))
            {
                providerId = reader.ReadText();
            }
            else if (reader.ValueTextEquals("unschedulable"u8))
            {
                unschedulable = reader.ReadTrue();
            }
            else if (reader.ValueTextEquals("taints"u8))
            {
                taints = ReadTaints(ref reader);
            }
            else
            {
                reader.SkipValue();
            }
        }
    }

    private static ImmutableArray<Taint> ReadTaints(ref Utf8JsonReader reader)
    {
        if (!reader.EnterArray())
        {
            return [];
        }

        var taints = ImmutableArray.CreateBuilder<Taint>();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            var taint = new Taint("", "", "");
            while (reader.NextProperty())
            {
                if (reader.ValueTextEquals("key"u8))
                {
                    taint = taint with { Key = reader.ReadText() ?? "" };
                }
                else if (reader.ValueTextEquals("value"u8))
                {
                    taint = taint with { Value = reader.ReadText() ?? "" };
                }
                else if (reader.ValueTextEquals("effect"u8))
                {
                    taint = taint with { Effect = reader.ReadText() ?? "" };
                }
                else if (reader.ValueTextEquals("timeAdded"u8))
                {
                    taint = taint with { TimeAdded = reader.ReadText() };
                }
                else
                {
                    reader.SkipValue();
                }
            }

            taints.Add(taint);
            if (taints.Count > MostTaints)
            {
                throw new JsonException($"a Node has more than {MostTaints} taints");
            }
        }

        return taints.ToImmutable();
    }

    private static void ReadStatus(ref Utf8JsonReader reader, ref bool ready, ref bool unknown)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty())
        {
            if (reader.ValueTextEquals("conditions"u8))
            {
                ReadConditions(ref reader, ref ready, ref unknown);
            }
            else
            {
                reader.SkipValue();
            }
        }
    }

    private static void ReadConditions(ref Utf8JsonReader reader, ref bool ready, ref bool unknown)
    {
        if (!reader.EnterArray())
        {
            return;
        }

        while (reader.NextCondition(out var type, out var status, out _))
        {
            ready |= type == "Ready" && status == "True";
            unknown |= type == "Ready" && status == "Unknown";
        }
    }
}
