// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using FiveSpot.Api;

namespace FiveSpot.Controller.Lifecycle;

/// <summary>Tells whether a report says anything new.</summary>
internal static class StatusComparer
{
    /// <summary>Whether two reports are the same once written.</summary>
    public static bool AreSame(ScheduledMachineStatus one, ScheduledMachineStatus other) =>
        Written(one).AsSpan().SequenceEqual(Written(other));

    private static byte[] Written(ScheduledMachineStatus status) =>
        JsonSerializer.SerializeToUtf8Bytes(status, ApiJsonContext.Default.ScheduledMachineStatus);
}
