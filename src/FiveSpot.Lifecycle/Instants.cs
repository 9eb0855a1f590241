// SPDX-License-Identifier: Apache-2.0

using NodaTime;

namespace FiveSpot.Lifecycle;

/// <summary>The clock and the API server speak in DateTimeOffset, schedules in Instant.</summary>
internal static class Instants
{
    public static Instant ToInstant(this DateTimeOffset at) => Instant.FromDateTimeOffset(at);

    /// <summary>A while after an instant that somebody else may have written; where there is no such instant, the last one.</summary>
    public static DateTimeOffset After(this DateTimeOffset at, TimeSpan time) =>
        time < DateTimeOffset.MaxValue - at ? at.ToUniversalTime() + time : DateTimeOffset.MaxValue;

    /// <summary>Times in Kubernetes objects are whole seconds; rounded down, a boundary stays itself.</summary>
    public static DateTimeOffset TruncateToSecond(this DateTimeOffset at) => at.AddTicks(-(at.Ticks % TimeSpan.TicksPerSecond));
}
