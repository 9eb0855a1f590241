// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;

namespace FiveSpot.Lifecycle;

/// <summary>Whether the machine is wanted, and why: the condition of that name.</summary>
internal sealed record Scheduled(string Status, string Reason, string Message)
{
    public static Scheduled Yes(string message) => new(ConditionStatus.True, EventReasons.ScheduleActive, message);

    public static Scheduled No(string reason, string message) => new(ConditionStatus.False, reason, message);

    public static Scheduled Unknown(string reason, string message) => new(ConditionStatus.Unknown, reason, message);
}
