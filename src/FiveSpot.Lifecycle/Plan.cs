// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using FiveSpot.Api;

namespace FiveSpot.Lifecycle;

/// <summary>What to do now, what to report, and when to look again.</summary>
public sealed record Plan
{
    /// <summary>The API calls to make, in order. Empty when the world is as it should be, or something is awaited.</summary>
    public ImmutableArray<Step> Steps { get; init; } = [];

    /// <summary>The status that describes the world as it was observed.</summary>
    public required ScheduledMachineStatus Status { get; init; }

    /// <summary>Whether the Pods on the Node matter, so that they are to be watched.</summary>
    public bool WatchesPods { get; init; }

    /// <summary>Whether nothing of the machine exists, and nothing of it is to: the time to find out whether it could.</summary>
    public bool IsAtRest { get; init; }

    /// <summary>When to look again though nothing has changed; null when only a change can matter.</summary>
    public DateTimeOffset? WakeAt { get; init; }

    /// <summary>Whether to look again after a while, longer each time, because the cause can go away without anything
    /// that is watched changing.</summary>
    public bool RetryLater { get; init; }

    /// <summary>Whether a step has failed that the machine still wants.</summary>
    public bool HasFailed { get; init; }
}
