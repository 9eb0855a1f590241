// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using FiveSpot.Api;

namespace FiveSpot.Lifecycle;

/// <summary>Tells whether a report says anything new.</summary>
internal static class StatusComparer
{
    /// <summary>Whether two reports are the same once written. The order of the conditions is the server's: an old one puts those
    /// that an apply adds behind the others, wherever they stand in it.</summary>
    public static bool AreSame(ScheduledMachineStatus one, ScheduledMachineStatus other) =>
        Written(one).AsSpan().SequenceEqual(Written(other))
        || (one.Conditions.Count == other.Conditions.Count && Written(InOrder(one)).AsSpan().SequenceEqual(Written(InOrder(other))));

    private static ScheduledMachineStatus InOrder(ScheduledMachineStatus status) =>
        status with { Conditions = [.. status.Conditions.OrderBy(condition => condition.Type, StringComparer.Ordinal)] };

    private static byte[] Written(ScheduledMachineStatus status) =>
        JsonSerializer.SerializeToUtf8Bytes(status, ApiJsonContext.Default.ScheduledMachineStatus);
}
