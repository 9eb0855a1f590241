// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Api;

/// <summary>A <c>metav1.Condition</c>.</summary>
public sealed record Condition
{
    /// <summary>One of <see cref="ConditionTypes"/>.</summary>
    public required string Type { get; init; }

    /// <summary><c>True</c>, <c>False</c> or <c>Unknown</c>.</summary>
    public required string Status { get; init; }

    /// <summary>The generation of the spec that this condition is about.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>When <see cref="Status"/> last changed, to the second.</summary>
    public required DateTimeOffset LastTransitionTime { get; init; }

    /// <summary>One word in CamelCase for programs.</summary>
    public required string Reason { get; init; }

    /// <summary>A sentence for a person; may be empty.</summary>
    public required string Message { get; init; }
}
