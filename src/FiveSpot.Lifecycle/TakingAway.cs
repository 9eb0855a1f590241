// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;

namespace FiveSpot.Lifecycle;

/// <summary>How far the way out is: what to do now, and what is awaited.</summary>
/// <param name="Message">One sentence for a person.</param>
internal sealed record TakingAway(string Message)
{
    /// <summary>Nothing of the machine exists.</summary>
    public static TakingAway Done { get; } = new("") { IsDone = true };

    /// <summary>Whether nothing of the machine exists, but for what the message says is kept.</summary>
    public bool IsDone { get; private init; }

    /// <summary>What to do now.</summary>
    public ImmutableArray<Step> Steps { get; init; } = [];

    /// <summary>When the shutdown began, if it has a grace period and is not over.</summary>
    public DateTimeOffset? Began { get; init; }

    /// <summary>Whether the Pods on the Node matter.</summary>
    public bool WatchesPods { get; init; }

    /// <summary>How far the drain is, as the reason of condition <c>Ready</c>; null before it and without one.</summary>
    public string? Drain { get; init; }

    /// <summary>Whether what is awaited can come without anything that is watched changing.</summary>
    public bool RetryLater { get; init; }

    /// <summary>When this stage is over by itself; null when only a change ends it.</summary>
    public DateTimeOffset? WakeAt { get; init; }
}
