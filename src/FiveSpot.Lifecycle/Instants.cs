// SPDX-License-Identifier: Apache-2.0

using NodaTime;

namespace FiveSpot.Lifecycle;

/// <summary>The clock and the API server speak in DateTimeOffset, schedules in Instant.</summary>
internal static class Instants
{
    public static Instant ToInstant(this DateTimeOffset at) => Instant.FromDateTimeOffset(at);

    /// <summary>Times in Kubernetes objects are whole seconds; rounded down, a boundary stays itself.</summary>
    public static DateTimeOffset TruncateToSecond(this DateTimeOffset at) => at.AddTicks(-(at.Ticks % TimeSpan.TicksPerSecond));
}
