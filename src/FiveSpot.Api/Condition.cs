// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api.Schema;

namespace FiveSpot.Api;

/// <summary>A <c>metav1.Condition</c>.</summary>
public sealed record Condition
{
    /// <summary>One of <see cref="ConditionTypes"/>.</summary>
    [Schema(
        "What the condition is about: Ready, Scheduled, MachineReady, ReferencesValid, NodeTainted, "
        + "WorkloadClusterReachable, ReclaimAgentReady or Paused. Each type is there at most once.",
        MinLength = 1, MaxLength = 316)]
    public required string Type { get; init; }

    /// <summary><c>True</c>, <c>False</c> or <c>Unknown</c>.</summary>
    [Schema("True, False or Unknown.", Enum = ["True", "False", "Unknown"])]
    public required string Status { get; init; }

    /// <summary>The generation of the spec that this condition is about.</summary>
    [Schema(
        "The metadata.generation that the condition is about; lower than the object's own means that the condition "
        + "is out of date.",
        Minimum = 0)]
    public long? ObservedGeneration { get; init; }

    /// <summary>When <see cref="Status"/> last changed, to the second.</summary>
    [Schema("When the condition's status last changed, in UTC, such as 2026-01-05T09:00:00Z.")]
    public required DateTimeOffset LastTransitionTime { get; init; }

    /// <summary>One word in CamelCase for programs.</summary>
    [Schema(
        "Why the status is what it is: one word for programs, such as TaintOwnershipConflict.",
        MinLength = 1, MaxLength = 1024, Pattern = "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$")]
    public required string Reason { get; init; }

    /// <summary>A sentence for a person; may be empty.</summary>
    [Schema("The same for a person; may be empty.", MaxLength = 32768)]
    public required string Message { get; init; }
}
