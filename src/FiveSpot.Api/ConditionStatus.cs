// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Api;

/// <summary>The values of <see cref="Condition.Status"/>.</summary>
public static class ConditionStatus
{
    /// <summary>It is so.</summary>
    public const string True = "True";

    /// <summary>It is not so.</summary>
    public const string False = "False";

    /// <summary>It can't be told.</summary>
    public const string Unknown = "Unknown";
}
