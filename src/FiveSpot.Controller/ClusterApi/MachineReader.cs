// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Json;

namespace FiveSpot.Controller.ClusterApi;

/// <summary>
/// Reads a Machine straight from UTF-8. The two versions have their own fields for the same things, at different
/// places, so that one reader serves both.
/// </summary>
public static class MachineReader
{
    private const string V1Beta1 = $"{MachineApi.Group}/v1beta1";
    private const int MaxFailureLength = 300;
    private const int MaxMessageLength = 1000;

    /// <summary>Reads one Machine.</summary>
    /// <param name="utf8Json">The object, or the item of a list.</param>
    /// <param name="apiVersion">The version that it was asked for at; items of a list don't say.</param>
    /// <exception cref="JsonException">The text is no JSON.</exception>
    public static CapiMachine Read(ReadOnlySpan<byte> utf8Json, string apiVersion)
    {
        var reader = ObjectJson.Reader(utf8Json);
        var metadata = new ObjectMetadata();
        var fields = default(Fields);
        if (reader.EnterObject())
        {
            while (reader.NextProperty())
            {
                if (reader.ValueTextEquals("metadata"u8))
                {
                    reader.Read();
                    metadata = ObjectMetadata.Read(ref reader, IsRead);
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

        var (ready, readyMessage) = fields.Readiness(isV1Beta1: apiVersion == V1Beta1);
        return new CapiMachine
        {
            Metadata = metadata,
            ApiVersion = apiVersion,
            ClusterName = fields.ClusterName,
            Bootstrap = fields.Bootstrap,
            Infrastructure = fields.Infrastructure,
            DeletionTimeouts = new(fields.DrainTimeout, fields.VolumeDetachTimeout, fields.NodeDeletionTimeout),
            ProviderId = fields.ProviderId,
            NodeName = fields.NodeName,
            NodeUid = fields.NodeUid,
            Phase = fields.Phase,
            Ready = ready,
            ReadyMessage = readyMessage,
            Failure = fields.Failure(),
            IsWaitingForRemediation = fields.Conditions.IsWaitingForRemediation || fields.NewConditions.IsWaitingForRemediation,
        };
    }

    private static bool IsRead(string annotation) =>
        annotation is WellKnown.PausedAnnotation or WellKnown.PauseEndedAnnotation or WellKnown.TemplateHashAnnotation or WellKnown.ComputerAnnotation
            or WellKnown.DrainResultAnnotation or WellKnown.ExcludeNodeDrainingAnnotation or WellKnown.ExcludeWaitForNodeVolumeDetachAnnotation;

    private static void ReadSpec(ref Utf8JsonReader reader, ref Fields fields)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty())
        {
            if (reader.ValueTextEquals("bootstrap"u8))
            {
                ReadBootstrap(ref reader, ref fields);
            }
            else if (reader.ValueTextEquals("clusterName"u8))
            {
                fields.ClusterName = reader.ReadPooledText();
            }
            else if (reader.ValueTextEquals("infrastructureRef"u8))
            {
                fields.Infrastructure = ReadReference(ref reader);
            }
            else if (reader.ValueTextEquals("providerID"u8))
            {
                fields.ProviderId = reader.ReadText();
            }
            else if (reader.ValueTextEquals("nodeDrainTimeout"u8))
            {
                fields.DrainTimeout = GoDuration.Parse(reader.ReadText());
            }
            else if (reader.ValueTextEquals("nodeVolumeDetachTimeout"u8))
            {
                fields.VolumeDetachTimeout = GoDuration.Parse(reader.ReadText());
            }
            else if (reader.ValueTextEquals("nodeDeletionTimeout"u8))
            {
                fields.NodeDeletionTimeout = GoDuration.Parse(reader.ReadText());
            }
            else if (reader.ValueTextEquals("deletion"u8))
            {
                ReadDeletion(ref reader, ref fields);
            }
            else
            {
                reader.SkipValue();
            }
        }
    }

    private static void ReadBootstrap(ref Utf8JsonReader reader, ref Fields fields)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty())
        {
            if (reader.ValueTextEquals("configRef"u8))
            {
                fields.Bootstrap = ReadReference(ref reader);
            }
            else
            {
                reader.SkipValue();
            }
        }
    }

    private static TimeSpan? Seconds(ref Utf8JsonReader reader) =>
        reader.ReadInteger() is >= 0 and <= int.MaxValue and var seconds ? TimeSpan.FromSeconds(seconds) : null; // An int32, to the server.

    private static void ReadDeletion(ref Utf8JsonReader reader, ref Fields fields)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty())
        {
            if (reader.ValueTextEquals("nodeDrainTimeoutSeconds"u8))
            {
                fields.DrainTimeout = Seconds(ref reader);
            }
            else if (reader.ValueTextEquals("nodeVolumeDetachTimeoutSeconds"u8))
            {
                fields.VolumeDetachTimeout = Seconds(ref reader);
            }
            else if (reader.ValueTextEquals("nodeDeletionTimeoutSeconds"u8))
            {
                fields.NodeDeletionTimeout = Seconds(ref reader);
            }
            else
            {
                reader.SkipValue();
            }
        }
    }

    private static void ReadStatus(ref Utf8JsonReader reader, ref Fields fields)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty())
        {
            if (reader.ValueTextEquals("nodeRef"u8))
            {
                (fields.NodeName, fields.NodeUid) = ReadNodeRef(ref reader);
            }
            else if (reader.ValueTextEquals("phase"u8))
            {
                fields.Phase = reader.ReadText();
            }
            else if (reader.ValueTextEquals("conditions"u8))
            {
                ReadConditions(ref reader, ref fields.Conditions);
            }
            else if (reader.ValueTextEquals("v1beta2"u8))
            {
                ReadNewConditions(ref reader, ref fields);
            }
            else if (reader.ValueTextEquals("failureReason"u8))
            {
                fields.FailureReason = reader.ReadLongText();
            }
            else if (reader.ValueTextEquals("failureMessage"u8))
            {
                fields.FailureMessage = reader.ReadLongText();
            }
            else if (reader.ValueTextEquals("deprecated"u8))
            {
                ReadDeprecated(ref reader, ref fields);
            }
            else
            {
                reader.SkipValue();
            }
        }
    }

    // What v1beta1 already has of the next version.
    private static void ReadNewConditions(ref Utf8JsonReader reader, ref Fields fields)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty())
        {
            if (reader.ValueTextEquals("conditions"u8))
            {
                ReadConditions(ref reader, ref fields.NewConditions);
            }
            else
            {
                reader.SkipValue();
            }
        }
    }

    // What v1beta2 still has of the version before.
    private static void ReadDeprecated(ref Utf8JsonReader reader, ref Fields fields)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty())
        {
            if (reader.ValueTextEquals("v1beta1"u8))
            {
                ReadFailure(ref reader, ref fields);
            }
            else
            {
                reader.SkipValue();
            }
        }
    }

    private static void ReadFailure(ref Utf8JsonReader reader, ref Fields fields)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty())
        {
            if (reader.ValueTextEquals("failureReason"u8))
            {
                fields.FailureReason = reader.ReadLongText();
            }
            else if (reader.ValueTextEquals("failureMessage"u8))
            {
                fields.FailureMessage = reader.ReadLongText();
            }
            else
            {
                reader.SkipValue();
            }
        }
    }

    /// <summary>Reads a <c>status.nodeRef</c>; of v1beta2 it has no uid.</summary>
    internal static (string? Name, string? Uid) ReadNodeRef(ref Utf8JsonReader reader)
    {
        var (name, uid) = ((string?)null, (string?)null);
        if (!reader.EnterObject())
        {
            return (name, uid);
        }

        while (reader.NextProperty())
        {
            if (reader.ValueTextEquals("name"u8))
            {
                name = reader.ReadText();
            }
            else if (reader.ValueTextEquals("uid"u8))
            {
                uid = reader.ReadText();
            }
            else
            {
                reader.SkipValue();
            }
        }

        return (name, uid);
    }

    private static void ReadConditions(ref Utf8JsonReader reader, ref Conditions conditions)
    {
        if (!reader.EnterArray())
        {
            return;
        }

        while (reader.NextCondition(out var type, out var status, out var message))
        {
            switch (type)
            {
                case "Ready":
                    conditions.Ready = status == "True";
                    conditions.ReadyMessage = Line(message);
                    break;
                case "NodeHealthy":
                    conditions.NodeHealthy = status == "True";
                    conditions.NodeMessage = Line(message);
                    break;
                case "OwnerRemediated":
                    conditions.IsWaitingForRemediation = status == "False";
                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>The reference that follows, of either version; null when it is none, or not whole.</summary>
    internal static ProviderReference? ReadReference(ref Utf8JsonReader reader)
    {
        if (!reader.EnterObject())
        {
            return null;
        }

        string? group = null, version = null, kind = null, name = null;
        while (reader.NextProperty())
        {
            if (reader.ValueTextEquals("apiVersion"u8))
            {
                (group, version) = ResourceType.SplitApiVersion(reader.ReadText() ?? "");
            }
            else if (reader.ValueTextEquals("apiGroup"u8))
            {
                group = reader.ReadText();
            }
            else if (reader.ValueTextEquals("kind"u8))
            {
                kind = reader.ReadText();
            }
            else if (reader.ValueTextEquals("name"u8))
            {
                name = reader.ReadText();
            }
            else
            {
                reader.SkipValue();
            }
        }

        return group is null || kind is null || name is null ? null : new ProviderReference(group, version, kind, name);
    }

    // Cluster API writes lists over several lines, and quotes what strangers wrote.
    private static string? Line(string? message) => message is null ? null : ForeignText.Line(message, MaxMessageLength);

    private struct Fields
    {
        public string? ClusterName;
        public ProviderReference? Bootstrap;
        public ProviderReference? Infrastructure;
        public TimeSpan? DrainTimeout;
        public TimeSpan? VolumeDetachTimeout;
        public TimeSpan? NodeDeletionTimeout;
        public string? ProviderId;
        public string? NodeName;
        public string? NodeUid;
        public string? Phase;
        public string? FailureReason;
        public string? FailureMessage;
        public Conditions Conditions;

        /// <summary>What v1beta1 has of the conditions of v1beta2, where Cluster API knows both.</summary>
        public Conditions NewConditions;

        /// <summary>
        /// Whether the machine works (contract, section 4). <c>Ready</c> of v1beta1 is True before there is a Node, and stays so
        /// when the Node fails.
        /// </summary>
        public readonly (bool Ready, string? Message) Readiness(bool isV1Beta1) => (isV1Beta1, NewConditions.Ready) switch
        {
            (false, _) => (Conditions.Ready ?? false, Conditions.ReadyMessage),
            (_, { } ready) => (ready, NewConditions.ReadyMessage),
            _ => (NodeName is not null && Conditions.NodeHealthy is true, Conditions.Ready is false ? Conditions.ReadyMessage : Conditions.NodeMessage),
        };

        public readonly string? Failure() => FailureReason is null && FailureMessage is null
            ? null
            : ForeignText.Line($"{FailureReason ?? "no reason"}: {FailureMessage ?? "no message"}", MaxFailureLength);
    }

    private struct Conditions
    {
        public bool? Ready;
        public string? ReadyMessage;
        public bool? NodeHealthy;
        public string? NodeMessage;
        public bool IsWaitingForRemediation;
    }
}
