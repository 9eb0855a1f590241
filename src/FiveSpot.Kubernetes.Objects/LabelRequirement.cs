// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;

namespace FiveSpot.Kubernetes;

/// <summary>What a <see cref="LabelSelector"/> requires of one label.</summary>
/// <param name="Key">The label.</param>
/// <param name="Operator">How it is compared.</param>
/// <param name="Values">With what; empty for <see cref="LabelOperator.Exists"/> and <see cref="LabelOperator.DoesNotExist"/>.</param>
public sealed record LabelRequirement(string Key, LabelOperator Operator, ImmutableArray<string> Values)
{
    /// <summary>Whether it holds.</summary>
    /// <param name="value">The label's value; null when it is not there.</param>
    /// <returns>Null when it can't be told, since no API server would take it for a requirement.</returns>
    public bool? Holds(string? value) => (Operator, Values.IsEmpty) switch
    {
        (LabelOperator.In, false) => value is not null && Values.Contains(value),
        (LabelOperator.NotIn, false) => value is null || !Values.Contains(value),
        (LabelOperator.Exists, true) => value is not null,
        (LabelOperator.DoesNotExist, true) => value is null,
        _ => null,
    };
}
